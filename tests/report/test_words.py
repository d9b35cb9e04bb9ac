"""What a report warns of and what it advises: each for its cause, and none without."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from projektor_ray.cards import ProviderCard, Share
from projektor_ray.projection import noise_gain
from projektor_ray.report import Report
from projektor_ray.report.content import Opinion
from projektor_ray.report.words import next_steps, warnings
from projektor_ray.selection import Gain
from tests.report.problems import a_report, beside, card

MANY = Share(0.4, 0.3, 0.5)


def sound(**changes: Any) -> Report:
    """A report that nothing is amiss with: its plan was trained, at the size to buy."""
    report = a_report(4, scales=(1000,))
    trained = replace(report.trained, mixtures=np.tile(report.selected.mixture, (8, 1)))
    made = replace(report, trained=trained, **changes)
    return with_plan(made, capacity_value=np.zeros(4))


def with_plan(report: Report, **changes: Any) -> Report:
    plans = {**report.bought.plans, "selected": replace(report.selected, **changes)}
    return replace(report, bought=replace(report.bought, plans=plans))


def with_gain(report: Report, gain: Gain) -> Report:
    return replace(report, bought=replace(report.bought, gains={"single": gain}))


def test_nothing_amiss_is_nothing_said() -> None:
    assert warnings(sound()) == ()
    assert warnings(sound(cards=beside(card("seller-000")))) == ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (lambda r: with_plan(r, unbounded=1.2, predicted=1.0), "says 1.200 and is cut to 1,"),
        (lambda r: with_plan(r, agreed=3, starts=40), "3 of 40 starts"),
        (lambda r: with_gain(r, Gain(0.1, -0.1, 0.3)), "better than best single is not certain"),
        (lambda r: replace(r, notes=("a was in no row",)), "a was in no row"),
        (
            lambda r: replace(r, trained=replace(r.trained, mixtures=np.eye(4)[[0, 3] * 4])),
            "has 60% in common",
        ),
        (lambda r: replace(r, trained=replace(r.trained, left_out=False)), "too few mixtures"),
        (
            lambda r: replace(r, opinions=(*r.opinions, Opinion("eq3", False, 1, 0, 1, -0.1))),
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
        (card("b", copies_within=50), "50 samples of b repeat"),
        (card("b", copies_in_validation=3), "3 samples of b are in the validation"),
    ],
)
def test_each_flaw_of_a_pilot_is_said(flawed: ProviderCard, said: str) -> None:
    (told,) = warnings(sound(cards=beside(card("a"), flawed)))
    assert said in told


def test_one_size_calls_for_another() -> None:
    (told,) = next_steps(sound())
    assert "at 4,000 samples as well" in told


def test_a_further_size_is_told_with_what_it_would_help() -> None:
    report = sound()
    far = replace(report, trained=replace(report.trained, sizes=np.array([50.0, 200.0] * 4)))
    told = next_steps(far)
    now, then = noise_gain(1000, (50, 200)), noise_gain(1000, (50, 200, 447))
    (step,) = [one for one in told if "at 447 samples" in one]
    assert f"{float(then):.1f} times instead of {float(now):.1f}" in step
    assert then < now


def test_no_further_size_is_told_where_none_lies_between_the_last_and_the_plan() -> None:
    """The plan buys 1,000; √(999·1,000) rounds to 999, which was trained."""
    assert not [one for one in next_steps(a_report(4, scales=(250, 999))) if "amplify" in one]


def test_a_part_is_to_be_bought_first_where_the_plan_is_far() -> None:
    told = " ".join(next_steps(a_report(4, scales=(100, 250))))
    assert "buy a part first, 250 samples" in told
    value = np.interp(np.log(250), np.log([100, 1000]), [0.5, 0.8])
    assert f"the model says {value:.3f}" in told
    assert "buy a part" not in " ".join(next_steps(a_report(4, scales=(100, 800))))


def test_the_plans_own_mixture_is_to_be_trained_where_none_is_near() -> None:
    (told,) = [one for one in next_steps(a_report(4)) if "own mixture" in one]
    assert "seller-000 60%, seller-001 40%" in told
    assert not [one for one in next_steps(sound()) if "own mixture" in one]


def test_bounds_that_bind_are_to_be_negotiated() -> None:
    report = sound()
    loose = with_plan(
        report,
        capacity_value=np.array([0.0, 2.0, 0.0, 3.0]),
        budget_value=0.004,
        part=replace(report.selected.part, budget=500.0),
    )
    told = next_steps(loose)
    assert [
        one
        for one in told
        if "ask seller-003 for more than its 0: 100 more" in one and "0.3" in one
    ]
    assert [one for one in told if "ask seller-001 for more than its 400" in one and "0.2" in one]
    assert [one for one in told if "1 % more money, 5.00" in one and "0.02" in one]


def test_distances_are_asked_for_where_there_are_none() -> None:
    assert [one for one in next_steps(sound(measured=False)) if "distance" in one]
    assert not [one for one in next_steps(sound()) if "distance" in one]


def test_only_those_who_are_bought_from_are_asked() -> None:
    bad = card("b", wrong_labels=MANY, closest_provider="c", copies_in_closest=30)
    told = " ".join(next_steps(sound(cards=beside(bad))))
    assert "labels of b checked before buying 50" in told
    assert "ask b and c who owns the 30 samples" in told
    assert "b" not in " ".join(next_steps(sound(cards=beside(replace(bad, planned=0))))).split()
