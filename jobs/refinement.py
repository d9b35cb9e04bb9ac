"""Measure further mixtures until distances between the measured ones are interpolated exactly."""

import time
from collections.abc import Sequence
from dataclasses import replace

from jobs.measure import append_distances
from jobs.workspace import Workspace
from projektor_ray.cli.screen import status
from projektor_ray.explain.formatting import count
from projektor_ray.storage.array_types import Floats
from projektor_ray.study.interpolated import (
    MOST_FURTHER,
    MOST_PROVIDERS,
    InterpolationError,
    candidate_mixtures,
    error_bound,
    interpolated,
    read_error,
    write_error,
)
from projektor_ray.study.purchasing import SetFit
from projektor_ray.transport import Distances, Refinement, refine


def refine_distances(workspace: Workspace, fits: Sequence[SetFit]) -> list[SetFit]:
    """Measure mixtures where interpolated distances are least certain, until their held-out error
    is below a tenth of the metric's error; writes the table `interpolation`.

    Returns the fits with the distances by which plans are searched.
    """
    return [_refine(one, fit) for one, fit in zip(workspace.each, fits, strict=True)]


def _refine(workspace: Workspace, fit: SetFit) -> SetFit:
    study, started = workspace.study, time.perf_counter()
    bound, metric_error, sensitivity = error_bound(fit.fitted, fit.runs.arrays())
    refined = _measure(workspace, bound)
    measured = len(refined.interpolated.mixtures)
    further = measured - len(study.measured)
    earlier = read_error(workspace.folder, study)
    is_recorded = earlier is not None and earlier.bound == bound and not len(refined.mixtures)
    if is_recorded:  # also where distances of plans were added since, which a search left behind
        return replace(fit, distances=workspace.search_distances())
    achieved = InterpolationError(
        refined.error, bound, metric_error, sensitivity, measured, further
    )
    write_error(workspace.folder, study, achieved)
    if len(refined.mixtures):
        to = f" to {study.set_name}" if study.set_name else ""
        seconds = time.perf_counter() - started
        more = count(len(refined.mixtures), "further mixture")
        status("Distances", f"{more}{to} measured in {seconds:.1f} s, to interpolate between")
    return replace(fit, distances=workspace.search_distances())


def _measure(workspace: Workspace, bound: float) -> Refinement:
    """Measure, and append to the ledger, what the interpolation needs."""
    study = workspace.study
    known = interpolated(study, workspace.distances())
    further = len(known.mixtures) - len(study.measured)
    most = max(MOST_FURTHER - further, 0) if len(study.names) <= MOST_PROVIDERS else 0

    def measure(mixtures: Floats) -> Distances:
        workspace.pilot_distances.reset()
        return append_distances(workspace, mixtures)

    return refine(known, measure, candidate_mixtures(len(study.names)), bound, most=most)
