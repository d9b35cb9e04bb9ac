"""How far printed shares may miss 1: what rounding each of them can add to their sum."""

import numpy as np

from projektor_ray.storage.array_types import Floats

SIMPLEX_TOLERANCE = 1e-6
"""How far sums of shares in full precision may miss 1."""
MOST_DECIMALS = 11
MOST_DIGITS = 8
SAME, MANY = 1e-12, 64
CUT_OFF = 0xFFFF
"""The bits of a single-precision number that bfloat16 lacks."""
MOST = 0.5
"""More than that no rounding is believed to add."""
DEVIATIONS = 4.0
"""Standard deviations of the mean error that rounding is believed to cause."""


def without_noise(shares: Floats) -> Floats:
    """Shares with 0 for those that are below it by what arithmetic alone does, as `1 - a - b`."""
    return np.asarray(np.where((shares < 0) & (shares >= -SAME), 0.0, shares))


def decimals_of(numbers: Floats) -> int | None:
    """Decimals that all numbers are printed in; None where they are in full precision."""
    few = numbers.ravel()[:MANY]  # which rule out most decimals
    for decimals in range(MOST_DECIMALS + 1):
        if _has_decimals(few, decimals) and _has_decimals(numbers, decimals):
            return decimals
    return None


def _has_decimals(numbers: Floats, decimals: int) -> bool:
    return bool((np.abs(numbers - np.round(numbers, decimals)) <= SAME).all())


def rounding_bound(shares: Floats) -> Floats:
    """How far each row's sum may miss 1 for the precision of the shares (k, m): (k,).

    A share in `d` decimals is off by half a unit, 10^−d / 2, at most; in `s` significant digits by
    half a unit of its last digit; in half precision by half of its spacing; in bfloat16 by its
    spacing, if it was cut off. Where several explain the numbers, the largest bound counts.
    """
    bounds = [0.5 * units.sum(axis=1) for units in _units(shares)]
    greatest = np.max([np.zeros(len(shares)), *bounds], axis=0)
    return np.asarray(SIMPLEX_TOLERANCE + np.minimum(greatest, MOST))


def is_biased(shares: Floats) -> bool:
    """Whether sums miss 1 to one side by more than any rounding does on average.

    An error of rounding is uniform, so that the mean over `k` rows of a row's error has the
    standard deviation √(Σ unit² / 12) / k. A share printed as 0 may be one below half a unit, which
    was rounded down.
    """
    misses = float((shares.sum(axis=1) - 1).mean())
    for units in _units(shares):
        spread = DEVIATIONS * float(np.sqrt((units**2).sum() / 12)) / len(shares)
        zeros = 0.5 * float(np.where(shares == 0, units, 0.0).sum(axis=1).mean())
        if -spread - zeros <= misses + SIMPLEX_TOLERANCE and misses - SIMPLEX_TOLERANCE <= spread:
            return False
    return abs(misses) > SIMPLEX_TOLERANCE


def _units(shares: Floats) -> list[Floats]:
    """The unit of each share (k, m), one array for each precision that explains all of them."""
    candidates = [
        _decimal_units(shares),
        _digit_units(shares),
        _half_precision_units(shares),
        _brain_float_units(shares),
    ]
    return [units for units in candidates if units is not None]


def _decimal_units(shares: Floats) -> Floats | None:
    decimals = decimals_of(shares)
    return None if decimals is None else np.full(shares.shape, 10.0**-decimals)


def _digit_units(shares: Floats) -> Floats | None:
    """The unit of each share's last significant digit; 0 has none."""
    some = shares > 0
    used = np.where(some, shares, 1.0)
    for digits in range(1, MOST_DIGITS + 1):
        if _has_digits(used.ravel()[:MANY], digits) and _has_digits(used, digits):
            return np.where(some, _digit_unit(used, digits), 0.0)
    return None


def _has_digits(numbers: Floats, digits: int) -> bool:
    scaled = numbers / _digit_unit(numbers, digits)
    return bool((np.abs(scaled - np.round(scaled)) <= SAME * 10.0**digits).all())


def _digit_unit(numbers: Floats, digits: int) -> Floats:
    """The unit of the last of so many significant digits of numbers above 0."""
    return np.asarray(10.0 ** (np.floor(np.log10(numbers)) - digits + 1))


def _half_precision_units(shares: Floats) -> Floats | None:
    """The spacing of half-precision numbers; twice that where they were also printed."""
    half = shares.astype(np.float16)
    spacing = np.asarray(np.spacing(half), dtype=np.float64)
    if (half == shares).all():
        return spacing
    for some in (slice(MANY), slice(None)):  # Few cells tell most tables apart.
        cells = half.ravel()[some]
        if not (cells.astype(str).astype(np.float64) == shares.ravel()[some]).all():
            return None
    return 2 * spacing


def _brain_float_units(shares: Floats) -> Floats | None:
    """Twice the spacing of bfloat16 numbers, which are rounded, or cut off."""
    single = shares.astype(np.float32)
    if (single != shares).any() or (single.view(np.uint32) & CUT_OFF).any():
        return None
    return np.asarray(2.0 * np.exp2(np.floor(np.log2(np.where(single > 0, single, 1e-38))) - 7))
