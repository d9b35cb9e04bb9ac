"""Training a network on images: augmentation, one-cycle AdamW, steps by the set's size alone."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from projektor_ray.learners.network_settings import NetworkSettings

PREDICT_BATCH = 500


def to_pixels(images: NDArray[np.uint8], device: torch.device) -> torch.Tensor:
    """uint8 images (n, h, w, c) as a uint8 tensor (n, c, h, w); the array may be read-only."""
    return torch.tensor(images, device=device).permute(0, 3, 1, 2)


class Normalize(nn.Module):
    """uint8 pixels to each channel's mean 0 and standard deviation 1 on the training set."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, pixels: torch.Tensor) -> None:
        super().__init__()
        scaled = pixels.to(torch.float64) / 255
        mean, std = scaled.mean(dim=(0, 2, 3)), scaled.std(dim=(0, 2, 3), correction=0)
        self.register_buffer("mean", mean.float()[:, None, None])
        self.register_buffer("std", std.clamp_min(0.01).float()[:, None, None])

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        normal: torch.Tensor = (pixels.float() / 255 - self.mean) / self.std
        return normal.contiguous(memory_format=torch.channels_last)


def train(
    network: nn.Module,
    pixels: torch.Tensor,
    targets: torch.Tensor,
    settings: NetworkSettings,
    seed: int,
) -> None:
    """Train in place: cross-entropy on class indices (int64), mean squared error on real targets.

    Parameters
    ----------
    network : takes uint8 pixels.
    pixels : shape (n, c, h, w), uint8.
    targets : shape (n,).
    """
    network.train()
    batch_size, steps = settings.length(len(pixels))
    optimizer, schedule = one_cycle(network.parameters(), settings, steps)
    random = torch.Generator().manual_seed(seed)
    for batch in batches(len(pixels), batch_size, steps, random):
        images = _augmented(pixels[batch.to(pixels.device)], settings, random)
        loss = _loss(network(images), targets[batch.to(targets.device)], settings)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    network.eval()


def one_cycle(
    parameters: Iterable[torch.Tensor], settings: NetworkSettings, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """AdamW, and its one-cycle learning rate over `steps`."""
    optimizer = torch.optim.AdamW(
        parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.learning_rate, total_steps=steps + 1, pct_start=0.25
    )
    return optimizer, schedule


def batches(count: int, size: int, steps: int, random: torch.Generator) -> Iterator[torch.Tensor]:
    """`steps` batches of a stream of permutations, so that all samples are seen equally often."""
    needed = steps * size
    epochs = -(-needed // count)
    stream = torch.cat([torch.randperm(count, generator=random) for _ in range(epochs)])
    yield from torch.split(stream[:needed], size)


def _augmented(
    images: torch.Tensor, settings: NetworkSettings, random: torch.Generator
) -> torch.Tensor:
    """Images mirrored with probability ½ and shifted by up to `shift` pixels, edges reflected."""
    count, _, height, width = images.shape
    rows, columns = augmentation(count, height, width, settings, random)
    pick = torch.arange(count)[:, None, None]
    places = [index.to(images.device) for index in (pick, rows[:, :, None], columns[:, None, :])]
    return images.permute(0, 2, 3, 1)[tuple(places)].permute(0, 3, 1, 2)


def augmentation(
    count: int, height: int, width: int, settings: NetworkSettings, random: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Which rows (count, h) and columns (count, w) of its source each augmented image shows."""
    shift = min(height, width) // 8 if settings.shift is None else settings.shift
    shift = min(shift, min(height, width) - 1)
    rows = torch.arange(height) + torch.randint(-shift, shift + 1, (count, 1), generator=random)
    columns = torch.arange(width) + torch.randint(-shift, shift + 1, (count, 1), generator=random)
    rows, columns = _reflected(rows, height), _reflected(columns, width)
    if settings.flip:
        mirrored = torch.rand((count, 1), generator=random) < 0.5
        columns = torch.where(mirrored, width - 1 - columns, columns)
    return rows, columns


def _reflected(index: torch.Tensor, size: int) -> torch.Tensor:
    index = index.abs()
    return torch.where(index >= size, 2 * (size - 1) - index, index)


def _loss(outputs: torch.Tensor, targets: torch.Tensor, settings: NetworkSettings) -> torch.Tensor:
    if targets.is_floating_point():
        return functional.mse_loss(outputs[:, 0], targets)
    return functional.cross_entropy(outputs, targets, label_smoothing=settings.label_smoothing)


@torch.no_grad()
def outputs_of(network: Any, pixels: torch.Tensor) -> NDArray[np.float32]:
    """A callable on uint8 pixels, batch by batch, shape (n, k)."""
    batches = [network(batch).float().cpu() for batch in torch.split(pixels, PREDICT_BATCH)]
    return torch.cat(batches).numpy()
