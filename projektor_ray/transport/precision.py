"""Arithmetic as it is written, whatever the caller has set torch to do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import torch

P = ParamSpec("P")
R = TypeVar("R")


@contextmanager
def plain_arithmetic() -> Iterator[None]:
    """No graph of gradients, no autocast, float32 products without TF32 or bfloat16.

    Rounded operands would give a marginal error that is not what is reported, and a graph would
    keep every iterate.
    """
    precision = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        cpu, cuda = torch.autocast("cpu", enabled=False), torch.autocast("cuda", enabled=False)
        with torch.no_grad(), cpu, cuda:
            yield
    finally:
        torch.set_float32_matmul_precision(precision)


def strict_precision(function: Callable[P, R]) -> Callable[P, R]:
    """The function, computed in `plain_arithmetic`."""

    @wraps(function)
    def computed(*arguments: P.args, **named: P.kwargs) -> R:
        with plain_arithmetic():
            return function(*arguments, **named)

    return computed
