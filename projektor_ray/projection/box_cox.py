"""`box_cox`: the logarithm of a loss is linear in the Box-Cox transform of the size."""

import numpy as np

from projektor_ray.errors import InputError
from projektor_ray.projection.averaged_curvature import AveragedCurvature
from projektor_ray.projection.ceiling import ClassShares
from projektor_ray.projection.joint_power import JointPower
from projektor_ray.projection.law_error import UNKNOWN
from projektor_ray.projection.queries import Bounds


class BoxCox(JointPower):
    """`ln L = a1·OT + a0 + b·x + s(p, x)` with `x = (N^κ − 1)/κ`, averaged over κ.

    For a loss, or any metric with one bound, whose gap to the bound is taken for the loss. At
    κ = 0 the loss is a power of N, which falls to 0; below, it falls towards a floor, as losses of
    real data do. One κ serves all mixtures; see `AveragedCurvature`.
    """

    name = "box_cox"

    def __init__(
        self,
        bounds: Bounds | None = None,
        family: str = UNKNOWN,
        classes: ClassShares | None = None,
    ) -> None:
        super().__init__(bounds, family, classes)
        if np.isfinite(bounds or (-np.inf, np.inf)).sum() != 1:
            raise InputError(
                "box_cox is for a metric with one bound, such as a loss; got the bounds "
                f"{bounds}. Use the projection 'joint_power' for an accuracy"
            )

    def _on_link(self) -> AveragedCurvature:
        return AveragedCurvature()
