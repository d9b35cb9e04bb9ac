"""Shapes of SVG, whose colours the style sheet gives to their classes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH = 430
LETTER = 7.0
"""Width of a letter, about."""
LONGEST_LABEL = 22


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


def dot(x: float, y: float, kind: str) -> str:
    radius = {"small": 2.2, "tiny": 2.6}.get(kind.rpartition(" ")[2], 5)
    return f'<circle class="dot {kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>'


def label(x: float, y: float, text: str, anchor: str, kind: str = "") -> str:
    of_kind = f' class="{kind}"' if kind else ""
    return f'<text{of_kind} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def short(text: str) -> str:
    return text if len(text) <= LONGEST_LABEL else f"{text[: LONGEST_LABEL - 1]}…"


def svg(height: float, title: str, words: str, parts: Sequence[str]) -> Markup:
    """The picture, with what those hear who do not see it."""
    return Markup(
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height:.0f}" role="img">'
        f"<title>{escape(title)}</title><desc>{escape(words)}</desc>{''.join(parts)}</svg>"
    )
