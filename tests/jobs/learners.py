"""Learners of a user's own, as the studies of these tests name them: fast, and failing on cue."""

from pathlib import Path
from typing import Any

import numpy as np

from projektor_ray.providers import Samples


def nearest_mean(
    train: Samples, validation: Samples, seed: int, settings: dict[str, Any]
) -> dict[str, float]:
    """Accuracy of the nearest class mean."""
    labels = np.asarray(train.labels)
    classes = np.unique(labels)
    means = np.stack([train.inputs[labels == one].mean(axis=0) for one in classes])
    distances = ((validation.inputs[:, None] - means) ** 2).sum(axis=2)
    return {"accuracy": float(np.mean(classes[distances.argmin(axis=1)] == validation.labels))}


def unready(
    train: Samples, validation: Samples, seed: int, settings: dict[str, Any]
) -> dict[str, float]:
    """Where a class is absent: raises, or NaN without class 2; until the file `ready` exists."""
    missing = set(range(3)) - set(np.unique(np.asarray(train.labels)))
    if missing and not Path(settings["ready"]).exists():
        if 2 in missing:
            return {"accuracy": float("nan")}
        raise ValueError(f"cannot learn without the classes {sorted(missing)}")
    return nearest_mean(train, validation, seed, settings)


def broken(
    train: Samples, validation: Samples, seed: int, settings: dict[str, Any]
) -> dict[str, float]:
    """Always fails."""
    raise RuntimeError("this learner is broken")
