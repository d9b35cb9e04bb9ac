"""What every stage works with: the study, its folder, the pilots in their actors."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from actors.nodes import living_nodes
from actors.pilots import Pilots
from jobs.cluster import connected
from projektor_ray.adaptive import chosen_before
from projektor_ray.errors import InputError
from projektor_ray.learners import build_learner
from projektor_ray.lease import Lease, leased
from projektor_ray.ledger import Ledger, Rows
from projektor_ray.packs import check_pack
from projektor_ray.providers import Samples
from projektor_ray.rooms import unheld
from projektor_ray.study import Study, StudyConfig, resolve
from projektor_ray.tables import KEYS, Folder

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Workspace:
    """A resolved study, where its tables are, and who holds its pilots.

    Attributes
    ----------
    lease : of the folder; None for a job that appends to no ledger.
    local : whether Ray is of this machine alone, where no node will be added.
    """

    study: Study
    folder: Folder
    pilots: Pilots
    lease: Lease | None = None
    local: bool = False

    def probes(self) -> Rows:
        """The probes that the ledger holds for this learner and validation set."""
        return Ledger(self.folder, "probes").rows(self.study.probes_stamp.made_by)

    def distances(self) -> Rows:
        """The distances that the ledger holds for this ground cost and these pilots."""
        return Ledger(self.folder, "distances").rows(self.study.distances_stamp.made_by)

    def check_room(self) -> None:
        """Refuse probes that no node can hold; on a cluster, which may grow, say so and wait.

        Raises
        ------
        InputError
            If Ray is local and cannot hold one probe.
        """
        says = unheld(self.study.config.probes.room, living_nodes())
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
    validation: Samples | None = None,
    *,
    appends: bool = False,
) -> Iterator[Workspace]:
    """A workspace for the length of a job; every check of the input is made here.

    A job that appends to a ledger has the study's folder for itself.

    Raises
    ------
    InputError
        If the configuration, the pilots or the validation set cannot be used.
    BusyError
        If this job appends, and another does already.
    """
    folder = Folder(out)
    check_pack(config.probes.pack, config.learner.name, build_learner(config.learner))
    config.embedder.identity()
    with connected(address) as local:
        pilots = Pilots(config, arrays or {}, validation)
        study = resolve(config, *pilots.summaries())
        with leased(folder) if appends else nullcontext() as lease:
            for name in KEYS if appends else ():
                Ledger(folder, name).sweep()
            if study.adaptive:
                design = Ledger(folder, "design").rows(study.probes_stamp.made_by)
                study = study.grown(chosen_before(study, design))
            yield Workspace(study, folder, pilots, lease, local)
