"""A resolved study and the tables in its folder: what stages need that neither train nor measure.

Nothing here imports Ray.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from projektor_ray.data import embedder_identity
from projektor_ray.learners import METRICS, check_metric
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.lease import Lease
from projektor_ray.storage.ledger import Ledger, Rows, in_all
from projektor_ray.storage.schemas import KEYS, SCHEMAS, Key, Row, make_table
from projektor_ray.storage.table_metadata import TableMetadata
from projektor_ray.storage.versions import check_versions
from projektor_ray.study import Study, StudyConfig
from projektor_ray.study.interpolated import interpolated
from projektor_ray.transport import DistanceFunction

logger = logging.getLogger(__name__)

TablesT = TypeVar("TablesT", bound="StudyTables")


@dataclass(frozen=True, eq=False)
class StudyTables:
    """A resolved study, and where its tables are.

    Attributes
    ----------
    lease : of the folder; None for a job that appends to no ledger.
    """

    study: Study
    folder: Folder
    lease: Lease | None = None

    @property
    def each(self: TablesT) -> list[TablesT]:
        """The same for every validation set, of a study of that set alone."""
        return [replace(self, study=one) for one in self.study.each]

    def probes_of_each(self) -> list[Mapping[Key, Row]]:
        """For every validation set, what the ledger holds of the probes measured on all of them."""
        ledger = Ledger(self.folder, "probes")
        return in_all([ledger.rows(one.probes_metadata.input_hash) for one in self.study.each])

    def probes(self) -> Mapping[Key, Row]:
        """The probes that the ledger holds for this learner and the validation sets, all of them.

        The rows are those of the first set.
        """
        return self.probes_of_each()[0]

    def distances(self) -> Rows:
        """The distances that the ledger holds for this ground cost and these pilots."""
        return Ledger(self.folder, "distances").rows(self.study.distances_metadata.input_hash)

    def search_distances(self) -> DistanceFunction:
        """Distances to the one validation set as a search for plans takes them."""
        return interpolated(self.study, self.distances())

    def reset_distances(self) -> None:
        """Make the next distances depend on their mixtures alone."""

    def write(self, name: str, rows: Iterable[Row], metadata: TableMetadata | None = None) -> None:
        """Write a table of the study, see `table`; absent metadata: that of the results."""
        table = make_table(name, rows, metadata or self.study.results_metadata)
        self.folder.write_table(self.table(name), table)

    def table(self, name: str) -> str:
        """What a table is called: where it is of a validation set with a name, that is behind."""
        return "-".join(filter(None, (name, self.study.set_name)))


def check_config(config: StudyConfig, folder: Folder) -> None:
    """Check, before any sample is read, what the configuration names and who wrote the tables.

    Raises
    ------
    InputError
        If the learner, its metric or the embedder is unknown, or another version wrote a table.
    """
    check_metric(config.learner, METRICS[config.metric])
    embedder_identity(config.embedder)
    check_versions(folder)


def repair(folder: Folder) -> None:
    """Clear away what an earlier run left in a folder that this driver alone writes; logs which
    tables are damaged, all of which this run writes anew.
    """
    for place in ("", "lease"):
        folder.remove_half_written(place)
    for name in KEYS:
        Ledger(folder, name).repair()
    for file in folder.names(""):
        name, _, ending = file.rpartition(".")
        if ending == "parquet" and name.partition("-")[0] in SCHEMAS and folder.is_damaged(name):
            logger.warning("%s of %s is damaged and is written anew", file, folder.shown)
