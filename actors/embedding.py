"""Samples as the embedder sees them, for learners that train on its features."""

from collections.abc import Mapping
from typing import Any

import ray

from actors.nodes import GPU_SHARE, gpus
from actors.transport_inputs import Ground
from projektor_ray.data import Samples
from projektor_ray.learners.inputs import embedded


def embed_samples(ground: Ground, samples: Samples) -> Samples:
    """Samples whose inputs are the features that distances are measured in."""
    return embedded(samples, ground.embedder)


def embedded_references(ground: Any, references: Mapping[str, Any]) -> dict[str, Any]:
    """References to embedded samples by name, from a reference to the `Ground` and the samples'."""
    task = ray.remote(num_cpus=0, num_gpus=GPU_SHARE if gpus() else 0)(embed_samples)
    return {name: task.remote(ground, reference) for name, reference in references.items()}
