"""What missing probes will cost."""

import pytest

from projektor_ray.probes.cost_estimate import (
    SECONDS_BETWEEN,
    START_SECONDS,
    Cost,
    estimate,
    remaining_sizes,
    slots_of,
    threads_of,
    untimed,
)
from projektor_ray.study import Study
from tests.helpers.studies import changed, resolved

ADAPTIVE = {
    "design": "adaptive",
    "lattice": None,
    "initial_mixtures": 4,
    "batch": 2,
    "n_mixtures": 6,
}


def study(**probes) -> Study:
    return resolved(changed("probes", to={"scales": [10, 40], "lattice": 1, "seeds": 2, **probes}))


def done(asked: Study, scales: dict[int, float], seeds: tuple[int, ...] = (0,)) -> dict:
    return {
        probe.key: {"status": "done", "size": probe.size, "seconds": scales[probe.size]}
        for probe in asked.wanted_probes()
        if probe.size in scales and probe.seed in seeds
    }


def cost_of(asked: Study, rows: dict, slots: int = 1) -> Cost | None:
    missing = [probe for probe in asked.wanted_probes() if probe.key not in rows]
    return estimate(asked, rows, remaining_sizes(asked, missing), slots)


def test_half_of_every_scale_done_is_half_paid() -> None:
    cost = cost_of(study(cpus=2, gpus=0.5), done(study(), {10: 3.0, 40: 9.0}), slots=4)
    assert cost is not None
    assert (cost.paid, cost.ahead, cost.longest) == (36.0, 36.0, 9.0)
    assert cost.paid_share == 0.5
    assert cost.count == 6
    assert cost.wall_seconds == pytest.approx(START_SECONDS + (36.0 + 6 * SECONDS_BETWEEN) / 4)
    assert cost.cpu_hours == pytest.approx(0.02)
    assert cost.gpu_hours == pytest.approx(0.005)
    assert cost.guessed == ()


def test_no_schedule_is_shorter_than_the_longest_probe() -> None:
    cost = cost_of(study(), done(study(), {10: 3.0, 40: 9.0}), slots=100)
    assert cost is not None
    assert cost.wall_seconds == START_SECONDS + 9.0


def test_a_scale_without_a_probe_is_guessed_in_proportion_and_said() -> None:
    cost = cost_of(study(), done(study(), {10: 3.0}))
    assert cost is not None
    assert cost.ahead == 3 * 3.0 + 6 * 12.0
    assert cost.guessed == (40,)


def test_a_failed_probe_says_nothing_about_the_time_of_one() -> None:
    rows = done(study(), {10: 3.0})
    assert cost_of(study(), {key: {**row, "status": "failed"} for key, row in rows.items()}) is None
    assert cost_of(study(), {}) is None


def test_all_done_is_all_paid() -> None:
    cost = cost_of(study(), done(study(), {10: 3.0, 40: 9.0}, seeds=(0, 1)))
    assert cost is not None
    assert (cost.ahead, cost.wall_seconds, cost.paid_share) == (0.0, 0.0, 1.0)


GIB = 2.0**30


@pytest.mark.parametrize(
    ("asked", "nodes", "slots"),
    [
        ({}, [{"CPU": 8}], 8),
        ({"cpus": 2}, [{"CPU": 7}], 3),
        ({"cpus": 0.1}, [{"CPU": 0.3}], 3),
        ({"cpus": 1, "gpus": 0.25}, [{"CPU": 16, "GPU": 1}], 4),
        ({"concurrency": 3}, [{"CPU": 8}], 3),
        ({"gpus": 1}, [{"CPU": 8}], 1),
        ({"cpus": 0}, [{"CPU": 8}], 1),
        ({"cpus": 0, "concurrency": 5}, [{"CPU": 8}], 5),
        ({"cpus": 2}, 4 * [{"CPU": 3}], 4),
        ({"memory": 8}, [{"CPU": 8, "memory": 17 * GIB}], 2),
        ({"resources": {"licence": 1}}, [{"CPU": 8, "licence": 3}, {"CPU": 8}], 3),
        (ADAPTIVE, [{"CPU": 64}], 16),
    ],
)
def test_a_slot_is_on_one_node_that_has_all_of_it(asked: dict, nodes: list, slots: int) -> None:
    assert slots_of(study(**asked), nodes) == slots


def test_an_adaptive_design_may_add_probes_of_every_scale() -> None:
    asked = study(**ADAPTIVE, seeds=1)
    assert asked.probes_each == 2
    assert sorted(remaining_sizes(asked, [])) == [10, 10, 40, 40], (
        "two mixtures more than the first 4"
    )
    assert remaining_sizes(study(), study().wanted_probes()[:3]) == [40, 40, 40]


def test_one_probe_is_timed_of_each_scale_at_which_none_is_done() -> None:
    asked = study()
    missing = asked.wanted_probes()
    first = untimed(asked, {}, missing)
    assert [probe.size for probe in first] == [40, 10]
    assert all(probe in missing for probe in first)
    assert [probe.size for probe in untimed(asked, done(asked, {40: 1.0}), missing)] == [10]
    failed = {key: {**row, "status": "failed"} for key, row in done(asked, {40: 1.0}).items()}
    assert untimed(asked, failed, missing) == first


def test_only_a_learner_of_the_users_own_has_the_threads_of_its_cpus() -> None:
    assert threads_of(study(cpus=3)) == 1
    own = changed("learner", to={"name": "tests.helpers.job_learners:broken"})
    own["probes"] = {"scales": [10, 40], "lattice": 1, "cpus": 3}
    assert threads_of(resolved(own)) == 3
