"""Stage I: measure the distance of every mixture to the validation set, in the pilots' actors.

python -m jobs.measure STUDY.yaml
"""

import argparse
import time

from jobs.options import output_of, parser, run
from jobs.workspace import Workspace, opened
from projektor_ray.cli.terminal import headline
from projektor_ray.storage.arrays import Floats
from projektor_ray.storage.ledger import Ledger
from projektor_ray.study import read_study
from projektor_ray.study.fitting import distance_rows, unmeasured
from projektor_ray.transport import Distances


def measure(workspace: Workspace) -> None:
    """Measure the mixtures that the ledger lacks, to each validation set in one batched solve."""
    for one in workspace.each:
        _measure(one)


def measure_mixtures(workspace: Workspace, mixtures: Floats) -> None:
    """Measure further mixtures (b, m), such as those of plans, unless the ledger has them."""
    for one in workspace.each:
        known = one.distances()
        lacking = [(one.study.identify(mixture),) not in known for mixture in mixtures]
        if any(lacking):
            one.pilot_distances.reset()
            _append(one, mixtures[lacking])


def _append(workspace: Workspace, mixtures: Floats) -> Distances:
    """Measure mixtures in one batched solve, and record them."""
    study = workspace.study
    started = time.perf_counter()
    found = workspace.pilot_distances(mixtures)
    rows = distance_rows(study, mixtures, found, time.perf_counter() - started)
    Ledger(workspace.folder, "distances").append(rows, study.distances_metadata)
    return found


def _measure(workspace: Workspace) -> None:
    study = workspace.study
    to = f" to {study.set_name}" if study.set_name else ""
    missing = unmeasured(study, workspace.distances())
    if len(missing):
        distances = workspace.pilot_distances
        headline("transport", f"{distances.plan.layout}: {distances.plan.reason}")
        started = time.perf_counter()
        found = _append(workspace, missing)
        seconds = time.perf_counter() - started
        open_ones = int((~found.converged).sum())
        says = f"{len(missing)} mixtures{to} in {seconds:.1f} s, {found.iterations.max()} rounds"
        headline(
            "distances", says + (f", [bold red]{open_ones} not converged[/]" if open_ones else "")
        )
    else:
        headline("distances", f"all {len(study.measured)} mixtures{to} were there")


def main(arguments: argparse.Namespace) -> int:
    config = read_study(arguments.study)
    out = output_of(config, arguments.out)
    with opened(config, out, arguments.address, appends=True) as workspace:
        measure(workspace)
    return 0


if __name__ == "__main__":
    run(main, parser("measure", "Measure the distances that a study's ledger lacks."))
