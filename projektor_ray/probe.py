"""One probe: draw D(N, p), train the learner on it, return the metric. Appendix A.1, stage I."""

import logging
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Literal

import numpy as np

from projektor_ray.errors import LearnerError
from projektor_ray.faults import Fault, fault_of
from projektor_ray.identity import generator
from projektor_ray.learners import Learner
from projektor_ray.mixtures import draw
from projektor_ray.providers import Samples
from projektor_ray.study import Probe
from projektor_ray.tables import Row

logger = logging.getLogger(__name__)

LARGEST_SEED = 2**32


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt at a probe.

    Attributes
    ----------
    value : the metric, finite; None if it failed.
    error : the traceback of a failure, or "".
    fault : why it failed; None if it did not.
    """

    probe: Probe
    value: float | None
    error: str
    seconds: float
    started_at: datetime
    attempt: int = 1
    fault: Fault | None = None

    @property
    def status(self) -> Literal["done", "failed"]:
        return "done" if self.fault is None else "failed"

    @property
    def is_final(self) -> bool:
        """Whether no further attempt would end otherwise: done, or a learner's own fault."""
        return self.fault in (None, "learner")

    def row(self) -> Row:
        """The outcome as a row of the `probes` table."""
        return {
            "mixture_id": self.probe.mixture_id,
            "mixture": list(self.probe.mixture),
            "size": self.probe.size,
            "seed": self.probe.seed,
            "learner": self.probe.learner,
            "metric": self.probe.metric,
            "value": self.value,
            "seconds": self.seconds,
            "status": self.status,
            "error": self.error,
            "attempt": self.attempt,
            "started_at": self.started_at,
        }


def drawn_set(probe: Probe, pilots: Mapping[str, Samples], *, replacement: bool) -> Samples:
    """D(N, p) of a probe, from the pilots of all providers sorted by name."""
    names = sorted(pilots)
    sizes = np.array([len(pilots[name]) for name in names], dtype=np.int64)
    indices = draw(
        np.array(probe.mixture), probe.size, probe.seed, sizes, names, replacement=replacement
    )
    return Samples.concatenate(
        [pilots[name].take(index) for name, index in zip(names, indices, strict=True) if len(index)]
    )


def training_seed(probe: Probe) -> int:
    """The learner's seed, from the probe's identity alone."""
    stream = generator("training", probe.mixture_id, probe.size, probe.seed)
    return int(stream.integers(LARGEST_SEED))


def train_probe(
    probe: Probe,
    pilots: Mapping[str, Samples],
    validation: Samples,
    learner: Learner,
    *,
    replacement: bool,
    attempt: int = 1,
) -> Outcome:
    """Train one probe. A learner that raises, exits or breaks its contract is an outcome."""
    started_at, start = datetime.now(timezone.utc), time.perf_counter()
    value, error, fault = None, "", None
    try:
        train = drawn_set(probe, pilots, replacement=replacement)
        value = metric_value(learner(train, validation, training_seed(probe)), probe.metric)
    except (Exception, SystemExit) as failure:
        error, fault = traceback.format_exc(), fault_of(failure)
        logger.warning("probe %s at size %d failed:\n%s", probe.mixture_id, probe.size, error)
    return Outcome(probe, value, error, time.perf_counter() - start, started_at, attempt, fault)


def metric_value(metrics: Mapping[str, float], metric: str) -> float:
    """The finite value of one metric of those that a learner returned.

    Raises
    ------
    LearnerError
        If the learner returned no mapping, not this metric, or not a finite number.
    """
    if not isinstance(metrics, Mapping):
        raise LearnerError(
            f"the learner returned {metrics!r}; expected a mapping such as {{{metric!r}: 0.9}}"
        )
    if metric not in metrics:
        raise LearnerError(
            f"the study asks for the metric {metric!r}, but the learner returned {sorted(metrics)}"
        )
    value = metrics[metric]
    if not isinstance(value, int | float | np.number) or not np.isfinite(value):
        raise LearnerError(f"the learner returned {metric} = {value!r}; expected a finite number")
    return float(value)
