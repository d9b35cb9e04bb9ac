"""Prices in tiers, falling and rising, against every plan of a small market."""

from functools import partial
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from projektor_ray.errors import InfeasibleError, InputError
from projektor_ray.providers import Provider, cost_of
from projektor_ray.selection import Market, Plan, Terms, baseline_plans, frontier, select
from tests.selection.test_select import Bowl
from tests.selection.test_sizes import Growing

SIZE = 60
ONE_SAMPLE = 0.025
"""What exchanging one of the 60 samples for another provider's changes."""
PEAK = (0.1, 0.25, 0.65)
FALLING = [
    Provider("a", None, 1.0),
    Provider("b", None, 4.0, ((10, 1.0), (30, 0.5))),
    Provider("c", 50, 3.0, ((20, 1.5),)),
]
RISING = [
    Provider("a", None, 1.0, ((25, 2.0),)),
    Provider("b", None, 1.0, ((10, 2.0), (30, 5.0))),
    Provider("c", 50, 1.5, ((15, 4.0),)),
]


def by_hand(provider: Provider, samples: int) -> float:
    """Sample after sample."""
    total = 0.0
    for k in range(samples):
        total += [price for beyond, price in provider.schedule if beyond <= k][-1]
    return total


def cost(sellers: list[Provider], samples: NDArray[np.int64]) -> float:
    return sum(by_hand(p, int(s)) for p, s in zip(sellers, samples, strict=True))


def every_plan(sellers: list[Provider], size: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    money = [[by_hand(p, k) for k in range(size + 1)] for p in sellers]
    plans = [
        (a, b, size - a - b)
        for a, b in product(range(size + 1), repeat=2)
        if 0 <= size - a - b <= min(50, size)
    ]
    costs = [sum(money[i][s] for i, s in enumerate(plan)) for plan in plans]
    return np.array(plans), np.array(costs)


def test_costs_of_whole_samples() -> None:
    for provider in FALLING + RISING:
        for samples in (0, 1, 9, 10, 11, 29, 30, 31, 50, 100):
            assert cost_of(provider.schedule, samples) == by_hand(provider, samples)


@pytest.mark.parametrize("sellers", [FALLING, RISING], ids=["falling", "rising"])
@pytest.mark.parametrize("tightness", [0.0, 0.1, 0.3, 0.5, 0.7, 1.0])
def test_the_best_plan_under_a_budget(sellers: list[Provider], tightness: float) -> None:
    plans, costs = every_plan(sellers, SIZE)
    budget = float(costs.min() * (1 - tightness) + costs.max() * tightness)
    plan = select(Bowl(PEAK), sellers, SIZE, budget=budget)
    best = Bowl(PEAK)(plans[costs <= budget] / SIZE)[0].max()
    assert plan.cost == pytest.approx(cost(sellers, plan.samples))
    assert plan.cost <= budget * (1 + 1e-9)
    assert plan.samples.sum() == SIZE
    assert best - ONE_SAMPLE <= plan.predicted <= best + 1e-12
    for baseline in baseline_plans(Bowl(PEAK), sellers, SIZE, budget=budget).values():
        assert cost(sellers, baseline.samples) <= budget * (1 + 1e-9)
        assert baseline.predicted <= plan.predicted + ONE_SAMPLE


def test_the_climb_over_rising_tiers_finds_what_all_combinations_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, costs = every_plan(RISING, SIZE)
    budgets = [float(np.quantile(costs, q)) for q in (0.05, 0.2, 0.5)]
    exact = [select(Bowl(PEAK), RISING, SIZE, budget=budget) for budget in budgets]
    monkeypatch.setattr("projektor_ray.selection.regimes.MOST_REGIMES", 1)
    climbed = [select(Bowl(PEAK), RISING, SIZE, budget=budget) for budget in budgets]
    for one, other, budget in zip(exact, climbed, budgets, strict=True):
        assert other.cost <= budget
        assert other.predicted == pytest.approx(one.predicted, abs=ONE_SAMPLE)


def test_many_providers_with_tiers_keep_the_budget() -> None:
    rng = np.random.default_rng(0)
    sellers = [
        Provider(f"p{i:03d}", 200, 1.0 + price, ((50, 0.8 * price + 0.5), (100, 0.5 * price)))
        for i, price in enumerate(rng.uniform(0.5, 2, 12))
    ]
    terms = {"p003": Terms(minimum_order=60), "p005": Terms(required=True, minimum_order=20)}
    peak = tuple(rng.dirichlet(np.ones(12)))
    plan = select(Bowl(peak), sellers, 1200, budget=2200.0, terms=terms, starts=4)
    assert cost(sellers, plan.samples) <= 2200.0
    assert plan.samples[5] >= 20
    assert plan.samples[3] == 0 or plan.samples[3] >= 60


def test_tiers_along_the_frontier() -> None:
    market = Market(partial(Growing, hunger=4.0), FALLING, largest=SIZE, starts=2)
    budgets = [20.0, 60.0, 120.0]
    plans: list[Plan] = frontier(market, budgets)
    for budget, plan in zip(budgets, plans, strict=True):
        best = -np.inf
        for size in range(1, SIZE + 1):
            samples, costs = every_plan(FALLING, size)
            kept = samples[costs <= budget]
            if len(kept):
                best = max(best, Growing(size)(kept / size)[0].max())
        assert cost(FALLING, plan.samples) <= budget
        assert best - 0.4 / plan.size <= plan.predicted <= best + 1e-12


def test_without_a_budget_costs_are_still_those_of_the_tiers() -> None:
    plan = select(Bowl(PEAK), FALLING, SIZE)
    assert plan.cost == pytest.approx(cost(FALLING, plan.samples))


def test_bad_tiers() -> None:
    _, costs = every_plan(FALLING, SIZE)
    with pytest.raises(InfeasibleError, match=rf"budget of 20 cannot.*cost {costs.min():.10g}"):
        select(Bowl(PEAK), FALLING, SIZE, budget=20)
    with pytest.raises(InfeasibleError, match="capacities"):
        select(Bowl((1.0,)), [Provider("a", 10, 1.0, ((5, 0.5),))], 20, budget=100)
    with pytest.raises(InputError, match="budget must be 0 or more"):
        select(Bowl(PEAK), FALLING, SIZE, budget=float("nan"))
    for tiers in (((0, 1.0),), ((-5, 1.0),), ((20, 1.0), (10, 0.5)), ((2.5, 1.0),)):
        with pytest.raises(InputError, match=r"'x': tiers must begin beyond ascending"):
            Provider("x", None, 1.0, tiers)  # type: ignore[arg-type]
    for price in (-1.0, float("inf")):
        with pytest.raises(InputError, match=r"'x': the price beyond 10 samples must be 0 or more"):
            Provider("x", None, 1.0, ((10, price),))
    free = select(Bowl(PEAK), [Provider(n, None, 0.0, ((5, 0.0),)) for n in "abc"], SIZE, budget=0)
    assert free.cost == 0
