"""A purchase plan: whole samples of each provider, its predicted metric, cost and shadow prices."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from projektor_ray.selection.feasible_set import FeasibleSet, Integers
from projektor_ray.selection.objective import Direction, MetricObjective, Objective
from projektor_ray.selection.pricing import price_of_last
from projektor_ray.selection.provider import average_price, decimals_of_prices
from projektor_ray.selection.shadow_prices import at_fixed_size
from projektor_ray.storage.array_types import Floats

THOUSAND = 1000
LEVEL = 0.9
"""Of the intervals, unless another is asked for."""


@dataclass(frozen=True, eq=False)
class Plan:
    """A purchase: whole samples of each provider that keep every constraint.

    Attributes
    ----------
    samples : to buy from each, shape (m,); they sum to the size.
    prices : marginal price: money for the last sample of each provider, shape (m,).
    predicted : the metric of this mixture at this size.
    interval : low and high of a training's metric, or None where the objective gives none.
    marginal_value : change of the predicted metric if 1,000 samples more were bought of each
        provider on top of the plan, to first order, shape (m,). Where the objective knows one
        size only, if they were bought instead of 1,000 samples of the plan's mixture.
    capacity_shadow_price : improvement of the metric if the capacity of each provider were 1,000
        samples larger, to first order, shape (m,); 0 where the capacity does not bind or nothing is
        bought.
    budget_shadow_price : improvement of the metric for one more unit of money; 0 where the budget
        does not bind. Both in place of other samples where the size is given; where it was searched
        too (and the objective knows what growth brings), on top of the plan.
    unclipped : the prediction before it is cut to the metric's bounds, which the search follows.
    part : of the feasible set, in which the plan was found.
    restarts : how many starts the search had; 0 for a plan that was not searched.
    restarts_converged : how many of them reached the best value.
    optimality_gap : by how much a plan left unsearched could be better; 0 unless the search over
        price tiers and minimum orders was cut short.
    """

    samples: Integers
    prices: Floats
    predicted: float
    interval: tuple[float, float] | None
    marginal_value: Floats
    capacity_shadow_price: Floats
    budget_shadow_price: float
    unclipped: float
    part: FeasibleSet
    restarts: int = 0
    restarts_converged: int = 0
    optimality_gap: float = 0.0

    def __repr__(self) -> str:
        bought = zip(self.names, self.samples.tolist(), strict=True)
        each = ", ".join(f"{name}: {samples:,}" for name, samples in bought if samples)
        return f"<Plan of {self.size:,} samples for {self.cost:.2f}, {self.predicted:.4g}; {each}>"

    @property
    def names(self) -> tuple[str, ...]:
        """Of the providers, m of them."""
        return self.part.names

    @property
    def size(self) -> int:
        """Samples in all, N."""
        return int(self.samples.sum())

    @property
    def mixture(self) -> Floats:
        """Shares of the providers in what is bought, shape (m,)."""
        return np.asarray(self.samples / self.size)

    @property
    def costs(self) -> Floats:
        """Money for each provider, shape (m,), to the decimals that the prices have."""
        exact = zip(self.part.tiers.costs(self.samples), self.part.schedules, strict=True)
        return np.array([round(float(cost), decimals_of_prices(prices)) for cost, prices in exact])

    @property
    def cost(self) -> float:
        """Money in all."""
        return float(self.costs.sum())

    @property
    def average_prices(self) -> Floats:
        """Money per sample bought of each provider, shape (m,); the price where none is."""
        costs, samples = self.costs.tolist(), self.samples.tolist()
        return np.array(
            [
                average_price(cost, bought) if bought else price
                for cost, bought, price in zip(costs, samples, self.prices.tolist(), strict=True)
            ]
        )


def make_plan(
    objective: Objective,
    feasible: FeasibleSet,
    part: FeasibleSet,
    samples: NDArray[np.int64],
    level: float,
    direction: Direction,
    restarts: int = 0,
    restarts_converged: int = 0,
    optimality_gap: float = 0.0,
) -> Plan:
    """The plan that buys `samples` of a part of the feasible set, with its shadow prices."""
    mixtures = (samples / feasible.size)[None]
    values, gradients = objective(mixtures)
    exchange = (gradients[0] - gradients[0] @ mixtures[0]) / feasible.size
    upward = gradients[0] if direction == "maximize" else -gradients[0]
    shadow_prices = at_fixed_size(upward, feasible, samples)
    predicted, interval = float(values[0]), None
    if isinstance(objective, MetricObjective):
        exchange = exchange + objective.size_slope(mixtures)[0]
        predicted = float(objective.predict(mixtures)[0])
        low, high = objective.interval(mixtures, level)[0]
        interval = (float(low), float(high))
    return Plan(
        samples=samples,
        prices=price_of_last(feasible.schedules, samples),
        predicted=predicted,
        interval=interval,
        marginal_value=np.asarray(THOUSAND * exchange),
        capacity_shadow_price=THOUSAND * shadow_prices.capacity,
        budget_shadow_price=shadow_prices.budget,
        unclipped=float(values[0]),
        part=part,
        restarts=restarts,
        restarts_converged=restarts_converged,
        optimality_gap=optimality_gap,
    )
