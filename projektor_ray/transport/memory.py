"""The memory plan of a solve, made before anything is allocated."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil
import torch

from projektor_ray.errors import InputError

Layout = Literal["dense", "blocked", "by mixture", "by provider"]

SAFE_SHARE = 0.7
"""Share of the free memory that a plan may use; the rest is for the allocator and other
processes."""
SOURCE_ARRAYS, TARGET_ARRAYS = 5, 40
"""Arrays of n, and of v, float64 numbers for each mixture. Source arrays are weights and
potentials; target arrays are iterates and the history of maps and residuals."""
KERNEL_BYTES = 8
"""Bytes of a kernel entry: where float32 leaves its range, a solve continues in float64."""
BLOCK_BYTES = 64 << 20
FEW_MIXTURES = 8
"""A stored kernel does not pay where fewer mixtures than this fit next to it."""


@dataclass(frozen=True)
class MemoryPlan:
    """How a solve is laid out.

    Attributes
    ----------
    layout : in one process the kernel is stored whole (dense) or rebuilt block by block (blocked).
        Of several processes each stores the whole kernel and solves a share of the mixtures (by
        mixture), or has the rows of some providers (by provider).
    batch : mixtures that a process solves together; more are solved in turns.
    mixtures : those of one process, in all.
    bytes_needed, bytes_available : what a process will use, and may use.
    points, targets : rows and columns of the kernel.
    processes : over which mixtures or providers are spread; 1: none besides this one.
    """

    layout: Layout
    batch: int
    mixtures: int
    bytes_needed: int
    bytes_available: int
    points: int
    targets: int
    processes: int

    @property
    def kernel_bytes(self) -> int:
        """What the whole kernel takes."""
        return KERNEL_BYTES * self.points * self.targets


def plan_memory(
    points: int,
    targets: int,
    mixtures: int,
    dimension: int,
    *,
    item_size: int = 4,
    available: int,
    actors: int = 0,
) -> MemoryPlan:
    """Choose the layout of a solve of `points` × `targets` for a batch of `mixtures`.

    A dense solve stores the kernel and, for each mixture, arrays on both sides. A blocked solve
    stores one block of the kernel and the arrays on the target side. Both store the features; by
    provider, a process stores an equal share of them.

    Parameters
    ----------
    dimension : coordinates of a point.
    item_size : bytes of a number of the features on the device. The features as they came and the
        features in the cost's units are float64.
    available : bytes that one process may use, see `available_memory`.
    actors : processes that mixtures or pilots could be spread over; 0 in a process of its own.

    Raises
    ------
    InputError
        If not even one mixture fits.
    """
    budget = int(SAFE_SHARE * available)
    point_bytes = (8 + 8 + item_size) * dimension
    features = point_bytes * (points + targets)
    kernel = KERNEL_BYTES * points * targets
    target_state = 8 * TARGET_ARRAYS * targets
    dense_state = target_state + 8 * SOURCE_ARRAYS * points
    spare = budget - features - BLOCK_BYTES
    each = -(-mixtures // max(1, actors))  # mixtures of one process
    if kernel_fits(spare - kernel, dense_state, each):
        batch = min(each, (spare - kernel) // dense_state)
        needed = features + BLOCK_BYTES + kernel + batch * dense_state
        layout: Layout = "by mixture" if actors > 1 else "dense"
        return MemoryPlan(layout, batch, each, needed, budget, points, targets, max(1, actors))
    features = point_bytes * (-(-points // max(1, actors)) + targets)
    spare = budget - features - BLOCK_BYTES
    if spare < target_state:
        raise InputError(
            f"{points:,} pilot points and {targets:,} validation points need "
            f"{_text(features + BLOCK_BYTES + target_state)} for one mixture; {_text(budget)} may "
            "be used. Use smaller pilots or a smaller validation set, or more memory"
        )
    batch = min(mixtures, spare // target_state)
    needed = features + BLOCK_BYTES + batch * target_state
    layout = "by provider" if actors > 1 else "blocked"
    return MemoryPlan(layout, batch, mixtures, needed, budget, points, targets, max(1, actors))


def kernel_fits(spare: int, state: int, mixtures: int) -> bool:
    """Whether the bytes left next to a stored kernel hold the arrays of enough mixtures.

    With few mixtures at a time, reading a stored kernel takes as long as rebuilding it.
    """
    return spare // state >= min(mixtures, FEW_MIXTURES)


def available_memory(device: torch.device) -> int:
    """Free bytes of a device: of the GPU, or of the machine within its control group."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return min(psutil.virtual_memory().available, _control_group_memory())


def _control_group_memory() -> int:
    """Bytes that the control group still allows; a very large number if there is no limit."""
    for limit, usage in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        (
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        ),
    ):
        try:
            most, used = Path(limit).read_text().strip(), Path(usage).read_text().strip()
        except OSError:
            continue
        if most.isdigit():
            return max(0, int(most) - int(used))
    return 1 << 62


def _text(count: float) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
