"""Many small_cnn of one size trained at once: stacked weights, one optimiser step for all.

Each of the P networks has its own images, weights, batches, augmentation and batch statistics, all
drawn from its own seed exactly as when it is trained alone; only the order of sums differs.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional

from projektor_ray.learners.architectures import SmallCNN
from projektor_ray.learners.network_settings import NetworkSettings
from projektor_ray.learners.reproducible import reproducible
from projektor_ray.learners.task import Task
from projektor_ray.learners.training import (
    PREDICT_BATCH,
    Normalize,
    augmentation,
    batches,
    length,
    one_cycle,
    to_pixels,
)

CPU_WORK = 2**16
"""Most batch × height × width × network width for which packing is faster on a CPU.

Above it the time goes into convolutions, and a grouped one is slower there than many plain ones.
"""


def worth_packing(
    images: NDArray[np.uint8], settings: NetworkSettings, device: torch.device
) -> bool:
    """Whether networks on such sets train faster together than one after the other."""
    count, height, width, _ = images.shape
    work = min(settings.batch, count) * height * width * settings.width
    return device.type != "cpu" or work <= CPU_WORK


def packed_outputs(
    tasks: Sequence[Task],
    validations: Sequence[NDArray[np.uint8]],
    settings: NetworkSettings,
    seeds: Sequence[int],
    device: torch.device,
) -> list[list[NDArray[np.float32]]]:
    """Of a network for each task the outputs on the images of each validation set, (v, outputs).

    Parameters
    ----------
    tasks : with images of one shape (n, h, w, c), all classes or all regressions.
    seeds : one for each task.
    """
    with reproducible(seeds[0], device):
        pack = Pack(tasks, settings, seeds, device)
        pack.train(tasks, settings, seeds)
        found = [pack.outputs_of(to_pixels(one, device)) for one in validations]
    return [
        [outputs[place, :, : task.outputs] for outputs in found] for place, task in enumerate(tasks)
    ]


class Pack:
    """P networks as one: every weight has a leading axis of P.

    A head has as many outputs as the task with most classes; those that a network does not have are
    masked in its loss, so that their weights stay 0.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        settings: NetworkSettings,
        seeds: Sequence[int],
        device: torch.device,
    ) -> None:
        self._pixels = torch.stack([to_pixels(task.images, device) for task in tasks])
        norms = [Normalize(pixels) for pixels in self._pixels]
        self._mean = torch.stack([norm.mean for norm in norms])[:, None]
        self._std = torch.stack([norm.std for norm in norms])[:, None]
        most = max(task.outputs for task in tasks)
        bodies = [
            _body(self._pixels.shape[2], task.outputs, most, settings.width, seed).to(device)
            for task, seed in zip(tasks, seeds, strict=True)
        ]
        self._body = bodies[0]
        stacked, self._buffers = stack_module_state(bodies)
        self._weights = {name: w.detach().requires_grad_() for name, w in stacked.items()}

    def _forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """uint8 pixels (P, b, c, h, w) → outputs (P, b, K); updates the running statistics.

        Batch statistics are each network's own: under vmap its P·channels are normalised apart.
        """

        def one(
            weights: dict[str, torch.Tensor], buffers: dict[str, torch.Tensor], x: torch.Tensor
        ) -> torch.Tensor:
            outputs: torch.Tensor = functional_call(self._body, (weights, buffers), (x,))
            return outputs

        normal = (pixels.float() / 255 - self._mean) / self._std
        outputs: torch.Tensor = vmap(one)(self._weights, self._buffers, normal)
        return outputs

    def train(self, tasks: Sequence[Task], settings: NetworkSettings, seeds: Sequence[int]) -> None:
        """All networks, in place; the sum of their losses moves each by its own gradient."""
        targets = torch.stack([torch.tensor(task.targets) for task in tasks])
        count = torch.tensor([task.outputs for task in tasks], device=self._pixels.device)
        loss = _loss(count, settings.label_smoothing)
        _, steps = length(self._pixels.shape[1], settings)
        optimizer, schedule = one_cycle(self._weights.values(), settings, steps)
        self._body.train()
        for batch, images in self._augmented_batches(settings, seeds):
            wanted = torch.gather(targets, 1, batch).to(images.device)
            total = loss(self._forward(images), wanted)
            optimizer.zero_grad(set_to_none=True)
            total.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
        self._body.eval()

    def _augmented_batches(
        self, settings: NetworkSettings, seeds: Sequence[int]
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Of every step the samples (P, b), and their augmented pixels (P, b, c, h, w)."""
        pixels, device = self._pixels.permute(0, 1, 3, 4, 2), self._pixels.device
        networks, count, height, width, _ = pixels.shape
        size, steps = length(count, settings)
        streams = [torch.Generator().manual_seed(seed) for seed in seeds]
        which = torch.arange(networks)[:, None, None, None]
        for parts in zip(*(batches(count, size, steps, s) for s in streams), strict=True):
            drawn = [augmentation(size, height, width, settings, stream) for stream in streams]
            batch = torch.stack(parts)
            rows = torch.stack([rows for rows, _ in drawn])[:, :, :, None]
            columns = torch.stack([columns for _, columns in drawn])[:, :, None, :]
            places = [i.to(device) for i in (which, batch[:, :, None, None], rows, columns)]
            yield batch, pixels[tuple(places)].permute(0, 1, 4, 2, 3)

    @torch.no_grad()
    def outputs_of(self, pixels: torch.Tensor) -> NDArray[np.float32]:
        """Of uint8 pixels (v, c, h, w), shape (P, v, K)."""
        found = [
            self._forward(batch.expand(len(self._pixels), *batch.shape)).cpu()
            for batch in torch.split(pixels, PREDICT_BATCH)
        ]
        return torch.cat(found, dim=1).numpy()


def _body(channels: int, outputs: int, most: int, width: int, seed: int) -> nn.Module:
    """The network that this seed starts from, its head padded with zeros to `most` outputs."""
    torch.manual_seed(seed)
    body = SmallCNN(channels, outputs, width)
    head = nn.Linear(body.head.in_features, most)
    padding = most - outputs
    head.weight.data = functional.pad(body.head.weight.data, (0, 0, 0, padding))
    head.bias.data = functional.pad(body.head.bias.data, (0, padding))
    body.head = head
    return body


def _loss(
    count: torch.Tensor, smoothing: float
) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """(outputs (P, b, K), targets (P, b)) → Σ over networks of its mean loss on a batch.

    For classes (1 − s)·(−log q_y) + s / k · Σ_c (−log q_c) with q the softmax over the `count` = k
    first outputs, shape (P,); for real targets the squared error.
    """

    def loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        if targets.is_floating_point():
            return (outputs[..., 0] - targets).square().mean(dim=1).sum()
        absent = torch.arange(outputs.shape[2], device=count.device) >= count[:, None, None]
        surprise = -functional.log_softmax(outputs.masked_fill(absent, -torch.inf), dim=2)
        right = surprise.gather(2, targets[:, :, None])[..., 0]
        every = surprise.masked_fill(absent, 0.0).sum(dim=2) / count[:, None]
        return ((1 - smoothing) * right + smoothing * every).mean(dim=1).sum()

    return loss
