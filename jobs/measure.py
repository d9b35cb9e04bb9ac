"""Stage I: measure the distance of every mixture to the validation set, in the pilots' actors.

python -m jobs.measure STUDY.yaml
"""

if __name__ == "__main__":
    from jobs.entry import main

    main("measure")

import logging
import time

from jobs.stage_lines import show_distances
from jobs.workspace import Workspace
from projektor_ray.cli.heartbeat import doing
from projektor_ray.designs.mixtures import distinct
from projektor_ray.explain.formatting import count
from projektor_ray.explain.memory_plan import memory_text
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.ledger import Ledger
from projektor_ray.study.fitting import distance_rows, unmeasured
from projektor_ray.transport import Distances

logger = logging.getLogger(__name__)


def measure(workspace: Workspace) -> None:
    """Measure the mixtures that the ledger lacks, to each validation set in one batched solve."""
    for one in workspace.each:
        _measure(one)


def measure_mixtures(workspace: Workspace, mixtures: Floats) -> None:
    """Measure further mixtures (b, m), such as those of plans, unless the ledger has them."""
    mixtures = distinct(mixtures)
    for one in workspace.each:
        known = one.distances()
        lacking = [(one.study.identify(mixture),) not in known for mixture in mixtures]
        if any(lacking):
            one.pilot_distances.reset()
            append_distances(one, mixtures[lacking])


def append_distances(workspace: Workspace, mixtures: Floats) -> Distances:
    """Measure mixtures in one batched solve, and record them."""
    study = workspace.study
    started = time.perf_counter()
    distances = workspace.pilot_distances(mixtures)
    rows = distance_rows(study, mixtures, distances, time.perf_counter() - started)
    Ledger(workspace.folder, "distances").append(rows, study.distances_metadata)
    return distances


def _measure(workspace: Workspace) -> None:
    study = workspace.study
    missing = unmeasured(study, workspace.distances())
    reused = len(study.measured) - len(missing)
    if not len(missing):
        show_distances(study, reused)
        return
    with doing("Distances", f"measuring {count(len(missing), 'mixture')}"):
        plan = workspace.pilot_distances.plan
        logger.info("Transport: %s", memory_text(plan))
        started = time.perf_counter()
        latest = append_distances(workspace, missing)
        seconds = time.perf_counter() - started
    open_ones = int((~latest.converged).sum())
    failed = f", {open_ones:,} not converged" if open_ones else ""
    show_distances(study, reused, f"{len(missing):,} measured in {seconds:.1f} s{failed}")
