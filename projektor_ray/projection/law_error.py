"""How far learning curves depart from a law beyond the largest scale, by the learner's family."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from projektor_ray.errors import InputError, nearest


@dataclass(frozen=True)
class LawError:
    """Growth beyond the largest scale is `r` times that of the law, `r ~ N(factor, deviation²)`.

    Attributes
    ----------
    factor : mean of r; the prediction's growth is multiplied by it.
    deviation : standard deviation of r, where no scale can be held out.
    own : the same of what r of one mixture departs by itself, for gains of one over another.
    """

    factor: float
    deviation: float
    own: float = 0.25

    @property
    def departure(self) -> float:
        """Root mean square of `r − 1`: how much slopes change, as a share of the slope."""
        return float(np.hypot(self.factor - 1, self.deviation))


UNKNOWN = "unknown"
LAW_ERRORS: Mapping[str, LawError] = {
    "network": LawError(1.0, 0.22),
    "flexible": LawError(1.0, 0.44),
    "saturating": LawError(0.5, 0.45),
    UNKNOWN: LawError(1.0, 0.6),
}
"""Of lines in log-odds, by the learner's family; `docs/decisions/projection.md` has the data."""
LOG_LINEAR = LawError(1.0, 0.334, 0.167)
"""Of a line in ln N. With scales a factor of 4 apart, laws N^−β with β up to ½ end up to 0.59 of
the gain lower a factor of 10 on, nine tenths of them up to 0.55, which is this by the normal
quantile of a 90 % interval; in gains, half as much is a mixture's own."""
ONE_BOUND = LawError(1.0, 0.44)
"""Of a metric with one bound, as a loss, where the logarithm of the gap is linear in ln N."""


def check_family(family: str) -> None:
    """Refuse a family that there is not.

    Raises
    ------
    InputError
        Names the nearest one.
    """
    if family not in LAW_ERRORS:
        raise InputError(f"there is no learner family {family!r}; {nearest(family, LAW_ERRORS)}")


def law_error(family: str, bounds: tuple[float, float]) -> LawError:
    """The error of a line on the scale of a metric's link.

    Raises
    ------
    InputError
        If there is no such family.
    """
    check_family(family)
    return LAW_ERRORS[family] if max(map(abs, bounds)) < float("inf") else ONE_BOUND
