"""Learners of a user's own, as the studies of these tests name them: fast, and failing on cue."""

import gc
import hashlib
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import ray

from projektor_ray.data import Samples

SPOILT: list[str] = []
"""Not empty where no training of this process can succeed any more."""


def nearest_mean(
    train: Samples, validation: Samples, seed: int, settings: dict[str, Any]
) -> dict[str, float]:
    """Accuracy of the nearest class mean."""
    labels = np.asarray(train.labels)
    classes = np.unique(labels)
    means = np.stack([train.inputs[labels == one].mean(axis=0) for one in classes])
    distances = ((validation.inputs[:, None] - means) ** 2).sum(axis=2)
    return {"accuracy": float(np.mean(classes[distances.argmin(axis=1)] == validation.labels))}


def asked_again(
    train: Samples, validation: Samples, seed: int, settings: dict[str, Any]
) -> Callable[[Samples], dict[str, float]]:
    """The nearest mean as a function of a validation set; every training leaves a line."""
    with Path(settings["trainings"]).open("a", encoding="ascii") as file:
        file.write(f"{training_name(train, seed)}\n")
    return lambda another: nearest_mean(train, another, seed, settings)


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


def perceptron(
    train: Samples, validation: Samples, seed: int, settings: dict[str, Any]
) -> dict[str, float]:
    """A wide perceptron of torch, and how large its weights are: sums of so many that another
    number of threads rounds them otherwise. It takes a while.
    """
    import torch
    from torch.nn import functional

    torch.manual_seed(seed)
    inputs, labels = torch.tensor(train.inputs).float(), torch.tensor(train.labels)
    wide = torch.nn.Linear(inputs.shape[1], 10**5)
    network = torch.nn.Sequential(wide, torch.nn.ReLU(), torch.nn.Linear(10**5, 3))
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-5)
    for _ in range(5):
        loss = functional.cross_entropy(network(inputs), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    time.sleep(settings["seconds"])
    outputs = network(torch.tensor(validation.inputs).float())
    fit = functional.cross_entropy(outputs, torch.tensor(validation.labels))
    norms = [wide.weight.detach().abs().pow(power).sum() for power in range(1, 9)]
    return {"log_loss": float(fit.detach()) + sum(map(float, norms))}


def misbehaving(
    train: Samples, validation: Samples, seed: int, settings: dict[str, Any]
) -> dict[str, float]:
    """Does what its settings say of the number of samples: always, or in the first attempt only."""
    marks = Path(settings["marks"])
    cue = settings["cues"].get(str(len(train)), "")
    attempts = len(list(marks.glob(f"{len(train)}-*")))
    (marks / f"{len(train)}-{attempts}").touch()
    if cue == "returns text":
        return "accuracy: 0.5"  # type: ignore[return-value]
    if cue == "writes to its inputs":
        validation.inputs[0] = 0
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
    if cue == "spoils its process":
        SPOILT.append(cue)
    if SPOILT:
        raise RuntimeError("CUDA error: device-side assert triggered")


def mortal(
    train: Samples, validation: Samples, seed: int, settings: dict[str, Any]
) -> dict[str, float]:
    """The nearest mean; where the file `mortal` exists, takes it along and dies."""
    file = Path(settings["mortal"])
    if file.exists():
        file.unlink()
        misbehave("dies")
    return nearest_mean(train, validation, seed, settings)


def locating(
    train: Samples, validation: Samples, seed: int, settings: dict[str, Any]
) -> dict[str, float]:
    """The nearest mean; leaves a file that says where this process sees the sets that are shared.

    Lines of its node, its number, and for each set in shared memory which page file and offset.
    It waits until so many `nodes` train, the last of which may be slow to start.
    """
    marks = Path(settings["marks"])
    shared = [one for one in gc.get_objects() if isinstance(one, Samples) and one is not train]
    node = ray.get_runtime_context().get_node_id()
    places = {place for one in shared if (place := shared_place(one.inputs))}
    lines = [f"{node} {os.getpid()} {place}\n" for place in sorted(places)]
    (marks / node).mkdir(exist_ok=True)
    (marks / node / str(os.getpid())).write_text("".join(lines), encoding="ascii")
    waits_until = time.monotonic() + 120
    while len(list(marks.iterdir())) < settings["nodes"] and time.monotonic() < waits_until:
        time.sleep(0.1)
    return nearest_mean(train, validation, seed, settings)


def shared_place(values: np.ndarray) -> str:
    """The file in shared memory that an array lies in, and where; "" if it is this process's own.

    Equal for two processes of a machine where they see the same bytes.
    """
    address = values.__array_interface__["data"][0]
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        span, access, offset, _, inode, *path = line.split()
        first, end = (int(one, 16) for one in span.split("-"))
        if first <= address < end and access.endswith("s") and path:
            return f"{inode}:{int(offset, 16) + address - first}"
    return ""


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
