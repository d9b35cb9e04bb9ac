"""Charts of results as inline SVG, whose colours are those of the style sheet.

Of the report and of the service's page. Every mark says what it stands for; every picture has its
numbers in words.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
from markupsafe import Markup

from projektor_ray.explain.results import Curve, Results
from projektor_ray.report.svg_shapes import (
    LETTER,
    WIDTH,
    Entry,
    Scale,
    apart,
    area,
    bar,
    dot,
    horizontal_axis,
    label,
    legend,
    line,
    mark,
    path,
    scale,
    svg,
    vertical_axis,
)
from projektor_ray.selection.comparison import LABELS
from projektor_ray.storage.array_types import Floats

KINDS = ("accent", "second", "third")
MOST_BARS, LAST_BARS = 12, 3
APART = 14.0
"""Least distance of names at the ends of curves."""


def comparison_chart(results: Results) -> Markup:
    """The plan and the baselines: prediction and 90 % interval of each."""
    plans, metric = results.plans, results.metric_text
    names = {name: results.short_label(name) for name in plans}
    says = {
        name: f"{names[name]} {metric.value(plan.predicted)} ({metric.interval(plan.interval)})"
        for name, plan in plans.items()
    }
    bounds = [bound for plan in plans.values() for bound in plan.interval or (plan.predicted,)]
    left = 16 + LETTER * max(map(len, names.values()))
    x = scale(bounds, left, WIDTH - 20)
    height = 40 * len(plans) + 52
    parts = [vertical_axis(x, 8, height - 46)]
    for row, (name, plan) in enumerate(plans.items()):
        y, kind = 28 + 40 * row, "accent" if plan is results.selected else "muted"
        if plan.interval is not None:
            low, high = map(x, plan.interval)
            parts.append(line(low, y, high, y, f"span {kind}"))
        parts.append(dot(x(plan.predicted), y, kind, says[name]))
        parts.append(label(left - 10, y + 4, names[name], "end"))
        parts.append(label(x(plan.predicted), y - 11, metric.value(plan.predicted), "middle"))
    parts.append(label((left + WIDTH) / 2, height - 6, results.metric_label, "middle"))
    title = f"Predicted {results.metric_label} of each plan"
    return svg(height, title, "; ".join(says.values()), parts)


def growth_chart(
    results: Results, curves: Sequence[Curve], others: Sequence[Curve] = ()
) -> Markup | None:
    """The metric against the size, with intervals; None where there is one size.

    Parameters
    ----------
    others : of the selected mixture by other models, drawn as dashed lines.
    """
    if not curves:
        return None
    size, trained, metric = results.selected.size, results.probes, results.metric_text
    values = [*np.concatenate([curve.interval.ravel() for curve in curves]), *trained.values]
    ends = min(curve.sizes[0] for curve in curves), max(curve.sizes[-1] for curve in curves)
    right = WIDTH - 16 - (LETTER - 1) * max((len(one.name) for one in others), default=0)
    x = Scale(float(ends[0]), float(ends[1]), 52, right, logarithmic=True)
    y = scale([*values, *(v for one in others for v in one.values)], 240, 14)
    parts = [horizontal_axis(y, 52, right)]
    parts += [
        dot(x(n), y(v), "muted small", f"trained at {n:,.0f}: {metric.value(v)}")
        for n, v in zip(trained.sizes.tolist(), trained.values.tolist(), strict=True)
    ]
    for one in others:
        parts.append(path([x(n) for n in one.sizes], [y(v) for v in one.values], "dashed"))
    names = [results.short_label(curve.name) for curve in curves]
    for kind, name, curve in zip(KINDS, names, curves, strict=False):
        xs = [x(n) for n in curve.sizes]
        low, high = ([y(v) for v in side] for side in curve.interval.T)
        parts.append(area(xs, low, high, kind))
        parts.append(path(xs, [y(v) for v in curve.values], kind))
        parts += [
            dot(at, y(v), f"{kind} hidden", f"{name} at {n:,.0f}: {_at(results, curve, n)}")
            for at, n, v in zip(xs, curve.sizes.tolist(), curve.values.tolist(), strict=True)
        ]
    parts.append(line(x(size), 14, x(size), 240, "grid strong"))
    named_sizes = [size, *trained.scales[::-1], ends[1]]
    parts += [label(x(n), 258, f"{n:,}", "middle") for n in apart(named_sizes, x)]
    parts += _names_at_ends(others, y, right)
    parts.append(label((52 + right) / 2, 278, "samples (logarithmic)", "middle"))
    named, height = legend(
        [(partial(_short_line, kind), name) for kind, name in zip(KINDS, names, strict=False)], 288
    )
    each = (
        f"{name} at {size:,}: {_at(results, curve, size)}"
        for name, curve in zip(names, curves, strict=True)
    )
    title = f"{results.metric_label} against the size"
    return svg(height, title, "; ".join(each), [*parts, *named])


def _at(results: Results, curve: Curve, size: float) -> str:
    value, *interval = curve.at(size)
    return (
        f"{results.metric_text.value(value)}, 90% interval "
        f"{results.metric_text.interval((interval[0], interval[1]))}"
    )


def _short_line(kind: str, x: float, y: float) -> str:
    return line(x - 8, y, x + 8, y, f"curve {kind}")


def _names_at_ends(curves: Sequence[Curve], y: Scale, right: float) -> list[str]:
    """Names beside the ends of curves, moved apart where they would touch."""
    ends = sorted(curves, key=lambda one: y(float(one.values[-1])))
    heights = moved_apart([y(float(one.values[-1])) for one in ends], y.end, y.start)
    return [
        label(right + 6, height + 4, one.name, "start", "axis")
        for one, height in zip(ends, heights, strict=True)
    ]


def moved_apart(heights: Sequence[float], top: float, bottom: float) -> list[float]:
    """Ascending heights from top to bottom, at least `APART` from one to the next."""
    moved: list[float] = []
    for height in heights:
        moved.append(max(height, moved[-1] + APART if moved else top))
    lowest = bottom
    for i in reversed(range(len(moved))):
        moved[i] = lowest = min(moved[i], lowest)
        lowest -= APART
    return moved


def frontier_chart(results: Results) -> Markup | None:
    """The best plan's metric against the budget; None where fewer than two budgets are compared."""
    by_budget = sorted(results.bought.frontier.items())
    if len(by_budget) < 2:
        return None
    metric = results.metric_text
    baselines = results.bought.frontier_baselines
    says = [
        f"{budget:,.10g}: {metric.value(plan.predicted)} ({metric.interval(plan.interval)}), "
        f"{plan.size:,} samples"
        for budget, plan in by_budget
    ]
    says_of = {
        budget: f"{budget:,.10g}: best baseline {LABELS.get(name, name)} "
        f"{metric.value(plan.predicted)}"
        for budget, (name, plan) in baselines.items()
    }
    spans = [plan.interval or (plan.predicted, plan.predicted) for _, plan in by_budget]
    shown_values = [*np.ravel(spans).tolist(), *(one.predicted for _, one in baselines.values())]
    budgets = [budget for budget, _ in by_budget]
    x, y = Scale(budgets[0], budgets[-1], 64, WIDTH - 30), scale(shown_values, 200, 24)
    xs, ys = [x(b) for b in budgets], [y(plan.predicted) for _, plan in by_budget]
    low, high = ([y(span[side]) for span in spans] for side in (0, 1))
    parts = [horizontal_axis(y, 52, WIDTH - 16), area(xs, low, high, "accent")]
    parts.append(path(xs, ys, "accent"))
    for budget, (_, plan) in baselines.items():
        parts.append(mark("square", x(budget), y(plan.predicted), "muted", says_of[budget]))
    shown = apart(budgets[::-1], x)
    for at, up, (budget, plan), words in zip(xs, ys, by_budget, says, strict=True):
        parts.append(dot(at, up, "accent", words))
        if budget in shown:
            parts.append(label(at, up - 9, f"{plan.size:,}", "middle"))
            parts.append(label(at, 218, f"{budget:,.10g}", "middle"))
    parts.append(label(WIDTH / 2, 238, "budget; above each point the samples bought", "middle"))
    entries: list[Entry] = [(partial(dot, kind="accent"), "best plan")]
    entries += [(partial(mark, "square", kind="muted"), "best baseline")] if baselines else []
    named, height = legend(entries, 246)
    title = f"{results.metric_label} against the budget"
    return svg(height, title, "; ".join([*says, *says_of.values()]), [*parts, *named])


def marginal_value_chart(results: Results) -> Markup:
    """What some more samples of each provider would add: of many, the largest and a few least."""
    values = results.marginal_values
    order = np.argsort(-values * results.sign, kind="stable").tolist()
    if len(order) > MOST_BARS:
        order = [*order[: MOST_BARS - LAST_BARS], *order[-LAST_BARS:]]
    names = [results.labels[i] for i in order]
    texts = [results.shown_marginal_values[i] for i in order]
    width = 8 + LETTER * max(map(len, texts))
    left = 16 + LETTER * max(map(len, names))
    shown: Floats = values[order]
    x = Scale(
        min(float(shown.min()), 0.0),
        max(float(shown.max()), 0.0),
        left + (width if (shown < 0).any() else 0),
        WIDTH - 12 - (width if (shown >= 0).any() else 0),
    )
    height = 28 * len(order) + 20
    parts = []
    for row, (value, name, text) in enumerate(zip(shown.tolist(), names, texts, strict=True)):
        y, zero, end = 12 + 28 * row, x(0.0), x(value)
        kind = "accent" if value * results.sign > 0 else "bad"
        parts.append(bar(min(zero, end), y, abs(end - zero), 18, kind, f"{name} {text}"))
        parts.append(label(left - 10, y + 13, name, "end"))
        anchor = "start" if value >= 0 else "end"
        parts.append(label(end + (6 if value >= 0 else -6), y + 13, text, anchor))
    parts.append(line(x(0.0), 6, x(0.0), height - 8, "grid strong"))
    words = "; ".join(f"{name} {text}" for name, text in zip(names, texts, strict=True))
    title = f"Change of {results.metric_label} by {results.step:,} more samples"
    return svg(height, title, words, parts)
