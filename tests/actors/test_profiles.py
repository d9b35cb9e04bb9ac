"""Provider profiles by the actors that hold the pilots equal those of one process."""

from typing import Any

import numpy as np
import pytest
import ray

from actors.pilots import Pilots
from actors.profiles import examine, pictures
from actors.transport import PilotDistances
from projektor_ray.data import Samples
from projektor_ray.data.pictures import pictures as own_pictures
from projektor_ray.profiles import Reference, duplicates_within, pilot_profiles, sample_values
from projektor_ray.storage.settings import parse
from projektor_ray.study import StudyConfig, resolve
from projektor_ray.transport import PilotFeatures, pilot_moments
from tests.helpers.profile_data import digits

pytestmark = pytest.mark.ray

PLANTED = digits(0, wrong=0.3, size=300)
NAMES = ("ada", "bob", "cyd")


def pilots() -> PilotFeatures:
    """Three providers of 100 digits, of whom the last resells samples of the first, one of them
    changed by less than float32 can tell."""
    features = PLANTED.pilot.features.astype(np.float64)
    features[200:220] = features[:20]
    features[219] += 1e-9
    return PilotFeatures(features, PLANTED.pilot.labels, np.repeat(np.arange(3), 100))


def config() -> StudyConfig:
    asked: dict[str, Any] = {
        "name": "profiles",
        "providers": [{"name": name} for name in NAMES],
        "embedder": {"name": "identity"},
        "learner": {"name": "sklearn.naive_bayes.GaussianNB"},
        "probes": {"scales": [10, 40], "lattice": 1},
        "selection": {"size": 100},
    }
    return parse(StudyConfig, asked)


@pytest.mark.parametrize("shards", [1, 2, 3])
def test_shards_tell_what_one_process_tells(
    local_ray: None, monkeypatch: pytest.MonkeyPatch, shards: int
) -> None:
    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": float(shards)})
    everything = pilots()
    arrays = {
        name: Samples(everything.features[own], np.asarray(everything.labels)[own])
        for name, own in ((name, everything.provider == i) for i, name in enumerate(NAMES))
    }
    validation = Samples(PLANTED.validation.features, PLANTED.validation.labels)
    held = Pilots(config(), arrays, validation)
    study = resolve(config(), *held.summaries())
    found, duplicates, values = examine(held, PilotDistances(held, study))

    reference = Reference.of(PLANTED.validation, standardize=True)
    expected = pilot_profiles(everything, reference)
    assert sorted(found, key=lambda profile: profile.provider) == expected
    moments = pilot_moments(everything, PLANTED.validation)
    alone = sample_values(everything, PLANTED.validation, moments, study.config.transport)
    for shown, one in zip(sorted(values, key=lambda v: v.provider), alone, strict=True):
        assert shown.provider == one.provider
        np.testing.assert_allclose(shown.values, one.values, atol=1e-6)
    np.testing.assert_array_equal(duplicates, duplicates_within(everything, reference))
    assert {tuple(row) for row in duplicates.tolist()} == {
        *((0, k, 2, int(k < 19)) for k in range(20)),
        *((2, k, 0, int(k < 19)) for k in range(20)),
    }


@pytest.mark.parametrize("shards", [1, 2])
def test_pictures_come_from_whoever_holds_the_pilot(
    local_ray: None, monkeypatch: pytest.MonkeyPatch, shards: int
) -> None:
    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": float(shards)})
    random = np.random.default_rng(0)
    arrays = {
        name: Samples(random.integers(0, 256, (5, 4, 4, 3), dtype=np.uint8), np.arange(5) % 2)
        for name in NAMES
    }
    held = Pilots(config(), arrays, arrays["ada"])
    shown = pictures(held, {"ada": [3, 1], "cyd": [4]})
    expected = {"ada": own_pictures(arrays["ada"], [3, 1]), "cyd": own_pictures(arrays["cyd"], [4])}
    assert shown == expected
