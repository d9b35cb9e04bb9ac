"""Transport problems of the benchmarks: CIFAR-10 in three sizes, and random ones of any size."""

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.cifar import cifar_features, imbalanced_providers
from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.storage.array_types import Floats
from projektor_ray.transport import PilotFeatures, ValidationFeatures
from projektor_ray.transport.ground_cost import (
    GroundCost,
    cost_units,
    pilot_moments,
    pilot_points,
    validation_points,
)

SIZES = {"S": (3000, 1000, 3, 66), "M": (10_000, 2000, 6, 132), "L": (50_000, 2000, 6, 64)}
"""Pilot points, validation points, providers, mixtures."""


def mixtures_of(providers: int, count: int) -> Floats:
    """The lattice of tenths for three providers, else vertices and a Dirichlet sample."""
    if providers == 3:
        return simplex_lattice(3, 10)[:count]
    drawn = np.random.default_rng(0).dirichlet(np.ones(providers), count - providers)
    return np.vstack([np.eye(providers), drawn])


def cifar_pool(
    args: argparse.Namespace, size: str
) -> tuple[PilotFeatures, ValidationFeatures, Floats]:
    points, targets, providers, count = SIZES[size]
    data = cifar_features(Path(args.data), Path(args.out) / "cifar-features.npz")
    pilots, validation = imbalanced_providers(data, points, targets, providers)
    return pilots, validation, mixtures_of(providers, count)


def random_pool(
    points: int, targets: int, providers: int, dimension: int = 32
) -> tuple[PilotFeatures, ValidationFeatures]:
    """Unlabelled Gaussian points."""
    rng = np.random.default_rng(0)
    provider = np.arange(points) % providers
    pilots = PilotFeatures(rng.standard_normal((points, dimension), np.float32), None, provider)
    return pilots, ValidationFeatures(rng.standard_normal((targets, dimension), np.float32))


def feature_cost(
    pilots: PilotFeatures, validation: ValidationFeatures, label_weight: float
) -> GroundCost:
    units = cost_units(pilot_moments(pilots, validation), validation, label_weight, "bures")
    left, right = pilot_points(pilots, validation, units), validation_points(validation, units)
    return GroundCost(left, right, units, torch.float32, torch.device("cpu"))


def row_weights(mixtures: Floats, provider: NDArray[np.int64]) -> torch.Tensor:
    """Mixtures as columns of weights of pilot points, (n, B)."""
    return torch.from_numpy((mixtures / np.bincount(provider))[:, provider].T.copy())
