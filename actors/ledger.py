"""The ledger's writer: one process beside the driver, where the study's folder is at hand."""

import pickle
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from projektor_ray.probes.training import Outcome
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import MERGE_AT, Ledger
from projektor_ray.storage.table_metadata import TableMetadata


@dataclass(frozen=True)
class Fate:
    """What is known of a trial whose worker was lost.

    Attributes
    ----------
    outcomes : of its probes, where the worker still told them; what is final is on the disk.
    begun : when the training began, by this machine's monotonic clock; None if it did not.
    node : where it began.
    """

    outcomes: Sequence[Outcome] = ()
    begun: float | None = None
    node: str = ""

    @property
    def seconds(self) -> float:
        """Since the training began; 0 if it did not."""
        return 0.0 if self.begun is None else time.monotonic() - self.begun


class LedgerWriter:
    """Appends probes to the ledger of a study's folder; what it took is on the disk.

    A probe has a row for each validation set, with the metadata of that set.

    Beside it keeps, for the length of a Tune run, what each trial told it: who reads that after a
    worker was lost need not train again what it had finished. A writer that takes the place of one
    that died finds it in `scratch`, a folder of this machine.
    """

    def __init__(self, uri: str, metadata: Sequence[TableMetadata], scratch: str) -> None:
        self._ledger = Ledger(Folder(uri), "probes")
        self._metadata = metadata
        self._scratch = Path(scratch)
        self._appended = 0

    def append(self, outcomes: Sequence[Outcome]) -> None:
        for place, metadata in enumerate(self._metadata):
            self._ledger.append([outcome.row(place) for outcome in outcomes], metadata)
        self._appended += 1
        if self._appended % MERGE_AT == 0:
            self._ledger.compact()

    def begin(self, trial: int, node: str) -> None:
        """The training of a trial begins, on a node."""
        self._keep(trial, Fate(begun=time.monotonic(), node=node))

    def finish(self, trial: int, outcomes: Sequence[Outcome], final: Sequence[Outcome]) -> None:
        """Append what is final; keep how the probes of a trial ended."""
        self.append(final)
        self._keep(trial, replace(self.fate(trial), outcomes=outcomes))

    def fate(self, trial: int) -> Fate:
        """What a trial told."""
        try:
            kept: Fate = pickle.loads(self._file(trial).read_bytes())
        except FileNotFoundError:
            return Fate()
        return kept

    def _keep(self, trial: int, fate: Fate) -> None:
        beside = self._file(trial).with_suffix(".tmp")
        beside.write_bytes(pickle.dumps(fate))
        beside.replace(self._file(trial))

    def _file(self, trial: int) -> Path:
        return self._scratch / f"trial-{trial}.pickle"


def start_writer(folder: Folder, metadata: Sequence[TableMetadata], scratch: str) -> Any:
    """A LedgerWriter on the driver's own node, so that a local folder is the driver's folder.

    It is restarted if it dies. A call that was repeated appends the same rows twice, which readers
    of the ledger take for one.
    """
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    remote = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1, scheduling_strategy=here)(
        LedgerWriter
    )
    return remote.remote(folder.uri, metadata, scratch)
