"""Small sets that the learners' tests share."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from projektor_ray.data import Samples
from projektor_ray.learners import Learner


def blobs(count: int = 60, classes: tuple[int, ...] = (0, 1, 2), seed: int = 0) -> Samples:
    """Features around one corner for each class; read-only, as Ray's object store gives them."""
    random = np.random.default_rng(seed)
    labels = np.array(classes)[np.arange(count) % len(classes)]
    corners = np.random.default_rng(99).normal(size=(16, 4)) * 3
    inputs = corners[labels % 16] + random.normal(scale=0.7, size=(count, 4))
    return frozen(Samples(inputs, labels.astype(np.int64)))


def stripes(
    count: int = 48, classes: tuple[int, ...] = (0, 1), seed: int = 0, size: int = 8
) -> Samples:
    """Images of horizontal (even classes) or vertical (odd ones) stripes with noise; read-only."""
    random = np.random.default_rng(seed)
    labels = np.array(classes)[np.arange(count) % len(classes)]
    lines = 150 * (np.arange(size) % 4 < 2)
    flat = np.broadcast_to(lines[:, None], (size, size))
    images = np.where(labels[:, None, None] % 2 == 0, flat, flat.T)[..., None]
    noisy = images + random.integers(0, 100, size=(count, size, size, 3))
    return frozen(Samples(noisy.astype(np.uint8), labels.astype(np.int64)))


def line(count: int = 60, seed: int = 0) -> Samples:
    """A regression target that is linear in the features; read-only."""
    inputs = np.random.default_rng(seed).normal(size=(count, 3))
    return frozen(Samples(inputs, inputs @ [1.0, -2.0, 0.5] + 10))


def frozen(samples: Samples) -> Samples:
    samples.inputs.flags.writeable = False
    if samples.labels is not None:
        samples.labels.flags.writeable = False
    return samples


class Alone(Learner):
    """A function of a drawn set, one validation set and a seed, as a learner."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def measure(self, train: Samples, validations: Sequence[Samples], seed: int) -> Any:
        return [self.function(train, one, seed) for one in validations]
