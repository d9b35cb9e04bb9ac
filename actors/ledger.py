"""The ledger's writer: one process beside the driver, where the study's folder is at hand."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from projektor_ray.faults import Fault
from projektor_ray.ledger import MERGE_AT, Ledger
from projektor_ray.probe import Outcome
from projektor_ray.tables import Folder, Row, Stamp


@dataclass(frozen=True)
class Fate:
    """What is known of a trial whose worker was lost.

    Attributes
    ----------
    outcomes : of its probes, where the worker still told them; their rows are on the disk.
    fault, error : why the worker ended itself, where it did.
    seconds : since the training began; 0 if it did not.
    node : where it began.
    """

    outcomes: Sequence[Outcome] = ()
    fault: Fault | None = None
    error: str = ""
    seconds: float = 0.0
    node: str = ""


class LedgerWriter:
    """Appends rows to one ledger of a study's folder; a row that it took is on the disk.

    Beside it keeps, for the length of a Tune run, what each trial told it: who reads that after a
    worker was lost need not train again what it had finished.
    """

    def __init__(self, uri: str, name: str, stamp: Stamp) -> None:
        self._ledger = Ledger(Folder(uri), name)
        self._stamp = stamp
        self._appended = 0
        self._begun: dict[int, tuple[float, str]] = {}
        self._fates: dict[int, Fate] = {}

    def append(self, rows: Sequence[Row]) -> None:
        self._ledger.append(rows, self._stamp)
        self._appended += 1
        if self._appended % MERGE_AT == 0:
            self._ledger.compact()

    def begin(self, trial: int, node: str) -> None:
        """The training of a trial begins, on a node."""
        self._begun[trial] = time.monotonic(), node

    def finish(self, trial: int, outcomes: Sequence[Outcome]) -> None:
        """Append the outcomes that are final; the others are the driver's to judge."""
        self.append([outcome.row() for outcome in outcomes if outcome.is_final])
        self._fates[trial] = Fate(outcomes)

    def give_up(self, trial: int, fault: Fault, error: str) -> None:
        """The worker of a trial ends itself."""
        self._fates[trial] = Fate(fault=fault, error=error)

    def fate(self, trial: int) -> Fate:
        """What a trial told, how long ago it began, and where."""
        known = self._fates.get(trial, Fate())
        if trial not in self._begun:
            return known
        begun, node = self._begun[trial]
        return replace(known, seconds=time.monotonic() - begun, node=node)


def start_writer(folder: Folder, name: str, stamp: Stamp) -> Any:
    """A LedgerWriter on the driver's own node, so that a local folder is the driver's folder.

    It is restarted if it dies. A call that was repeated appends the same rows twice, which readers
    of the ledger take for one.
    """
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    remote = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1, scheduling_strategy=here)(
        LedgerWriter
    )
    return remote.remote(folder.uri, name, stamp)
