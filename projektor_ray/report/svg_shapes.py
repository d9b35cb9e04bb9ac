"""Shapes of SVG, whose colours the style sheet gives to their classes."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH = 430
"""Of every picture; a page scales it."""
LETTER = 7.8
"""Width of a letter in a wide font, about."""
Entry = tuple[Callable[[float, float], str], str]
"""Of a legend: what draws its mark around a point, and its name."""
Picture = tuple[list[str], float]
"""Shapes, and where they end."""


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` → positions from `start` to `end`, or of their logarithms."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        low, high, value = (
            (math.log(x) for x in (self.low, self.high, value))
            if self.logarithmic
            else (self.low, self.high, value)
        )
        span = high - low or 1.0
        return self.start + (value - low) / span * (self.end - self.start)

    @property
    def ticks(self) -> list[float]:
        """At most five round values between the ends."""
        span = self.high - self.low
        if span <= 0:
            return [self.low]
        step = 10 ** math.floor(math.log10(span / 4))
        step *= next((k for k in (1, 2, 2.5, 5) if span / (k * step) <= 5), 10)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [round(k * step, 12) + 0.0 for k in range(first, last + 1)]


def scale(values: Sequence[float], start: float, end: float) -> Scale:
    """A scale with a little margin at both ends."""
    low, high = float(min(values)), float(max(values))
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    return Scale(low - margin, high + margin, start, end)


def apart(sizes: Sequence[float], x: Scale) -> list[int]:
    """The sizes whose names do not touch, the first ones first."""
    shown: list[int] = []
    for size in sizes:
        if all(abs(x(size) - x(other)) > 48 for other in shown):
            shown.append(int(size))
    return shown


def vertical_axis(x: Scale, top: float, bottom: float) -> str:
    """Lines from top to bottom at round values, with the values below them."""
    return "".join(
        line(x(tick), top, x(tick), bottom, "grid")
        + label(x(tick), bottom + 18, f"{tick:,.10g}", "middle", "axis")
        for tick in x.ticks
    )


def horizontal_axis(y: Scale, left: float, right: float) -> str:
    """Lines from left to right at round values, with the values beside them."""
    return "".join(
        line(left, y(tick), right, y(tick), "grid")
        + label(left - 8, y(tick) + 4, f"{tick:,.10g}", "end", "axis")
        for tick in y.ticks
    )


def area(xs: Sequence[float], low: Sequence[float], high: Sequence[float], kind: str) -> str:
    around = [*zip(xs, low, strict=True), *reversed(list(zip(xs, high, strict=True)))]
    points = " ".join(f"{px:.1f},{py:.1f}" for px, py in around)
    return f'<polygon class="area {kind}" points="{points}"/>'


def path(xs: Sequence[float], ys: Sequence[float], kind: str) -> str:
    points = " ".join(f"{px:.1f},{py:.1f}" for px, py in zip(xs, ys, strict=True))
    return f'<polyline class="curve {kind}" points="{points}"/>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def dot(x: float, y: float, kind: str, says: str = "") -> str:
    """A disc.

    Parameters
    ----------
    says : what it stands for: shown by the browser to a pointer, read out by the page's script.
    """
    radius = RADII.get(kind.rpartition(" ")[2], 5.5)
    return _mark(
        f'<circle class="dot {kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"', "circle", says
    )


RADII = {"small": 2.6, "tiny": 2.6, "hidden": 5.0, "mark": 7.5, "chosen": 8.5}
"""Of discs, by the last word of their kind."""
MARKS = ("circle", "square", "triangle", "diamond")


def mark(shape: str, x: float, y: float, kind: str, says: str = "") -> str:
    """A small mark of a shape, so that series differ without their colours."""
    r = 4.0
    points = {
        "square": [(-r, -r), (r, -r), (r, r), (-r, r)],
        "triangle": [(0, -1.2 * r), (1.2 * r, r), (-1.2 * r, r)],
        "diamond": [(0, -1.3 * r), (1.3 * r, 0), (0, 1.3 * r), (-1.3 * r, 0)],
    }.get(shape)
    if points is None:
        return _mark(
            f'<circle class="spot {kind}" cx="{x:.1f}" cy="{y:.1f}" r="{r}"', "circle", says
        )
    corners = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in points)
    return _mark(f'<polygon class="spot {kind}" points="{corners}"', "polygon", says)


def bar(x: float, y: float, width: float, height: float, kind: str, says: str = "") -> str:
    at = f'x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:g}"'
    return _mark(f'<rect class="{kind}" {at}', "rect", says)


def cell(points: Sequence[tuple[float, float]], kind: str, says: str = "") -> str:
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return _mark(f'<polygon class="{kind}" points="{corners}"', "polygon", says)


def _mark(opening: str, tag: str, says: str) -> str:
    return f"{opening}><title>{escape(says)}</title></{tag}>" if says else f"{opening}/>"


def legend(entries: Sequence[Entry], top: float) -> Picture:
    """Names beside their marks, in lines."""
    parts, left, middle = list[str](), 12.0, top + 8
    for draw, name in entries:
        width = 26 + LETTER * len(name)
        if left + width > WIDTH and left > 12:
            left, middle = 12.0, middle + 22
        parts.append(draw(left + 8, middle))
        parts.append(label(left + 21, middle + 4.5, name, "start"))
        left += width + 8
    return parts, middle + 16


def label(x: float, y: float, text: str, anchor: str, kind: str = "") -> str:
    of_kind = f' class="{kind}"' if kind else ""
    return f'<text{of_kind} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def svg(height: float, title: str, words: str, parts: Sequence[str]) -> Markup:
    """The picture, with what those hear who do not see it."""
    return Markup(
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height:.0f}" role="img">'
        f"<title>{escape(title)}</title><desc>{escape(words)}</desc>{''.join(parts)}</svg>"
    )
