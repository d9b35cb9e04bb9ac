"""How many CPU threads a training has."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

VARIABLE = "OMP_NUM_THREADS"


@contextmanager
def cpu_threads(count: int) -> Iterator[None]:
    """`count` threads for BLAS, OpenMP and torch in this process; what was set before is restored.

    The number decides the order of sums, and so their last bits. Libraries that are loaded inside
    read it from the environment.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    torch, before = sys.modules.get("torch"), os.environ.get(VARIABLE)
    threads = torch.get_num_threads() if torch else 0
    os.environ[VARIABLE] = str(count)
    try:
        with threadpool_limits(limits=count):
            if torch:
                torch.set_num_threads(count)
            yield
    finally:
        if torch:
            torch.set_num_threads(threads)
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before
