"""What an actor holds: the pilots of some providers, and their part of the transport problem.

Every call is idempotent and carries, by reference, what is needed to rebuild the state it uses: a
shard that was killed is made anew from its sources, and the repeated call returns the same.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import ray
from numpy.typing import NDArray

from actors.fetch import fetch
from actors.nodes import node_gpus
from projektor_ray.data import (
    Embedder,
    EmbedderConfig,
    Samples,
    SampleSchema,
    SourceConfig,
    read_source,
)
from projektor_ray.data.pictures import Picture, pictures
from projektor_ray.errors import InputError
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.hashing import row_digests
from projektor_ray.study import SetSummary

if TYPE_CHECKING:
    from actors.transport_inputs import Ground
    from projektor_ray.profiles import PilotProfile, Reference, SampleValues
    from projektor_ray.transport import (
        Distances,
        PilotFeatures,
        PilotMoments,
        ProviderShard,
        TransportDistances,
        TransportSettings,
        ValidationFeatures,
        WarmStart,
    )

Boxed = Sequence[Any]
"""References in a list, so that they arrive as such and are fetched only where they are new."""
SOLVING = "solving"
"""The thread of a shard that solves, while another answers who asks for its pilots."""


def load(source: Any, schema: SampleSchema | None) -> Samples:
    """The samples of a source: a configuration that any worker can read, or a driver's arrays."""
    if isinstance(source, SourceConfig):
        return read_source(source, schema=schema)
    samples: Samples = ray.get(source) if isinstance(source, ray.ObjectRef) else source
    return samples


def own_gpu(number: int, visible: str | None, count: int) -> str:
    """The one GPU, as CUDA_VISIBLE_DEVICES names it, of those that a process sees.

    Parameters
    ----------
    number : of the GPU; beyond the last, as after a restart on another node, counted round.
    visible : CUDA_VISIBLE_DEVICES; None or empty: all of the node.
    count : how many the node has.
    """
    names = visible.split(",") if visible else [str(each) for each in range(count)]
    return names[number % len(names)] if names else ""


class PilotShard:
    """Holds the pilots of some providers, sorted by name.

    Parameters
    ----------
    names : of the providers whose pilots this actor holds.
    gpu : number of the GPU that it works on, of its node's; None: it is given none.
    """

    def __init__(self, names: Sequence[str], gpu: int | None = None) -> None:
        if gpu is not None:
            visible = os.environ.get("CUDA_VISIBLE_DEVICES")
            os.environ["CUDA_VISIBLE_DEVICES"] = own_gpu(gpu, visible, node_gpus())
        self._names = sorted(names)
        self._pilots: dict[str, Samples] = {}
        self._features: dict[Any, PilotFeatures] = {}
        self._rows: dict[Any, ProviderShard] = {}
        self._distances: dict[Any, TransportDistances] = {}
        self._with_new: dict[Any, TransportDistances] = {}

    def pilot(self, sources: Boxed, name: str) -> Samples:
        """One provider's pilot, read from its source where it is new.

        Parameters
        ----------
        sources : references to where each pilot is read, and to the schema that they follow.
        """
        if name not in self._pilots:
            try:
                by_name, schema = ray.get(list(sources))
                self._pilots[name] = load(by_name[name], schema)
            except InputError as error:
                raise InputError(f"provider {name!r}: {error}") from None
        return self._pilots[name]

    def summaries(self, sources: Boxed) -> list[SetSummary]:
        """Of each pilot, for the checks and identities of a study."""
        return [SetSummary.of(name, self.pilot(sources, name)) for name in self._names]

    def solve_memory(self, settings: "TransportSettings") -> tuple[str, int]:
        """The node this shard lives on, and the bytes that a solve may plan with there."""
        from actors.transport_inputs import solve_memory

        return ray.get_runtime_context().get_node_id(), solve_memory(settings)

    def embed_validation(
        self, config: EmbedderConfig, validation: Samples
    ) -> "tuple[Embedder, ValidationFeatures]":
        """The embedder, which may be fitted to the validation set, and the embedded set."""
        from actors.transport_inputs import embed_validation

        return embed_validation(config, validation)

    def reference(
        self, ground: Boxed, embedder: EmbedderConfig, validation: Samples
    ) -> "Reference":
        """The validation set as the profiles' reference; computed once for all shards."""
        from actors.profile_reference import reference_of

        return reference_of(ray.get(ground[0]), embedder, validation)

    def release(self) -> None:
        """Give back a GPU's memory; what is needed again is built again."""
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_initialized():
            self._rows, self._distances, self._with_new = {}, {}, {}
            torch.cuda.empty_cache()

    def features(self, sources: Boxed, ground: Boxed) -> "PilotFeatures":
        """The embedded pilots held here; embedded where they are held, on a GPU if there is one."""
        if ground[0] not in self._features:
            self._features[ground[0]] = self._embedded(sources, ray.get(ground[0]))
        return self._features[ground[0]]

    def _embedded(self, sources: Boxed, ground: "Ground") -> "PilotFeatures":
        from projektor_ray.transport import PilotFeatures

        pilots = [self.pilot(sources, name) for name in self._names]
        everything = Samples.concatenate(pilots)
        return PilotFeatures(
            features=ground.embedder(everything.inputs),
            labels=everything.labels,
            provider=np.repeat(
                [ground.names.index(name) for name in self._names], [*map(len, pilots)]
            ),
            content=np.concatenate([row_digests(pilot.inputs) for pilot in pilots]),
        )

    def profiles(self, pilots: "PilotFeatures", reference: "Reference") -> "list[PilotProfile]":
        """Of each provider, from this shard's own embedded pilots."""
        from projektor_ray.profiles import pilot_profiles

        return pilot_profiles(pilots, reference)

    def moments(self, pilots: "PilotFeatures", ground: Boxed) -> "PilotMoments":
        """What the ground cost's units need of this shard's own embedded pilots."""
        from projektor_ray.transport import pilot_moments

        known: Ground = ray.get(ground[0])
        return pilot_moments(pilots, known.validation)

    def values(
        self, pilots: "PilotFeatures", ground: Boxed, moments: "PilotMoments"
    ) -> "list[SampleValues]":
        """Of each provider's samples, from this shard's own embedded pilots.

        Parameters
        ----------
        moments : of the pilots of all shards.
        """
        from projektor_ray.profiles import sample_values

        known: Ground = ray.get(ground[0])
        return sample_values(pilots, known.validation, moments, known.settings)

    def pictures(
        self, sources: Boxed, wanted: Mapping[str, list[int]]
    ) -> dict[str, dict[int, Picture]]:
        """Thumbnails of the wanted samples of the providers that are held here."""
        return {
            name: pictures(self.pilot(sources, name), wanted[name])
            for name in self._names
            if name in wanted
        }

    def duplicates(
        self, own: "PilotFeatures", other: "PilotFeatures | None", reference: "Reference"
    ) -> NDArray[np.int64]:
        """Duplicates among this shard's embedded pilots, or between them and another shard's."""
        from projektor_ray.profiles import duplicates_between, duplicates_within

        if other is None:
            return duplicates_within(own, reference)
        return duplicates_between(own, other, reference)

    def transport(self, sources: Boxed, ground: Boxed, method: str, *arguments: Any) -> Any:
        """A method of this shard's `ProviderShard`, which is built where it is new."""
        if ground[0] not in self._rows:
            from actors.transport_inputs import rows_of

            features = self.features(sources, ground)
            self._rows[ground[0]] = rows_of(features, ray.get(ground[0]))
        return getattr(self._rows[ground[0]], method)(*arguments)

    @ray.method(concurrency_group=SOLVING)
    def measure(
        self,
        shards: Sequence[Any],
        sources: Boxed,
        ground: Boxed,
        mixtures: Floats,
        start: "WarmStart | None",
    ) -> "tuple[Distances, WarmStart | None]":
        """Distances of mixtures (b, m) of the pilots of all shards, and where they ended.

        The embedded pilots are asked of their shards where they are new.
        """
        if ground[0] not in self._distances:
            from actors.transport_inputs import distances_of

            features = [shard.features.remote(sources, ground) for shard in shards]
            self._distances[ground[0]] = distances_of(fetch(features), ray.get(ground[0]))
        return self._distances[ground[0]].measure_from(mixtures, start)

    def embed(self, ground: Boxed, samples: Samples, provider: int) -> "PilotFeatures":
        """The embedded pilot of a new provider, whose index follows those of all others."""
        from projektor_ray.transport import PilotFeatures

        known: Ground = ray.get(ground[0])
        index = np.full(len(samples), provider)
        features, content = known.embedder(samples.inputs), row_digests(samples.inputs)
        return PilotFeatures(features, samples.labels, index, content)

    @ray.method(concurrency_group=SOLVING)
    def measure_with(
        self,
        shards: Sequence[Any],
        sources: Boxed,
        ground: Boxed,
        new: Boxed,
        moments: "PilotMoments",
        mixtures: Floats,
    ) -> "Distances":
        """Distances of mixtures (b, m + 1) of the pilots of all shards and a new one, the last.

        The cost is in the units of the pilots of all shards. The last new pilot is remembered.
        """
        if new[0] not in self._with_new:
            from actors.transport_inputs import distances_with

            features = [shard.features.remote(sources, ground) for shard in shards]
            parts = fetch([*features, new[0]])
            self._with_new = {new[0]: distances_with(parts, ray.get(ground[0]), moments)}
        distances = self._with_new[new[0]]
        return distances.measure_from(mixtures, None)[0]
