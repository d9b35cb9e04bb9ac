"""Arithmetic whose rounding depends neither on torch's settings nor on the batch size."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import torch
from torch import Tensor

P = ParamSpec("P")
R = TypeVar("R")

STABLE_ROWS = 16
"""BLAS sums a row of a float32 product in another order where the matrix has fewer rows."""


@contextmanager
def strict_arithmetic() -> Iterator[None]:
    """No gradient graph, no autocast, float32 products without TF32 or bfloat16.

    Rounded operands would give another marginal error than the reported one. A gradient graph
    would keep every iterate in memory.
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
    """Decorate a function so that it runs in `strict_arithmetic`."""

    @wraps(function)
    def strict(*args: P.args, **kwargs: P.kwargs) -> R:
        with strict_arithmetic():
            return function(*args, **kwargs)

    return strict


def pad_rows(matrix: Tensor) -> Tensor:
    """Append rows of zeros up to `STABLE_ROWS` rows."""
    missing = STABLE_ROWS - matrix.shape[0]
    return torch.nn.functional.pad(matrix, (0, 0, 0, missing)) if missing > 0 else matrix


def stable_matmul(left: Tensor, right: Tensor) -> Tensor:
    """left @ right, (B, r) × (r, v); no row depends on the number of rows B."""
    return (pad_rows(left) @ right)[: left.shape[0]]


def stable_bmm(left: Tensor, right: Tensor) -> Tensor:
    """Batched products (B, r, s) × (B, s, t); no product depends on the batch size B."""
    if len(left) > 1:
        return torch.bmm(left, right)
    return torch.bmm(left.expand(2, -1, -1), right.expand(2, -1, -1))[:1]
