"""What a study places: the grid that a budget buys, and the sizes of a second stage."""

from typing import Any

import numpy as np
import pytest

from projektor_ray.data import Samples
from projektor_ray.designs.drawing import draw
from projektor_ray.errors import InputError
from projektor_ray.study import Study
from projektor_ray.study.second_stage import SecondStage
from tests.helpers.studies import OF_BOTH, PILOTS, changed, resolved, resolved_on, samples, several

NAMES = tuple(PILOTS)


def budgeted(pilots: dict[str, Samples] | None = None, size: int = 60, **probes: Any) -> Study:
    values = changed("probes", to={"budget": 600, **probes})
    values["selection"] = {"size": size}
    return resolved(values, pilots)


def test_a_budget_becomes_scales_mixtures_and_a_second_stage() -> None:
    """6 tenths of 600 in 12 mixtures at N and N / 6: N = 360 / 14 = 25."""
    study = budgeted()
    probes = study.config.probes
    assert (probes.scales, probes.n_mixtures, probes.seed_list) == ((4, 25), 12, (0,))
    assert (study.budget, probes.budget, probes.stages) == (600, None, None)
    assert probes.second_stage is not None
    assert probes.second_stage.samples == 600 - 12 * 29
    assert len(study.mixtures) == 12
    assert sum(probe.size for probe in study.wanted_probes()) + sum(study.open_sizes) <= 600
    one_stage = budgeted(stages=1)
    assert one_stage.second_stage is None
    assert one_stage.scales == (6, 40), "the pilots have 40 samples"


def test_with_replacement_pilots_are_no_cap_and_the_size_to_buy_is() -> None:
    assert budgeted(stages=1, replacement=True).scales == (7, 42)
    assert budgeted(stages=1, replacement=True, size=30).scales == (5, 30)


def test_mixtures_that_the_file_lists_are_trained_within_the_budget() -> None:
    listed = {"ada": 0.77, "bob": 0.23}
    study = budgeted(mixtures=[listed])
    assert np.isclose(study.mixtures, [0.77, 0.23, 0.0]).all(axis=1).any()
    assert len(study.mixtures) == 12


def test_several_validation_sets_have_one_stage() -> None:
    values = {**several(OF_BOTH), "probes": {"budget": 600}}
    study = resolved_on(values, everyday=samples(30, seed=9), rare=samples(30, seed=10))
    assert study.second_stage is None
    values["probes"]["stages"] = 2
    with pytest.raises(InputError, match=r"probes\.stages: 2 chooses mixtures by the metric on"):
        resolved_on(values, everyday=samples(30, seed=9), rare=samples(30, seed=10))


def test_a_budget_in_hours_is_refused_with_what_to_set() -> None:
    for hours in ({"hours": 2}, {"hours": 2, "budget": 600}):
        with pytest.raises(InputError, match=r"number of samples.*repeated.*Set budget.*--time"):
            resolved(changed("probes", to=hours))


def test_a_scaling_model_that_needs_more_scales_is_refused() -> None:
    values = changed("probes", to={"budget": 600})
    values["selection"] = {"size": 60, "projection": "saturating"}
    with pytest.raises(InputError, match=r"'saturating' needs 3 or more scales; got \[4, 25\]"):
        resolved(values)


def test_a_plan_is_trained_at_what_its_pilots_allow() -> None:
    """Each size can be drawn, and one more sample cannot, unless another bound binds."""
    pilots = {
        name: samples(size, seed=size) for name, size in zip(NAMES, (40, 90, 60), strict=True)
    }
    stage = budgeted(pilots, size=500, budget=3000).second_stage
    assert stage is not None
    counts = np.array([40, 90, 60])
    bounds = set()
    for plan in stage.candidates:
        size = stage.size_of(plan)
        draw(plan, size, 0, counts, NAMES)
        if stage.smallest < size < stage.max_size:
            bounds.add("pilots")
            exact = plan * (size + 1)
            assert (exact > counts).any()
    assert bounds == {"pilots"}
    assert stage.max_size == min(stage.samples // 3, 500)
    largest = sorted(stage.largest_size(plan) for plan in stage.candidates)[-12:]
    assert stage.most_samples == min(stage.samples, sum(largest))


def stage_of(samples: int, plans: int = 3) -> SecondStage:
    """Of a provider each for seven plans, with pilots of 100 to 400, after a scale of 100."""
    pilots = np.array([100, 400, 110, 130, 200, 125, 400])
    return SecondStage(np.eye(7), plans, 7, samples, 100, 1000, 1000, pilots)


def test_as_few_plans_as_can_use_the_samples_are_trained() -> None:
    """Plans of 100, 400, 100, 130, 200, 125 and 400 samples at most; a plan costs 100 or more."""
    in_order = np.eye(7)
    assert stage_of(600).sizes_of(in_order) == [100, 400, 100]
    assert stage_of(724).sizes_of(in_order) == [100, 400, 100], "124 are too few for another"
    assert stage_of(725).sizes_of(in_order) == [100, 395, 100, 130]
    assert stage_of(855).sizes_of(in_order) == [100, 325, 100, 130, 200]
    assert stage_of(450).sizes_of(in_order) == [100, 250, 100], "three, however few the samples"
    assert stage_of(10_000).sizes_of(in_order) == [100, 400, 100, 130, 200, 125, 400]
    assert stage_of(725, plans=1).sizes_of(in_order[1:]) == [400, 100, 130]
    assert stage_of(725).sizes_of(in_order[:2]) == [100, 400], "fewer candidates than plans"


def test_a_plan_little_larger_than_the_first_stage_is_trained_at_its_size() -> None:
    assert [stage_of(900).largest_size(plan) for plan in np.eye(7)] == [
        100, 400, 100, 130, 200, 125, 400
    ]  # fmt: skip


def test_before_plans_are_chosen_as_many_may_follow_as_the_smallest_ones_are() -> None:
    """Of the order 100, 100, 125, 130, 200, 400 five use 600; any have 600 together at most."""
    assert stage_of(600).open_sizes == [120] * 5
    assert stage_of(10_000).open_sizes == [1455 // 7] * 7
