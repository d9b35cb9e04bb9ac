"""The ledger's writer: one process beside the driver, where the study's folder is at hand."""

from collections.abc import Sequence
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from projektor_ray.ledger import MERGE_AT, Ledger
from projektor_ray.tables import Folder, Row, Stamp


class LedgerWriter:
    """Appends rows to one ledger of a study's folder; a row that it took is on the disk."""

    def __init__(self, uri: str, name: str, stamp: Stamp) -> None:
        self._ledger = Ledger(Folder(uri), name)
        self._stamp = stamp
        self._appended = 0

    def append(self, rows: Sequence[Row]) -> None:
        self._ledger.append(rows, self._stamp)
        self._appended += 1
        if self._appended % MERGE_AT == 0:
            self._ledger.compact()


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
