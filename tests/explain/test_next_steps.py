"""Next steps: each for its cause, and none without."""

from dataclasses import replace

import numpy as np
import yaml

from projektor_ray.explain.design_settings import DesignSettings
from projektor_ray.explain.next_steps import next_steps
from projektor_ray.explain.results import Results
from projektor_ray.explain.sensitivity import shadow_prices
from projektor_ray.profiles import Share
from projektor_ray.projection import noise_gain
from projektor_ray.selection.size_search import TargetResult
from tests.helpers.report_content import (
    a_report,
    for_one_set,
    profile,
    sound,
    with_plan,
    with_probes,
)

MANY = Share(0.4, 0.3, 0.5)


def with_budget(report: Results) -> Results:
    return replace(report, bought=replace(report.bought, budget=500.0))


def step(results: Results, kind: str) -> str:
    """The text of the one step of a kind; empty where there is none."""
    found = [one.text for one in next_steps(results) if one.kind == kind]
    assert len(found) <= 1
    return found[0] if found else ""


def test_one_size_calls_for_a_second() -> None:
    (told,) = next_steps(sound())
    assert told.kind == "train_second_size"
    assert told.values == {"size": 4000}
    study = step(sound(source="study", design=DesignSettings()), "train_second_size")
    assert study.endswith("Set `probes.scales: [1000, 4000]`.")


def test_a_larger_size_comes_with_what_it_would_help() -> None:
    results = sound()
    far = with_probes(results, sizes=np.array([50.0, 200.0] * 4))
    (told,) = [one for one in next_steps(far) if one.kind == "train_larger_size"]
    now, then = (float(noise_gain(1000, scales)) for scales in ((50, 200), (50, 200, 447)))
    assert told.values == {"size": 447, "noise_gain": now, "noise_gain_then": then}
    assert f"errors would then grow {then:.1f} times instead of {now:.1f} times." in told.text
    assert then < now


def test_a_size_is_advised_beyond_the_plans_of_a_second_stage() -> None:
    """They were trained at 300 samples: 548 is √(300·1000). A study once advised 300 after 333."""
    sizes = np.array([50.0, 200.0] * 5 + [300.0] * 2)
    shares = np.linspace(0.1, 0.9, 12)
    mixtures = np.stack([shares, 1 - shares, 0 * shares, 0 * shares], axis=1)
    far = with_probes(
        sound(source="study", design=DesignSettings(by_budget=True, n_mixtures=5, plans=2)),
        sizes=sizes,
        mixtures=mixtures,
        values=np.full(12, 0.5),
        distances=np.full(12, 0.3),
    )
    assert step(far, "train_larger_size").endswith(
        "In the study file, replace `probes.budget` (and `stages`) by `scales: [50, 200, 548]`, "
        "`design: maximin`, `n_mixtures: 5` and `seeds: 1`: the finished probes at 50 and 200 "
        "samples are used again. Those of the second stage are not."
    )
    assert not step(replace(far, largest_scale=320), "train_larger_size")


def test_no_smaller_size_is_ever_advised() -> None:
    """Of two scales a third one below the largest was once advised, and made predictions worse."""
    for sizes in ([50.0, 200.0], [900.0, 1000.0], [10.0, 5000.0], [40.0, 200.0, 800.0, 1000.0]):
        for source in ("study", "table"):
            probes = with_probes(sound(source=source), sizes=np.resize(sizes, 8))
            advised = [one.values.get("size") for one in next_steps(probes)]
            assert all(size >= max(sizes) for size in advised if size is not None)


def test_the_advised_size_is_one_that_the_pilots_allow() -> None:
    plain = sound(source="study", largest_scale=300, design=DesignSettings())
    far = with_probes(plain, sizes=np.array([50.0, 200.0] * 4))
    assert step(far, "train_larger_size").endswith("Set `probes.scales: [50, 200, 300]`.")
    near = (replace(far, largest_scale=200), replace(far, largest_scale=220))
    for report in (*near, sound(source="study", largest_scale=1000)):
        assert not step(report, "train_larger_size") + step(report, "train_second_size")
        advice = step(report, "enlarge_pilots")
        assert "larger pilots" in advice
        assert "`probes.replacement: true`" in advice
    assert not step(far, "enlarge_pilots")


def test_no_larger_size_is_advised_where_none_lies_between_the_last_and_the_plan() -> None:
    """The plan buys 1,000; √(999·1,000) rounds to 999, which was trained."""
    assert not step(a_report(4, scales=(250, 999)), "train_larger_size")


def test_a_part_is_to_be_bought_first_where_the_plan_is_far() -> None:
    told = step(a_report(4, scales=(100, 250)), "buy_first_part")
    value = np.interp(np.log(250), np.log([100, 1000]), [0.5, 0.8])
    assert told.startswith("Buy a first part of 250 samples")
    assert f"predicts accuracy {value:.3f} (90% interval" in told
    assert not step(a_report(4, scales=(100, 800)), "buy_first_part")


def test_the_plans_own_mixture_is_to_be_trained_where_none_is_close() -> None:
    told = step(a_report(4), "train_plan_mixture")
    assert "seller-000 60%, seller-001 40%" in told
    assert not step(sound(), "train_plan_mixture")
    named = a_report(4, names=["a", "b: c", "d", "e"], source="study", design=DesignSettings())
    study = step(named, "train_plan_mixture")
    pasted = study[study.index("[") : study.rindex("]") + 1]
    assert yaml.safe_load(pasted) == [{"a": 0.6, "b: c": 0.4}]


def test_bounds_that_bind_are_to_be_negotiated() -> None:
    loose = with_plan(
        sound(), capacity_shadow_price=np.array([0.0, 2.0, 0.0, 3.0]), budget_shadow_price=0.004
    )
    told = {one.text for one in next_steps(with_budget(loose))}
    assert {
        "Ask seller-003 for more samples. If seller-003 sold 100 more samples, accuracy would "
        "rise by 0.3.",
        "Ask seller-001 for more samples. If seller-001 sold 100 more samples, accuracy would "
        "rise by 0.2.",
        "Consider a larger budget. If the budget grew by 1% (5.00), accuracy would rise by 0.02.",
    } <= told


def test_distances_are_to_be_measured_where_there_are_none() -> None:
    assert step(sound(measured=False), "measure_distances")
    assert not step(sound(), "measure_distances")


def test_only_providers_whom_the_plan_buys_from_are_asked() -> None:
    bad = profile("b", wrong_labels=MANY, closest_provider="c", duplicates_in_closest=30)
    results = sound(profiles=for_one_set(bad))
    assert step(results, "check_labels") == "Have the labels of b checked before buying 50 samples."
    assert step(results, "ask_for_ownership").startswith("Ask b and c who owns the 30 samples")
    unbought = next_steps(sound(profiles=for_one_set(replace(bad, planned_samples=0))))
    assert {one.kind for one in unbought} == {"train_second_size"}


def test_labels_that_validation_cannot_judge_are_checked_by_hand() -> None:
    shifted = profile("b", wrong_labels=None)
    said = step(sound(profiles=for_one_set(shifted)), "check_unjudged_labels")
    assert said.startswith("Have some labels of b checked by hand before buying 50 samples:")
    unlabelled = profile("b", wrong_labels=None, classes=(), missing_classes=())
    assert not step(sound(profiles=for_one_set(unlabelled)), "check_unjudged_labels")


def test_flaws_of_those_of_whom_most_is_bought_come_first() -> None:
    """Of outliers no step followed, while labels were to be checked for 19 samples of another."""
    few = profile("b", wrong_labels=MANY, planned_samples=19)
    much = profile("c", outliers=MANY, planned_samples=1140)
    results = sound(profiles=for_one_set(few, much))
    asked = [(one.kind, one.values["samples"]) for one in next_steps(results)[1:]]
    assert asked == [("check_outliers", 1140), ("check_labels", 19)]
    assert step(results, "check_outliers").startswith(
        "Look at samples of c before buying 1,140 samples: about 40% of its pilot is unlike"
    )


def test_what_rounding_hides_is_not_advised() -> None:
    """An improvement by 1e-6, where the metric is shown to a thousandth."""
    tiny = with_plan(sound(), capacity_shadow_price=np.full(4, 1e-5), budget_shadow_price=1e-7)
    assert not step(with_budget(tiny), "ask_for_capacity")
    assert not step(with_budget(tiny), "raise_budget")


def test_what_no_written_digit_of_the_metric_shows_is_not_advised() -> None:
    """1% of a budget of 500 is 5: it raises the accuracy by less, and by more, than half of its
    last digit. The shadow price itself is still a fact.
    """
    half = 0.5 * 10.0 ** -sound().metric_text.decimals
    below, above = (
        with_budget(with_plan(sound(), budget_shadow_price=p * half / 5)) for p in (0.9, 1.1)
    )
    assert not step(below, "raise_budget")
    assert step(above, "raise_budget")
    assert shadow_prices(below.bought, below.metric_text)
    few, more = (
        with_plan(sound(), capacity_shadow_price=np.full(4, 10 * p * half)) for p in (0.9, 1.1)
    )
    asked = [[one.kind for one in next_steps(one)].count("ask_for_capacity") for one in (few, more)]
    assert asked == [0, 2], "of four providers the two largest"


def test_more_money_is_not_advised_where_none_bounds_or_the_target_is_reached() -> None:
    dear = with_plan(sound(), budget_shadow_price=0.004)
    assert not step(dear, "raise_budget")
    assert step(with_budget(dear), "raise_budget")
    reached = replace(
        with_budget(dear).bought, target_result=TargetResult(0.5, True, dear.selected)
    )
    assert not step(replace(dear, bought=reached), "raise_budget")


def test_duplicates_that_two_providers_share_are_asked_about_once() -> None:
    pair = (
        profile("b", closest_provider="c", duplicates_in_closest=30),
        profile("c", closest_provider="b", duplicates_in_closest=30),
    )
    assert step(sound(profiles=for_one_set(*pair)), "ask_for_ownership")
