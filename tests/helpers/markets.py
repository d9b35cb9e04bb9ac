"""Purchases in which the worth of every sample is known."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from projektor_ray.selection import PurchasePlans, PurchaseProblem, PurchaseRequest, Terms, buy
from projektor_ray.selection.provider import Provider
from projektor_ray.storage.arrays import Floats


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

    def gain_interval(self, mixtures: Floats, others: Floats, level: float) -> Floats:
        return np.add.outer(self.predict(mixtures) - self.predict(others), np.array([-0.01, 0.01]))

    def sample_posterior(self, mixtures: Floats, count: int, stream: np.random.Generator) -> None:
        return None

    def size_slope(self, mixtures: Floats) -> Floats:
        return np.asarray(mixtures @ np.array(self.worth) / 1000)


def sellers(capacities: list[int | None], prices: list[float] | None = None) -> list[Provider]:
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
    return buy(PurchaseProblem(objective, sellers(capacities, prices), terms, restarts=2), asked)
