"""Warnings: each for its cause, and none without."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from projektor_ray.explain.cautions import warnings
from projektor_ray.explain.results import ModelPrediction, Results
from projektor_ray.selection.cheaper_plan import CheaperPlan
from projektor_ray.selection.feasible_set import FeasibleSet
from projektor_ray.selection.gains import Gain
from projektor_ray.selection.size_search import TargetResult
from tests.helpers.report_content import (
    a_report,
    for_one_set,
    profile,
    sound,
    with_gain,
    with_plan,
    with_probes,
)


def test_nothing_amiss_is_nothing_said() -> None:
    assert warnings(sound()) == ()
    assert warnings(sound(profiles=for_one_set(profile("seller-000")))) == ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            lambda r: with_plan(r, unclipped=1.2, predicted=1.0),
            ("clipped_prediction", "predicts 1.200, which is clipped to the limit of accuracy, 1."),
        ),
        (
            lambda r: with_plan(r, restarts_converged=3, restarts=40),
            ("restarts_converged", "3 of 40 restarts"),
        ),
        (
            lambda r: with_gain(r, Gain(0.1, -0.1, 0.3)),
            ("gain_not_significant", "beats “best single provider”."),
        ),
        (lambda r: replace(r, notes=("A is in no row.",)), ("note", "A is in no row.")),
        (
            lambda r: replace(r, bought=replace(r.bought, flat_in_size=True)),
            ("flat_in_size", "cheapest is selected (1,000 samples)"),
        ),
        (
            lambda r: replace(
                r,
                bought=replace(
                    r.bought,
                    providers=(replace(r.bought.providers[0], price=0.0), *r.bought.providers[1:]),
                ),
            ),
            ("free_providers", "costs nothing"),
        ),
        (
            lambda r: with_probes(r, mixtures=np.eye(4)[[0, 3] * 4]),
            ("no_close_mixture", "shares 60% of its samples"),
        ),
        (
            lambda r: replace(r, cross_validation=replace(r.cross_validation, left_out=False)),
            ("no_cross_validation", "too few mixtures"),
        ),
        (
            lambda r: replace(
                r, opinions=(*r.opinions, ModelPrediction("eq3", False, 1, 0, 1, -0.1))
            ),
            ("models_disagree", "model: eq3 predicts a better accuracy for the plan “uniform”"),
        ),
    ],
)
def test_each_cause_has_its_warning(changed: Any, said: tuple[str, str]) -> None:
    (told,) = warnings(changed(sound()))
    assert told.kind == said[0]
    assert said[1] in told.text


def test_the_best_baseline_is_named_once() -> None:
    results = a_report(4)
    gains = {"uniform": Gain(0.2, -0.1, 0.5), "single": Gain(0.1, -0.1, 0.3)}
    told = warnings(replace(results, bought=replace(results.bought, gains=gains)))
    texts = {one.kind: one.text for one in told}
    assert texts["gain_not_significant"].startswith(
        "The data do not show that this plan beats “best single provider”."
    )
    assert texts["gains_not_significant"] == (
        "The data do not show that this plan beats “uniform” either."
    )


@pytest.mark.parametrize(("largest", "far"), [(100, False), (99, True)])
def test_a_plan_far_beyond_the_trainings_is_a_warning(largest: int, far: bool) -> None:
    """Of all trainings: those of a second stage's plans count, too."""
    tried = with_probes(sound(), sizes=np.array([10.0] * 7 + [largest]))
    assert ("far_extrapolation" in {one.kind for one in warnings(tried)}) is far


def cheaper(report: Results, cost: float, lost: float, gain: Gain) -> Results:
    """With a uniform plan and one without the first provider at this cost."""
    price = np.full(4, cost / 1000)
    schedule = [replace(one, price=cost / 1000) for one in report.providers]
    part = FeasibleSet.of(schedule, 1000)
    uniform = replace(report.bought.plans["uniform"], prices=price, part=part)
    other = replace(uniform, predicted=report.selected.predicted - lost)
    plans = {**report.bought.plans, "uniform": uniform}
    gains = {**report.bought.gains, "uniform": gain}
    name = report.names[0]
    bought = replace(report.bought, plans=plans, gains=gains, without={name: other})
    return replace(report, bought=bought)


def test_a_cheaper_plan_that_is_not_measurably_worse_is_a_warning() -> None:
    """The selected plan costs 500."""
    open_, sure = Gain(0.05, -0.1, 0.2), Gain(0.2, 0.1, 0.3)
    (told, *_) = warnings(cheaper(sound(), 200.0, 0.1, open_))
    assert told.text == (
        "The plan “uniform” costs 200.00, which is 300.00 less, and is not measurably worse (gain "
        "of the selected plan +0.050, 90% interval -0.100…0.200)."
    )
    assert (told.values["cost"], told.values["saving"]) == (200.0, 300.0)
    (told,) = warnings(cheaper(sound(), 200.0, 0.0, sure))
    assert told.text == (
        "The best plan without seller-000 costs 200.00, which is 300.00 less, and has the same "
        "prediction."
    )
    reached = cheaper(sound(), 200.0, 0.1, open_)
    answer = TargetResult(0.8, True, reached.selected)
    for none in (
        cheaper(sound(), 200.0, 0.1, sure),
        cheaper(sound(), 499.0, 0.1, open_),
        replace(reached, bought=replace(reached.bought, target_result=answer)),
    ):
        assert "cheaper_plan" not in {one.kind for one in warnings(none)}


def test_samples_that_only_fill_up_the_number_are_a_warning() -> None:
    """More of the second provider would make it worse; where no growth is known, or the size
    was not asked for, it would be no advice to buy fewer."""
    worse = replace(a_report(4), marginal_values=np.array([0.01, -0.01, -0.01, 0.0]))
    (told,) = [one for one in warnings(worse) if one.kind == "filling_samples"]
    assert told.text.startswith("400 samples of seller-001 only fill the plan up to 1,000:")
    assert "A plan with fewer" not in told.text
    for other in (
        replace(worse, curves=()),
        replace(worse, bought=replace(worse.bought, open_size=True)),
        replace(worse, marginal_values=np.array([0.01, -1e-8, -0.01, 0.0])),
        replace(worse, marginal_values=np.array([0.01, 0.001, -0.01, 0.0])),
    ):
        assert "filling_samples" not in {one.kind for one in warnings(other)}


def test_a_model_that_prefers_the_uniform_plan_by_a_rounding_error_is_no_warning() -> None:
    report = sound(opinions=(ModelPrediction("eq3", False, 1, 0, 1, -0.0004),))
    assert warnings(report) == ()


def filling(results: Results) -> Any:
    (told,) = [one for one in warnings(results) if one.kind == "filling_samples"]
    return told


@pytest.mark.parametrize(
    ("place", "advice"),
    [
        ("study_file", "give `selection.max_size: 1000` in place of `selection.size`."),
        ("command", "give `--max-size 1000` in place of `--at`."),
        ("request", "give `max_size=1000` in place of `size`."),
        ("page", "choose “the best plan of any size”, with 1,000 as “Samples at most”."),
    ],
)
def test_advice_on_the_size_names_the_option_of_the_place(place: Any, advice: str) -> None:
    worse = with_plan(a_report(4), marginal_value=np.array([1.0, -1.0, -1.0, 0.0]))
    assert filling(replace(worse, interface=place)).text.endswith(advice)


def test_a_smaller_plan_has_its_numbers() -> None:
    worse = with_plan(a_report(4), marginal_value=np.array([1.0, -1.0, -1.0, 0.0]))
    smaller = replace(
        worse.selected, samples=np.array([600, 100, 0, 0]), predicted=0.912, interval=(0.85, 0.95)
    )
    told = filling(replace(worse, bought=replace(worse.bought, smaller=smaller)))
    assert (
        "A plan with fewer of them, 700 samples for 350.00, has a predicted accuracy of 0.912 (90% "
        f"interval 0.850…0.950); this plan has {worse.selected.predicted:.3f}." in told.text
    )
    assert told.values["smaller"]["size"] == 700
    assert told.values["smaller"]["samples"]["seller-001"] == 100


@pytest.mark.parametrize(
    ("place", "advice"),
    [
        ("study_file", "set `selection.budget: 300.13`."),
        ("command", "give `--budget 300.13`."),
        ("request", "give `budget=300.13`."),
        ("page", "set the budget to 300.13."),
    ],
)
def test_a_cheaper_plan_of_the_same_size_has_its_numbers(place: Any, advice: str) -> None:
    """It takes the place of a cheaper baseline; the selected plan costs 500."""
    results = replace(cheaper(sound(), 200.0, 0.1, Gain(0.05, -0.1, 0.2)), interface=place)
    schedule = [replace(one, price=0.300121) for one in results.providers]
    plan = replace(
        results.selected,
        predicted=results.selected.predicted - 0.01,
        interval=(0.8, 0.9),
        part=FeasibleSet.of(schedule, 1000),
    )
    found = CheaperPlan(plan, Gain(0.01, -0.02, 0.04))
    (told,) = [
        one
        for one in warnings(replace(results, bought=replace(results.bought, cheaper=found)))
        if one.kind == "cheaper_plan"
    ]
    assert told.text == (
        "The data do not show that this plan beats a cheaper plan of the same size, which costs "
        f"300.12 (199.88 less, 40%). The cheaper plan has a predicted accuracy of "
        f"{plan.predicted:.3f} (90% interval 0.800…0.900); this plan has "
        f"{results.selected.predicted:.3f} (gain +0.010, 90% interval -0.020…0.040). To select the "
        f"cheaper plan, {advice}"
    )
    assert told.values["saving"] == pytest.approx(199.879)
    assert told.values["plan"]["size"] == 1000
    assert told.values["gain_low"] == -0.02
