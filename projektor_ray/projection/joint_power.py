"""`joint_power`: the joint model of all scales where a metric nears its bounds as a power of N."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from projektor_ray.predictors.predictor import FitReport
from projektor_ray.predictors.probe_arrays import ProbeArrays
from projektor_ray.projection.averaged_curvature import AveragedCurvature
from projektor_ray.projection.ceiling import CeilingCurve, ClassShares
from projektor_ray.projection.joint import Joint
from projektor_ray.projection.law_error import UNKNOWN, law_error
from projektor_ray.projection.link import Link, LinkCurve
from projektor_ray.projection.queries import Bounds, at_each_size, bounds_in, query
from projektor_ray.projection.scale_model import ScaleModel
from projektor_ray.storage.array_types import Floats

ACCURACY: Bounds = (0.0, 1.0)
OWN_BELOW_CEILINGS = 0.15
"""Of each mixture's own growth, where ceilings tell a part of what else is its own."""
Curve = LinkCurve | CeilingCurve
JointPowerT = TypeVar("JointPowerT", bound="JointPower")


class JointPower(ScaleModel):
    """`ln((L̂ − low) / (high − L̂)) = a1·OT + a0 + b·x + s(p, x)` with `x = ln(N / N_last)`.

    The joint model, on the scale of its `Link`: an accuracy's odds, or a loss, are `N^b` times a
    factor of the mixture's own. Predictions stay within the bounds and flatten towards them, which
    no line in ln N does. Intervals are those on the link's scale, carried back.

    Where providers are known to lack classes of the validation set, accuracies beyond the largest
    scale flatten towards the ceiling of each mixture (`CeilingCurve`).

    Parameters
    ----------
    family : of the learner, a key of `LAW_ERRORS`: how its curves go on beyond the largest scale.
    classes : which classes each provider holds; None where that is not known, or makes no ceiling.
    """

    name = "joint_power"

    def __init__(
        self,
        bounds: Bounds | None = None,
        family: str = UNKNOWN,
        classes: ClassShares | None = None,
    ) -> None:
        super().__init__(bounds)
        self.family = family
        self.classes = classes if bounds == ACCURACY else None
        law = law_error(family, bounds or (-np.inf, np.inf))
        self.law = law if self.classes is None else replace(law, own=OWN_BELOW_CEILINGS)

    def _fit(self, probes: ProbeArrays) -> None:
        self._probes = probes
        self._link = Link.of(self.bounds, probes.values)
        straight = self._link.to(probes.values)
        self._joint = self._on_link().fit_arrays(replace(probes, values=straight))
        unseen = self._link.back(straight - np.asarray(self._joint.left_out))
        self.left_out = probes.values - unseen
        binding = self.classes is not None and self.classes.bind(self.scales[-1])
        self._ceilings = self.classes if binding else None
        self._common_rise = self._median_rise(probes)
        self._reports: Mapping[int, FitReport] | None = None

    @property
    def reports(self) -> Mapping[int, FitReport]:
        """Scale → how well it is fitted, in the metric's units."""
        if self._reports is None:
            self._reports = self._report(self._probes, np.asarray(self.left_out))
        return self._reports

    @property
    def has_ceilings(self) -> bool:
        """Whether some provider lacks classes, so that growth flattens towards ceilings."""
        return self._ceilings is not None

    def _median_rise(self, probes: ProbeArrays) -> float:
        """Median over the trained mixtures of the growth of the log-odds of a/H per unit of x."""
        if self._ceilings is None:
            return 0.0
        first = np.array([rows[0] for rows in probes.groups()])
        mixtures, distances = probes.mixtures[first], probes.distances[first]
        now = self._joint._predict(mixtures, distances, self.scales[-1])
        rise = self._straight.rise(mixtures, distances)
        ceiling = self._ceilings.ceiling(mixtures, self.scales[-1])
        return float(np.median(CeilingCurve(now, rise, 0.0, ceiling).stretch * rise))

    def _curve(self, mixtures: Floats, distances: Floats, size: float) -> Curve:
        """The metric as a function of the error on the link's scale."""
        middle, last = self._joint._predict(mixtures, distances, size), self.scales[-1]
        if self._ceilings is None or size <= last:
            return LinkCurve(self._link, middle)
        now = self._joint._predict(mixtures, distances, last)
        return self._below_ceilings(self._ceilings, mixtures, now, middle, size)

    def _below_ceilings(
        self, classes: ClassShares, mixtures: Floats, now: Floats, middle: Floats, size: float
    ) -> CeilingCurve:
        """The curve of the predictions at the largest scale and at a size beyond it, (q,) each."""
        common_growth = self._common_rise * self._straight.axis.at_size(size)
        return CeilingCurve(now, middle - now, common_growth, classes.ceiling(mixtures, size))

    def _on_link(self) -> Joint | AveragedCurvature:
        """The model on the link's scale."""
        return Joint(law=self.law)

    @property
    def _straight(self) -> Joint:
        """That model, where it is not averaged over curvatures."""
        assert isinstance(self._joint, Joint)
        return self._joint

    @property
    def straight(self) -> Joint | AveragedCurvature:
        """The model on the link's scale."""
        return self._joint

    @property
    def link(self) -> Link:
        """The scale on which the model is linear in ln N."""
        return self._link

    @property
    def coefficients(self) -> Floats:
        """`a1, a0, b` of the trend, on the link's scale."""
        return self._joint.coefficients

    def _predict(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        return self._curve(mixtures, distances, size).value()

    def value_and_gradient(
        self, mixtures: Floats, distances: Floats, distance_gradients: Floats, size: float
    ) -> tuple[Floats, Floats]:
        at, last = (mixtures, distances, distance_gradients), self.scales[-1]
        middle, gradient = self._joint.value_and_gradient(*at, size)
        if self._ceilings is None or size <= last:
            line = LinkCurve(self._link, middle)
            return line.value(), line.slope[:, None] * gradient
        now, before = self._joint.value_and_gradient(*at, last)
        curve = self._below_ceilings(self._ceilings, mixtures, now, middle, size)
        ceiling = self._ceilings.ceiling_gradient(mixtures, size)
        return curve.value(), curve.differential(before, gradient - before, 0.0, ceiling)

    def size_slope(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        rise = self._joint.size_slope(mixtures, distances, size)
        curve = self._curve(mixtures, distances, size)
        if self._ceilings is None or isinstance(curve, LinkCurve):
            return curve.slope * rise
        common = self._common_rise * self._straight.axis.slope(size)
        ceiling = self._ceilings.ceiling_slope(mixtures, size)
        return curve.differential(np.zeros_like(rise), rise, common, ceiling)

    def _spread(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        """To first order in the spread on the link's scale."""
        spread = self._joint._spread(mixtures, distances, size)
        return self._curve(mixtures, distances, size).slope * spread

    def uneven_noise(self, mixtures: Floats, distances: Floats) -> Floats | None:
        noise, last = self._joint.uneven_noise(mixtures, distances), self.scales[-1]
        return None if noise is None else self._curve(mixtures, distances, last).slope * noise

    def covariance(self, mixtures: Floats, distances: Floats, size: float | Floats) -> Floats:
        """To first order in that on the link's scale."""
        slope = at_each_size(
            lambda *at: np.asarray(self._curve(*at).slope), mixtures, distances, size
        )
        covariance = self._joint.covariance(mixtures, distances, size)
        return np.asarray(slope[:, None] * covariance * slope)

    def _discrepancies(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        """Those on the link's scale, to first order."""
        curve = self._curve(mixtures, distances, size)
        return curve.slope * self._discrepancies_on_link(curve, mixtures, distances, size)

    def _discrepancies_on_link(
        self, curve: Curve, mixtures: Floats, distances: Floats, size: float
    ) -> Floats:
        """Of the growth below the ceiling, where no scale can be held out."""
        if isinstance(curve, LinkCurve) or self._joint.held_out_rms is not None:
            return self._joint._discrepancies(mixtures, distances, size)
        return self.law.deviation * self._growth_of_law(curve)[None]

    def _growth_of_law(self, curve: CeilingCurve) -> Floats:
        """Growth below the ceiling on the scale of errors, without the law's factor."""
        return curve.growth / curve.stretch / self.law.factor

    def _own_discrepancy(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        """That on the link's scale, to first order."""
        curve = self._curve(mixtures, distances, size)
        if isinstance(curve, LinkCurve) or self._joint.held_out_rms is not None:
            own = self._joint._own_discrepancy(mixtures, distances, size)
        else:
            own = self.law.own * self._growth_of_law(curve)
        return curve.slope * own

    def interval(
        self,
        mixtures: ArrayLike,
        distances: ArrayLike | None,
        size: float,
        level: float = 0.9,
    ) -> Floats:
        """Where a new training's metric would lie, shape (q, 2): that of z, carried back."""
        shares, measured, size = query(mixtures, distances, size)
        curve = self._curve(shares, measured, size)
        discrepancies = self._discrepancies_on_link(curve, shares, measured, size)
        spread = self._joint._spread(shares, measured, size)
        half = self._joint._half_width(spread, np.linalg.norm(discrepancies, axis=0), level)
        return np.stack([curve.value(-half), curve.value(half)], axis=1)

    def sample_posterior(
        self,
        mixtures: ArrayLike,
        distances: ArrayLike | None,
        size: float,
        count: int,
        stream: np.random.Generator,
    ) -> Floats:
        """Metrics of mixtures (q, m) that agree with the probes: those of z, carried back."""
        shares, measured, size = query(mixtures, distances, size)
        drawn = self._joint.sample_posterior(shares, measured, size, count, stream)
        assert drawn is not None
        curve = self._curve(shares, measured, size)
        return curve.value(drawn - self._joint._predict(shares, measured, size))

    def unfitted(self: JointPowerT) -> JointPowerT:
        return type(self)(self.bounds, self.family, self.classes)

    def _state(self) -> dict[str, Any]:
        classes = None if self.classes is None else self.classes.state()
        return {**self._probes.state(), "family": self.family, "classes": classes}

    @classmethod
    def _unfilled(cls: type[JointPowerT], values: dict[str, Any]) -> JointPowerT:
        stored = values.get("classes")
        classes = None if stored is None else ClassShares.restored(stored)
        return cls(bounds_in(values), values.get("family", UNKNOWN), classes)

    def _restore(self, state: dict[str, Any]) -> None:
        self._fit(ProbeArrays.restored(state))
