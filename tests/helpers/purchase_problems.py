"""Purchase problems and objectives whose best plans are known."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.predictors import PREDICTORS
from projektor_ray.projection import LogLinear
from projektor_ray.selection import (
    ProjectedObjective,
    Provider,
    PurchasePlans,
    PurchaseProblem,
    PurchaseRequest,
    Terms,
    buy,
)
from projektor_ray.storage.array_types import Floats
from tests.helpers.distances import paraboloid

SIZE = 10_000
PEAK = (0.3, 0.3, 0.4)


@dataclass(frozen=True)
class Additive:
    """L(N, p) = N · worth·p / 1000: each sample adds what its provider's are worth."""

    size: int
    worth: tuple[float, ...]

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        along = self.size * np.array(self.worth) / 1000
        return mixtures @ along, np.tile(along, (len(mixtures), 1))

    def predict(self, mixtures: Floats) -> Floats:
        return self(mixtures)[0]

    def interval(self, mixtures: Floats, level: float) -> Floats:
        return np.add.outer(self.predict(mixtures), np.array([-0.01, 0.01]))

    def gain_interval(
        self, mixtures: Floats, others: Floats, level: float, of_others: object = None
    ) -> Floats:
        return np.add.outer(self.predict(mixtures) - self.predict(others), np.array([-0.01, 0.01]))

    def sample_posterior(self, mixtures: Floats, count: int, stream: np.random.Generator) -> None:
        return None

    def size_slope(self, mixtures: Floats) -> Floats:
        return np.asarray(mixtures @ np.array(self.worth) / 1000)


def providers(capacities: list[int | None], prices: list[float] | None = None) -> list[Provider]:
    """Providers `p0000`, `p0001`, … with these capacities and prices."""
    costs = prices or [0.0] * len(capacities)
    pairs = zip(capacities, costs, strict=True)
    return [Provider(f"p{i:04d}", capacity, price) for i, (capacity, price) in enumerate(pairs)]


def bought(
    worth: tuple[float, ...],
    capacities: list[int | None],
    prices: list[float],
    asked: PurchaseRequest,
    terms: dict[str, Terms] | None = None,
) -> PurchasePlans:
    objective: Any = partial(Additive, worth=worth)
    return buy(PurchaseProblem(objective, providers(capacities, prices), terms, restarts=2), asked)


@dataclass(frozen=True)
class Bowl:
    """L = 1 − |p − peak|²: its feasible optimum is the projection of the peak."""

    peak: tuple[float, ...]

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        away = mixtures - np.array(self.peak)
        return 1 - np.sum(away**2, axis=1), -2 * away


def projected(
    slope: float, bounds: tuple[float, float] | None = None, name: str = "cs"
) -> ProjectedObjective:
    rng = np.random.default_rng(0)
    mixtures = simplex_lattice(3, 4)
    measured = paraboloid(mixtures).value
    noise = 0.002 * rng.normal(size=(2, len(mixtures)))
    low = PREDICTORS[name]().fit(mixtures, measured, 0.5 - 0.2 * measured + noise[0])
    high = PREDICTORS[name]().fit(mixtures, measured, 0.6 - slope * measured + noise[1])
    return ProjectedObjective(LogLinear.of({250: low, 1000: high}, bounds), SIZE, paraboloid)


@dataclass(frozen=True)
class Growing:
    """L(N, p) = 1 − |p − peak|² − hunger/N: more samples help, and so does the right mixture."""

    size: int
    peak: tuple[float, ...] = (0.1, 0.3, 0.6)
    hunger: float = 4.0

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        away = mixtures - np.array(self.peak)
        return 1 - np.sum(away**2, axis=1) - self.hunger / self.size, -2 * away


@dataclass(frozen=True)
class Uncertain:
    """A bowl whose peak is known up to a normal error in its first share, taken from its second."""

    peak: tuple[float, ...]
    deviation: float
    sign: float = 1.0

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        value, gradient = Bowl(self.peak)(mixtures)
        return self.sign * value, self.sign * gradient

    def predict(self, mixtures: Floats) -> Floats:
        return self(mixtures)[0]

    def interval(self, mixtures: Floats, level: float) -> Floats:
        return np.add.outer(self(mixtures)[0], np.array([-0.1, 0.1]))

    def gain_interval(
        self, mixtures: Floats, others: Floats, level: float, of_others: object = None
    ) -> Floats:
        gains = self(mixtures)[0] - self(others)[0]
        return np.add.outer(gains, np.array([-0.01, 0.03]))

    def size_slope(self, mixtures: Floats) -> Floats:
        return np.zeros(len(mixtures))

    def sample_posterior(self, mixtures: Floats, count: int, stream: np.random.Generator) -> Floats:
        errors = np.linspace(-self.deviation, self.deviation, count)
        peaks = np.array(self.peak) + errors[:, None] * np.array([1.0, -1.0, 0.0])
        away = mixtures[None] - peaks[:, None]
        return self.sign * (1 - np.sum(away**2, axis=2))
