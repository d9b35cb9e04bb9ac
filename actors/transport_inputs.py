"""What a shard builds of embedded pilots: its own rows of the cost, or those of all pilots;
and samples as the embedder sees them.

Apart from `shard.py`, so that a process that only reads pilots does not load the numerics.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ray

from actors.nodes import GPU_SHARE, gpus
from projektor_ray.data import Embedder, EmbedderConfig, Samples, build_embedder
from projektor_ray.learners.inputs import embedded
from projektor_ray.storage.hashing import row_digests
from projektor_ray.transport import (
    PilotFeatures,
    PilotMoments,
    ProviderShard,
    TransportDistances,
    TransportSettings,
    ValidationFeatures,
    cost_units,
    sort_by_provider,
)
from projektor_ray.transport.problem import device_of, kernel_dtype, memory_limit, plan_solve


@dataclass(frozen=True, eq=False)
class Ground:
    """What every shard needs to know of the ground cost; sent once, by reference.

    Attributes
    ----------
    names : all providers, in the order that indices of providers mean.
    settings : with the memory that one shard may plan with.
    """

    names: tuple[str, ...]
    settings: TransportSettings
    embedder: Embedder
    validation: ValidationFeatures


def solve_memory(settings: TransportSettings) -> int:
    """Bytes that a solve may plan with on this process's device."""
    return memory_limit(settings)


def rows_of(features: PilotFeatures, ground: Ground) -> ProviderShard:
    """The rows of the cost that belong to these pilots; the kernel is kept where it fits."""
    plan = plan_solve(len(features.features), ground.validation, ground.settings)
    return ProviderShard(
        features,
        ground.validation,
        dtype=kernel_dtype(ground.settings),
        device=device_of(ground.settings),
        store=plan.layout == "dense",
    )


def distances_of(parts: Sequence[PilotFeatures], ground: Ground) -> TransportDistances:
    """Distances over the pilots of all shards, whatever order they come in."""
    return TransportDistances.of_pilots(sort_by_provider(parts), ground.validation, ground.settings)


def distances_with(
    parts: Sequence[PilotFeatures], ground: Ground, moments: PilotMoments
) -> TransportDistances:
    """The same with the pilot of a new provider, in the units of all other pilots."""
    settings, validation = ground.settings, ground.validation
    units = cost_units(moments, validation, settings.label_weight, settings.label_distance)
    return TransportDistances.of_pilots(sort_by_provider(parts), validation, settings, units)


def embed_validation(
    config: EmbedderConfig, validation: Samples
) -> tuple[Embedder, ValidationFeatures]:
    """The embedder, which may be fitted to the validation set, and the embedded validation set."""
    embedder = build_embedder(config, validation)
    features, content = embedder(validation.inputs), row_digests(validation.inputs)
    return embedder, ValidationFeatures(features, validation.labels, content)


def embed_samples(ground: Ground, samples: Samples) -> Samples:
    """Samples whose inputs are the features that distances are measured in, for learners."""
    return embedded(samples, ground.embedder)


def embedded_references(ground: Any, references: Mapping[str, Any]) -> dict[str, Any]:
    """References to embedded samples by name, from a reference to the `Ground` and the samples'."""
    task = ray.remote(num_cpus=0, num_gpus=GPU_SHARE if gpus() else 0)(embed_samples)
    return {name: task.remote(ground, reference) for name, reference in references.items()}
