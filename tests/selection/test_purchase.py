"""Requests of every kind, and what is known of the plan that answers them."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest

from projektor_ray.errors import InputError
from projektor_ray.selection import Provider, PurchaseProblem, PurchaseRequest, buy, purchase
from projektor_ray.selection.size_search import TargetResult
from projektor_ray.storage.array_types import Floats
from tests.helpers.purchase_problems import Additive, Bowl, bought, providers

TIERED = [
    Provider("sk", 5000, 0.02, ((500, 0.01),)),
    Provider("sci", 2000, 0.015),
    Provider("torchray", 4000, 0.01),
]


def flat(peak: tuple[float, ...] = (0.3, 0.3, 0.4), **more: Any) -> PurchaseProblem:
    """The metric of a mixture is the same at every size."""
    return PurchaseProblem(lambda _: Bowl(peak), TIERED, min_size=20, trained_at=320, **more)


@pytest.mark.parametrize("budget", [30.0, 12.0])
def test_of_equal_plans_the_cheapest_is_bought(budget: float) -> None:
    """320 samples, the largest size trained: no training is known to be worth as much below it."""
    found = buy(flat(), PurchaseRequest(budget=budget))
    assert found.flat_in_size
    assert found.selected.size == 320
    np.testing.assert_allclose(found.selected.mixture, [0.3, 0.3, 0.4], atol=0.005)
    assert found.selected.cost < 5


def test_a_target_and_a_frontier_of_a_flat_metric_begin_at_the_largest_size_trained() -> None:
    for request in (
        PurchaseRequest(target=0.99),
        PurchaseRequest(target=0.99, minimize="samples"),
        PurchaseRequest(frontier=(6.0, 12.0, 30.0)),
    ):
        found = buy(flat(), request)
        assert found.flat_in_size
        plans = [found.selected, *found.frontier.values()]
        assert {plan.size for plan in plans} == {320}
    capped = buy(flat(), PurchaseRequest(budget=30, max_size=100))
    assert capped.selected.size == 100


def test_a_metric_that_grows_is_not_flat() -> None:
    found = bought((1, 2), [None, None], [1, 1], PurchaseRequest(budget=50))
    assert not found.flat_in_size
    assert found.selected.size == 50
    assert not buy(flat(), PurchaseRequest(size=60)).flat_in_size, "the size was given"


@dataclass(frozen=True)
class Misleading:
    """A flat metric with a needle at the uniform mixture, whose gradient hides it."""

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        away = np.abs(mixtures - 1 / 3).max(axis=1)
        gradient = np.tile([-1.0, 1.0, 0.0], (len(mixtures), 1))
        return mixtures[:, 1] / 10 + 5.0 * (away < 0.002), gradient


def test_a_baseline_that_is_better_is_selected() -> None:
    found = buy(
        PurchaseProblem(lambda _: Misleading(), providers([None] * 3)), PurchaseRequest(300)
    )
    assert found.selected.samples.tolist() == [100, 100, 100]
    assert found.selected.restarts > 0


def test_a_target_may_be_reached_by_a_baseline_alone() -> None:
    sold = providers([None] * 3, [1.0, 4.0, 1.0])
    problem = PurchaseProblem(lambda _: Misleading(), sold, min_size=300, max_size=300)
    found = buy(problem, PurchaseRequest(target=4.0))
    assert found.target_result is not None
    assert found.target_result.reached
    assert found.target_result.plan is found.selected
    assert found.selected.cost == 600


def test_a_target_is_reached_by_a_baseline_where_that_is_cheaper(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The search is made to find the dearest plan."""
    sold = providers([None] * 2, [1.0, 4.0])

    def objective(mixtures: Floats) -> tuple[Floats, Floats]:
        return mixtures[:, 1] / 10 + 0.9, np.tile([0.0, 0.1], (len(mixtures), 1))

    problem = PurchaseProblem(lambda _: objective, sold, min_size=40, max_size=40)
    dearest = TargetResult(0.5, True, problem.plan(40, None))
    assert dearest.plan.cost == 160
    monkeypatch.setattr(purchase, "cheapest_reaching", lambda *_: dearest)
    found = buy(problem, PurchaseRequest(target=0.5))
    assert found.selected.cost == min(plan.cost for plan in found.plans.values()) < 160


def test_prices_on_average_and_at_the_margin() -> None:
    objective: Any = partial(Additive, worth=(3.0, 2.0, 1.0))
    found = buy(PurchaseProblem(objective, TIERED, restarts=2), PurchaseRequest(6000))
    assert found.selected.samples.tolist() == [5000, 1000, 0]
    np.testing.assert_allclose(found.selected.prices, [0.01, 0.015, 0.01])
    np.testing.assert_allclose(found.selected.average_prices, [55 / 5000, 0.015, 0.01])
    rows = [row for row in found.rows() if row["plan"] == "selected"]
    assert [row["average_price"] for row in rows] == pytest.approx([0.011, 0.015, 0.01])


def test_free_providers_are_known_where_others_cost_money() -> None:
    some = bought((1, 2, 3), [None, 5, 5], [1, 0, 0], PurchaseRequest(10))
    assert some.free_providers == ("p0001", "p0002")
    assert bought((1, 2), [None, None], [0, 0], PurchaseRequest(10)).free_providers == ()


def test_a_request_asks_for_one_thing() -> None:
    for wrong in ({"size": 1, "target": 1}, {"minimize": "money"}, {"size": 1, "max_size": 2}):
        with pytest.raises(InputError):
            PurchaseRequest(**wrong)  # type: ignore[arg-type]


def test_each_budget_of_a_frontier_has_its_best_baseline() -> None:
    asked = PurchaseRequest(frontier=(30.0, 60.0))
    found = bought((1, 2, 3), [40, 30, 20], [1, 1, 2], asked)
    for budget, plan in found.frontier.items():
        alone = bought((1, 2, 3), [40, 30, 20], [1, 1, 2], PurchaseRequest(plan.size, budget))
        others = {n: one.predicted for n, one in alone.plans.items() if n != "selected"}
        name, baseline = found.frontier_baselines[budget]
        assert baseline.predicted == pytest.approx(max(others.values()))
        assert baseline.predicted == pytest.approx(others[name])
        assert baseline.size == plan.size
        assert baseline.cost <= budget
