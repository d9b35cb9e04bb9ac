"""One probe: draw its training set, train, return the metric (appendix A.1, stage I)."""

import logging
import time
import traceback
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Literal

import numpy as np

from projektor_ray.data import Samples
from projektor_ray.designs.drawing import draw
from projektor_ray.errors import LearnerError, redacted
from projektor_ray.learners import Learner
from projektor_ray.probes.faults import Fault, fault_of
from projektor_ray.storage.hashing import generator
from projektor_ray.storage.schemas import Row
from projektor_ray.study.probe import Probe

logger = logging.getLogger(__name__)

LARGEST_SEED = 2**32
MOST_WARNINGS, LONGEST_WARNING = 5, 200
"""Warnings of one training that are stored, and characters of each."""

Values = tuple[float, ...]
"""The metric of one training on each validation set."""


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt at a probe.

    Attributes
    ----------
    values : the metric on each validation set, finite; empty if it failed.
    error : the traceback of a failure, or "".
    fault : why it failed; None if it did not.
    warnings : what the training warned of, each once: category and first line.
    """

    probe: Probe
    values: Values
    error: str
    seconds: float
    started_at: datetime
    attempt: int = 1
    fault: Fault | None = None
    warnings: tuple[str, ...] = ()

    @property
    def status(self) -> Literal["done", "failed"]:
        return "done" if self.fault is None else "failed"

    def row(self, place: int = 0) -> Row:
        """The outcome on the validation set at a place, as a row of the `probes` table."""
        return {
            "mixture_id": self.probe.mixture_id,
            "mixture": list(self.probe.mixture),
            "size": self.probe.size,
            "seed": self.probe.seed,
            "learner": self.probe.learner,
            "metric": self.probe.metric,
            "value": self.values[place] if self.values else None,
            "seconds": self.seconds,
            "status": self.status,
            "error": self.error,
            "attempt": self.attempt,
            "started_at": self.started_at,
            "warnings": list(self.warnings),
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
    validations: Sequence[Samples],
    learner: Learner,
    *,
    replacement: bool,
    attempt: int = 1,
) -> Outcome:
    """Train one probe, and measure it on every validation set.

    A learner that raises, exits or breaks its contract is a failed outcome.
    """
    started_at, start = datetime.now(timezone.utc), time.perf_counter()
    values: Values = ()
    error, fault = "", None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            drawn = drawn_set(probe, pilots, replacement=replacement)
            measured = learner.measure(drawn, validations, training_seed(probe))
            values = tuple(metric_value(one, probe.metric) for one in measured)
        except (Exception, SystemExit) as failure:
            error, fault = storable(traceback.format_exc()), fault_of(failure)
            logger.warning("%s failed:\n%s", probe.label, error)
    seconds = time.perf_counter() - start
    notes = tuple(dict.fromkeys(_warning_line(one) for one in caught))[:MOST_WARNINGS]
    return Outcome(probe, values, error, seconds, started_at, attempt, fault, notes)


def _warning_line(caught: warnings.WarningMessage) -> str:
    """`ConvergenceWarning: lbfgs failed to converge`: the category and the first line."""
    first = str(caught.message).strip().partition("\n")[0]
    return storable(f"{caught.category.__name__}: {first[:LONGEST_WARNING]}")


def storable(text: str) -> str:
    """A text of a learner as it is stored: without credentials of URIs, and what is no UTF-8 (lone
    surrogates) written as \\udcff.
    """
    return redacted(text.encode("utf-8", "backslashreplace").decode("utf-8"))


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
