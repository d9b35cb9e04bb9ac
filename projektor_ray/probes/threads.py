"""How many CPU threads a training has."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from projektor_ray.probes.environment import environment

VARIABLE = "OMP_NUM_THREADS"


@contextmanager
def cpu_threads(count: int) -> Iterator[None]:
    """`count` threads for BLAS, OpenMP and torch in this process; what was set before is restored.

    The number decides the order of sums, and so their last bits. Libraries that are loaded inside
    read it from the environment.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch else 0
    with environment(VARIABLE, str(count)), threadpool_limits(limits=count):
        try:
            if torch:
                torch.set_num_threads(count)
            yield
        finally:
            if torch:
                torch.set_num_threads(threads)
