"""Stages II and III: fit the predictors at every scale, project every mixture.

python -m jobs.fit STUDY.yaml
"""

if __name__ == "__main__":
    from jobs.entry import main

    main("fit")

from collections.abc import Mapping, Sequence

import numpy as np

from jobs.workspace import Workspace
from projektor_ray.cli.screen import statement, status, table
from projektor_ray.explain.extrapolation import extrapolation
from projektor_ray.explain.model_choice import describe_choice
from projektor_ray.explain.text_tables import errors_table
from projektor_ray.explain.unidentified_effects import unidentified_effects
from projektor_ray.runs.result_tables import predictor_rows
from projektor_ray.storage.schemas import Key, Row
from projektor_ray.study.fitting import fit_study, join_ledgers, projection_rows
from projektor_ray.study.purchasing import SetFit


def fit(workspace: Workspace) -> list[SetFit]:
    """Fit what the ledgers hold, of each validation set; writes `predictors` and `projections`."""
    each = zip(workspace.each, workspace.probes_of_each(), strict=True)
    return [_fit(one, probes) for one, probes in each]


def _fit(workspace: Workspace, probes: Mapping[Key, Row]) -> SetFit:
    study, distances = workspace.study, workspace.distances()
    runs = join_ledgers(study, probes, distances)
    fitted = fit_study(study, runs)
    workspace.write("predictors", predictor_rows(fitted))
    measured = np.array([distances[(identity,)]["value"] for identity in study.mixture_ids])
    rows = projection_rows(fitted, study.mixtures, measured, study.sizes)
    workspace.write("projections", rows)
    on = f" on {study.set_name}" if study.set_name else ""
    status("Model", f"{describe_choice(fitted)}{on}")
    # The distances are built on first use: a command that only fits embeds nothing.
    return SetFit(study, fitted, runs, lambda mixtures: workspace.pilot_distances(mixtures))


def show_fits(fits: Sequence[SetFit]) -> None:
    """Show the errors of all models, and how far they are projected."""
    for one in fits:
        study = one.study
        table(errors_table([{"on": "", **row} for row in predictor_rows(one.fitted)], study.goal))
        for fact in unidentified_effects(one.runs.mixtures, study.names, one.runs.distances):
            statement(str(fact))
        statement(str(extrapolation(study.max_size, study.scales)))
