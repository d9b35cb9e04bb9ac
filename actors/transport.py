"""The batched solve over the actors that hold the pilots, in the way that the memory plan chooses.

By mixture: every shard fetches the embedded pilots of all, holds the whole kernel, and solves a
share of the mixtures; nothing travels between rounds.
By provider: every shard keeps the rows of the cost that belong to its providers; a round sends
target scalings (B, v) out and sums partial column sums (B, v) back. Pilots never leave the actor
that holds them.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import ray

from actors.fetch import fetch
from actors.pilots import Pilots
from actors.transport_inputs import Ground
from projektor_ray.designs.mixtures import check_mixtures
from projektor_ray.storage.array_types import Floats
from projektor_ray.study import Study
from projektor_ray.transport import (
    Distances,
    TransportDistances,
    WarmStart,
    plan_solve,
    sharded_problem,
)

INLINE_BYTES = 100_000
"""Larger arguments are shared by reference, as Ray itself does for one call."""


class PilotDistances:
    """Mixtures (B, m) → their distances to one validation set, by the actors that hold the pilots.

    The validation set is embedded and the memory planned at once; the pilots are embedded at the
    first call. A call starts from the dual potentials of the previous call.

    Attributes
    ----------
    ground : reference to the `Ground` that all shards share.
    embedder : how samples become features.
    validation : reference to the Samples of the validation set.
    plan : how the solve is laid out, and why.
    """

    def __init__(self, pilots: Pilots, study: Study) -> None:
        self.validation = pilots.validations[study.validation.name]
        self.embedder = study.config.embedder.absolute()
        settings = pilots.share(study.config.transport)
        first, _ = pilots.shards[0]
        embedder, validation = fetch(first.embed_validation.remote(self.embedder, self.validation))
        points, actors = int(study.pilot_sizes.sum()), len(pilots.shards)
        self.plan = plan_solve(points, validation, settings, actors=actors)
        self._ground = Ground(study.names, settings, embedder, validation)
        self.ground = ray.put(self._ground)
        self._pilots = pilots

    @cached_property
    def _distances(self) -> "TransportDistances | DistancesByMixture":
        ground, sources = self._ground, self._pilots.sources
        actors = [actor for actor, _ in self._pilots.shards]
        if self.plan.layout == "by provider":
            shards = Shards(actors, sources, self.ground)
            problem = sharded_problem(shards, ground.validation, ground.settings, self.plan)
            return TransportDistances(problem, ground.settings)
        return DistancesByMixture(actors, sources, self.ground, len(ground.names))

    def __call__(self, mixtures: Floats, /) -> Distances:
        return self._distances(mixtures)

    def reset(self) -> None:
        """Discard the warm start, so that the next call depends on its mixtures alone."""
        self._distances.reset()


class Shards:
    """By provider: runs a method of the `ProviderShard` of every actor, in the actors' order."""

    def __init__(self, actors: Sequence[Any], sources: Sequence[Any], ground: Any) -> None:
        self._actors = actors
        self._known = (sources, [ground])

    def __call__(self, method: str, *arguments: Any) -> list[Any]:
        """Large arguments travel once, through the object store."""
        shared = [
            ray.put(argument) if getattr(argument, "nbytes", 0) > INLINE_BYTES else argument
            for argument in arguments
        ]
        answers: list[Any] = fetch(
            [actor.transport.remote(*self._known, method, *shared) for actor in self._actors]
        )
        return answers


class DistancesByMixture:
    """By mixture: shares mixtures out among actors.

    It keeps where they ended, so that an actor that was killed can be asked the same again.
    """

    def __init__(
        self, actors: Sequence[Any], sources: Sequence[Any], ground: Any, providers: int
    ) -> None:
        self._actors = actors
        self._known = (actors, sources, [ground])
        self._providers = providers
        self._last: WarmStart | None = None

    def __call__(self, mixtures: Floats, /) -> Distances:
        """Distances of mixtures (B, m): of k actors the i-th takes every k-th, from the i-th on."""
        mixtures = check_mixtures(mixtures, self._providers)
        count = min(len(self._actors), len(mixtures))
        shares = [mixtures[first::count] for first in range(count)]
        answers = fetch(
            [
                actor.measure.remote(*self._known, share, self._last and self._last.near(share))
                for actor, share in zip(self._actors, shares, strict=False)
            ]
        )
        order = np.argsort(np.concatenate([range(i, len(mixtures), count) for i in range(count)]))
        ended = [warm for _, warm in answers if warm is not None]
        self._last = WarmStart.concatenate(ended) if ended else None
        return Distances.concatenate([distances for distances, _ in answers]).take(order)

    def reset(self) -> None:
        """Discard the warm start, so that the next call depends on its mixtures alone."""
        self._last = None
