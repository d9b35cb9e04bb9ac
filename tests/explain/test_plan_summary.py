"""The selected plan in words: target, unspent money, restarts, baselines, what is compared."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from projektor_ray.explain.formatting import MetricText
from projektor_ray.explain.plan_summary import (
    baseline_definitions,
    comparison_scope,
    plan_heading,
    search_result,
    target_result,
    unspent_money,
)
from projektor_ray.selection import PurchaseRequest
from projektor_ray.selection.comparison import TrainedComparison
from projektor_ray.selection.unspent_budget import UnspentBudget
from tests.helpers.purchase_problems import bought

METRIC = MetricText("accuracy", "maximize", 3)
SOLD: Any = ((1, 1), [10, 20], [1, 1])


def test_the_heading_has_size_cost_and_budget() -> None:
    priced = bought((1, 2), [None, None], [0.101, 0.2], PurchaseRequest(20, 2.5))
    assert str(plan_heading(priced)) == "Buy 20 samples for 2.42 (budget 2.50)"
    free = bought((1, 2), [None, None], [0.0, 0.0], PurchaseRequest(1))
    assert str(plan_heading(free)) == "Buy 1 sample"


def test_a_target_that_is_missed_is_not_followed_by_an_order() -> None:
    reached = bought(*SOLD, PurchaseRequest(target=0.02, budget=100))
    assert str(plan_heading(reached)).startswith("Buy 20 samples")
    assert str(target_result(reached, METRIC)) == (
        "The target 0.02 is reached with 20 samples for 20.00: predicted accuracy 0.020 "
        "(90% interval 0.010…0.030)."
    )
    missed = bought(*SOLD, PurchaseRequest(target=1.0, budget=100))
    assert str(plan_heading(missed)).startswith("Target 1 not reachable. Best plan: buy 30")
    assert "The target 1 cannot be reached within the budget of 100." in str(
        target_result(missed, METRIC)
    )
    assert target_result(bought(*SOLD, PurchaseRequest(size=10)), METRIC) is None


@pytest.mark.parametrize(
    ("left", "says"),
    [
        (UnspentBudget(70, "sold_out"), "70.00 of the budget is left: everything for sale is"),
        (UnspentBudget(70, "fixed_size"), "found no way to spend it that improves a plan of 10"),
        (UnspentBudget(70, "max_size"), "the plan may have at most 10 samples"),
        (UnspentBudget(70, "no_improvement"), "more samples would not improve"),
        (
            UnspentBudget(70, "no_improvement_unless_more_capacity", ("a", "b")),
            "only more samples of a and b would improve the prediction, and a and b are sold out",
        ),
        (UnspentBudget(70, "minimum_order", ("a",)), "the minimum order of a costs more"),
        (UnspentBudget(70, "next_sample"), "the next sample costs more"),
        (UnspentBudget(70, "little_improvement"), "would hardly improve"),
    ],
)
def test_unspent_money_has_its_reason(left: UnspentBudget, says: str) -> None:
    found = replace(bought(*SOLD, PurchaseRequest(size=10)), unspent=left)
    fact = unspent_money(found)
    assert fact is not None
    assert says in fact.text
    assert fact.values["reason"] == left.reason
    assert unspent_money(replace(found, unspent=None)) is None


def test_what_is_compared_is_said_where_the_size_was_searched() -> None:
    assert comparison_scope(bought(*SOLD, PurchaseRequest(size=10))) is None
    assert str(comparison_scope(bought(*SOLD, PurchaseRequest(budget=100)))).startswith(
        "All intervals and gains are for plans of 30 samples."
    )
    reached = bought(*SOLD, PurchaseRequest(target=0.02))
    half = "misses it about half the time: set a stricter target for a safer plan."
    assert str(comparison_scope(reached)).endswith(half)
    assert reached.target_result is not None
    sure = replace(reached, target_result=replace(reached.target_result, target=0.005))
    assert str(comparison_scope(sure)).endswith("compared with the mean prediction.")


def test_restarts_that_disagree_are_a_warning() -> None:
    plan = bought(*SOLD, PurchaseRequest(size=10)).selected
    agree = replace(plan, restarts_converged=46, restarts=47)
    assert list(map(str, search_result(agree))) == ["46 of 47 restarts converged to this optimum."]
    few = replace(plan, restarts_converged=3, restarts=40, optimality_gap=0.02)
    told = list(map(str, search_result(few)))
    assert told[0] == "Only 3 of 40 restarts converged to this optimum: other plans may be as good."
    assert "better by up to 0.02" in told[1]


def test_a_baseline_of_one_provider_that_is_filled_up_is_called_max() -> None:
    """The second is worth most, but sells 6 of the 10."""
    filled = bought((1, 9, -1), [None, 6, None], [1, 1, 1], PurchaseRequest(size=10))
    (fact,) = [one for one in baseline_definitions(filled) if one.kind == "baseline_max"]
    assert fact.text == (
        "“max p0001” buys as much of p0001 as possible (6 samples) and splits the rest evenly."
    )
    assert fact.values == {"provider": "p0001", "samples": 6}


def test_best_trained_says_how_much_of_it_the_constraints_moved() -> None:
    """Half of each was trained best; of the second 2 of 10 are for sale."""
    found = bought((1, 9, -1), [None, 2, None], [1, 1, 1], PurchaseRequest(size=10))
    probe = replace(found.plans["uniform"], samples=np.array([7, 2, 1]))
    plans = {**found.plans, "probe": probe}
    moved = replace(found, trained=TrainedComparison(np.array([[0.5, 0.5, 0.0]]), 10), plans=plans)
    (fact,) = [one for one in baseline_definitions(moved) if one.kind == "baseline_trained"]
    assert fact.text.endswith(
        " To keep capacities and terms, 30% of its samples are bought from others."
    )
    bounded = baseline_definitions(replace(moved, budget=20.0))
    assert (
        "To keep capacities, terms and budget, 30% of its samples are bought from others."
        in " ".join(map(str, bounded))
    )
    kept = replace(moved, trained=TrainedComparison(np.array([[0.7, 0.2, 0.1]]), 10))
    assert "baseline_trained" not in {one.kind for one in baseline_definitions(kept)}


def test_plans_that_buy_the_same_are_named_together() -> None:
    found = bought((1, 9, -1), [None, 2, None], [1, 1, 1], PurchaseRequest(size=10))
    same = {**found.plans, "proportional": found.plans["uniform"]}
    (fact,) = [
        one for one in baseline_definitions(replace(found, plans=same)) if one.kind == "same_plans"
    ]
    assert "“proportional”" in fact.text
    assert fact.text.endswith("the same as “uniform”.")
