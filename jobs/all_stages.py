"""All stages of a study, from the distances of its mixtures to the page of its plan."""

import numpy as np

from actors.nodes import living_nodes
from jobs.check import check_input
from jobs.fit import fit_models
from jobs.measure import measure, measure_mixtures
from jobs.probe import probe, probes_left, unfinished
from jobs.profiles import profiles
from jobs.refinement import refine_distances
from jobs.report import conclude, is_there, write_page
from jobs.stage_lines import show_cautions, show_data, show_design
from jobs.workspace import Workspace
from projektor_ray.cli import terminal
from projektor_ray.cli.heartbeat import doing
from projektor_ray.errors import TooFewProbesError
from projektor_ray.explain.results import Results
from projektor_ray.probes.cost_estimate import slots_of
from projektor_ray.study.fitting import missing_probes
from projektor_ray.study.record import write_record


def run_stages(
    workspace: Workspace, sources: str, *, retry_failed: bool, verbose: bool
) -> tuple[Results, int]:
    """Do what is not done, show and write the results; also the number of missing probes.

    Parameters
    ----------
    sources : fingerprint of the study's sources, taken before they were read.

    Raises
    ------
    UnfinishedError
        If probes are missing, and the finished ones are too few to fit a model.
    """
    show_data(workspace.study)
    check_input(workspace)
    show_cautions(workspace.study)
    done = workspace.probes()
    if missing := missing_probes(workspace.study, done):
        show_design(workspace.study, done, missing, slots_of(workspace.study, living_nodes()))
    write_record(workspace.folder, workspace.study, sources)
    measure(workspace)
    drawn = profiles(workspace)
    workspace = probe(workspace, retry_failed=retry_failed)
    left = probes_left(workspace)
    try:
        with doing("Model", "fitting", at_once=False):
            models = fit_models(workspace)
    except TooFewProbesError as failure:
        raise (unfinished(left, failure) if left else failure) from None
    with doing("Distances", "measuring further mixtures", at_once=False):
        fits = refine_distances(workspace, models)
    new_page = not is_there(workspace.study.config, workspace.folder)
    with doing("Plan", "searching", at_once=False):
        results = conclude(workspace, fits, drawn, figures=new_page)
    terminal.show_results(results, verbose=verbose)
    if not all(one.interpolates for one in workspace.each):
        measure_mixtures(workspace, np.array([plan.mixture for plan in results.bought.every]))
    if new_page:
        write_page(workspace, results)
    return results, left
