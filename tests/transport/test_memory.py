import numpy as np
import pytest
import torch

from projektor_ray.errors import InputError
from projektor_ray.transport import (
    TransportDistances,
    TransportSettings,
    available_memory,
    plan_memory,
)
from tests.helpers.live_memory import LiveMemory
from tests.helpers.problems import pool

GIB = 2**30


def test_small_problems_are_dense() -> None:
    plan = plan_memory(3000, 1000, 66, 64, available=8 * GIB)
    assert plan.layout == "dense"
    assert plan.batch == 66
    assert (plan.points, plan.targets, plan.processes) == (3000, 1000, 1)


def test_a_million_by_ten_thousand_is_blocked_within_16_gib() -> None:
    plan = plan_memory(1_000_000, 10_000, 64, 64, available=16 * GIB)
    assert plan.layout == "blocked"
    assert plan.bytes_needed <= plan.bytes_available <= 16 * GIB
    assert plan.kernel_bytes > plan.bytes_available


def test_providers_are_spread_where_there_are_actors() -> None:
    plan = plan_memory(1_000_000, 10_000, 64, 64, available=16 * GIB, actors=4)
    assert plan.layout == "by provider"
    assert (plan.processes, plan.mixtures) == (4, 64)


def test_mixtures_are_shared_where_the_kernel_fits_each_process() -> None:
    plan = plan_memory(3000, 1000, 66, 64, available=8 * GIB, actors=4)
    assert plan.layout == "by mixture"
    assert plan.batch == 17
    assert (plan.processes, plan.mixtures) == (4, 17)


def test_by_provider_a_process_needs_room_for_its_own_features_only() -> None:
    with pytest.raises(InputError, match="3,000,000 pilot points"):
        plan_memory(3_000_000, 2000, 8, 64, available=4 * GIB)
    plan = plan_memory(3_000_000, 2000, 8, 64, available=4 * GIB, actors=8)
    assert plan.layout == "by provider"
    assert plan.bytes_needed <= plan.bytes_available


@pytest.mark.parametrize("mixtures", [1, 66, 5000])
@pytest.mark.parametrize("points", [10, 10_000, 3_000_000])
def test_no_plan_needs_more_than_there_is(points: int, mixtures: int) -> None:
    for available in (4, 16, 64):
        plan = plan_memory(points, 2000, mixtures, 32, available=available * GIB)
        assert 1 <= plan.batch <= mixtures
        assert plan.bytes_needed <= 0.7 * available * GIB


def test_what_cannot_fit_is_refused_before_it_is_tried() -> None:
    with pytest.raises(InputError, match="Use smaller pilots"):
        plan_memory(3_000_000, 2000, 1, 32, available=GIB)


def test_too_many_mixtures_are_solved_in_turns() -> None:
    plan = plan_memory(100_000, 1000, 5000, 16, available=2 * GIB)
    assert plan.batch < 5000
    assert plan.batch < plan.mixtures


def test_available_memory_is_a_positive_number() -> None:
    assert available_memory(torch.device("cpu")) > 0


@pytest.mark.parametrize(("sizes", "targets"), [((300, 200, 250), 200), ((60, 40, 50), 800)])
@pytest.mark.parametrize("layout", ["dense", "blocked"])
def test_a_solve_takes_no_more_than_planned(
    sizes: tuple[int, ...], targets: int, layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of bytes in tensors; the self-term's kernel, which is planned after, comes on top."""
    monkeypatch.setattr("projektor_ray.transport.problem.PLANNED_MIXTURES", 64)
    if layout == "blocked":
        monkeypatch.setattr("projektor_ray.transport.memory.kernel_fits", lambda *_: False)
    pilots, validation = pool(sizes, targets, noise=0.2)
    distances = TransportDistances.of_pilots(pilots, validation, TransportSettings(epsilon=0.02))
    assert distances.problem.plan.layout == layout
    with LiveMemory() as live:
        distances(np.random.default_rng(0).dirichlet(np.ones(3), distances.problem.plan.batch))
    own = 2 * 4 * sum(sizes) ** 2
    states = 8 * 64 * targets
    assert 20 * states < live.peak <= distances.problem.plan.bytes_needed + own
