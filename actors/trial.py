"""The training of one probe as a Tune trial."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Any

import ray
from ray import tune

from actors.fetch import fetch
from projektor_ray.data import Samples
from projektor_ray.errors import StorageError
from projektor_ray.learners import LearnerConfig, build_learner
from projektor_ray.probes.faults import Fault, NextAction
from projektor_ray.probes.limits import LimitExceeded, Limits, end_process, enforce_limits
from projektor_ray.probes.pending_probe import PendingProbe
from projektor_ray.probes.threads import cpu_threads
from projektor_ray.probes.train_probe import Outcome, storable, train_probe

REPORT_SECONDS = 30.0
"""How long a trial that a limit ends waits for the ledger's writer, which may be restarting."""


@dataclass(frozen=True)
class TrialContext:
    """What all trials of a Tune run share: small values and references, never arrays.

    Attributes
    ----------
    pending : the probes to train; a trial's index is the position of its probe.
    threads : CPU threads of one training.
    limits : of one training.
    retries, more_memory : rules for the next action after a failure, see `next_action`.
    pilots : provider name → reference to its Samples in the object store.
    validations : references to the Samples of each validation set.
    writer : the LedgerWriter.
    """

    pending: tuple[PendingProbe, ...]
    learner: LearnerConfig
    replacement: bool
    threads: int
    limits: Limits
    retries: int
    more_memory: bool
    pilots: Mapping[str, Any]
    validations: tuple[Any, ...]
    writer: Any

    def next_action(self, trial: int, outcome: Outcome) -> NextAction:
        """What happens to the probe of a trial after this outcome."""
        pending = self.pending[trial]
        return pending.next_action(outcome, self.retries, more_memory=self.more_memory)

    def failure(self, trial: int, fault: Fault, error: str, seconds: float) -> Outcome:
        """Outcome of a training that was ended from outside, some seconds after it began."""
        pending, began = self.pending[trial], datetime.now(timezone.utc) - timedelta(0, seconds)
        return Outcome(pending.probe, (), storable(error), seconds, began, pending.attempt, fault)

    def report(self, trial: int, outcome: Outcome) -> Any:
        """Send the outcome to the writer, which records it if it is final; returns a reference."""
        final = self.next_action(trial, outcome) == "record"
        return self.writer.finish.remote(trial, outcome, final)


def trial(config: dict[str, int], context: TrialContext) -> None:
    """Train the probe of one index; a final outcome is in the ledger before Tune hears of it.

    A process in which a training failed is ended: a broken device, a changed module or child
    processes would spoil the next training. The driver reads the outcome from the writer.
    """
    index = config["index"]
    pending = context.pending[index]
    names = sorted(context.pilots)
    samples = _samples(*(context.pilots[name] for name in names), *context.validations)
    pilots, validations = samples[: len(names)], samples[len(names) :]
    learner = build_learner(context.learner)

    def stop(exceeded: LimitExceeded) -> None:
        ended = context.failure(index, exceeded.fault, exceeded.error, exceeded.seconds)
        ray.wait([context.report(index, ended)], timeout=REPORT_SECONDS)
        end_process()

    context.writer.begin.remote(index, ray.get_runtime_context().get_node_id())
    with cpu_threads(context.threads), enforce_limits(context.limits, stop):
        outcome = train_probe(
            pending.probe,
            dict(zip(names, pilots, strict=True)),
            validations,
            learner,
            replacement=context.replacement,
            attempt=pending.attempt,
        )
    refusal = ""
    try:
        fetch(context.report(index, outcome))
    except StorageError as error:
        refusal = str(error)
    if not refusal and outcome.fault:
        end_process()
    tune.report({"outcome": outcome, "refusal": refusal})


@cache
def _samples(*references: Any) -> list[Samples]:
    """The shared arrays, fetched once in each process, whose trials reuse them."""
    samples: list[Samples] = ray.get(list(references))
    return samples
