"""Distances by the actors that hold the pilots: as in one process, and after one was killed."""

import os
import signal
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import ray

from actors import transport
from actors.fetch import fetch
from actors.pilots import Pilots
from actors.transport import PilotDistances
from projektor_ray.config import parse
from projektor_ray.mixtures import simplex_lattice
from projektor_ray.providers import Samples
from projektor_ray.study import Study, StudyConfig, resolve
from projektor_ray.transport import (
    Distances,
    PilotFeatures,
    TransportSettings,
    ValidationFeatures,
    measure,
)

pytestmark = pytest.mark.ray

SIZES = {"ada": 20, "bob": 31, "cyd": 12, "dan": 25}
MIXTURES = simplex_lattice(len(SIZES), 2)
SETTINGS = {"epsilon": 0.3, "tolerance": 1e-9, "dtype": "float64"}


def samples(seed: int, size: int) -> Samples:
    """Two classes that overlap, so that potentials are determined."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, size)
    inputs = random.normal(size=(size, 5)) + 0.7 * labels[:, None]
    return Samples(inputs.astype(np.float32), labels)


PILOTS = {name: samples(seed, size) for seed, (name, size) in enumerate(SIZES.items())}
VALIDATION = samples(9, 24)


def config(names: list[str], **changes: Any) -> StudyConfig:
    return parse(
        StudyConfig,
        {
            "name": "distances",
            "providers": [{"name": name} for name in names],
            "learner": {"name": "sklearn.naive_bayes.GaussianNB"},
            "transport": {**SETTINGS, **changes},
            "probes": {"scales": [2, 8], "lattice": 2},
            "selection": {"size": 100},
        },
    )


def held(names: list[str], **changes: Any) -> tuple[Pilots, Study]:
    pilots = Pilots(config(names, **changes), PILOTS, VALIDATION)
    return pilots, resolve(config(names, **changes), *pilots.summaries())


def in_one_process(**changes: Any) -> Distances:
    names = sorted(PILOTS)
    return measure(
        MIXTURES,
        PilotFeatures(
            np.concatenate([PILOTS[name].inputs for name in names]),
            np.concatenate([np.asarray(PILOTS[name].labels) for name in names]),
            np.repeat(np.arange(len(names)), [len(PILOTS[name]) for name in names]),
        ),
        ValidationFeatures(VALIDATION.inputs, VALIDATION.labels),
        TransportSettings.model_validate({**SETTINGS, **changes}),
    )


def assert_equal(found: Distances, expected: Distances) -> None:
    assert found.converged.all()
    assert expected.converged.all()
    np.testing.assert_allclose(found.value, expected.value, rtol=1e-6)
    largest = np.abs(expected.gradient).max()
    np.testing.assert_allclose(found.gradient, expected.gradient, rtol=1e-6, atol=1e-6 * largest)


@pytest.mark.parametrize("shards", [1, 2])
@pytest.mark.parametrize("names", [sorted(SIZES), sorted(SIZES)[::-1]])
def test_shards_measure_as_one_process_does(
    local_ray: None, monkeypatch: pytest.MonkeyPatch, shards: int, names: list[str]
) -> None:
    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": float(shards)})
    pilots, study = held(names)
    assert len(pilots.shards) == shards
    assert sorted(name for _, part in pilots.shards for name in part) == sorted(SIZES)
    assert_equal(PilotDistances(pilots, study)(MIXTURES), in_one_process())


def test_exact_transport_gathers_the_features(local_ray: None) -> None:
    pilots, study = held(sorted(SIZES), method="exact")
    found, expected = PilotDistances(pilots, study)(MIXTURES), in_one_process(method="exact")
    np.testing.assert_allclose(found.value, expected.value, rtol=1e-6)


def kill(actor: Any) -> int:
    """Kill an actor's process as the kernel would when memory runs out; the process it had."""
    process: int = ray.get(actor.__ray_call__.remote(lambda self: os.getpid()))
    os.kill(process, signal.SIGKILL)
    return process


def test_a_shard_that_is_killed_is_rebuilt_from_its_sources(
    local_ray: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two calls, and in the middle of a call, with the results of a round under way."""
    pilots, study = held(sorted(SIZES))
    distances = PilotDistances(pilots, study)
    undisturbed = distances(MIXTURES)
    distances.forget()

    killed = [kill(pilots.shards[0][0])]
    after_a_kill = distances(MIXTURES)
    distances.forget()

    monkeypatch.setattr(
        transport, "fetch", fetch_and_kill(5, lambda: killed.append(kill(pilots.shards[1][0])))
    )
    with_a_kill = distances(MIXTURES)

    assert len(killed) == 2
    for process, (actor, _) in zip(killed, pilots.shards, strict=True):
        assert ray.get(actor.__ray_call__.remote(lambda self: os.getpid())) != process
    for found in (after_a_kill, with_a_kill):
        np.testing.assert_allclose(found.value, undisturbed.value, rtol=1e-12)
        np.testing.assert_allclose(found.gradient, undisturbed.gradient, rtol=1e-9, atol=1e-12)


def fetch_and_kill(nth: int, strike: Callable[[], Any]) -> Callable[[Any], Any]:
    """`fetch`, whose nth call strikes before it waits."""
    calls = iter(range(1, 10**9))

    def fetching(references: Any) -> Any:
        if next(calls) == nth:
            strike()
        return fetch(references)

    return fetching
