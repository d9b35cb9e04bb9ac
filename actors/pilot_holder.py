"""The pilots of a finished study, held for the service: what a new provider is compared with.

The shards hold the embedded pilots, as in a study. A new provider's pilot is embedded by one of
them, and stays in the object store while it is asked about. Its distances are in the units of the
study's own, so that both can be compared.
"""

import itertools
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import ray

from actors.fetch import fetch
from actors.pilots import Pilots
from actors.transport import PilotDistances
from projektor_ray.data import Samples, read_upload
from projektor_ray.errors import InputError
from projektor_ray.profiles import ProviderProfile, merge_duplicates, provider_profiles
from projektor_ray.service import ReceivedPilot
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.folder import Folder
from projektor_ray.study import SetSummary, StudyConfig, resolve
from projektor_ray.study.checks import check_sets
from projektor_ray.study.record import read_record
from projektor_ray.transport import Distances

MOST_RECEIVED = 8
"""Pilots that are remembered; of one that is asked about longer ago, the service says so."""
PING_SECONDS = 1.0
"""How long shards have to say that they live before it counts that they are busy."""


@dataclass(frozen=True, eq=False)
class _SetPilots:
    """All embedded pilots as one validation set sees them, by reference."""

    distances: PilotDistances
    features: list[Any]
    moments: Any
    reference: Any


class PilotHolder:
    """Pilots of one study, as `RemotePilots` asks for them.

    Parameters
    ----------
    config : with the sources of the pilots, and of the validation sets.
    folder : of the finished study.
    arrays, validation : as `run_study` takes them.

    Raises
    ------
    InputError
        If a source cannot be read, or the study in the folder was made of other pilots.
    """

    def __init__(
        self,
        config: StudyConfig,
        folder: str,
        arrays: Mapping[str, Samples] | None = None,
        validation: Samples | Mapping[str, Samples] | None = None,
    ) -> None:
        self._pilots = Pilots(config, arrays or {}, validation)
        self._study = resolve(config, *self._pilots.summaries())
        self._lock = threading.Lock()
        self._received: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._pings: dict[int, Any] = {}
        recorded = read_record(Folder(folder)).distance_hashes
        own = {one.validation.name: one.distances_metadata.input_hash for one in self._study.each}
        if own != recorded:
            raise InputError(
                f"the study in {folder} was made of other pilots, another embedder or another "
                f"distance than those in the study file of {config.name!r}. Give the file that it "
                "was run with, or run the study again: python -m jobs.study STUDY.yaml"
            )

    @cached_property
    def _sets(self) -> dict[str, _SetPilots]:
        return {one.validation.name: self._embedded(one) for one in self._study.each}

    def _embedded(self, study: Any) -> _SetPilots:
        distances = PilotDistances(self._pilots, study)
        actors = [actor for actor, _ in self._pilots.shards]
        of_validation = [distances.ground], distances.embedder, distances.validation
        reference = actors[-1].reference.remote(*of_validation)
        known = self._pilots.sources, [distances.ground]
        features = [actor.features.remote(*known) for actor in actors]
        moments = fetch(
            [
                actor.moments.remote(own, [distances.ground])
                for actor, own in zip(actors, features, strict=True)
            ]
        )
        everything = ray.put(sum(moments[1:], start=moments[0]))
        return _SetPilots(distances, features, everything, reference)

    def warm(self) -> None:
        """Embed the pilots, so that the first request need not wait for it."""
        for one in self._sets.values():
            ray.wait(one.features, num_returns=len(one.features))

    def check_shards(self) -> None:
        """Ask every shard whether it lives.

        A shard that computes or is made anew answers later, and is not asked again until then.

        Raises
        ------
        RayActorError
            If a shard is lost for good, after as many losses as it may be made anew.
        """
        for index, (actor, _) in enumerate(self._pilots.shards):
            if index not in self._pings:
                self._pings[index] = actor.__ray_ready__.remote()
        every = list(self._pings.values())
        answered, _ = ray.wait(every, num_returns=len(every), timeout=PING_SECONDS)
        ended = set(answered)
        self._pings = {index: ping for index, ping in self._pings.items() if ping not in ended}
        ray.get(answered)

    def receive(self, content: bytes, name: str, label: str | None) -> ReceivedPilot:
        """Read a new provider's pilot, compare it with all others, and remember it.

        Raises
        ------
        InputError
            If it cannot be read, or is of another kind than the study's pilots.
        """
        study = self._study
        target = study.validations[0].target
        samples = read_upload(content, self._pilots.schema, target, label)
        summary = SetSummary.of(name, samples)
        check_sets((*study.pilots, summary), study.validations, study.metric)
        shared, actor = ray.put(samples), self._pilots.shards[0][0]
        features = {
            key: actor.embed.remote([one.distances.ground], shared, len(study.names))
            for key, one in self._sets.items()
        }
        profiles = {key: self._profile(name, key, own) for key, own in features.items()}
        with self._lock:
            self._received[summary.content_hash] = features
            self._received.move_to_end(summary.content_hash)
            while len(self._received) > MOST_RECEIVED:
                self._received.popitem(last=False)
        return ReceivedPilot(summary, profiles)

    def _profile(self, name: str, key: str, own: Any) -> ProviderProfile:
        """The profile of a new pilot; its distance comes with those of its mixtures."""
        one, actors = self._sets[key], [actor for actor, _ in self._pilots.shards]
        first, names = actors[0], (*self._study.names, name)
        answers = fetch(
            [
                first.profiles.remote(own, one.reference),
                first.values.remote(own, [one.distances.ground], one.moments),
                first.duplicates.remote(own, None, one.reference),
                *(
                    actor.duplicates.remote(features, own, one.reference)
                    for actor, features in zip(actors, one.features, strict=True)
                ),
            ]
        )
        pilots, values, *parts = answers
        duplicates = merge_duplicates(list(itertools.chain(parts)))
        nowhere = np.full(len(names), np.nan)
        class_names = self._pilots.schema.class_names
        (profile,) = provider_profiles(names, class_names, nowhere, pilots, duplicates, values)
        return profile

    def measure(self, pilot: str, validation_set: str, mixtures: Floats) -> Distances:
        """Distances of mixtures (B, m + 1), the remembered pilot last.

        Raises
        ------
        KeyError
            If the pilot, by its content's hash, is not remembered.
        """
        with self._lock:
            own = self._received[pilot][validation_set]
        one = self._sets[validation_set]
        actors = [actor for actor, _ in self._pilots.shards]
        actor = actors[int(pilot[:8], 16) % len(actors)]
        measured: Distances = fetch(
            actor.measure_with.remote(
                actors, self._pilots.sources, [one.distances.ground], [own], one.moments, mixtures
            )
        )
        return measured
