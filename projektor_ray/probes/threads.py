"""How many CPU threads a training has."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from projektor_ray.probes.environment import environment

VARIABLE = "OMP_NUM_THREADS"


@contextmanager
def cpu_threads(count: int) -> Iterator[None]:
    """`count` threads for BLAS, OpenMP and torch in this process; what was set before is restored.

    The number decides the order of sums, and so their last bits. Libraries that are loaded inside
    read it from the environment.
    """
    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch else 0
    with environment(VARIABLE, str(count)), _libraries(len(sys.modules)).limit(limits=count):
        try:
            if torch:
                torch.set_num_threads(count)
            yield
        finally:
            if torch:
                torch.set_num_threads(threads)


@lru_cache(maxsize=1)
def _libraries(modules: int) -> Any:
    """Controls the thread pools of the libraries that are loaded; sought anew, which takes 10 ms,
    where modules were imported since.
    """
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    return ThreadpoolController()
