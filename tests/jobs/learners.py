"""Learners of a user's own, as the studies of these tests name them: fast, and failing on cue."""

import hashlib
import os
import re
import signal
import sys
import time
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


def misbehaving(
    train: Samples, validation: Samples, seed: int, settings: dict[str, Any]
) -> dict[str, float]:
    """Does what its settings say of the number of samples: always, or in the first attempt only."""
    marks = Path(settings["marks"])
    cue = settings["cues"].get(str(len(train)), "")
    attempts = len(list(marks.glob(f"{len(train)}-*")))
    (marks / f"{len(train)}-{attempts}").touch()
    if not cue.endswith("once") or not attempts:
        misbehave(cue.removesuffix(" once"))
    return {"accuracy": 0.5}


def misbehave(cue: str) -> None:
    if cue == "hangs":
        time.sleep(600)
    if cue == "holds the interpreter":
        re.match("(a+)+$", "a" * 60 + "b")
    if cue == "leaks":
        held = []
        while True:
            held.append(bytearray(200 * 2**20))
            time.sleep(0.01)
    if cue == "lacks memory":
        raise MemoryError
    if cue == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if cue == "loses its network":
        raise ConnectionResetError("connection reset by peer")
    if cue == "exits":
        sys.exit(3)


def traced(
    train: Samples, validation: Samples, seed: int, settings: dict[str, Any]
) -> dict[str, float]:
    """The nearest mean, after a while; every training leaves its name and process in a file.

    It waits for as long as the file `hold` exists.
    """
    folder = Path(settings["marks"])
    with (folder / "trainings").open("a", encoding="ascii") as file:
        file.write(f"{training_name(train, seed)} {os.getpid()}\n")
    time.sleep(0.1 + seed % 5 / 10)
    while (folder / "hold").exists():
        time.sleep(0.05)
    return nearest_mean(train, validation, seed, settings)


def training_name(train: Samples, seed: int) -> str:
    """What tells one training from another."""
    return hashlib.sha256(train.inputs.tobytes() + str(seed).encode()).hexdigest()[:12]
