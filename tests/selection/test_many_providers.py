"""A thousand providers beside linear programs."""

from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from projektor_ray.selection import Provider, Terms, select
from projektor_ray.selection.feasible_set import FeasibleSet
from projektor_ray.storage.array_types import Floats

COUNT, SIZE, BUDGET = 1000, 100_000, 110_000.0


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


@pytest.fixture
def sellers(rng: np.random.Generator) -> list[Provider]:
    prices, capacities = rng.uniform(0.5, 2.0, COUNT), rng.integers(40, 400, COUNT)
    return [
        Provider(f"{i:04}", int(capacity), float(price))
        for i, (price, capacity) in enumerate(zip(prices, capacities, strict=True))
    ]


def best(worth: Floats, sellers: list[Provider]) -> Any:
    """The mixture of greatest worth·p that may be bought."""
    return linprog(
        -worth,
        A_ub=[[one.price for one in sellers]],
        b_ub=[BUDGET / SIZE],
        A_eq=np.ones((1, COUNT)),
        b_eq=[1.0],
        bounds=[(0.0, (one.capacity or 0) / SIZE) for one in sellers],
    )


def test_a_linear_metric_is_bought_as_a_linear_program_would(
    rng: np.random.Generator, sellers: list[Provider]
) -> None:
    worth = rng.normal(size=COUNT)

    def objective(mixtures: Floats) -> tuple[Floats, Floats]:
        return mixtures @ worth, np.tile(worth, (len(mixtures), 1))

    plan = select(objective, sellers, SIZE, budget=BUDGET, restarts=2)
    exact = -best(worth, sellers).fun
    assert exact - 1e-4 < plan.predicted <= exact + 1e-9
    assert plan.cost <= BUDGET


def test_no_mixture_is_better_than_the_plan_of_a_concave_metric(
    rng: np.random.Generator, sellers: list[Provider]
) -> None:
    """By Frank and Wolfe's gap, max over q of ∇L(p)·(q − p), which bounds what could be gained."""
    features = rng.normal(size=(8, COUNT))
    centre = features[:, 0]

    def objective(mixtures: Floats) -> tuple[Floats, Floats]:
        apart = mixtures @ features.T - centre
        return -np.sum(apart**2, axis=1), -2 * apart @ features

    plan = select(objective, sellers, SIZE, budget=BUDGET, restarts=2)
    value, gradient = objective(plan.mixture[None])
    found = best(gradient[0], sellers)
    uniform, _ = objective(np.full((1, COUNT), 1 / COUNT))
    assert -found.fun - gradient[0] @ plan.mixture < 1e-5 * (value[0] - uniform[0])


def test_hundreds_of_minimum_orders_are_settled_in_a_few_searches(
    rng: np.random.Generator, sellers: list[Provider]
) -> None:
    """Evenly bought, each of 300 would sell 100 samples, fewer than it lets go."""
    terms = {one.name: Terms(minimum_order=150) for one in sellers[:300]}
    peak, calls = np.full(COUNT, 1 / COUNT), 0

    def objective(mixtures: Floats) -> tuple[Floats, Floats]:
        nonlocal calls
        calls += 1
        return -np.sum((mixtures - peak) ** 2, axis=1), -2 * (mixtures - peak)

    plan = select(objective, sellers, SIZE, budget=BUDGET, terms=terms, restarts=2)
    assert FeasibleSet.of(sellers, SIZE, BUDGET, terms).contains(plan.samples)
    assert calls < 300
    none = {name: Terms(excluded=True) for name in terms}
    without = select(objective, sellers, SIZE, budget=BUDGET, terms=none, restarts=2)
    freely = select(objective, sellers, SIZE, budget=BUDGET, restarts=2)
    assert without.predicted < plan.predicted < freely.predicted
