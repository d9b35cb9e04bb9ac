"""A probe training, or a pack of them, as a Tune trial."""

from collections.abc import Mapping, Sequence
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
from projektor_ray.probes.faults import Fault, Verdict
from projektor_ray.probes.limits import Limits, end_process, watched
from projektor_ray.probes.packs import train_pack
from projektor_ray.probes.retries import PendingProbe
from projektor_ray.probes.threads import cpu_threads
from projektor_ray.probes.training import Outcome

LAST_WORDS_SECONDS = 30.0
"""Long enough for a ledger's writer that is just being restarted."""


@dataclass(frozen=True)
class TrialContext:
    """What every trial of a Tune run shares: small values and references, never arrays.

    Attributes
    ----------
    packs : indices into `todo` of the probes that a trial trains together, one pack a trial.
    threads : on CPUs, of one training.
    limits : of one probe.
    retries, more_room : what decides whether a failed probe is tried again, as in `verdict`.
    pilots : provider name → reference to its Samples, read without a copy from the object store.
    validations : references to the Samples of each validation set.
    ledger : the LedgerWriter.
    """

    todo: tuple[PendingProbe, ...]
    packs: tuple[tuple[int, ...], ...]
    learner: LearnerConfig
    replacement: bool
    threads: int
    limits: Limits
    retries: int
    more_room: bool
    pilots: Mapping[str, Any]
    validations: tuple[Any, ...]
    ledger: Any

    def pack(self, trial: int) -> list[PendingProbe]:
        """What a trial is to train."""
        return [self.todo[index] for index in self.packs[trial]]

    def limits_of(self, trial: int) -> Limits:
        """Of a pack's training: the time of all its probes, the memory of one."""
        seconds = self.limits.seconds
        together = None if seconds is None else seconds * len(self.packs[trial])
        return Limits(together, self.limits.memory)

    def verdicts(self, trial: int, outcomes: Sequence[Outcome]) -> list[Verdict]:
        """What becomes of each probe of a pack that ended so."""
        pairs = zip(self.pack(trial), outcomes, strict=True)
        return [one.verdict(o, self.retries, more_room=self.more_room) for one, o in pairs]

    def failed(self, trial: int, fault: Fault, error: str, seconds: float) -> list[Outcome]:
        """Outcomes of a pack whose training was ended from outside, after some seconds."""
        pack, began = self.pack(trial), datetime.now(timezone.utc) - timedelta(seconds=seconds)
        packed = len(pack) > 1
        return [
            Outcome(one.probe, (), error, seconds, began, one.attempt, fault, packed)
            for one in pack
        ]

    def tell(self, trial: int, outcomes: Sequence[Outcome]) -> Any:
        """Append what is final to the ledger, whose writer keeps the rest; a reference."""
        verdicts = self.verdicts(trial, outcomes)
        pairs = zip(outcomes, verdicts, strict=True)
        final = [outcome for outcome, verdict in pairs if verdict == "final"]
        return self.ledger.finish.remote(trial, outcomes, final)


def trial(config: dict[str, int], materials: TrialContext) -> None:
    """Train the pack of one index; what is final is in the ledger before Tune hears of it.

    A process in which a training failed is ended: a broken device, a changed module or children
    left behind would spoil the next one. The driver reads the outcomes from the ledger's writer.
    """
    index = config["index"]
    pack = materials.pack(index)
    names = sorted(materials.pilots)
    samples = _samples(*(materials.pilots[name] for name in names), *materials.validations)
    pilots, validations = samples[: len(names)], samples[len(names) :]
    learner = build_learner(materials.learner)

    def stop(fault: Fault, error: str, seconds: float) -> None:
        told = materials.tell(index, materials.failed(index, fault, error, seconds))
        ray.wait([told], timeout=LAST_WORDS_SECONDS)
        end_process()

    materials.ledger.begin.remote(index, ray.get_runtime_context().get_node_id())
    with cpu_threads(materials.threads), watched(materials.limits_of(index), stop):
        outcomes = train_pack(
            [one.probe for one in pack],
            dict(zip(names, pilots, strict=True)),
            validations,
            learner,
            replacement=materials.replacement,
            attempts=[one.attempt for one in pack],
        )
    refusal = ""
    try:
        fetch(materials.tell(index, outcomes))
    except StorageError as error:
        refusal = str(error)
    if not refusal and any(outcome.fault for outcome in outcomes):
        end_process()
    tune.report({"outcomes": outcomes, "refusal": refusal})


@cache
def _samples(*references: Any) -> list[Samples]:
    """The shared arrays, fetched once a process: trials of one process reuse it."""
    found: list[Samples] = ray.get(list(references))
    return found
