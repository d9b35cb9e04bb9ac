"""What a report advises to do next: each for its cause, and none without."""

from dataclasses import replace

import numpy as np

from projektor_ray.explain.advice import next_steps
from projektor_ray.profiles import Share
from projektor_ray.projection import noise_gain
from projektor_ray.report import Report
from projektor_ray.selection import TargetResult
from tests.helpers.report_content import a_report, beside, card, sound, with_plan

MANY = Share(0.4, 0.3, 0.5)


def with_budget(report: Report) -> Report:
    return replace(report, bought=replace(report.bought, budget=500.0))


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
        capacity_shadow_price=np.array([0.0, 2.0, 0.0, 3.0]),
        budget_shadow_price=0.004,
    )
    told = next_steps(with_budget(loose))
    assert [
        one
        for one in told
        if "ask seller-003 for more than its 0: 100 more" in one and "0.3" in one
    ]
    assert [one for one in told if "ask seller-001 for more than its 400" in one and "0.2" in one]
    assert [one for one in told if "1% more money, 5.00" in one and "0.02" in one]


def test_distances_are_asked_for_where_there_are_none() -> None:
    assert [one for one in next_steps(sound(measured=False)) if "distance" in one]
    assert not [one for one in next_steps(sound()) if "distance" in one]


def test_only_those_who_are_bought_from_are_asked() -> None:
    bad = card("b", wrong_labels=MANY, closest_provider="c", duplicates_in_closest=30)
    told = " ".join(next_steps(sound(cards=beside(bad))))
    assert "labels of b checked before buying 50" in told
    assert "ask b and c who owns the 30 samples" in told
    assert (
        "b"
        not in " ".join(next_steps(sound(cards=beside(replace(bad, planned_samples=0))))).split()
    )


def test_what_does_not_show_is_not_advised() -> None:
    """An improvement by 1e-6, where the metric is told to a thousandth."""
    tiny = with_plan(sound(), capacity_shadow_price=np.full(4, 1e-5), budget_shadow_price=1e-7)
    assert not [one for one in next_steps(with_budget(tiny)) if "improve" in one]


def test_more_money_is_not_advised_where_none_bounds_or_the_target_is_reached() -> None:
    dear = with_plan(sound(), budget_shadow_price=0.004)
    assert "more money" not in " ".join(next_steps(dear))
    assert "more money" in " ".join(next_steps(with_budget(dear)))
    reached = replace(with_budget(dear).bought, answer=TargetResult(0.5, True, dear.selected))
    assert "more money" not in " ".join(next_steps(replace(dear, bought=reached)))


def test_copies_that_two_providers_share_are_asked_about_once() -> None:
    pair = (
        card("b", closest_provider="c", duplicates_in_closest=30),
        card("c", closest_provider="b", duplicates_in_closest=30),
    )
    told = [one for one in next_steps(sound(cards=beside(*pair))) if "who owns" in one]
    assert len(told) == 1
