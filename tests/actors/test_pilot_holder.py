"""The pilots that the service holds: a new pilot's profile and distances, and how they are kept."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest
import ray
from ray.exceptions import RayActorError

from actors.fetch import fetch
from actors.pilot_holder import MOST_RECEIVED, PilotHolder
from projektor_ray.data import Samples
from projektor_ray.errors import InputError
from projektor_ray.profiles import Reference, pilot_profiles
from projektor_ray.storage.folder import Folder
from projektor_ray.study import SetSummary, resolve
from projektor_ray.study.record import write_record
from projektor_ray.transport import (
    PilotFeatures,
    TransportDistances,
    TransportSettings,
    ValidationFeatures,
    cost_units,
    pilot_moments,
)
from tests.helpers.actor_studies import NAMES, PILOTS, VALIDATION, config, samples

pytestmark = pytest.mark.ray

NEW = samples(21, 18)
FLOAT = {"dtype": "float64"}
MIXTURES = np.array([[0, 0, 0, 0, 1.0], [0.2, 0.2, 0.2, 0.2, 0.2], [0.5, 0, 0, 0, 0.5]])


def csv_of(known: Samples) -> bytes:
    assert known.labels is not None
    names = [*(f"x{i}" for i in range(known.inputs.shape[1])), "label"]
    rows = zip(known.inputs.tolist(), known.labels.tolist(), strict=True)
    lines = [",".join(names), *(",".join(map(repr, [*row, label])) for row, label in rows)]
    return "\n".join(lines).encode()


def features(names: list[str], known: dict[str, Samples]) -> PilotFeatures:
    return PilotFeatures(
        np.concatenate([known[name].inputs for name in names]),
        np.concatenate([np.asarray(known[name].labels) for name in names]),
        np.repeat(np.arange(len(names)), [len(known[name]) for name in names]),
    )


@pytest.fixture
def holder(local_ray: None, tmp_path: Path) -> PilotHolder:
    asked = config(NAMES, {}, **FLOAT)
    pilots = [SetSummary.of(name, PILOTS[name]) for name in NAMES]
    study = resolve(asked, pilots, [SetSummary.of("validation", VALIDATION)])
    write_record(Folder(tmp_path), study)
    return PilotHolder(asked, str(tmp_path), PILOTS, VALIDATION)


def test_distances_are_in_the_units_of_the_study(holder: PilotHolder) -> None:
    received = holder.receive(csv_of(NEW), "new", None)
    found = holder.measure(received.summary.content_hash, "validation", MIXTURES)
    settings = TransportSettings.model_validate(FLOAT)
    validation = ValidationFeatures(VALIDATION.inputs, VALIDATION.labels)
    known = features(NAMES, PILOTS)
    units = cost_units(
        pilot_moments(known, validation), validation, settings.label_weight, settings.label_distance
    )
    every = features([*NAMES, "new"], {**PILOTS, "new": NEW})
    expected = TransportDistances.of_pilots(every, validation, settings, units)(MIXTURES)
    np.testing.assert_allclose(found.value, expected.value, rtol=1e-6)
    own = TransportDistances.of_pilots(known, validation, settings)
    without = np.column_stack([np.eye(4), np.zeros(4)])
    again = holder.measure(received.summary.content_hash, "validation", without)
    np.testing.assert_allclose(again.value, own(np.eye(4)).value, atol=2e-3)


def test_the_profile_is_that_of_a_provider_of_the_study(holder: PilotHolder) -> None:
    both = Samples.concatenate([NEW, PILOTS["bob"].take(np.arange(7))])
    profile = holder.receive(csv_of(both), "new", None).profiles["validation"]
    reference = Reference.of(
        ValidationFeatures(VALIDATION.inputs, VALIDATION.labels), standardize=True
    )
    (expected,) = pilot_profiles(features(["new"], {"new": both}), reference)
    assert profile.samples == len(both)
    assert profile.wrong_labels == expected.wrong_labels
    assert profile.outliers == expected.outliers
    assert (profile.closest_provider, profile.duplicates_in_closest) == ("bob", 7)
    assert len(profile.least_valuable) == 5


def test_the_last_pilots_are_remembered(holder: PilotHolder) -> None:
    first = holder.receive(csv_of(NEW), "new", None).summary.content_hash
    for seed in range(MOST_RECEIVED):
        holder.receive(csv_of(samples(30 + seed, 12)), "other", None)
    with pytest.raises(KeyError):
        holder.measure(first, "validation", MIXTURES)


def test_a_killed_shard_is_made_anew(holder: PilotHolder) -> None:
    key = holder.receive(csv_of(NEW), "new", None).summary.content_hash
    before = holder.measure(key, "validation", MIXTURES).value
    for actor, _ in holder._pilots.shards:
        os.kill(fetch(actor.__ray_call__.remote(lambda _: os.getpid())), signal.SIGKILL)
    after = holder.measure(key, "validation", MIXTURES).value
    np.testing.assert_allclose(after, before)


def test_a_shard_that_is_lost_for_good_is_noticed(holder: PilotHolder) -> None:
    holder.check_shards()
    (actor, _), *_ = holder._pilots.shards
    os.kill(fetch(actor.__ray_call__.remote(lambda _: os.getpid())), signal.SIGKILL)
    holder.check_shards()  # it is made anew
    ray.kill(actor, no_restart=True)
    for _ in range(2):
        with pytest.raises(RayActorError):
            holder.check_shards()


def test_pilots_of_another_study_are_refused(local_ray: None, tmp_path: Path) -> None:
    asked = config(NAMES, {}, **FLOAT)
    pilots = [SetSummary.of(name, PILOTS[name]) for name in NAMES]
    study = resolve(asked, pilots, [SetSummary.of("validation", VALIDATION)])
    write_record(Folder(tmp_path), study)
    other = {**PILOTS, "ada": samples(77, 20)}
    with pytest.raises(InputError, match="other pilots"):
        PilotHolder(asked, str(tmp_path), other, VALIDATION)
