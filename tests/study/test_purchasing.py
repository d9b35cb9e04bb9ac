"""What a study's file may ask to be bought, beside linear programs; no Ray."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from projektor_ray.errors import InfeasibleError, InputError
from projektor_ray.explain.from_study import results_of_study
from projektor_ray.explain.model_choice import describe_choice
from projektor_ray.report import render_page
from projektor_ray.runs import Runs
from projektor_ray.selection import PurchasePlans
from projektor_ray.storage.array_types import Floats
from projektor_ray.study import Study
from projektor_ray.study.early_checks import check_purchase
from projektor_ray.study.fitting import fit_study
from projektor_ray.study.purchasing import SetFit, plan_purchases
from projektor_ray.transport import Distances
from tests.helpers.distances import zero_distances
from tests.helpers.report_content import profile, read
from tests.helpers.studies import VALUES, resolved, resolved_on, samples, several

WORTH = np.array([0.3, 0.1, -0.2])
PRICES = np.array([2.0, 1.0, 0.0])
LINE = {"predictor": "linear", "projection": "eq3", "restarts": 4}


def study(**selection: Any) -> Study:
    """Ada sells 50 at 2, bob 80 at 1, cyd 70 at nothing; a line for each scale is fitted."""
    providers = [
        {**VALUES["providers"][0], "capacity": 50, "price": 2},
        {**VALUES["providers"][1], "capacity": 80, "price": 1},
        {**VALUES["providers"][2], "capacity": 70},
    ]
    return resolved({**VALUES, "providers": providers, "selection": {**LINE, **selection}})


def finished(asked: Study, mixtures: Floats, distances: Floats, sizes: Any, values: Floats) -> Runs:
    """The finished probes of a study."""
    return Runs(asked.names, mixtures, values, sizes, distances, "accuracy", (0.0, 1.0))


def bought(asked: Study) -> PurchasePlans:
    """Of a metric that is linear in the shares and in ln N."""
    mixtures = np.tile(asked.mixtures, (2, 1))
    sizes = np.repeat(np.array([10, 40]), len(asked.mixtures))
    values = 0.3 + mixtures @ WORTH + 0.05 * np.log(sizes)
    runs = finished(asked, mixtures, np.zeros(len(sizes)), sizes, values)
    return plan_purchases(asked, [SetFit(asked, fit_study(asked, runs), runs, zero_distances)])


SETS = {"everyday": np.array([0.3, 0.1, -0.2]), "rare": np.array([0.1, 0.3, -0.2])}


def known_of_sets(sets: dict[str, Any], **selection: Any) -> tuple[Study, list[SetFit]]:
    """Of metrics that are linear in the shares, one for each set; the same where a set is alone."""
    asked = resolved_on(
        several({name: {"sklearn": "iris"} for name in sets}, **LINE, **selection),
        **{name: samples(30, seed=seed) for seed, name in enumerate(sets)},
    )
    fits = []
    for one, worth in zip(asked.each, sets.values(), strict=True):
        mixtures, sizes = np.tile(one.mixtures, (2, 1)), np.repeat([10, 40], len(one.mixtures))
        values = 0.3 + mixtures @ worth + 0.05 * np.log(sizes)
        runs = finished(one, mixtures, np.zeros(len(sizes)), sizes, values)
        fits.append(SetFit(one, fit_study(one, runs), runs, zero_distances))
    return asked, fits


def bought_of_sets(sets: dict[str, Any], **selection: Any) -> PurchasePlans:
    return plan_purchases(*known_of_sets(sets, **selection))


def test_the_worst_of_two_sets_is_bought_for_as_a_linear_program_would() -> None:
    """Ada serves one and bob the other; to neither set more than to the other."""
    found = bought_of_sets(SETS, size=60, aggregate="worst")
    np.testing.assert_allclose(found.selected.samples, [30, 30, 0], atol=1)
    assert found.selected.predicted == pytest.approx(0.5 + 0.05 * np.log(60), abs=2e-3)
    assert min(of["selected"].predicted for of in found.parts.values()) == pytest.approx(
        found.selected.predicted
    )


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("asked", [{"size": 60}, {"max_size": 80}])
def test_a_weight_of_1_buys_what_that_set_alone_buys(name: str, asked: dict[str, Any]) -> None:
    among = bought_of_sets(SETS, aggregate={one: float(one == name) for one in SETS}, **asked)
    alone = bought_of_sets({name: SETS[name]}, **asked)
    assert among.plans.keys() == alone.plans.keys()
    for called, plan in alone.plans.items():
        np.testing.assert_array_equal(among.plans[called].samples, plan.samples)
        assert among.plans[called].predicted == pytest.approx(plan.predicted, rel=1e-12)
        assert among.plans[called].interval == pytest.approx(plan.interval, rel=1e-9)
    assert not alone.parts


def test_together_they_are_predicted_as_the_studies_of_each_set_predict() -> None:
    weights = {"everyday": 1, "rare": 3}
    found = bought_of_sets(SETS, size=60, aggregate=weights)
    for called, plan in found.plans.items():
        each = {name: 0.3 + plan.mixture @ of + 0.05 * np.log(60) for name, of in SETS.items()}
        for name, value in each.items():
            assert found.parts[name][called].predicted == pytest.approx(value)
        assert plan.predicted == pytest.approx(0.25 * each["everyday"] + 0.75 * each["rare"])


def test_the_report_of_several_sets_is_of_what_they_are_together() -> None:
    asked, fits = known_of_sets(SETS, size=60, aggregate="worst")
    plans = plan_purchases(asked, fits)
    drawn = {one.name: [profile(name) for name in asked.names] for one in asked.validations}
    told = results_of_study(asked, fits, plans, drawn)
    assert told.metric == "worst accuracy"
    each = np.array([one.runs.values for one in fits])
    np.testing.assert_array_equal(told.probes.values, each.min(axis=0))
    chosen = told.opinions[0]
    assert chosen.value == pytest.approx(plans.selected.predicted)
    shown = read(render_page(told))
    for name, row in zip(SETS, shown.titled("validation set"), strict=True):
        predicted = plans.parts[name]["selected"].predicted
        assert (row[0], float(row[1])) == (name, pytest.approx(predicted, abs=1e-3))
    rows = {row[0] for row in shown.titled("model")}
    assert {"linear on everyday", "linear on rare"} <= rows
    assert len(fits) == 2
    choices = [describe_choice(one.fitted) for one in fits]
    assert choices[0] == choices[1]
    assert told.reasons[0] == f"Model: {choices[0]}."
    other = replace(fits[1], fitted=replace(fits[1].fitted, projection="none"))
    apart = results_of_study(asked, [fits[0], other], plans, drawn)
    each = [f"{one.study.set_name}: {describe_choice(one.fitted)}" for one in (fits[0], other)]
    assert apart.reasons[0] == f"Model: {'; '.join(each)}."


def best(size: int, budget: float) -> float:
    bounds = [(0, min(capacity / size, 1)) for capacity in (50, 80, 70)]
    found = linprog(
        -WORTH, A_ub=[PRICES], b_ub=[budget / size], A_eq=[[1] * 3], b_eq=[1], bounds=bounds
    )
    return 0.3 - found.fun + 0.05 * np.log(size) if found.status == 0 else -np.inf


def best_of_any(budget: float) -> float:
    return max(best(size, budget) for size in range(10, 201))


def test_a_budget_alone_buys_the_size_that_serves_best() -> None:
    asked = study(budget=60)
    assert asked.max_size == 130, "cyd's 70 for nothing, and 60 of bob"
    plan = bought(asked).selected
    assert plan.cost <= 60
    assert plan.predicted == pytest.approx(best_of_any(60), abs=2e-3)


def test_a_target_is_reached_with_the_least_money_or_the_fewest_samples() -> None:
    sizes = range(10, 201)
    fewest = next(size for size in sizes if best(size, 1e9) >= 0.6)
    found = bought(study(target=0.6, minimize="samples"))
    assert found.target_result is not None
    assert found.target_result.reached
    assert abs(found.selected.size - fewest) <= 1
    least = next(money for money in range(200) if best_of_any(money) >= 0.6)
    found = bought(study(target=0.6))
    assert found.selected.cost == pytest.approx(least, abs=1.5)
    assert found.selected.predicted >= 0.6


def test_what_cannot_be_reached_is_answered_with_the_best_there_is() -> None:
    found = bought(study(target=0.9, budget=40))
    assert found.target_result is not None
    assert not found.target_result.reached
    assert found.selected.predicted == pytest.approx(best_of_any(40), abs=2e-3)


def test_a_frontier_has_a_plan_for_each_budget_and_the_largest_is_selected() -> None:
    found = bought(study(frontier=[100, 0, 40]))
    values = [plan.predicted for plan in found.frontier.values()]
    assert values == pytest.approx([best_of_any(money) for money in (100, 0, 40)], abs=2e-3)
    assert found.selected is found.frontier[100]
    named = {row["plan"] for row in found.rows()}
    assert named >= {"selected", "uniform", "budget 100", "budget 40", "budget 0"}


def test_terms_of_providers_are_kept() -> None:
    asked = study(size=100)
    terms_by_provider = [
        {"required": True, "minimum_order": 20},
        {"minimum_order": 60},
        {"excluded": True},
    ]
    providers = [
        {**one.model_dump(exclude={"source"}), "source": {"sklearn": "iris"}, **deal}
        for one, deal in zip(asked.config.providers, terms_by_provider, strict=True)
    ]
    values = {**VALUES, "providers": providers, "selection": {"size": 100, "restarts": 4}}
    plan = bought(resolved(values)).selected
    assert plan.samples.tolist() == [40, 60, 0]
    impossible = {**VALUES, "providers": providers, "selection": {"size": 140}}
    with pytest.raises(InfeasibleError, match="capacit"):
        check_purchase(resolved(impossible).config)


def test_a_size_that_nothing_bounds_is_refused() -> None:
    with pytest.raises(InputError, match="bounds the size"):
        check_purchase(resolved({**VALUES, "selection": {"budget": 5}}).config)
    assert resolved({**VALUES, "selection": {"budget": 5, "max_size": 70}}).max_size == 70


@pytest.mark.parametrize(("target", "bound"), [(-0.1, "begins"), (1.5, "ends")])
def test_a_target_that_the_metric_cannot_be_is_refused(target: float, bound: str) -> None:
    with pytest.raises(InputError, match=rf"target {target}: the metric {bound}"):
        check_purchase(resolved({**VALUES, "selection": {"target": target, "max_size": 70}}).config)


def test_distances_are_measured_where_the_plans_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """The metric is the distance alone, which interpolation between the probes gets wrong."""
    asked = study(budget=60, predictor="cs")
    mixtures = np.tile(asked.mixtures, (2, 1))
    sizes = np.repeat(np.array([10, 40]), len(asked.mixtures))
    measured: list[Any] = []

    def distance_function(at: Floats) -> Distances:
        measured.extend(at)
        value = np.exp(-3 * at[:, 0]) + at[:, 1] ** 2
        return Distances.closed_form(value, np.full(at.shape, np.nan))

    distances = distance_function(mixtures).value
    values = 0.8 - 0.1 * distances + 0.01 * np.log(sizes)
    measured.clear()
    runs = finished(asked, mixtures, distances, sizes, values)
    found = plan_purchases(asked, [SetFit(asked, fit_study(asked, runs), runs, distance_function)])
    plan = found.selected
    assert any(np.allclose(plan.mixture, at) for at in measured)
    true = 0.8 - 0.1 * distance_function(plan.mixture[None]).value[0] + 0.01 * np.log(plan.size)
    assert plan.predicted == pytest.approx(true, abs=2e-4)
    assert len(measured) < 40
    assert found.distances_confirmed
    monkeypatch.setattr("projektor_ray.study.purchasing.MOST_ROUNDS", 1)
    fits = [SetFit(asked, fit_study(asked, runs), runs, distance_function)]
    assert not plan_purchases(asked, fits).distances_confirmed
