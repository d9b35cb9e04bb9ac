"""Transport problems whose answers are known, and small pools of providers."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from projektor_ray.storage.array_types import Floats
from projektor_ray.transport import (
    PilotFeatures,
    ProviderShard,
    TransportDistances,
    TransportSettings,
    ValidationFeatures,
    plan_memory,
    sharded_problem,
)
from projektor_ray.transport.sharding import CallShards


@dataclass(frozen=True, eq=False)
class Problem:
    """A cost (n, v), mixtures over its rows (n, B), and the target's weights (v,)."""

    cost: Tensor
    weights: Tensor
    target: Tensor


def clouds(
    points: int = 40,
    targets: int = 30,
    mixtures: int = 6,
    providers: int = 3,
    *,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
) -> Problem:
    """Gaussian clouds, one a provider, against a Gaussian target; vertices come first.

    The cost is divided by its mean.
    """
    rng = np.random.default_rng(seed)
    provider = np.arange(points) * providers // points
    shift = rng.normal(size=(providers, 5))
    sources = rng.normal(size=(points, 5)) + 0.7 * shift[provider]
    cost = ((sources[:, None] - rng.normal(size=(targets, 5))[None]) ** 2).sum(axis=2)
    mixture = np.vstack([np.eye(providers), rng.dirichlet(np.ones(providers), mixtures)])
    weights = (mixture[:mixtures] / np.bincount(provider))[:, provider].T
    return Problem(
        torch.from_numpy(cost / cost.mean()).to(dtype),
        torch.from_numpy(weights),
        uniform(targets),
    )


def far_clusters(apart: float, dtype: torch.dtype) -> Problem:
    """Two clusters of points, two of targets, so far apart; four mixtures of the points' clusters.

    Half of the target's weight lies in each cluster.
    """
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(size=(10, 2)), rng.normal(size=(10, 2)) + apart])
    y = np.concatenate([rng.normal(size=(8, 2)), rng.normal(size=(8, 2)) + apart])
    cost = torch.from_numpy(((x[:, None] - y[None]) ** 2).sum(axis=2)).to(dtype)
    share = torch.tensor([0.5, 0.0, 1.0, 0.3], dtype=torch.float64)
    weights = torch.cat([(1 - share).expand(10, -1), share.expand(10, -1)]) / 10
    return Problem(cost, weights, uniform(16))


def uniform(count: int) -> Tensor:
    return torch.full((count,), 1.0 / count, dtype=torch.float64)


def diracs() -> tuple[Problem, Floats]:
    """Mixtures of two points against one: the transport cost is the mean of the two costs."""
    share = np.array([0.0, 0.25, 1.0])
    cost = torch.tensor([[2.0], [5.0]], dtype=torch.float64)
    weights = torch.from_numpy(np.stack([1 - share, share]))
    return Problem(cost, weights, uniform(1)), 2.0 * (1 - share) + 5.0 * share


def pool(
    sizes: tuple[int, ...] = (25, 30, 20),
    targets: int = 28,
    *,
    seed: int = 0,
    noise: float = 0.0,
    apart: float = 0.7,
) -> tuple[PilotFeatures, ValidationFeatures]:
    """Providers of labelled points from three classes, each a little further off and noisier.

    Classes far `apart` make a stiff problem: what mass must cross between them is a small marginal
    error with a large effect on potentials.
    """
    rng = np.random.default_rng(seed)
    classes = rng.normal(size=(3, 4)) * apart

    def draw(count: int, shift: float, wrong: float) -> tuple[Floats, NDArray[np.int64]]:
        labels = np.arange(count) % 3
        features = classes[labels] + rng.normal(size=(count, 4)) + shift
        flipped = rng.random(count) < wrong
        return features, np.where(flipped, (labels + 1) % 3, labels)

    drawn = [draw(size, 0.3 * i, noise * i) for i, size in enumerate(sizes)]
    pilots = PilotFeatures(
        np.concatenate([features for features, _ in drawn]),
        np.concatenate([labels for _, labels in drawn]),
        np.repeat(np.arange(len(sizes)), sizes),
    )
    return pilots, ValidationFeatures(*draw(targets, 0.0, 0.0))


def mixtures(providers: int = 3, count: int = 4, *, seed: int = 0) -> Floats:
    """Every vertex, and mixtures within."""
    inner = np.random.default_rng(seed).dirichlet(np.ones(providers), count)
    return np.vstack([np.eye(providers), inner])


def split(pilots: PilotFeatures, providers: list[int]) -> PilotFeatures:
    """The pilots of some providers."""
    own = np.isin(pilots.provider, providers)
    labels = None if pilots.labels is None else pilots.labels[own]
    return PilotFeatures(pilots.features[own], labels, pilots.provider[own])


def shards_of(
    pilots: PilotFeatures,
    validation: ValidationFeatures,
    parts: list[list[int]],
    *,
    store: bool,
    dtype: torch.dtype = torch.float32,
) -> CallShards:
    """Shards in this process, each with the pilots of some providers."""
    shards = [
        ProviderShard(split(pilots, part), validation, dtype=dtype, store=store) for part in parts
    ]

    def call(method: str, *arguments: object) -> list[object]:
        return [getattr(shard, method)(*arguments) for shard in shards]

    return call


def spread(
    call: CallShards, validation: ValidationFeatures, settings: TransportSettings
) -> TransportDistances:
    """Distances by provider, of pilots that `call` reaches, all mixtures at once."""
    plan = plan_memory(100, len(validation.features), 100, 4, available=1 << 30)
    return TransportDistances(sharded_problem(call, validation, settings, plan), settings)
