"""What every stage works with: the study, its folder, the pilots in their actors."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from actors.embedding import embedded_references
from actors.nodes import living_nodes
from actors.pilots import Pilots
from actors.transport import PilotDistances
from jobs.cluster import connected
from projektor_ray.data import Samples, embedder_identity
from projektor_ray.designs.adaptive import chosen_before
from projektor_ray.errors import InputError
from projektor_ray.learners import METRICS, check_metric
from projektor_ray.probes.resources import lacking_resources
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.lease import Lease, leased
from projektor_ray.storage.ledger import Ledger, Rows, in_all
from projektor_ray.storage.schemas import KEYS, Key, Row, make_table
from projektor_ray.storage.table_metadata import TableMetadata
from projektor_ray.study import Study, StudyConfig, resolve

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Workspace:
    """A resolved study, where its tables are, and who holds its pilots.

    Attributes
    ----------
    solvers : pilot distances by the validation set's name, built on first use.
    lease : of the folder; None for a job that appends to no ledger.
    local : whether Ray is of this machine alone, where no node will be added.
    """

    study: Study
    folder: Folder
    pilots: Pilots
    lease: Lease | None = None
    local: bool = False
    solvers: dict[str, PilotDistances] = field(default_factory=dict)

    @property
    def each(self) -> list["Workspace"]:
        """A workspace for every validation set, of a study of that set alone."""
        return [replace(self, study=one) for one in self.study.each]

    @property
    def pilot_distances(self) -> PilotDistances:
        """Mixtures → their distances to the one validation set."""
        name = self.study.validation.name
        if name not in self.solvers:
            self.solvers[name] = PilotDistances(self.pilots, self.study)
        return self.solvers[name]

    def training_samples(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """References to what learners see of pilots and of validation sets, by name.

        With several validation sets, embedded samples are those of the first set's embedder.
        """
        pilots, validations = self.pilots.references(), self.pilots.validations
        if self.study.config.learner.input != "embedded":
            return dict(pilots), dict(validations)
        ground = self.each[0].pilot_distances.ground
        return embedded_references(ground, pilots), embedded_references(ground, validations)

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

    def write(self, name: str, rows: Iterable[Row], metadata: TableMetadata | None = None) -> None:
        """Write a table of the study, see `table`; absent metadata: that of the results."""
        table = make_table(name, rows, metadata or self.study.results_metadata)
        self.folder.write_table(self.table(name), table)

    def table(self, name: str) -> str:
        """What a table is called: where it is of a validation set with a name, that is behind."""
        return "-".join(filter(None, (name, self.study.set_name)))

    def check_resources(self) -> None:
        """Refuse probes that no node can hold; on a cluster, which may grow, say so and wait.

        Raises
        ------
        InputError
            If Ray is local and cannot hold one probe.
        """
        says = lacking_resources(self.study.config.probes.reservation, living_nodes())
        if says and self.local:
            raise InputError(
                f"{says}. Lower probes.cpus, probes.gpus, probes.memory or probes.resources, or "
                "run on a cluster that has such a node (--address)"
            )
        if says:
            logger.warning("%s. Probes wait until such a node joins the cluster", says)


@contextmanager
def opened(
    config: StudyConfig,
    out: str,
    address: str | None = None,
    arrays: Mapping[str, Samples] | None = None,
    validation: Samples | Mapping[str, Samples] | None = None,
    *,
    appends: bool = False,
) -> Iterator[Workspace]:
    """A workspace for the length of a job; every check of the input is made here.

    A job that appends to a ledger has the study's folder for itself.

    Raises
    ------
    InputError
        If the configuration, the pilots, the validation set or the folder cannot be used.
    BusyError
        If this job appends, and another does already.
    """
    folder = Folder(out)
    check_metric(config.learner, METRICS[config.metric])
    embedder_identity(config.embedder)
    for name in KEYS:
        Ledger(folder, name).check_version()
    with connected(address, folder.shown) as local:
        pilots = Pilots(config, arrays or {}, validation)
        study = resolve(config, *pilots.summaries())
        with leased(folder) if appends else nullcontext() as lease:
            if appends:
                _repair(folder)
            if study.adaptive:
                design = Ledger(folder, "adaptive_design").rows(study.probes_metadata.input_hash)
                study = study.grown(chosen_before(study, design))
            yield Workspace(study, folder, pilots, lease, local)


def _repair(folder: Folder) -> None:
    """Clear away what an earlier run left in a folder that this driver alone writes."""
    for place in ("", "lease"):
        folder.remove_half_written(place)
    for name in KEYS:
        Ledger(folder, name).repair()
