"""Numbers and names as people read them, on the terminal and on a page."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

import numpy as np

MOST_DECIMALS = 6
PRICE_DIGITS = 6
FINER = 2
"""So many decimals more than the metric has what a part of the purchase is worth."""
WORTH_DIGITS = 3
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


def decimals_of(intervals: Sequence[tuple[float, float] | None]) -> int:
    """So many that half the width of the middle interval has two digits; at most six."""
    halves = [(one[1] - one[0]) / 2 for one in intervals if one is not None]
    middle = max(float(np.median(halves or [0.01])), 1e-9)
    return min(max(1 - int(np.floor(np.log10(middle))), 0), MOST_DECIMALS)


def as_written(values: Iterable[float]) -> list[str]:
    """A column of numbers such as prices, to six digits, with the decimals of the finest."""
    rounded = [float(f"{value:.{PRICE_DIGITS}g}") for value in values]
    decimals = max(map(decimals_written, rounded), default=0)
    return [f"{value:,.{decimals}f}" for value in rounded]


def decimals_written(value: float) -> int:
    """How many decimals the shortest decimal that is this number has."""
    exponent = Decimal(repr(float(value))).normalize().as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def span(bounds: tuple[float, float] | None, decimals: int) -> str:
    """An interval, both ends with as many decimals."""
    if bounds is None:
        return "–"
    return "…".join(f"{fixed(bound, decimals):,.{decimals}f}" for bound in bounds)


def fixed(value: float, decimals: int) -> float:
    """Rounded, and never a negative nothing."""
    return round(value, decimals) + 0.0


def change(value: float, decimals: int) -> str:
    """A difference with its sign; ±0 where it rounds to nothing."""
    rounded = fixed(value, decimals)
    return f"{rounded:+,.{decimals}f}" if rounded else "±0"


def changes(values: Sequence[float], digits: int, most: int) -> list[str]:
    """A column of differences: the largest has so many digits, none more decimals than `most`."""
    largest = max((abs(value) for value in values), default=0.0)
    decimals = min(decimals_for(largest, digits), most) if largest else most
    return [change(value, decimals) for value in values]


def plain(value: float, digits: int = 2) -> str:
    """A number to so many significant digits, never with an exponent."""
    return np.format_float_positional(value, digits, unique=False, fractional=False, trim="-")


def step_of(size: int) -> int:
    """How many samples more of a provider are valued beside a plan: a power of ten."""
    return int(10 ** max(np.floor(np.log10(size / STEP)), 0))
