"""The mixtures of the plans: over the triangle of three providers, or as bars."""

from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.ticker import FuncFormatter, MaxNLocator

from projektor_ray.explain.results import Results
from projektor_ray.report.theme import (
    BAD,
    INK,
    MUTED,
    SERIES,
    SURFACE,
    drawing,
    inline,
    new_figure,
    share_of_steps,
)
from projektor_ray.selection.comparison import SELECTED
from projektor_ray.storage.array_types import Floats

BANDS = 8
FLAT = 1e-9
"""Relative: values that differ by less are the same."""
CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])
"""Of the triangle, in the order of the providers."""
SIDES = (("left", -1), ("right", -1), ("center", 1))
"""Where a corner's name stands: its alignment, below or above."""
MARKS = ("o", "s", "^", "D", "v", "P")


def mixture_figure(report: Results) -> Markup:
    """The triangle of three providers, or the shares of each plan as bars."""
    return _bars(report) if report.surface is None else _triangle(report)


def _triangle(report: Results) -> Markup:
    surface = report.surface
    assert surface is not None
    with drawing():
        figure, axes = new_figure(3.7)
        points = surface.mixtures @ CORNERS
        levels = bands_of(surface.values)
        colours = share_of_steps(len(levels) - 1)
        bands = axes.tricontourf(*points.T, surface.values, levels=levels, colors=colours)
        axes.plot(*CORNERS[[0, 1, 2, 0]].T, color=MUTED, linewidth=1)
        trained = np.unique(report.probes.mixtures, axis=0) @ CORNERS
        axes.scatter(*trained.T, s=13, color=INK, edgecolor=SURFACE, linewidth=0.5, label="trained")
        _marks_of_plans(axes, report)
        for corner, name, (side, up) in zip(CORNERS, report.labels, SIDES, strict=True):
            axes.annotate(
                f"all {name}",
                corner,
                xytext=(0, 8 * up),
                textcoords="offset points",
                ha=side,
                va="bottom" if up > 0 else "top",
            )
        axes.set_aspect("equal")
        axes.axis("off")
        figure.legend(loc="outside lower center", ncols=3, handletextpad=0.1, columnspacing=1.0)
        bar = figure.colorbar(bands, ax=axes, shrink=0.6, pad=0.01, aspect=14, ticks=levels[1:-1])
        bar.outline.set_visible(False)
        bar.set_label(report.metric_label)
    best = surface.mixtures[np.argmax(surface.values * report.sign)]
    low, high = (
        report.metric_text.value(surface.values.min()),
        report.metric_text.value(surface.values.max()),
    )
    return inline(
        figure,
        "mixture",
        f"{report.metric} over all mixtures at {report.selected.size:,} samples",
        f"From {low} to {high}; best without any constraint near {report.shares_text(best)}; the "
        f"plan is {report.shares_text(report.selected.mixture)}.",
    )


def bands_of(values: Floats) -> Floats:
    """Limits of bands from the least to the largest value, round between them; so that none is
    of values that are not there, such as accuracies above 1."""
    lowest, most = float(values.min()), float(values.max())
    if most - lowest <= FLAT * max(abs(lowest), abs(most)):
        pad = max(abs(most), 1.0) * FLAT
        return np.array([lowest - pad, most + pad])
    ticks = np.asarray(MaxNLocator(BANDS).tick_values(lowest, most))
    apart = 0.05 * (ticks[1] - ticks[0])
    between = ticks[(ticks > lowest + apart) & (ticks < most - apart)]
    return np.array([lowest, *between, most])


def _marks_of_plans(axes: Any, report: Results) -> None:
    for (name, plan), mark in zip(report.plans.items(), MARKS, strict=False):
        chosen = name == SELECTED
        axes.scatter(
            *(plan.mixture @ CORNERS),
            s=110 if chosen else 45,
            marker="*" if chosen else mark,
            color=BAD if chosen else SURFACE,
            edgecolor=INK,
            linewidth=0.9,
            zorder=5 if chosen else 4,
            clip_on=False,
            label=report.bought.label(name),
        )


def _bars(report: Results) -> Markup:
    """A bar for each plan: the largest shares in the selected one, and all others together."""
    order = np.argsort(-report.selected.mixture, kind="stable")
    shown = order[: len(SERIES) - 1]
    names = [report.bought.label(name) for name in report.plans]
    mixtures = np.array([plan.mixture for plan in report.plans.values()])
    columns = 3 if max(len(report.labels[i]) for i in shown) <= 14 else 2
    with drawing():
        figure, axes = new_figure(0.8 + 0.42 * len(names) + 0.5 * len(shown) / columns)
        start, handles = np.zeros(len(names)), []
        for i, colour in zip(shown, SERIES, strict=False):
            handles.append(axes.barh(range(len(names)), mixtures[:, i], left=start, color=colour))
            start += mixtures[:, i]
        entries = [report.labels[i] for i in shown]
        if len(shown) < len(order):
            rest = axes.barh(range(len(names)), 1 - start, left=start, color=SERIES[-1])
            handles.append(rest)
            entries.append(f"{len(order) - len(shown):,} others")
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
        axes.grid(visible=False)
        figure.legend(handles, entries, loc="outside lower center", ncols=columns, handlelength=1.0)
    each = zip(names, mixtures, strict=True)
    text = "; ".join(f"{name}: {report.shares_text(mixture)}" for name, mixture in each)
    return inline(figure, "mixture", "What each plan buys", text)
