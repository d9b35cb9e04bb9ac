"""The figures of a report but that of the mixtures, each an inline SVG that words describe."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from projektor_ray.explain.formatting import significant
from projektor_ray.explain.results import Results
from projektor_ray.report.theme import (
    ACCENT,
    BAD,
    INK,
    MUTED,
    SECOND,
    SURFACE,
    drawing,
    inline,
    new_figure,
    share_of_steps,
)
from projektor_ray.storage.array_types import Floats

MOST_BARS = 12
LAST_BARS = 3
MARKS = ("o", "s", "^", "D", "v", "P")
APART = 0.055
"""Least distance of names at the ends of curves, as a part of the axes' height."""
CLOSE_TICKS = 1.4
"""Sizes whose ratio is less would have their names written over each other."""


def fit_figure(report: Results) -> Markup:
    """Predicted against observed, each mixture left out when it is predicted."""
    trained = report.probes
    with drawing():
        figure, axes = new_figure(3.6)
        how = "predicted without its mixture" if report.cross_validation.left_out else "fitted"
        ends = np.array([trained.values.min(), trained.values.max()])
        axes.plot(ends, ends, color=MUTED, linewidth=1, zorder=1)
        colours = share_of_steps(len(trained.scales) + 2)[2:]
        for which, (scale, colour) in enumerate(zip(trained.scales, colours, strict=True)):
            at = trained.sizes == scale
            axes.scatter(
                trained.values[at],
                report.cross_validation.predicted[at],
                s=20,
                marker=MARKS[which % len(MARKS)],
                color=colour,
                edgecolor=SURFACE,
                linewidth=0.5,
                label=f"{scale:,} samples",
            )
        axes.set(xlabel=f"{report.metric_label} of the training", ylabel=how)
        axes.legend(loc="upper left")
    return inline(
        figure,
        "fit",
        "Predicted against observed",
        f"Each of {len(trained.values)} trainings against what is {how}; "
        f"mean absolute error {significant(report.cross_validation.error)} {report.metric}.",
    )


def growth_figure(report: Results) -> Markup:
    """The metric against the size, with intervals; and the curves of other models."""
    size = report.selected.size
    with drawing():
        figure, axes = new_figure(3.6)
        _dots_of_trainings(axes, report)
        for drawn in report.other_models:
            axes.plot(drawn.sizes, drawn.values, color=MUTED, linewidth=1, linestyle=(0, (3, 2)))
        drawn_plans = [drawn for drawn in report.curves if drawn.name in report.plans]
        for drawn, colour in zip(drawn_plans, (ACCENT, SECOND), strict=False):
            axes.fill_between(drawn.sizes, *drawn.interval.T, color=colour, alpha=0.16, linewidth=0)
            axes.plot(
                drawn.sizes, drawn.values, color=colour, label=report.bought.label(drawn.name)
            )
        axes.axvline(size, color=INK, linewidth=0.8, linestyle=":")
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xticks(_ticks(report))
        axes.margins(x=0.02)
        _name_other_models(axes, report)
        axes.set(xlabel=f"samples (logarithmic); {size:,} to buy", ylabel=report.metric_label)
        axes.legend(loc="best")
    return inline(figure, "growth", f"{report.metric} against the size", _growth_in_words(report))


def _ticks(report: Results) -> list[int]:
    """The size to buy, and the sizes of trainings as far as there is room for their names."""
    ticks = [report.selected.size]
    for scale in reversed(report.probes.scales):
        if all(max(scale / tick, tick / scale) >= CLOSE_TICKS for tick in ticks):
            ticks.append(scale)
    return ticks


def _name_other_models(axes: Any, report: Results) -> None:
    """At the right ends of their curves, moved apart where they would touch."""
    bottom, top = axes.get_ylim()
    ends = sorted(report.other_models, key=lambda drawn: float(drawn.values[-1]))
    wanted = [float(drawn.values[-1] - bottom) / (top - bottom) for drawn in ends]
    for drawn, height in zip(ends, moved_apart(wanted), strict=True):
        axes.annotate(
            drawn.name,
            (1.0, height),
            xycoords="axes fraction",
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=7.5,
            color=MUTED,
        )


def moved_apart(heights: Sequence[float]) -> list[float]:
    """Ascending heights within the axes, from 0 to 1, at least `APART` from one to the next."""
    moved: list[float] = []
    for height in heights:
        moved.append(max(height, moved[-1] + APART if moved else 0.0))
    highest = 1.0
    for i in reversed(range(len(moved))):
        moved[i] = highest = min(moved[i], highest)
        highest -= APART
    return moved


def _dots_of_trainings(axes: Any, report: Results) -> None:
    """The trainings, a little apart from each other."""
    trained = report.probes
    shaken = trained.sizes * np.exp(0.03 * np.sin(np.arange(len(trained.sizes)) * 2.4))
    axes.scatter(shaken, trained.values, s=6, color=MUTED, alpha=0.6, linewidth=0, zorder=1)


def _growth_in_words(report: Results) -> str:
    size = report.selected.size
    values = [(drawn.name, drawn.at(size)) for drawn in report.curves]
    return "; ".join(
        f"{report.bought.label(name)} at {size:,}: {report.metric_text.value(value)}, 90% interval "
        f"{report.metric_text.interval((low, high))}"
        for name, (value, low, high) in values
    )


def budget_figure(report: Results) -> Markup:
    """The best plan's metric against the money, with its interval; the selected plan is marked."""
    frontier = sorted(report.bought.frontier.items())
    budgets = np.array([budget for budget, _ in frontier])
    values = np.array([plan.predicted for _, plan in frontier])
    with drawing():
        figure, axes = new_figure(3.0)
        spans = [plan.interval for _, plan in frontier if plan.interval is not None]
        if len(spans) == len(frontier):
            axes.fill_between(budgets, *np.transpose(spans), color=ACCENT, alpha=0.16, linewidth=0)
        axes.plot(budgets, values, color=ACCENT, marker="o", markersize=4)
        axes.scatter(budgets[-1:], values[-1:], s=60, color=ACCENT, zorder=3)
        for budget, plan in frontier:
            axes.annotate(
                f"{plan.size:,}",
                (budget, plan.predicted),
                xytext=(-4, 5),
                textcoords="offset points",
                ha="right",
                fontsize=8,
            )
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda money, _: f"{money:,.10g}"))
        axes.margins(x=0.14)
        axes.set(xlabel="budget; at each point the samples bought", ylabel=report.metric_label)
    metric = report.metric_text
    sentences = [
        f"{budget:,.10g}: {metric.value(plan.predicted)} ({metric.interval(plan.interval)})"
        for budget, plan in frontier
    ]
    return inline(figure, "frontier", f"{report.metric} against the budget", "; ".join(sentences))


def baselines_figure(report: Results) -> Markup:
    """Every plan's metric with its interval."""
    names = [report.bought.label(name) for name in report.plans]
    with drawing():
        figure, axes = new_figure(0.7 + 0.42 * len(names))
        for row, plan in enumerate(report.plans.values()):
            colour = ACCENT if plan is report.selected else MUTED
            if plan.interval is not None:
                axes.plot(plan.interval, [row, row], color=colour, linewidth=4, alpha=0.4)
            axes.scatter([plan.predicted], [row], s=46, color=colour, zorder=3)
            axes.annotate(
                report.metric_text.value(plan.predicted),
                (plan.predicted, row),
                xytext=(0, 6),
                textcoords="offset points",
                ha="center",
                fontsize=8,
            )
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.7)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(report.metric_label)
    each, metric = zip(names, report.plans.values(), strict=True), report.metric_text
    sentences = [
        f"{name} {metric.value(p.predicted)} ({metric.interval(p.interval)})" for name, p in each
    ]
    return inline(figure, "plans", "The plan and the baselines", "; ".join(sentences))


def marginal_value_figure(report: Results) -> Markup:
    """What more samples of each provider would add, on top of the plan."""
    values = report.marginal_values
    shown = _best_and_worst(values * report.sign)
    names = [report.labels[i] for i in shown]
    with drawing():
        figure, axes = new_figure(0.7 + 0.3 * len(shown))
        better = values[shown] * report.sign > 0
        colours = [ACCENT if good else BAD for good in better]
        axes.barh(range(len(shown)), values[shown], color=colours, height=0.62)
        axes.set_yticks(range(len(shown)), names)
        axes.axvline(0, color=MUTED, linewidth=0.8)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.ticklabel_format(axis="x", style="plain", useOffset=False)
        axes.set_xlabel(f"change of {report.metric_label}")
        axes.margins(x=0.08)
    text = "; ".join(f"{report.labels[i]} {report.shown_marginal_values[i]}" for i in shown)
    return inline(figure, "marginal_value", f"Value of {report.step:,} more samples", text)


def _best_and_worst(values: Floats) -> list[int]:
    """The largest first; of many, the largest and a few of the least."""
    order: list[int] = np.argsort(-values, kind="stable").tolist()
    if len(order) <= MOST_BARS:
        return order
    return [*order[: MOST_BARS - LAST_BARS], *order[-LAST_BARS:]]
