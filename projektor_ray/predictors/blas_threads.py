"""One BLAS thread for many small factorisations, where more threads only wait for each other."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

FEW_PROBES = 1000
"""Matrices of so many rows are factorised faster by one thread while others work."""


@contextmanager
def one_blas_thread(probes: int) -> Iterator[None]:
    """One thread for factorisations of matrices with a row for each of so many probes; of large
    ones as many threads as there were.
    """
    if probes > FEW_PROBES:
        yield
        return
    with _controller().limit(limits=1, user_api="blas"):
        yield


@cache
def _controller() -> ThreadpoolController:
    """The loaded BLAS libraries; to look for them takes milliseconds."""
    return ThreadpoolController()
