"""A probe on a CPU twice gives the same bits, whatever ran before, and leaves nothing behind."""

import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from projektor_ray.learners import LearnerConfig, build_learner
from projektor_ray.learners.network_settings import NetworkSettings
from projektor_ray.learners.reproducible import reproducible
from projektor_ray.learners.training import _augmented, batches
from tests.helpers.learner_data import blobs, stripes

SETTINGS = {"min_steps": 8, "epochs": 0.1, "width": 8, "batch": 16}
ROOT = Path(__file__).parents[2]


def cnn(seed: int, size: int = 16) -> str:
    """Every bit of the metrics of one training."""
    learner = build_learner(LearnerConfig(name="small_cnn", settings=SETTINGS))
    found = learner(stripes(size=size), stripes(100, seed=1, size=size), seed)
    return json.dumps({name: value.hex() for name, value in found.items()})


def forest(seed: int) -> str:
    name = "sklearn.ensemble.RandomForestClassifier"
    found = build_learner(LearnerConfig(name=name, settings={"n_estimators": 5}))(
        blobs(30), blobs(200, seed=1), seed
    )
    return json.dumps({name: value.hex() for name, value in found.items()})


def test_the_same_bits_in_another_order() -> None:
    first = [cnn(seed) for seed in (1, 2)]
    torch.manual_seed(123)
    np.random.seed(123)  # noqa: NPY002
    cnn(3, size=12)
    assert [cnn(seed) for seed in (2, 1)] == first[::-1]
    assert first[0] != first[1]


def test_the_same_bits_with_other_threads() -> None:
    threads = torch.get_num_threads()
    expected = cnn(1)
    try:
        torch.set_num_threads(threads + 1)
        assert cnn(1) == expected
        assert torch.get_num_threads() == threads + 1
    finally:
        torch.set_num_threads(threads)


def test_the_same_bits_in_a_fresh_process() -> None:
    code = (
        "from tests.learners.test_reproducible import cnn, forest; print(forest(4)); print(cnn(1))"
    )
    fresh = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert fresh.stdout.splitlines() == [forest(4), cnn(1)]


def test_read_only_samples_are_used_without_a_word_and_left_as_they_are() -> None:
    train = stripes(20)
    assert not train.inputs.flags.writeable
    before = train.content_hash
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build_learner(LearnerConfig(name="small_cnn", settings=SETTINGS))(train, train, 0)
    assert type(train)(train.inputs, train.labels).content_hash == before


def test_nothing_of_the_process_is_changed() -> None:
    state, numbers = torch.get_rng_state(), np.random.get_state()[1]  # noqa: NPY002
    cnn(5)
    forest(5)
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_array_equal(np.random.get_state()[1], numbers)  # noqa: NPY002
    assert not torch.are_deterministic_algorithms_enabled()


def test_settings_are_restored_after_an_error() -> None:
    threads = torch.get_num_threads()

    def fail() -> None:
        with reproducible(1, torch.device("cpu")):
            assert torch.get_num_threads() == 1
            assert torch.are_deterministic_algorithms_enabled()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()


def test_batches_see_every_sample_equally_often() -> None:
    found = list(batches(10, 4, 25, torch.Generator().manual_seed(0)))
    assert [len(batch) for batch in found] == [4] * 25
    assert torch.bincount(torch.cat(found)).tolist() == [10] * 10


def test_augmentation_shifts_and_mirrors_whole_images() -> None:
    image = torch.arange(36, dtype=torch.uint8).reshape(1, 1, 6, 6).repeat(200, 1, 1, 1)
    random = torch.Generator().manual_seed(0)
    still = _augmented(image, NetworkSettings(shift=0, flip=False), random)
    assert torch.equal(still, image)
    mirrored = _augmented(image, NetworkSettings(shift=0), random)
    kinds = {tuple(i.flatten().tolist()) for i in mirrored}
    assert kinds == {tuple(image[0].flatten().tolist()), tuple(image[0].flip(2).flatten().tolist())}
    shifted = _augmented(image, NetworkSettings(shift=1, flip=False), random)
    padded = torch.nn.functional.pad(image[:1].float(), (1, 1, 1, 1), mode="reflect")[0, 0]
    windows = {
        tuple(padded[r : r + 6, c : c + 6].flatten().int().tolist())
        for r in range(3)
        for c in range(3)
    }
    assert {tuple(i.flatten().tolist()) for i in shifted} == windows
