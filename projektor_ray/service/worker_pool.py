"""A bounded pool of threads, and a time limit that ends a computation from within."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

from projektor_ray.service.problem_details import RefusedError
from projektor_ray.service.service_settings import ServiceSettings
from projektor_ray.storage.array_types import Floats
from projektor_ray.study import FittedStudy
from projektor_ray.transport import DistanceFunction, Distances

T = TypeVar("T")

GRACE_SECONDS = 2.0
"""After its time limit a computation ends by itself at its next step; none takes so long."""
RETRY = {"Retry-After": "1"}


class WorkerPool:
    """Computes the answers of requests, a few at a time.

    Attributes
    ----------
    busy : requests that are computed or wait.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._threads = ThreadPoolExecutor(settings.threads, thread_name_prefix="answer")
        self._most = settings.threads + settings.waiting
        self._seconds = settings.seconds
        self.busy = 0

    @property
    def is_full(self) -> bool:
        """Whether a further request would be turned away."""
        return self.busy >= self._most

    async def run(self, compute: Callable[[float], T]) -> T:
        """The result of a computation, which is told until when it may take, see `until`.

        Raises
        ------
        RefusedError
            If too many requests wait, or the computation took too long.
        """
        if self.is_full:
            raise RefusedError(
                503, "too-many-requests", "too many requests wait; try again in a second", RETRY
            )
        deadline = time.monotonic() + self._seconds
        self.busy += 1
        work = self._threads.submit(compute, deadline)
        work.add_done_callback(self._done(asyncio.get_running_loop()))
        try:
            return await asyncio.wait_for(asyncio.wrap_future(work), self._seconds + GRACE_SECONDS)
        except (TimeoutError, asyncio.TimeoutError):
            raise self._too_slow() from None

    def _done(self, loop: asyncio.AbstractEventLoop) -> Callable[[object], None]:
        """Counts a computation as busy until it has ended, even if nobody waits for it."""

        def count() -> None:
            self.busy -= 1

        def ended(_: object) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(count)

        return ended

    def _too_slow(self) -> RefusedError:
        return RefusedError(
            504,
            "time-limit",
            f"the answer took longer than {self._seconds:g} s. A search over sizes is the slowest: "
            "give the size, or a smaller `max_size`; or ask for fewer budgets or providers",
        )

    def close(self) -> None:
        """Wait for nothing that has not begun."""
        self._threads.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, eq=False)
class TimedDistances:
    """A distance function that refuses to go on after a deadline, of `time.monotonic`.

    Every step of a search asks for distances, so that a search ends soon after its deadline.
    """

    distances: DistanceFunction
    deadline: float

    def __call__(self, mixtures: Floats, /) -> Distances:
        if time.monotonic() > self.deadline:
            raise TimeoutError
        return self.distances(mixtures)


def until(study: FittedStudy, deadline: float) -> FittedStudy:
    """The same study, whose computations end with `TimeoutError` after a deadline."""
    fits = [replace(fit, distances=TimedDistances(fit.distances, deadline)) for fit in study.fits]
    return replace(study, fits=tuple(fits))
