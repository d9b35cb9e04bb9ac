"""A probe training, or a pack of them, as a Tune trial."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import ray
from ray import tune

from actors.fetch import fetch
from projektor_ray.errors import StorageError
from projektor_ray.faults import Fault
from projektor_ray.learners import LearnerConfig, build_learner
from projektor_ray.limits import Limits, end_process, watched
from projektor_ray.packs import train_pack
from projektor_ray.providers import Samples
from projektor_ray.study import Probe

LAST_WORDS_SECONDS = 10.0


@dataclass(frozen=True)
class Materials:
    """What every trial of a Tune run shares: small values and references, never arrays.

    Attributes
    ----------
    packs : indices of the probes that a trial trains together, one pack a trial.
    limits : of one probe.
    pilots : provider name → reference to its Samples, read without a copy from the object store.
    validation : reference to the validation Samples.
    """

    probes: tuple[Probe, ...]
    attempts: tuple[int, ...]
    packs: tuple[tuple[int, ...], ...]
    learner: LearnerConfig
    replacement: bool
    limits: Limits
    pilots: Mapping[str, Any]
    validation: Any
    ledger: Any

    def limits_of(self, pack: int) -> Limits:
        """Of a pack's training: the time of all its probes, the memory of one."""
        seconds = self.limits.seconds
        together = None if seconds is None else seconds * len(self.packs[pack])
        return Limits(together, self.limits.memory)


def trial(config: dict[str, int], materials: Materials) -> None:
    """Train the pack of one index; what is final is in the ledger before Tune hears of it.

    A process in which a training failed is ended: a broken device, a changed module or children
    left behind would spoil the next one. The driver reads the outcomes from the ledger's writer.
    """
    index = config["index"]
    pack = materials.packs[index]
    names = sorted(materials.pilots)
    *pilots, validation = _samples(
        *(materials.pilots[name] for name in names), materials.validation
    )
    learner = build_learner(materials.learner)

    def stop(fault: Fault, error: str) -> None:
        told = materials.ledger.give_up.remote(index, fault, error)
        ray.wait([told], timeout=LAST_WORDS_SECONDS)
        end_process()

    materials.ledger.begin.remote(index, ray.get_runtime_context().get_node_id())
    with watched(materials.limits_of(index), stop):
        outcomes = train_pack(
            [materials.probes[i] for i in pack],
            dict(zip(names, pilots, strict=True)),
            validation,
            learner,
            replacement=materials.replacement,
            attempts=[materials.attempts[i] for i in pack],
        )
    refusal = ""
    try:
        fetch(materials.ledger.finish.remote(index, outcomes))
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
