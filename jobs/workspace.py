"""What every stage works with: the study, its folder, the pilots in their actors."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from actors.nodes import living_nodes
from actors.pilots import Pilots
from jobs.cluster import connected
from jobs.local_ray import is_local
from jobs.preload import preload
from jobs.study_tables import StudyTables, check_config, repair
from projektor_ray.cli.heartbeat import doing
from projektor_ray.data import Samples
from projektor_ray.errors import InputError
from projektor_ray.probes.resources import lacking_resources
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.lease import leased
from projektor_ray.study import UNNAMED, StudyConfig, resolve
from projektor_ray.study.base_design import continued
from projektor_ray.study.early_checks import check_purchase, check_sources
from projektor_ray.study.interpolated import read_error
from projektor_ray.transport import DistanceFunction

if TYPE_CHECKING:
    from actors.transport import PilotDistances

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, kw_only=True)
class Workspace(StudyTables):
    """A resolved study, where its tables are, and who holds its pilots.

    Attributes
    ----------
    solvers : pilot distances by the validation set's name, built on first use.
    local : whether Ray is of this machine alone, where no node will be added.
    """

    pilots: Pilots
    local: bool = False
    solvers: "dict[str, PilotDistances]" = field(default_factory=dict)

    @property
    def pilot_distances(self) -> "PilotDistances":
        """Mixtures → their distances to the one validation set."""
        from actors.transport import PilotDistances  # with PyTorch, which is slow to import

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
        from actors.transport_inputs import embedded_references

        ground = self.each[0].pilot_distances.ground
        return embedded_references(ground, pilots), embedded_references(ground, validations)

    def search_distances(self) -> DistanceFunction:
        """Interpolated where that is exact enough; else by transport, made at first use."""
        if self.interpolates:
            return super().search_distances()
        return lambda mixtures: self.pilot_distances(mixtures)

    @property
    def interpolates(self) -> bool:
        """Whether interpolated distances to the one validation set are exact enough."""
        error = read_error(self.folder, self.study)
        return error is not None and error.suffices

    def reset_distances(self) -> None:
        for one in self.each:
            if not one.interpolates:
                one.pilot_distances.reset()

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
    check_config(config, folder)
    check_purchase(config)
    if is_local(address):
        given = {UNNAMED} if isinstance(validation, Samples) else {*(validation or ())}
        check_sources(config, {*(arrays or {}), *given})
    loading = [preload("torch")] if appends else []
    with connected(address, folder.shown) as local:
        loading += [preload("ray.tune")] if appends else []
        with doing("Pilots", "reading"):
            pilots = Pilots(config, arrays or {}, validation)
            study = resolve(config, *pilots.summaries())
            for thread in loading:
                thread.join()
        with leased(folder) if appends else nullcontext() as lease:
            if appends:
                repair(folder)
            study = continued(study, folder, records=appends)
            yield Workspace(study, folder, lease, pilots=pilots, local=local)
