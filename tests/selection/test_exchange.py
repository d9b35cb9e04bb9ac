"""Small purchases against the enumeration of all plans."""

import tracemalloc
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.minimum_orders import Case
from projektor_ray.errors import InfeasibleError
from projektor_ray.selection import (
    Provider,
    PurchaseProblem,
    PurchaseRequest,
    Terms,
    buy,
    exchange,
    select,
)
from projektor_ray.selection.feasible_set import FeasibleSet
from tests.helpers.purchase_problems import Bowl, providers


def by_brute_force(feasible: FeasibleSet) -> set[tuple[int, ...]]:
    every = product(range(feasible.size + 1), repeat=len(feasible.names))
    return {plan for plan in every if feasible.contains(np.array(plan))}


@pytest.mark.parametrize("budget", [None, 14.0])
def test_enumeration_is_of_all_plans(budget: float | None) -> None:
    sold = [Provider("a", 6, 1.0), Provider("b", None, 3.0, ((4, 1.0),)), Provider("c", 5, 0.0)]
    terms = {"a": Terms(minimum_order=3), "b": Terms(required=True), "c": Terms(minimum_order=2)}
    feasible = FeasibleSet.of(sold, 8, budget, terms)
    plans = exchange.enumerated(feasible)
    assert plans is not None
    assert {tuple(plan) for plan in plans.tolist()} == by_brute_force(feasible)
    assert len(plans) > 10


@given(st.integers(0, 10_000), st.integers(1, 400), st.sampled_from([1, 7, 50]))
@settings(max_examples=60, deadline=None)
def test_the_highest_plans_are_those_of_sorting_all(seed: int, rows: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    plans = rng.integers(0, 4, size=(rows, 3))
    gradient = rng.integers(-2, 3, size=3).astype(float)
    every = np.unique(plans, axis=0)
    expected = every[np.argsort(-(every @ gradient), kind="stable")[:count]]
    np.testing.assert_array_equal(exchange.highest_distinct(plans, gradient, count), expected)


def test_enumeration_takes_no_memory_for_the_size() -> None:
    size = 10**7
    terms = {"p0000": Terms(minimum_order=1000), "p0001": Terms(minimum_order=size - 2)}
    tracemalloc.start()
    assert exchange.enumerated(FeasibleSet.of(providers([None] * 2), size, None, terms)) is None
    few = exchange.enumerated(FeasibleSet.of(providers([2000, None]), size, None, terms))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10**6
    assert few is not None
    assert few.tolist() == [[0, size]]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6))
def test_a_selected_plan_is_the_best_of_all_plans_and_no_baseline_is_better(seed: int) -> None:
    case = Case.drawn(seed)
    objective: Any = case.metric
    problem = PurchaseProblem(lambda _: objective, case.providers, case.terms, restarts=8)
    plans = case.plans()
    try:
        found = buy(problem, PurchaseRequest(case.size, case.budget))
    except InfeasibleError:
        assert not len(plans)
        return
    best = case.metric(plans / case.size)[0].max()
    if case.size < exchange.SMALL and len(plans) < exchange.MOST_ENUMERATED:
        assert found.selected.predicted == pytest.approx(best, abs=1e-12)
    assert max(plan.predicted for plan in found.plans.values()) == found.selected.predicted
    assert (plans == found.selected.samples).all(axis=1).any()


def test_where_plans_are_too_many_no_exchange_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every pair and number of samples."""
    monkeypatch.setattr(exchange, "MOST_ENUMERATED", 0)
    terms = {f"p{i:04d}": Terms(minimum_order=order) for i, order in enumerate([6, 9, 0, 4])}
    objective = Bowl((0.3, 0.25, 0.2, 0.25))
    plan = select(objective, providers([None] * 4), 20, terms=terms, restarts=4)
    feasible = FeasibleSet.of(providers([None] * 4), 20, None, terms)
    for i, j, count in product(range(4), range(4), range(1, 21)):
        step = np.zeros(4, dtype=np.int64)
        step[i] -= count
        step[j] += count
        if feasible.contains(plan.samples + step):
            assert objective(((plan.samples + step) / 20)[None])[0][0] <= plan.predicted + 1e-12


def test_the_part_of_a_plan_holds_it_and_is_convex() -> None:
    sold = [Provider("a", None, 2.0, ((5, 1.0),)), Provider("b"), Provider("c")]
    terms = {"b": Terms(minimum_order=4), "c": Terms(minimum_order=7)}
    part = FeasibleSet.of(sold, 12, 20.0, terms).part_of(np.array([7, 5, 0]))
    assert part.lower.tolist() == [5, 4, 0]
    assert part.upper.tolist() == [12, 12, 0]
    assert part.contains(np.array([7, 5, 0]))
    np.testing.assert_allclose(part.envelope.costs(np.array([7, 5, 0])), [12, 0, 0])


def test_large_purchases_without_minimum_orders_are_left_as_they_are() -> None:
    assert not exchange.applies(FeasibleSet.of(providers([None] * 3), 30))
    assert exchange.applies(FeasibleSet.of(providers([None] * 3), 29))
    ordered = {"p0000": Terms(minimum_order=40)}
    assert exchange.applies(FeasibleSet.of(providers([None] * 3), 100, None, ordered))
    assert not exchange.applies(FeasibleSet.of(providers([None] * 40), 29))
