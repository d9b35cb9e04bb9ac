"""What a report warns of, and says of its plans: each for its cause, and none without."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from projektor_ray.explain.content import ModelPrediction
from projektor_ray.explain.words import about_plans, warnings
from projektor_ray.profiles import ProviderCard, Share
from projektor_ray.report import Report
from projektor_ray.selection import Gain, TargetResult
from projektor_ray.selection.comparison import Tried
from projektor_ray.selection.feasible_set import FeasibleSet
from tests.helpers.report_content import a_report, beside, card, sound, with_gain, with_plan

MANY = Share(0.4, 0.3, 0.5)


def test_nothing_amiss_is_nothing_said() -> None:
    assert warnings(sound()) == ()
    assert warnings(sound(cards=beside(card("seller-000")))) == ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (lambda r: with_plan(r, unclipped=1.2, predicted=1.0), "says 1.200 and is cut to 1,"),
        (lambda r: with_plan(r, restarts_converged=3, restarts=40), "3 of 40 restarts"),
        (lambda r: with_gain(r, Gain(0.1, -0.1, 0.3)), "better than best single is open"),
        (lambda r: replace(r, notes=("a was in no row",)), "a was in no row"),
        (
            lambda r: replace(r, trained=replace(r.trained, mixtures=np.eye(4)[[0, 3] * 4])),
            "has 60% in common",
        ),
        (lambda r: replace(r, trained=replace(r.trained, left_out=False)), "too few mixtures"),
        (
            lambda r: replace(
                r, opinions=(*r.opinions, ModelPrediction("eq3", False, 1, 0, 1, -0.1))
            ),
            "by Eq. 3 the uniform plan",
        ),
    ],
)
def test_each_doubt_is_said(changed: Any, said: str) -> None:
    (told,) = warnings(changed(sound()))
    assert said in told


@pytest.mark.parametrize(
    ("flawed", "said"),
    [
        (card("b", wrong_labels=MANY), "40% of the labels of b"),
        (card("b", outliers=MANY), "40% of b is unlike"),
        (card("b", duplicates_within=50), "50 samples of b repeat"),
        (card("b", duplicates_in_validation=3), "3 samples of b are in the validation"),
    ],
)
def test_each_flaw_of_a_pilot_is_said(flawed: ProviderCard, said: str) -> None:
    (told,) = warnings(sound(cards=beside(card("a"), flawed)))
    assert said in told


def test_a_plan_that_buys_what_another_does_is_named_with_it_alone() -> None:
    """`proportional` buys what `uniform` does, whose gain is not certain: told as one plan."""
    report = a_report(4)
    plans = {**report.bought.plans, "proportional": report.bought.plans["uniform"]}
    gains = dict.fromkeys(("uniform", "proportional"), Gain(0.1, -0.1, 0.3))
    report = replace(report, bought=replace(report.bought, plans=plans, gains=gains))
    (told,) = [one for one in warnings(report) if "whether" in one]
    assert told == "whether this plan is better than uniform is open"
    assert "proportional would buy the same as uniform" in list(about_plans(report))
    assert not [one for one in about_plans(a_report(4)) if "the same as" in one]


def test_the_best_other_plan_is_doubted_once() -> None:
    report = a_report(4)
    gains = {"uniform": Gain(0.2, -0.1, 0.5), "single": Gain(0.1, -0.1, 0.3)}
    told = warnings(replace(report, bought=replace(report.bought, gains=gains)))
    assert "whether this plan is better than best single is open" in told
    assert "whether this plan is better than uniform is not certain" in told


def test_best_trained_is_told_with_what_the_constraints_move_of_it() -> None:
    report = a_report(4)
    tried = Tried(np.eye(4), 400)
    probe = replace(report.bought.plans["single"], samples=np.array([900, 100, 0, 0]))
    plans = {**report.bought.plans, "probe": probe}
    moved = replace(report, bought=replace(report.bought, plans=plans, tried=tried))
    (told,) = [one for one in about_plans(moved) if one.startswith("best trained")]
    assert "the mixture trained with the best metric, 10% of it moved" in told


def cheaper(report: Report, cost: float, lost: float, gain: Gain) -> Report:
    """With a uniform plan and one without the first provider at this cost."""
    price = np.full(4, cost / 1000)
    schedule = [replace(one, price=cost / 1000) for one in report.providers]
    part = FeasibleSet.of(schedule, 1000)
    uniform = replace(report.bought.plans["uniform"], prices=price, part=part)
    other = replace(uniform, predicted=report.selected.predicted - lost)
    plans = {**report.bought.plans, "uniform": uniform}
    gains = {**report.bought.gains, "uniform": gain}
    name = report.names[0]
    return replace(
        report, bought=replace(report.bought, plans=plans, gains=gains), without={name: other}
    )


def test_money_for_which_nothing_is_gained_is_told() -> None:
    """The selected plan costs 500."""
    open_, sure = Gain(0.05, -0.1, 0.2), Gain(0.2, 0.1, 0.3)
    (told, *_) = warnings(cheaper(sound(), 200.0, 0.1, open_))
    assert told == (
        "uniform costs 200.00, 300.00 less, and is not measurably worse: gain over it +0.050 "
        "(90%: -0.100…0.200)"
    )
    (told,) = warnings(cheaper(sound(), 200.0, 0.0, sure))
    assert told.startswith("the best plan without seller-000 costs 200.00, 300.00 less")
    assert not warnings(cheaper(sound(), 200.0, 0.1, sure))
    assert "costs" not in " ".join(warnings(cheaper(sound(), 499.0, 0.1, open_)))
    reached = cheaper(sound(), 200.0, 0.1, open_)
    answer = TargetResult(0.8, True, reached.selected)
    reached = replace(reached, bought=replace(reached.bought, answer=answer))
    assert "measurably" not in " ".join(warnings(reached))


def test_samples_that_only_make_up_the_number_are_told() -> None:
    """More of the second provider would make it worse; where no growth is known, or the size
    was not asked for, it would be no advice to buy fewer."""
    worse = with_plan(a_report(4), marginal_value=np.array([1.0, -1.0, -1.0, 0.0]))
    (told,) = [one for one in warnings(worse) if "to make up" in one]
    assert told.startswith("400 samples of seller-001 are there to make up 1,000: more of them")
    for other in (
        replace(worse, curves=()),
        replace(worse, bought=replace(worse.bought, open_size=True)),
        with_plan(worse, marginal_value=np.array([1.0, -1e-6, -1.0, 0.0])),
        with_plan(worse, marginal_value=np.array([1.0, 0.1, -1.0, 0.0])),
    ):
        assert "to make up" not in " ".join(warnings(other))


def test_a_model_that_prefers_the_uniform_plan_by_nothing_that_shows_is_not_told() -> None:
    report = sound(opinions=(ModelPrediction("eq3", False, 1, 0, 1, -0.0004),))
    assert warnings(report) == ()
