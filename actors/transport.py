"""The batched solve over the actors that hold the pilots.

By provider: every shard keeps the rows of the cost that belong to its providers; a round sends
target scalings (B, v) out and sums partial column sums (B, v) back. Samples never leave the actor
that holds them.
"""

from typing import Any

import numpy as np
import ray
from numpy.typing import NDArray

from actors.fetch import fetch
from actors.pilots import GPU_SHARE, Pilots
from actors.rows import Ground
from projektor_ray.embedding import Embedder, EmbedderConfig, build_embedder
from projektor_ray.providers import Samples
from projektor_ray.study import Study
from projektor_ray.transport import (
    DistanceOracle,
    Distances,
    PilotFeatures,
    PoolOracle,
    ValidationFeatures,
    sharded_pool,
)

INLINE_BYTES = 100_000
"""Larger arguments are shared by reference, as Ray itself does for one call."""


def embed_validation(
    config: EmbedderConfig, validation: Samples
) -> tuple[Embedder, ValidationFeatures]:
    """The embedder, which may be fitted to the validation set, and the embedded validation set."""
    embedder = build_embedder(config, validation)
    return embedder, ValidationFeatures(embedder(validation.inputs), validation.labels)


class PilotDistances:
    """Mixtures (B, m) → their distances, by the actors that hold the pilots.

    Warm: a call starts from where the call before it ended. The term of the validation set alone
    is computed once.

    Attributes
    ----------
    ground : reference to the `Ground` that all shards share.
    """

    def __init__(self, pilots: Pilots, study: Study) -> None:
        self._actors = [actor for actor, _ in pilots.shards]
        self._sources = pilots.sources
        gpus = ray.cluster_resources().get("GPU", 0.0)
        embedding = ray.remote(num_cpus=0, num_gpus=GPU_SHARE if gpus else 0)(embed_validation)
        embedder, validation = fetch(embedding.remote(study.config.embedder, pilots.validation))
        settings = study.config.transport
        self.ground = ray.put(Ground(study.names, settings, embedder, validation))
        self._key = study.distances_stamp.made_by
        self._oracle: PoolOracle
        if settings.method == "exact":
            self._oracle = DistanceOracle(self._gathered(), validation, settings)
        else:
            self._oracle = PoolOracle(sharded_pool(self._call, validation, settings), settings)

    def __call__(self, mixtures: NDArray[np.float64]) -> Distances:
        return self._oracle(mixtures)

    def forget(self) -> None:
        """Start the next call afresh, so that it depends on its mixtures alone."""
        self._oracle.forget()

    def _gathered(self) -> PilotFeatures:
        """All embedded pilots in this process, for exact transport."""
        parts = fetch(
            [actor.features.remote(self._sources, [self.ground]) for actor in self._actors]
        )
        labels = [part.labels for part in parts if part.labels is not None]
        return PilotFeatures(
            np.concatenate([part.features for part in parts]),
            np.concatenate(labels) if len(labels) == len(parts) else None,
            np.concatenate([part.provider for part in parts]),
        )

    def _call(self, method: str, *arguments: Any) -> list[Any]:
        """Run a method of every shard; large arguments travel once, through the object store."""
        shared = [
            ray.put(argument) if getattr(argument, "nbytes", 0) > INLINE_BYTES else argument
            for argument in arguments
        ]
        found: list[Any] = fetch(
            [
                actor.transport.remote(self._sources, [self.ground], self._key, method, *shared)
                for actor in self._actors
            ]
        )
        return found
