"""The kept CIFAR-10 trainings as scenarios, and how their mixtures are split."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.parquet as pq

from benchmarks.outcomes import DISTANCES, OUTCOMES, SCENARIOS
from projektor_ray.storage.array_types import Floats

Mixture = tuple[float, ...]

SCALE = 1000
"""Where there are most seeds, and most mixtures."""


@dataclass(frozen=True)
class Scenario:
    """One scenario's trainings: (size, mixture) → values by seed; mixture → distance."""

    name: str
    values: Mapping[tuple[int, Mixture], Mapping[int, float]]
    distances: Mapping[Mixture, float]

    def mixtures(self, size: int) -> list[Mixture]:
        return sorted(mixture for at, mixture in self.values if at == size)

    def first(self, size: int, mixtures: Iterable[Mixture]) -> Floats:
        """The training of seed 0 of each mixture."""
        return np.array([self.values[size, mixture][0] for mixture in mixtures])

    def mean(self, size: int, mixtures: Iterable[Mixture]) -> Floats:
        """The mean over the seeds."""
        return np.array([np.mean(list(self.values[size, m].values())) for m in mixtures])

    def seeds(self, size: int) -> int:
        """Most seeds of any mixture at a size."""
        return max(len(by_seed) for (at, _), by_seed in self.values.items() if at == size)

    def distance(self, mixtures: Iterable[Mixture]) -> Floats:
        return np.array([self.distances[mixture] for mixture in mixtures])

    def deviation(self, size: int) -> float:
        """Standard deviation of one training among seeds of the same mixture.

        At a size with one seed, that at 1,000 scaled by N^−0.35.
        """
        groups = [list(by_seed.values()) for (at, _), by_seed in self.values.items() if at == size]
        spread = [(len(group) - 1, np.var(group, ddof=1)) for group in groups if len(group) > 1]
        if not spread:
            return float(self.deviation(SCALE) * (size / SCALE) ** -0.35)
        freedom = sum(count for count, _ in spread)
        return float(np.sqrt(sum(count * variance for count, variance in spread) / freedom))


def load() -> list[Scenario]:
    """Both scenarios from the tables that `benchmarks.outcomes` writes."""
    if not OUTCOMES.exists():
        raise SystemExit(f"{OUTCOMES.name} is missing: python -m benchmarks.outcomes makes it")
    values: dict[str, dict[tuple[int, Mixture], dict[int, float]]] = {
        name: {} for name in SCENARIOS
    }
    for row in pq.read_table(OUTCOMES).to_pylist():
        at = (row["size"], tuple(row["mixture"]))
        values[row["scenario"]].setdefault(at, {})[row["seed"]] = row["value"]
    distances: dict[str, dict[Mixture, float]] = {name: {} for name in SCENARIOS}
    for row in pq.read_table(DISTANCES).to_pylist():
        distances[row["scenario"]][tuple(row["mixture"])] = row["distance"]
    return [Scenario(name, values[name], distances[name]) for name in SCENARIOS]


def split(
    mixtures: Sequence[Mixture], count: int, seed: int
) -> tuple[list[Mixture], list[Mixture]]:
    """Which are fitted to, and the others."""
    order = np.random.default_rng(seed).permutation(len(mixtures))
    return [mixtures[i] for i in order[:count]], [mixtures[i] for i in order[count:]]


def split_region(
    mixtures: Sequence[Mixture], count: int, seed: int
) -> tuple[list[Mixture], list[Mixture]]:
    """A corner of the simplex, one provider's share above a half, is never fitted to."""
    corner = seed % len(mixtures[0])
    inside = [mixture for mixture in mixtures if mixture[corner] <= 0.5]
    return split(inside, count, seed)[0], [m for m in mixtures if m[corner] > 0.5]
