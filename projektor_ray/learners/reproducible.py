"""Where a network runs, and how a training becomes a function of its seed alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


def pick_device() -> torch.device:
    """The accelerator if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@contextmanager
def on_device(*networks: nn.Module) -> Iterator[torch.device]:
    """Networks on this process's device, afterwards on the CPU again: any worker can take them."""
    device = pick_device()
    try:
        for network in networks:
            network.to(device)
        yield device
    finally:
        for network in networks:
            network.to("cpu")


@contextmanager
def reproducible(seed: int, device: torch.device) -> Iterator[None]:
    """Seeded, deterministic torch in one CPU thread; what was set before is restored.

    The number of threads decides the order of sums, and so their last bits: one is the only
    number that every worker has.
    """
    threads = torch.get_num_threads()
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    devices = [] if device.type == "cpu" else [device]
    with torch.random.fork_rng(devices=devices):
        try:
            torch.set_num_threads(1)
            torch.use_deterministic_algorithms(True, warn_only=device.type != "cpu")
            torch.manual_seed(seed)
            yield
        finally:
            torch.set_num_threads(threads)
            torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
