"""Pilots of real handwritten digits with planted faults."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from projektor_ray.transport import PilotFeatures, ValidationFeatures

VALIDATION = 400


@dataclass(frozen=True, eq=False)
class Planted:
    """A pilot, its validation set, and which samples were tampered with."""

    pilot: PilotFeatures
    validation: ValidationFeatures
    wrong: NDArray[np.bool_]
    noise: NDArray[np.bool_]


def digits(
    seed: int, *, wrong: float = 0.0, noise: float = 0.0, size: int = 400, swap: bool = False
) -> Planted:
    """Shuffled digits: 400 for validation, `size` others as the pilot of provider 0.

    Parameters
    ----------
    wrong : share of labels moved to another class, at random, or to the next one with `swap`.
    noise : share of images replaced by even noise.
    """
    random = np.random.default_rng(seed)
    images, labels = load_digits(return_X_y=True)
    order = random.permutation(len(images))
    images, labels = images[order].astype(np.float32), labels[order].astype(np.int64)
    validation = ValidationFeatures(images[:VALIDATION], labels[:VALIDATION])
    shown = slice(VALIDATION, VALIDATION + size)
    pixels, classes = images[shown].copy(), labels[shown].copy()
    moved, noisy = random.random(size) < wrong, random.random(size) < noise
    step = np.ones(size, dtype=np.int64) if swap else random.integers(1, 10, size)
    classes[moved] = ((classes + step) % 10)[moved]
    pixels[noisy] = random.integers(0, 17, (int(noisy.sum()), 64))
    pilot = PilotFeatures(pixels, classes, np.zeros(size, dtype=np.int64))
    return Planted(pilot, validation, moved, noisy)
