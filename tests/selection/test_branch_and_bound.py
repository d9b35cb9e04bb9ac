"""Prices in tiers, falling and rising, against every plan of a small problem."""

from functools import partial
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from projektor_ray.errors import InfeasibleError, InputError
from projektor_ray.selection import Plan, Provider, PurchaseProblem, Terms, select
from projektor_ray.selection.baselines import baseline_plans
from projektor_ray.selection.provider import cost_of
from projektor_ray.selection.size_search import frontier
from projektor_ray.storage.array_types import Floats
from tests.helpers.purchase_problems import Bowl, Growing

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


def every_plan(sellers: list[Provider], size: int) -> tuple[NDArray[np.int64], Floats]:
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


def best_of_many(peak: Floats, sellers: list[Provider], budget: int) -> float:
    """The bowl's best value by dynamic programming over (samples, whole money) spent."""
    table = np.full((SIZE + 1, budget + 1), -np.inf)
    table[0, 0] = 1.0
    for provider, wanted in zip(sellers, peak, strict=True):
        after = np.full_like(table, -np.inf)
        for k in range(min(SIZE, provider.capacity or SIZE) + 1):
            money = int(by_hand(provider, k))
            if money <= budget:
                before = table[: SIZE + 1 - k, : budget + 1 - money] - (k / SIZE - wanted) ** 2
                after[k:, money:] = np.maximum(after[k:, money:], before)
        table = after
    return float(table[SIZE].max())


def many_sellers(rng: np.random.Generator, count: int, kind: str) -> list[Provider]:
    """Four tiers each: 4^count combinations."""
    sellers = []
    for i in range(count):
        ends = np.sort(rng.choice(np.arange(3, 30), 3, replace=False))
        prices = rng.permutation(8)[:4] + 1.0
        if kind != "mixed":
            prices = np.sort(prices)[:: 1 if kind == "rising" else -1]
        tiers = tuple((int(end), float(price)) for end, price in zip(ends, prices[1:], strict=True))
        sellers.append(Provider(f"p{i}", 40 if i % 3 == 0 else None, float(prices[0]), tiers))
    return sellers


@pytest.mark.parametrize("kind", ["falling", "rising", "mixed"])
@pytest.mark.parametrize("count", [4, 7, 10])
def test_many_combinations_of_tiers(kind: str, count: int) -> None:
    rng = np.random.default_rng(count)
    for _ in range(2):
        sellers, peak = many_sellers(rng, count, kind), rng.dirichlet(np.ones(count))
        unlimited = select(Bowl(tuple(peak)), sellers, SIZE, restarts=4)
        for spared in (0.1, 0.25):
            budget = int(unlimited.cost * (1 - spared))
            best = best_of_many(peak, sellers, budget)
            if best == -np.inf:
                with pytest.raises(InfeasibleError, match="budget"):
                    select(Bowl(tuple(peak)), sellers, SIZE, budget=budget, restarts=4)
                continue
            plan = select(Bowl(tuple(peak)), sellers, SIZE, budget=budget, restarts=4)
            assert cost(sellers, plan.samples) <= budget
            assert best - ONE_SAMPLE <= plan.predicted <= best + 1e-12
            assert plan.optimality_gap == 0


def test_a_search_that_is_cut_short_says_by_how_much_it_may_be_short(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(10)
    sellers, peak = many_sellers(rng, 10, "falling"), rng.dirichlet(np.ones(10))
    budget = int(0.9 * select(Bowl(tuple(peak)), sellers, SIZE, restarts=4).cost)
    monkeypatch.setattr("projektor_ray.selection.branch_and_bound.MOST_NODES", 1)
    plan = select(Bowl(tuple(peak)), sellers, SIZE, budget=budget, restarts=4)
    assert cost(sellers, plan.samples) <= budget
    assert plan.optimality_gap > 0
    best = best_of_many(peak, sellers, budget)
    assert plan.predicted <= best + 1e-12
    assert best <= plan.predicted + plan.optimality_gap + ONE_SAMPLE


def test_the_end_of_a_tier_is_no_capacity() -> None:
    """The budget ends at the start of a's dear tier: no capacity of a is worth anything."""
    sellers = [Provider("a", 50, 1.0, ((25, 9.0),)), Provider("b", None, 1.0)]
    plan = select(Bowl((0.9, 0.1)), sellers, SIZE, budget=60)
    np.testing.assert_array_equal(plan.samples, [25, 35])
    np.testing.assert_array_equal(plan.capacity_shadow_price, 0.0)


def test_many_providers_with_tiers_keep_the_budget() -> None:
    rng = np.random.default_rng(0)
    sellers = [
        Provider(f"p{i:03d}", 200, 1.0 + price, ((50, 0.8 * price + 0.5), (100, 0.5 * price)))
        for i, price in enumerate(rng.uniform(0.5, 2, 12))
    ]
    terms = {"p003": Terms(minimum_order=60), "p005": Terms(required=True, minimum_order=20)}
    peak = tuple(rng.dirichlet(np.ones(12)))
    plan = select(Bowl(peak), sellers, 1200, budget=2200.0, terms=terms, restarts=4)
    assert cost(sellers, plan.samples) <= 2200.0
    assert plan.samples[5] >= 20
    assert plan.samples[3] == 0 or plan.samples[3] >= 60


def test_tiers_along_the_frontier() -> None:
    problem = PurchaseProblem(partial(Growing, hunger=4.0), FALLING, max_size=SIZE, restarts=2)
    budgets = [20.0, 60.0, 120.0]
    plans: list[Plan] = frontier(problem, budgets)
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
    with pytest.raises(InfeasibleError, match=rf"budget of 20 .*cost {costs.min():.10g}"):
        select(Bowl(PEAK), FALLING, SIZE, budget=20)
    with pytest.raises(InfeasibleError, match="capacities"):
        select(Bowl((1.0,)), [Provider("a", 10, 1.0, ((5, 0.5),))], 20, budget=100)
    with pytest.raises(InputError, match="budget must be 0"):
        select(Bowl(PEAK), FALLING, SIZE, budget=float("nan"))
    for tiers in (((0, 1.0),), ((-5, 1.0),), ((20, 1.0), (10, 0.5)), ((2.5, 1.0),)):
        with pytest.raises(InputError, match=r"'x': above_quantity"):
            Provider("x", None, 1.0, tiers)  # type: ignore[arg-type]
    for price in (-1.0, float("inf")):
        with pytest.raises(InputError, match=r"'x': the price above_quantity 10"):
            Provider("x", None, 1.0, ((10, price),))
    free = select(Bowl(PEAK), [Provider(n, None, 0.0, ((5, 0.0),)) for n in "abc"], SIZE, budget=0)
    assert free.cost == 0
