"""CIFAR-10 as the benchmarks use it: features of a small network, providers that differ."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from projektor_ray.transport import PilotFeatures, ValidationFeatures

TRAINED_ON = 10_000
EPOCHS = 4
DIMENSION = 64


def cifar_features(folder: Path, cache: Path) -> dict[str, NDArray[Any]]:
    """Penultimate features and labels of the training and test images.

    The network is trained for a few epochs on the last 10,000 training images; everything is
    seeded, and kept in `cache` for the next run.
    """
    if cache.exists():
        with np.load(cache) as stored:
            return dict(stored)
    train_x, train_y = _images(folder / "cifar10-train.parquet")
    test_x, test_y = _images(folder / "cifar10-test.parquet")
    torch.manual_seed(0)
    body = nn.Sequential(
        *(nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(64, 128, 3, padding=1), nn.BatchNorm2d(128), nn.ReLU()),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, DIMENSION)),
    )
    model = nn.Sequential(body, nn.ReLU(), nn.Linear(DIMENSION, 10))
    _train(model, train_x[-TRAINED_ON:], train_y[-TRAINED_ON:])
    found = {
        "train_features": _embed(body, train_x),
        "train_labels": train_y,
        "test_features": _embed(body, test_x),
        "test_labels": test_y,
    }
    cache.parent.mkdir(parents=True, exist_ok=True)
    np.savez(cache, **found)
    return found


def imbalanced_providers(
    data: dict[str, NDArray[Any]], points: int, targets: int, providers: int = 3
) -> tuple[PilotFeatures, ValidationFeatures]:
    """Providers that each hold some classes only, the later ones with wrong labels."""
    rng = np.random.default_rng(1)
    features, labels = data["train_features"][:points], data["train_labels"][:points].copy()
    order = np.argsort((labels + rng.random(points) * 3) % 10, kind="stable")
    provider = np.empty(points, dtype=np.int64)
    provider[order] = np.arange(points) * providers // points
    wrong = rng.random(points) < 0.3 * provider / max(1, providers - 1)
    labels[wrong] = rng.integers(0, 10, int(wrong.sum()))
    return (
        PilotFeatures(features, labels, provider),
        ValidationFeatures(data["test_features"][:targets], data["test_labels"][:targets]),
    )


def _images(path: Path) -> tuple[torch.Tensor, NDArray[np.int64]]:
    table = pq.read_table(path).to_pydict()
    images = [np.asarray(Image.open(io.BytesIO(image))) for image in table["image"]]
    pixels = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).to(torch.float32)
    return (pixels / 255 - 0.45) / 0.25, np.asarray(table["label"], dtype=np.int64)


def _train(model: nn.Module, images: torch.Tensor, labels: NDArray[np.int64]) -> None:
    targets = torch.from_numpy(labels)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    batches = EPOCHS * (len(images) // 128)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, batches)
    for _ in range(EPOCHS):
        for index in torch.randperm(len(images))[: len(images) // 128 * 128].split(128):
            loss = nn.functional.cross_entropy(model(images[index]), targets[index])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()


@torch.no_grad()
def _embed(body: nn.Module, images: torch.Tensor) -> NDArray[np.float32]:
    body.eval()
    return np.asarray(torch.cat([body(part) for part in images.split(1000)]).numpy())
