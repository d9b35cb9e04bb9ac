"""Whatever is killed, at whatever moment: the next run trains what is missing and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.kills import Scene, Victim, end_of, random_victims, until

pytestmark = pytest.mark.ray

QUICK_SEED = 20231
SLOW_SEEDS = (1, 2)


@pytest.fixture
def scene(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Scene]:
    scene = Scene(tmp_path, seeds=request.param)
    yield scene
    scene.cluster.shutdown()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("scene", [4], indirect=True)
def test_two_drivers_then_workers_actors_a_node_drivers_and_the_whole_cluster_are_killed(
    scene: Scene,
) -> None:
    scene.hold.touch()
    driver = scene.start()
    until(lambda: len(scene.trainings()) > 0, driver)
    status, said = end_of(scene.start())
    assert status == 2, said
    assert f"another driver (process {driver.pid} on" in said
    assert not scene.rows()
    scene.hold.unlink()
    victims: tuple[Victim, ...] = (
        *("worker", "pilots", "writer", "raylet", "cluster", "SIGTERM", "SIGINT"),
    )
    scene.survive(victims, np.random.default_rng(QUICK_SEED), driver)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SLOW_SEEDS)
@pytest.mark.parametrize("scene", [16], indirect=True)
def test_twenty_kills_at_random(scene: Scene, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scene.survive(random_victims(rng), rng, scene.start())
