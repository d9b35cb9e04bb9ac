"""The mixtures of the plans: on the map of three providers, or as bars."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from markupsafe import Markup

from projektor_ray.explain.results import Results, Surface
from projektor_ray.report.svg_shapes import (
    LETTER,
    WIDTH,
    Entry,
    Picture,
    Scale,
    bar,
    cell,
    dot,
    label,
    legend,
    svg,
)
from projektor_ray.selection import Plan
from projektor_ray.storage.array_types import Floats

STEPS = 10
SERIES = 8
CORNERS = np.array([[45.0, 302.0], [385.0, 302.0], [215.0, 26.0]])
"""Of the triangle, in the order of the providers."""
BY_HAND = "your mixture"
Corner = tuple[float, float, float]


def mixture_chart(
    results: Results, surface: Surface | None, by_hand: Floats | None = None
) -> Markup:
    """The map of all mixtures of three providers, or the shares of each plan as bars.

    Parameters
    ----------
    by_hand : a further mixture to show.
    """
    if surface is None:
        return _bars(results, by_hand)
    return _triangle(results, surface, by_hand)


def _triangle(results: Results, surface: Surface, by_hand: Floats | None) -> Markup:
    low, high = float(surface.values.min()), float(surface.values.max())
    parts = _cells(results, surface, low, high)
    outline = " ".join(f"{px:.0f},{py:.0f}" for px, py in CORNERS)
    parts.append(f'<polygon class="outline" points="{outline}"/>')
    for mixture in np.unique(results.probes.mixtures, axis=0):
        px, py = mixture @ CORNERS
        parts.append(dot(px, py, "ink tiny", f"trained: {results.shares_text(mixture)}"))
    marks = _plan_marks(results)
    entries: list[Entry] = [(partial(dot, kind="ink tiny"), "trained")]
    for number, (name, plan) in reversed(list(enumerate(marks.items()))):
        value = results.metric_text.value(plan.predicted)
        says = f"{name}: {value}, {results.shares_text(plan.mixture)}"
        px, py = plan.mixture @ CORNERS
        parts.append(_plan_mark(number, px, py, says))
    entries += [(partial(_plan_mark, number), name) for number, name in enumerate(marks)]
    if by_hand is not None:
        px, py = by_hand @ CORNERS
        parts.append(_square(px, py, f"{BY_HAND}: {results.shares_text(by_hand)}"))
        entries.append((_square, BY_HAND))
    for (px, py), name, up, side in zip(
        CORNERS, results.labels, (20, 20, -10), ("start", "end", "middle"), strict=True
    ):
        at = {"start": 8.0, "end": WIDTH - 8.0}.get(side, px)
        parts.append(label(at, py + up, f"all {name}", side))
    lowest, highest = map(results.metric_text.value, (low, high))
    parts += _ramp(lowest, highest, 338)
    named, height = legend(entries, 362)
    best = surface.mixtures[np.argmax(surface.values * results.sign)]
    words = (
        f"From {lowest} to {highest}; best without any "
        f"constraint near {results.shares_text(best)}; the plan is "
        f"{results.shares_text(results.selected.mixture)}."
    )
    title = f"{results.metric_label} of all mixtures at {results.selected.size:,} samples"
    return svg(height, title, words, [*parts, *named])


def _plan_marks(results: Results) -> dict[str, Plan]:
    """The plans by the names of the legend, the selected one first."""
    return {results.short_label(name): plan for name, plan in results.plans.items()}


def _plan_mark(number: int, x: float, y: float, says: str = "") -> str:
    """The selected plan is a large disc; every other plan is a circle with its number."""
    if number == 0:
        return dot(x, y, "mark chosen", says)
    return dot(x, y, "mark", says) + label(x, y + 3.6, str(number), "middle", "number")


def _square(x: float, y: float, says: str = "") -> str:
    return bar(x - 5.5, y - 5.5, 11, 11, "mark hand", says)


def _cells(results: Results, surface: Surface, low: float, high: float) -> list[str]:
    """The triangles between neighbouring mixtures, each cut where the colour changes."""
    levels = round(1 / np.min(surface.mixtures[surface.mixtures > 0]))
    values = {
        tuple(np.rint(levels * mixture).astype(int).tolist()): float(value)
        for mixture, value in zip(surface.mixtures, surface.values, strict=True)
    }
    ends, parts = np.linspace(low, high, STEPS + 1), list[str]()
    ends[[0, -1]] = -np.inf, np.inf
    for i, j, k in values:
        upward = (i, j, k), (i - 1, j + 1, k), (i - 1, j, k + 1)
        downward = (i, j, k), (i - 1, j + 1, k), (i, j + 1, k - 1)
        for corners in (upward, downward):
            if not all(corner in values for corner in corners):
                continue
            heights, shares = [values[corner] for corner in corners], np.array(corners) / levels
            middle = results.metric_text.value(float(np.mean(heights)))
            says = f"{middle}: {results.shares_text(shares.mean(axis=0))}"
            points = [
                (x, y, h) for (x, y), h in zip((shares @ CORNERS).tolist(), heights, strict=True)
            ]
            first, last = np.searchsorted(ends[1:-1], [min(heights), max(heights)]).tolist()
            for step in range(first, last + 1):
                part = band(points, float(ends[step]), float(ends[step + 1]))
                if len(part) > 2:
                    outline = [(x, y) for x, y, _ in part]
                    parts.append(cell(outline, f"cell step-{step}", says))
    return parts


def band(points: Sequence[Corner], low: float, high: float) -> list[Corner]:
    """The part of a polygon where a linear function lies between two values.

    Parameters
    ----------
    points : corners (x, y, value), in turn.
    """
    inside: list[Corner] = list(points)
    for limit, sign in ((low, 1.0), (high, -1.0)):
        cut: list[Corner] = []
        for before, after in zip([inside[-1], *inside], inside, strict=False):
            one, two = sign * (before[2] - limit), sign * (after[2] - limit)
            if np.isfinite(limit) and (one < 0) != (two < 0):
                along = one / (one - two)
                x, y = (b + along * (a - b) for b, a in zip(before[:2], after[:2], strict=True))
                cut.append((x, y, limit))
            if two >= 0:
                cut.append(after)
        inside = cut
        if not inside:
            return []
    return inside


def _ramp(low: str, high: str, y: float) -> list[str]:
    """The colours from the least to the largest value."""
    boxes = [bar(115 + 20 * step, y, 20, 12, f"step-{step}") for step in range(STEPS)]
    return [label(107, y + 10.5, low, "end"), *boxes, label(323, y + 10.5, high, "start")]


def _bars(results: Results, by_hand: Floats | None) -> Markup:
    mixtures = {name: plan.mixture for name, plan in _plan_marks(results).items()}
    if by_hand is not None:
        mixtures[BY_HAND] = by_hand
    order = np.argsort(-results.selected.mixture, kind="stable")
    shown = order[: SERIES - 1] if len(order) > SERIES else order
    names = [results.labels[i] for i in shown]
    if len(shown) < len(order):
        names.append(f"{len(order) - len(shown):,} others")
    left = 16 + LETTER * max(map(len, mixtures))
    x = Scale(0.0, 1.0, left, WIDTH - 12)
    parts = []
    for row, (name, mixture) in enumerate(mixtures.items()):
        start, y = 0.0, 10 + 34 * row
        parts.append(label(left - 10, y + 17, name, "end"))
        rest = 1 - float(mixture[shown].sum())
        shares = [*mixture[shown].tolist(), *([rest] if len(shown) < len(order) else [])]
        for series, (share, of) in enumerate(zip(shares, names, strict=True)):
            begin, end = x(start), x(start + share)
            says = f"{name}: {of} {share:.1%}"
            parts.append(bar(begin, y, end - begin, 24, f"series-{series}", says))
            text = f"{share:.0%}"
            if end - begin >= LETTER * len(text):
                parts.append(label((begin + end) / 2, y + 16, text, "middle", "inside"))
            start += share
    named, height = _boxes(names, 18 + 34 * len(mixtures))
    words = "; ".join(f"{name}: {results.shares_text(p)}" for name, p in mixtures.items())
    return svg(height, "Shares of the providers in each plan", words, [*parts, *named])


def _boxes(names: Sequence[str], top: float) -> Picture:
    """Names of the series beside boxes of their colours."""
    boxes = [partial(_box, f"series-{series}") for series in range(len(names))]
    return legend(list(zip(boxes, names, strict=True)), top)


def _box(kind: str, x: float, y: float) -> str:
    return bar(x - 6, y - 6, 12, 12, kind)
