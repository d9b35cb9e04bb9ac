"""What a finished study predicts: of mixtures, and of purchases given by hand."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from projektor_ray.selection.objective import MetricObjective
from projektor_ray.selection.plan import Plan
from projektor_ray.selection.provider import Provider, cost_of
from projektor_ray.storage.array_types import Floats

LEVEL = 0.9


@dataclass(frozen=True, eq=False)
class Prediction:
    """Predicted metrics (q,), and the 90 % interval of a new training: low (q,), high (q,)."""

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, eq=False)
class Purchase:
    """Samples of each provider, given by hand: no constraint is checked.

    Attributes
    ----------
    providers : m of them, with their prices.
    samples : of each, shape (m,); at least one in all.
    predicted, interval : the metric, and its 90 % interval for one training.
    billed : money in all as the purchase's own file has it; None: what the providers' prices make.
    """

    providers: tuple[Provider, ...]
    samples: NDArray[np.int64]
    predicted: float
    interval: tuple[float, float]
    billed: float | None = None

    @property
    def size(self) -> int:
        """Samples in all, N."""
        return int(self.samples.sum())

    @property
    def mixture(self) -> Floats:
        """Shares of the providers, shape (m,)."""
        return np.asarray(self.samples / self.size)

    @property
    def cost(self) -> float:
        """Money in all."""
        if self.billed is not None:
            return self.billed
        each = zip(self.providers, self.samples.tolist(), strict=True)
        return sum(cost_of(provider.schedule, samples) for provider, samples in each)

    @property
    def is_priced(self) -> bool:
        """Whether the cost is known: by the purchase's file, or as any provider has a price."""
        prices = (price for provider in self.providers for _, price in provider.schedule)
        return self.billed is not None or any(price > 0 for price in prices)


def gain_between(
    objective_at: Callable[[int], MetricObjective], plan: Plan | Purchase, other: Plan | Purchase
) -> tuple[float, float, float]:
    """Predicted metric of a plan less that of another, and its 90 % interval.

    Each at its own size. Errors that the two predictions share cancel: of the same model, and of
    how its law goes on beyond the largest scale.
    """
    low, high = objective_at(plan.size).gain_interval(
        plan.mixture[None], other.mixture[None], LEVEL, objective_at(other.size)
    )[0]
    return plan.predicted - other.predicted, float(low), float(high)
