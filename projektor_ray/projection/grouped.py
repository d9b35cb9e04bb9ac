"""`grouped`: the joint model of groups of providers, where mixtures are fewer than providers."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from projektor_ray.errors import InputError
from projektor_ray.predictors.probe_arrays import ProbeArrays
from projektor_ray.projection.box_cox import BoxCox
from projektor_ray.projection.ceiling import ClassShares
from projektor_ray.projection.joint import Joint
from projektor_ray.projection.joint_power import JointPower
from projektor_ray.projection.law_error import UNKNOWN
from projektor_ray.projection.queries import Bounds, bounds_in
from projektor_ray.projection.scale_model import ScaleModel
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.one_row import one_row, the_row

COEFFICIENTS_OF_A_GROUP = 4
"""As many as PQ (Eq. 2) has for a provider; there are as many mixtures for each group."""
FEWEST_GROUPS = 2


def provider_groups(mixtures: Floats, gradients: Floats | None) -> NDArray[np.intp]:
    """The group of each provider, 0, 1, …, shape (m,): those that move the distance alike.

    Providers are clustered (Ward) by `∂OT/∂p_i` at the mixtures. There are four mixtures for each
    group.

    Parameters
    ----------
    mixtures : array, shape (k, m): those that were trained, each once or several times.
    gradients : array, shape (k, m): of their distances, along the shares.

    Raises
    ------
    InputError
        Unless there are fewer mixtures than providers, and enough for two groups, and the
        gradients of their distances are known.
    """
    trained, rows = np.unique(mixtures, axis=0, return_index=True)
    count, providers = trained.shape
    groups = count // COEFFICIENTS_OF_A_GROUP
    if count >= providers or groups < FEWEST_GROUPS:
        raise InputError(
            "providers are grouped where there are fewer mixtures than providers, and at least "
            f"{FEWEST_GROUPS * COEFFICIENTS_OF_A_GROUP} mixtures; got {count} mixtures of "
            f"{providers} providers. Use the projection 'joint_power' or 'joint'"
        )
    if gradients is None:
        raise InputError(
            "providers are grouped by how their samples move the distance; the gradients of the "
            "distances are not known. Use the projection 'joint_power' or 'joint'"
        )
    from scipy.cluster.hierarchy import fcluster, linkage  # slow to import, and rarely needed

    tree = linkage(gradients[rows].T, "ward")
    return np.asarray(fcluster(tree, groups, "maxclust") - 1, dtype=np.intp)


class Grouped(ScaleModel):
    """`joint_power` (`box_cox`, `joint` with one or no bound) of the groups' summed shares.

    `L̂(N, p) = L̂_joint(N, P, OT(p))` with `P_g = Σ_{i in g} p_i`: what a group is worth is learned
    from all of its members, which differ by the distance alone.

    Parameters
    ----------
    groups : of each provider, as `provider_groups` gives them, shape (m,).
    family, classes : as `JointPower` takes them; a group has its members' classes.
    """

    name = "grouped"

    def __init__(
        self,
        groups: ArrayLike,
        bounds: Bounds | None = None,
        family: str = UNKNOWN,
        classes: ClassShares | None = None,
    ) -> None:
        super().__init__(bounds)
        self.groups = np.asarray(groups, dtype=np.intp)
        finite = int(np.isfinite(bounds or (-np.inf, np.inf)).sum())
        self.joint: JointPower | Joint = Joint(bounds)
        if finite:
            of_groups = None if classes is None else classes.of_groups(self.groups)
            self.joint = (BoxCox, JointPower)[finite - 1](bounds, family, of_groups)

    @property
    def n_groups(self) -> int:
        return int(self.groups.max()) + 1

    def _group_shares(self, mixtures: ArrayLike) -> Floats:
        """The groups' shares, (q, m) → (q, groups)."""
        return np.asarray(mixtures, dtype=np.float64) @ np.eye(self.n_groups)[self.groups]

    def _fit(self, probes: ProbeArrays) -> None:
        self.joint.fit_arrays(replace(probes, mixtures=self._group_shares(probes.mixtures)))
        self.left_out = self.joint.left_out

    def value_and_gradient(
        self, mixtures: Floats, distances: Floats, distance_gradients: Floats, size: float
    ) -> tuple[Floats, Floats]:
        """Along shares that of their group; along the distance, what one unit of it adds."""
        by_group = self._group_shares(mixtures)
        still, moving = np.zeros(by_group.shape), np.ones(by_group.shape)
        value, along = self.joint.value_and_gradient(by_group, distances, still, size)
        _, raised = self.joint.value_and_gradient(by_group, distances, moving, size)
        by_distance = (raised - along)[:, :1]
        return value, along[:, self.groups] + by_distance * distance_gradients

    def size_slope(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        return self.joint.size_slope(self._group_shares(mixtures), distances, size)

    def _predict(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        return self.joint._predict(self._group_shares(mixtures), distances, size)

    def _spread(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        return self.joint._spread(self._group_shares(mixtures), distances, size)

    def uneven_noise(self, mixtures: Floats, distances: Floats) -> Floats | None:
        return self.joint.uneven_noise(self._group_shares(mixtures), distances)

    def covariance(self, mixtures: Floats, distances: Floats, size: float | Floats) -> Floats:
        return self.joint.covariance(self._group_shares(mixtures), distances, size)

    def _discrepancies(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        return self.joint._discrepancies(self._group_shares(mixtures), distances, size)

    def _alike(self, mixtures: Floats, others: Floats) -> Floats:
        return super()._alike(self._group_shares(mixtures), self._group_shares(others))

    def _own_discrepancy(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        return self.joint._own_discrepancy(self._group_shares(mixtures), distances, size)

    def interval(
        self,
        mixtures: ArrayLike,
        distances: ArrayLike | None,
        size: float,
        level: float = 0.9,
    ) -> Floats:
        return self.joint.interval(self._group_shares(mixtures), distances, size, level)

    def sample_posterior(
        self,
        mixtures: ArrayLike,
        distances: ArrayLike | None,
        size: float,
        count: int,
        stream: np.random.Generator,
    ) -> Floats | None:
        return self.joint.sample_posterior(
            self._group_shares(mixtures), distances, size, count, stream
        )

    def unfitted(self) -> "Grouped":
        other = Grouped(self.groups, self.bounds)
        other.joint = self.joint.unfitted()
        return other

    def _state(self) -> dict[str, Any]:
        return {"groups": self.groups.tolist(), "joint": the_row(self.joint.to_arrow())}

    @classmethod
    def _unfilled(cls, values: dict[str, Any]) -> "Grouped":
        return cls(values["groups"], bounds_in(values))

    def _restore(self, state: dict[str, Any]) -> None:
        self.joint = type(self.joint).from_arrow(one_row(state["joint"]))
