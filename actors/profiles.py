"""Provider profiles by the actors that hold the pilots.

Each shard compares its own pilots with the validation set. For duplicates between providers the
embedded pilots of one shard are sent to another, once for each pair of shards. The driver receives
summaries and the numbers of the samples that are duplicates.
"""

import itertools
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from actors.fetch import fetch
from actors.pilots import Pilots
from actors.transport import PilotDistances
from projektor_ray.data.pictures import Picture
from projektor_ray.profiles import PilotProfile, SampleValues, merge_duplicates


def examine(
    pilots: Pilots, distances: PilotDistances
) -> tuple[list[PilotProfile], NDArray[np.int64], list[SampleValues]]:
    """The profiles of all pilots, all duplicates (see `duplicates_within`), all samples' values."""
    actors = [actor for actor, _ in pilots.shards]
    known = [distances.ground], distances.embedder, distances.validation
    reference = actors[-1].reference.remote(*known)
    features = [actor.features.remote(pilots.sources, [distances.ground]) for actor in actors]
    profiles = [
        actor.profiles.remote(own, reference) for actor, own in zip(actors, features, strict=True)
    ]
    moments = fetch(
        [
            actor.moments.remote(own, [distances.ground])
            for actor, own in zip(actors, features, strict=True)
        ]
    )
    everything = sum(moments[1:], start=moments[0])
    values = [
        actor.values.remote(own, [distances.ground], everything)
        for actor, own in zip(actors, features, strict=True)
    ]
    within = [
        actor.duplicates.remote(own, None, reference)
        for actor, own in zip(actors, features, strict=True)
    ]
    between = [
        actors[(one, other)[(one + other) % 2]].duplicates.remote(
            features[one], features[other], reference
        )
        for one, other in itertools.combinations(range(len(actors)), 2)
    ]
    profiled: list[list[PilotProfile]] = fetch(profiles)
    sample_values: list[list[SampleValues]] = fetch(values)
    duplicates = merge_duplicates(fetch([*within, *between]))
    return [*itertools.chain(*profiled)], duplicates, [*itertools.chain(*sample_values)]


def pictures(pilots: Pilots, wanted: Mapping[str, list[int]]) -> dict[str, dict[int, Picture]]:
    """Thumbnails of the wanted samples, by provider and position; none where they are features."""
    parts: list[dict[str, dict[int, Picture]]] = fetch(
        [
            actor.pictures.remote(
                pilots.sources, {name: wanted[name] for name in own if name in wanted}
            )
            for actor, own in pilots.shards
        ]
    )
    return {name: of for part in parts for name, of in part.items()}
