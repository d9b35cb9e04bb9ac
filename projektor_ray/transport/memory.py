"""The memory plan: how a solve is laid out, decided before anything is allocated."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from projektor_ray.errors import InputError

Layout = Literal["dense", "blocked", "by mixture", "by provider"]

SAFE_SHARE = 0.7
"""Share of the free memory that a plan may use; the rest is for the allocator and neighbours."""
SOURCE_ARRAYS, TARGET_ARRAYS = 5, 40
"""Arrays of n, and of v, float64 numbers for each mixture: weights and potentials on one side; on
the other iterates and the history of maps and residuals."""
KERNEL_BYTES = 8
"""A number of the kernel: where float32 leaves its range a solve goes on in float64."""
BLOCK_BYTES = 64 << 20


@dataclass(frozen=True)
class MemoryPlan:
    """How a solve is laid out.

    Attributes
    ----------
    layout : the kernel held whole (dense) or rebuilt block by block (blocked) in one process; or
        several processes, of which each holds the whole kernel and solves a share of the mixtures
        (by mixture), or holds the rows of some providers (by provider).
    mixtures : mixtures that a process solves together; more are solved in turn.
    bytes_needed, bytes_available : what a process will use, and may use.
    reason : why, in a sentence.
    """

    layout: Layout
    mixtures: int
    bytes_needed: int
    bytes_available: int
    reason: str


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
    """Choose the layout of a solve of `points` × `targets` for `mixtures` at once.

    Dense holds the kernel and, for each mixture, states on both sides; blocked holds one block of
    the kernel and the targets' states. Either holds the features, by provider an even share of
    them. Mixtures are solved in turns where their states would not fit all at once.

    Parameters
    ----------
    item_size : bytes of a number of the features on the device; beside them there are the
        features as they came and in the cost's units.
    available : bytes that one process may use, as `available_memory` tells.
    actors : processes that mixtures or pilots could be spread over; 0 in a process of its own.

    Raises
    ------
    InputError
        If not even one mixture at a time fits.
    """
    budget = int(SAFE_SHARE * available)
    each = (8 + 8 + item_size) * dimension
    features = each * (points + targets)
    kernel = KERNEL_BYTES * points * targets
    state = 8 * TARGET_ARRAYS * targets
    dense_state = state + 8 * SOURCE_ARRAYS * points
    spare = budget - features - BLOCK_BYTES
    together = -(-mixtures // max(1, actors))
    if not _too_narrow(spare - kernel, dense_state, together):
        batch = min(together, (spare - kernel) // dense_state)
        needed = features + BLOCK_BYTES + kernel + batch * dense_state
        layout: Layout = "by mixture" if actors > 1 else "dense"
        reason = f"a kernel of {points:,} × {targets:,}, {_size(kernel)}, fits"
        if actors > 1:
            reason += f" each of {actors} processes"
        return MemoryPlan(layout, batch, needed, budget, _with_turns(reason, batch, together))
    features = each * (-(-points // max(1, actors)) + targets)
    spare = budget - features - BLOCK_BYTES
    if spare < state:
        raise InputError(
            f"{points:,} pilot points and {targets:,} validation points need "
            f"{_size(features + BLOCK_BYTES + state)} for one mixture, and {_size(budget)} may be "
            "used. Use smaller pilots or a smaller validation set, or more memory"
        )
    batch = min(mixtures, spare // state)
    needed = features + BLOCK_BYTES + batch * state
    reason = f"the kernel of {points:,} × {targets:,} would take {_size(kernel)} of {_size(budget)}"
    if actors > 1:
        reason += f", so providers are spread over {actors} processes"
        return MemoryPlan(
            "by provider", batch, needed, budget, _with_turns(reason, batch, mixtures)
        )
    reason += ", so it is rebuilt from features block by block in every round"
    return MemoryPlan("blocked", batch, needed, budget, _with_turns(reason, batch, mixtures))


def available_memory(device: torch.device) -> int:
    """Bytes that are free on a device: the card's, or the machine's within its control group."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return min(_machine_memory(), _group_memory())


def _too_narrow(spare: int, state: int, mixtures: int) -> bool:
    """Whether so few mixtures would fit beside the kernel that reading it would not pay."""
    return spare // state < min(mixtures, 8)


def _with_turns(reason: str, batch: int, mixtures: int) -> str:
    return reason if batch == mixtures else f"{reason}; {batch} of {mixtures} mixtures at a time"


def _size(count: float) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"


def _machine_memory() -> int:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def _group_memory() -> int:
    """What the control group still allows, or a very large number without a limit."""
    for limit, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        (
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        ),
    ):
        try:
            most, now = Path(limit).read_text().strip(), Path(used).read_text().strip()
        except OSError:
            continue
        if most.isdigit():
            return max(0, int(most) - int(now))
    return 1 << 62
