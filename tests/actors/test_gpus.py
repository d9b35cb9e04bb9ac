"""Shards work on GPUs that they do not reserve."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import ray
from ray.util.placement_group import placement_group, remove_placement_group

from actors.shard import own_gpu
from tests.helpers.actor_studies import held
from tests.helpers.local_ray import ray_of

READY_SECONDS = 60.0


@pytest.mark.parametrize(
    ("number", "visible", "count", "own"),
    [
        (0, None, 1, "0"),
        (3, None, 4, "3"),
        (3, None, 2, "1"),
        (1, "4,5", 2, "5"),
        (1, "GPU-a", 1, "GPU-a"),
        (2, "", 0, ""),
    ],
)
def test_a_shard_has_one_gpu_of_those_it_sees(
    number: int, visible: str | None, count: int, own: str
) -> None:
    assert own_gpu(number, visible, count) == own


@pytest.fixture
def two_gpus() -> Iterator[None]:
    with ray_of(cpus=1, gpus=2):
        yield


@pytest.mark.ray
def test_probes_find_whole_gpus_while_shards_live(two_gpus: None) -> None:
    pilots, _ = held()
    shards: list[Any] = [actor for actor, _ in pilots.shards]
    seen = [actor.__ray_call__.remote(visible_gpus) for actor in shards]
    assert sorted(ray.get(seen)) == ["0", "1"], "each its own"
    pilots.release()
    for share in (2, 0.25):
        group = placement_group([{"CPU": 1, "GPU": share}])
        assert ray.wait([group.ready()], timeout=READY_SECONDS)[0]
        remove_placement_group(group)


def visible_gpus(_: Any) -> str:
    return os.environ["CUDA_VISIBLE_DEVICES"]
