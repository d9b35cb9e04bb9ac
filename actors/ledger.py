"""The ledger's writer: one process on the driver's node, where the study's folder is reachable."""

import pickle
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from projektor_ray.probes.train_probe import Outcome
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import MERGE_AT, Ledger
from projektor_ray.storage.table_metadata import TableMetadata
from projektor_ray.storage.temporary_folders import full_disk_named


@dataclass(frozen=True)
class TrialState:
    """What a trial has reported so far.

    Attributes
    ----------
    outcome : of its training; None before it ends. A final outcome is in the ledger.
    began : start of the training by this machine's monotonic clock; None before it.
    node : node of the training.
    """

    outcome: Outcome | None = None
    began: float | None = None
    node: str = ""

    @property
    def seconds(self) -> float:
        """Since the training began; 0 before it."""
        return 0.0 if self.began is None else time.monotonic() - self.began


class LedgerWriter:
    """Appends probes to the ledger of a study's folder: when a call returns, its rows are stored.

    A probe has a row for each validation set, with the metadata of that set.

    For the length of a Tune run the writer also keeps what each trial reported, so that nothing
    that a lost worker had finished is trained again. The reports are in `scratch`, a folder of
    this machine, where a restarted writer finds them.
    """

    def __init__(self, uri: str, metadata: Sequence[TableMetadata], scratch: str) -> None:
        self._ledger = Ledger(Folder(uri), "probes")
        self._metadata = metadata
        self._scratch = Path(scratch)
        self._appended = 0

    def append(self, outcome: Outcome) -> None:
        """Add an outcome to the ledger, and merge parts now and then."""
        for place, metadata in enumerate(self._metadata):
            self._ledger.append([outcome.row(place)], metadata)
        self._appended += 1
        if self._appended % MERGE_AT == 0:
            self._ledger.compact()

    def begin(self, trial: int, node: str) -> None:
        """Note that the training of a trial begins on a node."""
        self._note(trial, TrialState(began=time.monotonic(), node=node))

    def finish(self, trial: int, outcome: Outcome, final: bool) -> None:
        """Note how the training of a trial ended; append a final outcome first."""
        if final:
            self.append(outcome)
        self._note(trial, replace(self.state(trial), outcome=outcome))

    def state(self, trial: int) -> TrialState:
        """What a trial has reported."""
        try:
            state: TrialState = pickle.loads(self._file(trial).read_bytes())
        except FileNotFoundError:
            return TrialState()
        return state

    def _note(self, trial: int, state: TrialState) -> None:
        content, temporary = pickle.dumps(state), self._file(trial).with_suffix(".tmp")
        with full_disk_named(self._scratch, len(content)):
            temporary.write_bytes(content)
            temporary.replace(self._file(trial))

    def _file(self, trial: int) -> Path:
        return self._scratch / f"trial-{trial}.pickle"


def start_writer(folder: Folder, metadata: Sequence[TableMetadata], scratch: str) -> Any:
    """A LedgerWriter on the driver's own node, so that a local folder is the driver's folder.

    It is restarted if it dies. A repeated call appends the same row twice, which readers of the
    ledger take for one.
    """
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    remote = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1, scheduling_strategy=here)(
        LedgerWriter
    )
    return remote.remote(folder.uri, metadata, scratch)
