"""Format numbers, names and metrics for people: decimals, signs, units, plurals, lists."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from projektor_ray.selection import Direction
from projektor_ray.selection.gains import Gain
from projektor_ray.selection.provider import decimals_written
from projektor_ray.storage.array_types import Floats

MOST_DECIMALS = 6
PRICE_DIGITS = 6
FINER = 2
"""So many decimals more than the metric has what a part of the purchase is worth."""
MARGINAL_VALUE_DIGITS = 3
SMALLEST = 0.01
"""Share of a mixture from which on it is named."""
STEP = 4
"""A plan is at least so many times as large as the step by which it is valued."""


def aligned(values: Sequence[float | None], digits: int = 4) -> list[str]:
    """A column of numbers with the decimals that give the middle one so many digits, and the
    largest at most two more.
    """
    sizes = [abs(value) for value in values if value] or [1.0]
    middle = decimals_for(float(np.median(sizes)), digits)
    decimals = min(middle, decimals_for(max(sizes), digits + 2))
    return ["–" if value is None else f"{value:,.{decimals}f}" for value in values]


def decimals_for(value: float, digits: int) -> int:
    """With how many decimals a number has so many significant digits."""
    return max(digits - 1 - int(np.floor(np.log10(abs(value)))), 0)


def decimals_from_intervals(intervals: Sequence[tuple[float, float] | None]) -> int:
    """So many that half the width of the middle interval has two digits; at most six."""
    halves = [(one[1] - one[0]) / 2 for one in intervals if one is not None]
    middle = max(float(np.median(halves or [0.01])), 1e-9)
    return min(max(1 - int(np.floor(np.log10(middle))), 0), MOST_DECIMALS)


def as_written(values: Iterable[float]) -> list[str]:
    """A column of numbers such as prices, to six digits, with the decimals of the finest."""
    prices = [float(f"{value:.{PRICE_DIGITS}g}") for value in values]
    decimals = max(map(decimals_written, prices), default=0)
    return [f"{price:,.{decimals}f}" for price in prices]


def interval_text(bounds: tuple[float, float] | None, decimals: int) -> str:
    """An interval, both ends with as many decimals."""
    if bounds is None:
        return "–"
    return "…".join(f"{rounded(bound, decimals):,.{decimals}f}" for bound in bounds)


def rounded(value: float, decimals: int) -> float:
    """Rounded, and never a negative nothing."""
    return round(value, decimals) + 0.0


def change(value: float, decimals: int) -> str:
    """A difference with its sign; ±0 where it rounds to nothing."""
    difference = rounded(value, decimals)
    return f"{difference:+,.{decimals}f}" if difference else "±0"


def changes(values: Sequence[float], digits: int, most: int) -> list[str]:
    """A column of differences: the largest has so many digits, none more decimals than `most`."""
    greatest = max((abs(value) for value in values), default=0.0)
    decimals = min(decimals_for(greatest, digits), most) if greatest else most
    return [change(value, decimals) for value in values]


def significant(value: float, digits: int = 2) -> str:
    """A number to so many significant digits, never with an exponent."""
    return np.format_float_positional(value, digits, unique=False, fractional=False, trim="-")


def sample_step(size: int) -> int:
    """How many samples more of a provider are valued on top of a plan: a power of ten."""
    return int(10 ** max(np.floor(np.log10(size / STEP)), 0))


def count(number: int, noun: str, plural: str = "") -> str:
    """A number of things: `1 sample`, `1,200 samples`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def budget_text(budget: float) -> str:
    """A budget as it was given: `500`, and with two decimals or more where it has some: `17.30`."""
    text = f"{budget:,.2f}" if round(budget, 2) == budget else f"{budget:,.10g}"
    return text.removesuffix(".00")


def percent(share: float, decimals: int = 0) -> str:
    """A share in percent: `38%`."""
    return f"{share:.{decimals}%}"


def percent_range(low: float, high: float) -> str:
    """A range of shares in percent: `3–13%`, or `38%` where both ends round to it."""
    first, last = f"{100 * low:.0f}", f"{100 * high:.0f}"
    return f"{first}%" if first == last else f"{first}–{last}%"


def shares_text(names: Sequence[str], mixture: Sequence[float] | Floats, most: int) -> str:
    """`high-digits 38%, low-digits 38%, …`: the largest shares of 1% or more, at most so many."""
    order = [i for i in np.argsort(-np.asarray(mixture), kind="stable") if mixture[i] >= SMALLEST]
    shares = [f"{names[i]} {percent(float(mixture[i]))}" for i in order[:most]]
    return ", ".join(shares) + (", …" if order[most:] else "")


def quoted(name: str) -> str:
    """The name of a plan within a sentence."""
    return f"“{name}”"


@dataclass(frozen=True)
class MetricText:
    """How values of the metric are written.

    Attributes
    ----------
    name : of the metric, short.
    direction : whether more of it is better.
    decimals : as many as its uncertainty makes sense of.
    """

    name: str
    direction: Direction
    decimals: int

    def value(self, value: float) -> str:
        return f"{rounded(value, self.decimals):,.{self.decimals}f}"

    def change(self, value: float) -> str:
        """A difference with its sign."""
        return change(value, self.decimals)

    def interval(self, bounds: tuple[float, float] | None) -> str:
        return interval_text(bounds, self.decimals)

    def gain(self, gain: Gain) -> str:
        """A gain and its interval."""
        return f"{self.change(gain.value)}, 90% interval {self.interval((gain.low, gain.high))}"

    def improvement(self, amount: float) -> str:
        """What an improvement by an amount would be: `accuracy would rise by 0.032`."""
        verb = "rise" if self.direction == "maximize" else "fall"
        return f"{self.name} would {verb} by {significant(amount)}"

    def shows(self, amount: float) -> bool:
        """Whether a part of a purchase improves the metric by more than rounding hides."""
        return rounded(amount, self.decimals + FINER) > 0

    def changes_digits(self, amount: float) -> bool:
        """Whether an improvement is seen in a value as it is written."""
        return rounded(amount, self.decimals) > 0
