"""Why a plan is as it is: the constraints that it reaches, and what the model sets."""

from dataclasses import replace

from projektor_ray.explain.json_results import results_to_dict
from projektor_ray.explain.plan_reasons import (
    other_models,
    plan_facts,
    plan_limits,
    plan_reasons,
)
from projektor_ray.explain.results import ModelPrediction
from projektor_ray.selection import PurchaseRequest, Terms
from projektor_ray.selection.binding_constraints import BindingConstraint
from tests.helpers.purchase_problems import bought
from tests.helpers.report_content import a_report, sound, with_plan


def test_size_budget_and_capacity_are_named_and_the_model_sets_the_rest() -> None:
    """The second is worth most and sells 6; the third lowers the metric."""
    plans = bought((1, 9, -1), [None, 6, None], [1, 1, 1], PurchaseRequest(size=10, budget=10))
    assert str(plan_limits(plans)) == (
        "Limits that the plan reaches: the requested size (10 samples); the budget (10.00 of 10 "
        "spent); the capacity of p0001 (6). The model sets the rest: 4 from p0000 and none from "
        "p0002."
    )


def test_a_capacity_that_is_nearly_reached_has_what_is_bought() -> None:
    plans = bought((1, 9, -1), [None, 6, None], [1, 1, 1], PurchaseRequest(size=10, budget=10))
    nearly = replace(plans, limits=(BindingConstraint("capacity", 8, "p0001"),))
    assert "the capacity of p0001 (6 of 8)" in str(plan_limits(nearly))


def test_terms_are_named() -> None:
    terms = {
        "p0001": Terms(minimum_order=4, required=True),
        "p0002": Terms(excluded=True),
        "p0003": Terms(required=True),
    }
    plans = bought((9, 1, 9, 1), [None] * 4, [0] * 4, PurchaseRequest(size=20), terms)
    assert str(plan_limits(plans)) == (
        "Limits that the plan reaches: the requested size (20 samples); the minimum order of p0001 "
        "(4); a required provider: p0003; an excluded provider: p0002. The model sets the rest: 15 "
        "from p0000."
    )


def test_a_target_and_the_largest_size_are_limits() -> None:
    reached = bought((1, 1), [10, 20], [1, 2], PurchaseRequest(target=0.012, budget=100))
    assert str(plan_limits(reached)).startswith("Limits that the plan reaches: the target 0.012;")
    largest = bought((1, 1), [90, 90], [1, 1], PurchaseRequest(max_size=15))
    assert "the largest size allowed (15 samples)" in str(plan_limits(largest))
    everything = bought((1, 1), [10, 20], [1, 1], PurchaseRequest(budget=100))
    assert str(plan_limits(everything)) == (
        "Limits that the plan reaches: the capacities of p0000 (10) and p0001 (20)."
    )


def test_where_the_constraints_leave_one_plan_nothing_is_called_stable() -> None:
    report = a_report(4)
    forced = bought((1, 9), [10, 90], [0, 0], PurchaseRequest(size=99))
    said = " ".join(str(one) for one in plan_facts(replace(report, bought=forced)))
    assert "allow nearly only this plan of 99 samples" in said
    assert "stability" not in said
    assert "restarts" not in said
    free = bought((1, 9), [90, 90], [0, 0], PurchaseRequest(size=99))
    said = " ".join(str(one) for one in plan_facts(replace(report, bought=free)))
    assert "only this plan" not in said


def test_a_plan_without_limits_says_so() -> None:
    plans = bought((1, 1), [10, 20], [1, 1], PurchaseRequest(budget=100))
    free = plan_limits(replace(plans, limits=()))
    assert "reaches no limit" in free.text
    assert free.values["limits"] == []


def test_the_limits_come_after_the_model_and_are_in_json() -> None:
    report = a_report(4)
    said = plan_reasons(report)
    assert said[0] == report.reasons[0]
    assert said[1].startswith("The plan reaches no limit")
    assert {"limits", "restarts_converged"} <= {
        one["kind"] for one in results_to_dict(report)["facts"]
    }


def test_a_search_that_is_a_warning_is_no_reason() -> None:
    few = with_plan(a_report(4), restarts=40, restarts_converged=3)
    assert "restarts_converged" not in {one.kind for one in plan_facts(few)}
    assert "restarts_converged" in {one.kind for one in plan_facts(few, always_search=True)}


def test_models_that_predict_outside_the_interval_are_named() -> None:
    results = sound()
    assert results.selected.interval is not None
    low, high = results.selected.interval
    others = [
        ModelPrediction(name, False, value, value - 0.1, value + 0.1, 0.01)
        for name, value in (("joint", high + 0.01), ("none", (low + high) / 2), ("eq3", low - 0.01))
    ]
    assert list(other_models(replace(results, opinions=(results.opinions[0], others[1])))) == []
    results = replace(results, opinions=(results.opinions[0], *others))
    (named,) = other_models(results)
    assert str(named) in plan_reasons(results)
    assert named.values["predicted"] == {"joint": high + 0.01, "eq3": low - 0.01}
    assert str(named).startswith("Other scaling models predict accuracy outside the 90% interval: ")
    assert str(named).endswith("(eq3).")
