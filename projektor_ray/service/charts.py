"""Charts of the page as inline SVG: colours are those of the style sheet.

matplotlib, which draws the report, needs 70 ms a figure and styles that the page's content policy
forbids. These take a millisecond each.
"""

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup, escape

from projektor_ray.explain.results import Curve, Results, Surface
from projektor_ray.service.svg_shapes import (
    LETTER,
    WIDTH,
    Scale,
    apart,
    area,
    dot,
    horizontal_axis,
    label,
    line,
    path,
    scale,
    short,
    svg,
    vertical_axis,
)
from projektor_ray.storage.array_types import Floats

STEPS = 10
SERIES = 8
CORNERS = np.array([[45.0, 302.0], [385.0, 302.0], [215.0, 26.0]])
"""Of the triangle, in the order of the providers."""


def comparison_chart(results: Results) -> Markup:
    """The plan and the baselines: prediction and 90 % interval of each."""
    plans = results.plans
    names = {name: short(results.bought.label(name)) for name in plans}
    bounds = [bound for plan in plans.values() for bound in plan.interval or (plan.predicted,)]
    left = 16 + LETTER * max(map(len, names.values()))
    x = scale(bounds, left, WIDTH - 20)
    height = 40 * len(plans) + 36
    parts = [vertical_axis(x, 8, height - 30)]
    for row, (name, plan) in enumerate(plans.items()):
        y, kind = 28 + 40 * row, "accent" if plan is results.selected else "muted"
        if plan.interval is not None:
            low, high = map(x, plan.interval)
            parts.append(line(low, y, high, y, f"span {kind}"))
        parts.append(f'<circle class="dot {kind}" cx="{x(plan.predicted):.1f}" cy="{y}" r="5.5"/>')
        parts.append(label(left - 10, y + 4, names[name], "end"))
        parts.append(
            label(x(plan.predicted), y - 11, results.metric_text.value(plan.predicted), "middle")
        )
    metric = results.metric_text
    each = (
        f"{names[name]} {metric.value(plan.predicted)} ({metric.interval(plan.interval)})"
        for name, plan in plans.items()
    )
    title = f"Predicted {results.metric_label} of each plan"
    return svg(height, title, "; ".join(each), parts)


def growth_chart(results: Results, curves: Sequence[Curve]) -> Markup | None:
    """The metric against the size, with intervals; None where there is one size."""
    if not curves:
        return None
    size, trained = results.selected.size, results.probes
    values = [*np.concatenate([curve.interval.ravel() for curve in curves]), *trained.values]
    ends = min(curve.sizes[0] for curve in curves), max(curve.sizes[-1] for curve in curves)
    x = Scale(float(ends[0]), float(ends[1]), 52, WIDTH - 16, logarithmic=True)
    y = scale(values, 240, 14)
    parts = [horizontal_axis(y, 52, WIDTH - 16)]
    parts += [
        dot(x(n), y(v), "muted small") for n, v in zip(trained.sizes, trained.values, strict=True)
    ]
    for kind, curve in zip(("accent", "second", "third"), curves, strict=False):
        xs = [x(n) for n in curve.sizes]
        low, high = ([y(v) for v in side] for side in curve.interval.T)
        parts.append(area(xs, low, high, kind))
        parts.append(path(xs, [y(v) for v in curve.values], kind))
    parts.append(line(x(size), 14, x(size), 240, "grid strong"))
    parts += [label(x(n), 258, f"{n:,}", "middle") for n in apart([size, *trained.scales[::-1]], x)]
    parts.append(label(WIDTH / 2, 278, "samples (logarithmic)", "middle"))
    names = [short(results.bought.label(curve.name)) for curve in curves]
    parts += _legend(names, 298)
    each = (
        f"{name} at {size:,}: {results.metric_text.value(curve.at(size)[0])} "
        f"({results.metric_text.interval(curve.at(size)[1:])})"
        for name, curve in zip(names, curves, strict=True)
    )
    return svg(306, f"{results.metric_label} against the size", "; ".join(each), parts)


def frontier_chart(results: Results) -> Markup | None:
    """The best plan's metric against the budget; None where fewer than two budgets are compared."""
    by_budget = sorted(results.bought.frontier.items())
    if len(by_budget) < 2:
        return None
    spans = [plan.interval or (plan.predicted, plan.predicted) for _, plan in by_budget]
    budgets = [budget for budget, _ in by_budget]
    x, y = Scale(budgets[0], budgets[-1], 64, WIDTH - 30), scale(np.ravel(spans).tolist(), 200, 24)
    xs, ys = [x(b) for b in budgets], [y(plan.predicted) for _, plan in by_budget]
    low, high = ([y(span[side]) for span in spans] for side in (0, 1))
    parts = [horizontal_axis(y, 52, WIDTH - 16), area(xs, low, high, "accent")]
    parts.append(path(xs, ys, "accent"))
    for at, up, (budget, plan) in zip(xs, ys, by_budget, strict=True):
        parts.append(dot(at, up, "accent"))
        parts.append(label(at, up - 9, f"{plan.size:,}", "middle"))
        parts.append(label(at, 218, f"{budget:,.10g}", "middle"))
    parts.append(label(WIDTH / 2, 238, "budget; above each point the samples bought", "middle"))
    each = (
        f"{b:,.10g}: {results.metric_text.value(plan.predicted)}, {plan.size:,} samples"
        for b, plan in by_budget
    )
    return svg(246, f"{results.metric_label} against the budget", "; ".join(each), parts)


def mixture_chart(results: Results, surface: Surface | None, by_hand: Floats | None) -> Markup:
    """The map of all mixtures of three providers, or the shares of each plan as bars."""
    if surface is None:
        return _bars(results, by_hand)
    return _triangle(results, surface, by_hand)


def _triangle(results: Results, surface: Surface, by_hand: Floats | None) -> Markup:
    low, high = float(surface.values.min()), float(surface.values.max())
    parts = _cells(surface, low, high)
    outline = " ".join(f"{px:.0f},{py:.0f}" for px, py in CORNERS)
    parts.append(f'<polygon class="outline" points="{outline}"/>')
    for px, py in np.unique(results.probes.mixtures, axis=0) @ CORNERS:
        parts.append(dot(px, py, "ink tiny"))
    for name, plan in reversed(list(results.plans.items())):
        px, py = plan.mixture @ CORNERS
        kind = "mark chosen" if plan is results.selected else "mark"
        size = 8 if plan is results.selected else 5
        called = escape(results.bought.label(name))
        parts.append(
            f'<circle class="{kind}" cx="{px:.1f}" cy="{py:.1f}" r="{size}"><title>{called}</title>'
            "</circle>"
        )
    if by_hand is not None:
        px, py = by_hand @ CORNERS
        parts.append(
            f'<rect class="mark hand" x="{px - 6:.1f}" y="{py - 6:.1f}" width="12" height="12">'
            "<title>your mixture</title></rect>"
        )
    for (px, py), name, up in zip(CORNERS, results.labels, (20, 20, -10), strict=True):
        parts.append(label(px, py + up, f"all {short(name)}", "middle"))
    lowest, highest = map(results.metric_text.value, (low, high))
    parts += _ramp(lowest, highest, 344)
    best = surface.mixtures[np.argmax(surface.values * results.sign)]
    words = (
        f"From {lowest} to {highest}; best without any "
        f"constraint near {results.shares_text(best)}; the plan is "
        f"{results.shares_text(results.selected.mixture)}."
    )
    title = f"{results.metric_label} of all mixtures at {results.selected.size:,} samples"
    return svg(362, title, words, parts)


def _cells(surface: Surface, low: float, high: float) -> list[str]:
    """Small triangles between neighbouring mixtures, in the colour of their mean value."""
    levels = round(1 / np.min(surface.mixtures[surface.mixtures > 0]))
    values = {
        tuple(np.rint(levels * mixture).astype(int).tolist()): float(value)
        for mixture, value in zip(surface.mixtures, surface.values, strict=True)
    }
    span, parts = high - low or 1.0, []
    for i, j, k in values:
        upward = (i, j, k), (i - 1, j + 1, k), (i - 1, j, k + 1)
        downward = (i, j, k), (i - 1, j + 1, k), (i, j + 1, k - 1)
        for cell in (upward, downward):
            if all(corner in values for corner in cell):
                mean = sum(values[corner] for corner in cell) / 3
                step = min(int((mean - low) / span * STEPS), STEPS - 1)
                points = " ".join(
                    f"{x:.1f},{y:.1f}" for x, y in (np.array(cell) / levels) @ CORNERS
                )
                parts.append(f'<polygon class="cell step-{step}" points="{points}"/>')
    return parts


def _ramp(low: str, high: str, y: float) -> list[str]:
    """The colours from the least to the largest value."""
    boxes = [
        f'<rect class="step-{step}" x="{115 + 20 * step}" y="{y}" width="20" height="12"/>'
        for step in range(STEPS)
    ]
    return [label(107, y + 10.5, low, "end"), *boxes, label(323, y + 10.5, high, "start")]


def _bars(results: Results, by_hand: Floats | None) -> Markup:
    mixtures = {results.bought.label(n): plan.mixture for n, plan in results.plans.items()}
    if by_hand is not None:
        mixtures["your mixture"] = by_hand
    order = np.argsort(-results.selected.mixture, kind="stable")
    shown = order[: SERIES - 1] if len(order) > SERIES else order
    left = 16 + LETTER * max(len(short(name)) for name in mixtures)
    x = Scale(0.0, 1.0, left, WIDTH - 12)
    parts = []
    for row, (name, mixture) in enumerate(mixtures.items()):
        start, y = 0.0, 10 + 34 * row
        parts.append(label(left - 10, y + 17, short(name), "end"))
        rest = 1 - float(mixture[shown].sum())
        shares = [*mixture[shown].tolist(), *([rest] if len(shown) < len(order) else [])]
        for series, share in enumerate(shares):
            begin, end = x(start), x(start + share)
            parts.append(
                f'<rect class="series-{series}" x="{begin:.1f}" y="{y}" '
                f'width="{max(end - begin, 0):.1f}" height="24"/>'
            )
            if share >= 0.09:
                parts.append(label((begin + end) / 2, y + 16, f"{share:.0%}", "middle", "inside"))
            start += share
    names = [short(results.labels[i]) for i in shown]
    if len(shown) < len(order):
        names.append(f"{len(order) - len(shown):,} others")
    top = 24 + 34 * len(mixtures)
    legend, height = _boxes(names, top)
    words = "; ".join(f"{name}: {results.shares_text(p)}" for name, p in mixtures.items())
    return svg(height, "Shares of the providers in each plan", words, [*parts, *legend])


def _boxes(names: Sequence[str], top: float) -> tuple[list[str], float]:
    """Names of the series beside boxes of their colours, in lines; and where they end."""
    parts, left, down = list[str](), 12.0, top
    for series, name in enumerate(names):
        width = 26 + LETTER * len(name)
        if left + width > WIDTH:
            left, down = 12.0, down + 22
        parts.append(
            f'<rect class="series-{series}" x="{left:.0f}" y="{down:.0f}" width="12" height="12"/>'
        )
        parts.append(label(left + 18, down + 10.5, name, "start"))
        left += width + 12
    return parts, down + 24


def _legend(names: Sequence[str], y: float) -> list[str]:
    parts, left = list[str](), 60.0
    for kind, name in zip(("accent", "second", "third"), names, strict=False):
        parts.append(line(left, y - 4, left + 22, y - 4, f"curve {kind}"))
        parts.append(label(left + 28, y, name, "start"))
        left += 48 + LETTER * len(name)
    return parts
