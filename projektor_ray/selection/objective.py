"""Objectives: a batch of mixtures → predicted metrics and their gradients."""

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from projektor_ray.errors import InputError
from projektor_ray.projection.scale_model import ScaleModel
from projektor_ray.storage.array_types import Floats
from projektor_ray.transport import DistanceFunction

Direction = Literal["maximize", "minimize"]
"""Whether more or less of the metric is better."""


class Objective(Protocol):
    """Any function of a batch of mixtures (B, m) that gives values (B,) and gradients (B, m).

    The gradient is along the shares; a constant added to all of its entries does not matter.
    """

    def __call__(self, mixtures: Floats, /) -> tuple[Floats, Floats]: ...


@runtime_checkable
class MetricObjective(Protocol):
    """An objective with intervals, a posterior, and a slope in the size."""

    def __call__(self, mixtures: Floats, /) -> tuple[Floats, Floats]: ...

    def predict(self, mixtures: Floats) -> Floats:
        """The metric within its bounds, shape (B,)."""

    def interval(self, mixtures: Floats, level: float) -> Floats:
        """Low and high, shape (B, 2)."""

    def gain_interval(
        self,
        mixtures: Floats,
        others: Floats,
        level: float,
        of_others: "MetricObjective | None" = None,
    ) -> Floats:
        """Low and high of the metric of `mixtures` less that of `others`, row by row, (B, 2).

        Parameters
        ----------
        of_others : the same objective at the size of `others`; absent: at the same size.
        """

    def sample_posterior(
        self, mixtures: Floats, count: int, stream: np.random.Generator
    ) -> Floats | None:
        """Posterior samples of the metric, (count, B); None where there is no posterior."""

    def size_slope(self, mixtures: Floats) -> Floats:
        """Change of the metric per sample more of the same mixture, shape (B,)."""


@dataclass(frozen=True, eq=False)
class ProjectedObjective:
    """The metric projected to the size to buy, with the exact gradient (Algorithm 2, corrected).

        ∇L̂(N, p) = Σ_s w_s(N) · [∂L̂_s/∂p + ∂L̂_s/∂OT · ∇OT(p)]

    for Eq. 3: both scales enter with its weights (the published code follows N0's alone).

    Attributes
    ----------
    model : a fitted model of all scales, such as `LogLinear.of({n0: cs0, n1: cs1})`.
    size : samples to buy, N.
    distances : mixtures → distances with gradients.
    """

    model: ScaleModel
    size: float
    distances: DistanceFunction

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        measured = self.distances(mixtures)
        return self.model.value_and_gradient(mixtures, measured.value, measured.gradient, self.size)

    def predict(self, mixtures: Floats) -> Floats:
        return self.model.predict(mixtures, self.distances(mixtures).value, self.size)

    def interval(self, mixtures: Floats, level: float) -> Floats:
        return self.model.interval(mixtures, self.distances(mixtures).value, self.size, level)

    def gain_interval(
        self,
        mixtures: Floats,
        others: Floats,
        level: float,
        of_others: MetricObjective | None = None,
    ) -> Floats:
        there = self if of_others is None else of_others
        assert isinstance(there, ProjectedObjective)
        measured = self.distances(np.concatenate([mixtures, others])).value
        own, other = np.split(measured, 2)
        return self.model.gain_interval(
            mixtures, own, others, other, self.size, level, other_size=there.size
        )

    def sample_posterior(
        self, mixtures: Floats, count: int, stream: np.random.Generator
    ) -> Floats | None:
        measured = self.distances(mixtures).value
        return self.model.sample_posterior(mixtures, measured, self.size, count, stream)

    def size_slope(self, mixtures: Floats) -> Floats:
        return self.model.size_slope(mixtures, self.distances(mixtures).value, self.size)


@dataclass(frozen=True, eq=False)
class ExponentialObjective:
    """`exp` of an objective that predicts the logarithm of the metric, by the chain rule.

    Attributes
    ----------
    logarithm : the objective that the model gives.
    """

    logarithm: MetricObjective

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        value, gradient = self.logarithm(mixtures)
        return np.exp(value), np.exp(value)[:, None] * gradient

    def predict(self, mixtures: Floats) -> Floats:
        return np.asarray(np.exp(self.logarithm.predict(mixtures)))

    def interval(self, mixtures: Floats, level: float) -> Floats:
        return np.asarray(np.exp(self.logarithm.interval(mixtures, level)))

    def gain_interval(
        self,
        mixtures: Floats,
        others: Floats,
        level: float,
        of_others: MetricObjective | None = None,
    ) -> Floats:
        there = self if of_others is None else of_others
        assert isinstance(there, ExponentialObjective)
        ratios = np.expm1(self.logarithm.gain_interval(mixtures, others, level, there.logarithm))
        return np.asarray(there.predict(others)[:, None] * ratios)

    def sample_posterior(
        self, mixtures: Floats, count: int, stream: np.random.Generator
    ) -> Floats | None:
        drawn = self.logarithm.sample_posterior(mixtures, count, stream)
        return None if drawn is None else np.asarray(np.exp(drawn))

    def size_slope(self, mixtures: Floats) -> Floats:
        return self.logarithm.size_slope(mixtures) * self.predict(mixtures)


def upward(objective: Objective, direction: Direction) -> Objective:
    """The objective to maximise: its negative where the metric is better lower."""
    if direction == "maximize":
        return objective
    if direction != "minimize":
        raise InputError(f"the direction must be 'maximize' or 'minimize'; got {direction!r}")

    def downward(mixtures: Floats) -> tuple[Floats, Floats]:
        values, gradients = objective(mixtures)
        return -values, -gradients

    return downward
