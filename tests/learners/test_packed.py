"""Networks trained together are the networks trained alone, up to rounding."""

from typing import Any

import numpy as np
import pytest
import torch

from projektor_ray.data import Samples
from projektor_ray.errors import InputError, LearnerError
from projektor_ray.learners import LearnerConfig, build_learner
from projektor_ray.learners import network as network_module
from projektor_ray.learners.network import trained
from projektor_ray.learners.network_settings import NetworkSettings
from projektor_ray.learners.packed import packed_outputs, worth_packing
from projektor_ray.learners.reproducible import reproducible
from projektor_ray.learners.task import Task
from projektor_ray.learners.training import outputs_of, to_pixels
from projektor_ray.storage.settings import parse
from tests.helpers.learner_data import blobs, frozen, stripes

CPU = torch.device("cpu")
QUICK = {"min_steps": 12, "epochs": 0.1, "width": 4, "batch": 16}
SEEDS = (5, 6, 7)


def learner(name: str = "small_cnn", **settings: Any) -> Any:
    return build_learner(LearnerConfig(name=name, settings={**QUICK, **settings}))


def alone(task: Task, pixels: np.ndarray, settings: NetworkSettings, seed: int) -> np.ndarray:
    with reproducible(seed, CPU):
        network = trained("small_cnn", task.images, task.targets, task.outputs, settings, seed, CPU)
        return outputs_of(network, to_pixels(pixels, CPU))


def bright(seed: int) -> Samples:
    images = stripes(seed=seed).inputs
    return frozen(Samples(images, images.mean(axis=(1, 2, 3)) * 7.0 + seed))


@pytest.mark.parametrize(
    "trains",
    [
        [stripes(seed=1), stripes(seed=2), stripes(seed=3)],
        [stripes(classes=(0, 1, 5)), stripes(classes=(1, 2)), stripes(classes=(0, 2, 3, 4))],
        [bright(1), bright(2), bright(3)],
        [stripes(9, seed=seed) for seed in SEEDS],
    ],
    ids=["classes", "unlike classes", "regression", "fewer samples than a batch"],
)
def test_outputs_are_those_of_each_network_alone(trains: list[Samples]) -> None:
    settings, pixels = parse(NetworkSettings, QUICK), stripes(40, seed=9).inputs
    tasks = [Task.of(train) for train in trains]
    together = [one for (one,) in packed_outputs(tasks, [pixels], settings, SEEDS, CPU)]
    assert not np.allclose(together[0][:, 0], together[2][:, 0], atol=1e-2)
    for task, outputs, seed in zip(tasks, together, SEEDS, strict=True):
        np.testing.assert_allclose(outputs, alone(task, pixels, settings, seed), atol=2e-4)


@pytest.mark.parametrize("change", [{"label_smoothing": 0.0}, {"flip": False, "shift": 0}])
def test_every_setting_counts_in_a_pack(change: dict[str, Any]) -> None:
    trains, validation = [stripes(seed=seed) for seed in SEEDS], stripes(60, seed=9)
    together = learner(**change).train_many(trains, [validation], SEEDS)
    for train, seed, (found,) in zip(trains, SEEDS, together, strict=True):
        assert found == pytest.approx(learner(**change)(train, validation, seed), abs=2e-4)
    assert together != learner().train_many(trains, [validation], SEEDS)


def test_a_network_does_not_see_its_neighbours() -> None:
    validation, noise = stripes(60, seed=9), stripes(seed=4)
    spoiled = frozen(Samples(255 - noise.inputs, noise.labels))
    (first,), *_ = learner().train_many([stripes(), noise, noise], [validation], SEEDS)
    (second,), *_ = learner().train_many([stripes(), spoiled, noise], [validation], (5, 60, 70))
    assert first == pytest.approx(second, abs=2e-4)


def test_sets_that_cannot_go_together_are_trained_in_their_order() -> None:
    trains = [stripes(), stripes(20), stripes(classes=(1,)), stripes(seed=3)]
    validation, seeds = stripes(60, seed=9), (1, 2, 3, 4)
    together = learner().train_many(trains, [validation], seeds)
    for train, seed, (found,) in zip(trains, seeds, together, strict=True):
        assert found == pytest.approx(learner()(train, validation, seed), abs=2e-4)


def test_read_only_sets_stay_as_they_are_and_so_does_the_process() -> None:
    trains = [stripes(seed=seed) for seed in SEEDS]
    before, state = [t.content_hash for t in trains], torch.get_rng_state()
    learner().train_many(trains, [stripes(seed=9)], SEEDS)
    assert [Samples(t.inputs, t.labels).content_hash for t in trains] == before
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.are_deterministic_algorithms_enabled()


def test_a_pack_twice_gives_the_same_bits() -> None:
    trains = [stripes(seed=seed) for seed in SEEDS]
    runs = [learner().train_many(trains, [stripes(seed=9)], SEEDS) for _ in range(2)]
    assert runs[0] == runs[1]


def test_a_network_that_diverges_is_named() -> None:
    with pytest.raises(LearnerError, match="diverged"):
        learner(learning_rate=1e30).train_many([stripes(), stripes()], [stripes()], (1, 2))


def test_a_cpu_packs_what_is_small_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = stripes(size=8).inputs, stripes(size=32).inputs
    settings = NetworkSettings()
    assert worth_packing(small, NetworkSettings(width=16), CPU)
    assert not worth_packing(large, settings, CPU)
    assert worth_packing(large, settings, torch.device("cuda"))
    monkeypatch.setattr(network_module, "packed_outputs", None)
    trains = [stripes(20, size=32), stripes(20, size=32, seed=1)]
    wide = learner(min_steps=1, width=32)
    found = wide.train_many(trains, [stripes(size=32)], (1, 2))
    assert found == [[wide(t, stripes(size=32), s)] for t, s in zip(trains, (1, 2), strict=True)]


def test_features_are_refused() -> None:
    with pytest.raises(InputError, match="needs images"):
        learner().train_many([stripes(), blobs()], [stripes()], (1, 2))
