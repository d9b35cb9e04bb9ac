"""Stages II and III: fit the predictors at every scale, project every mixture.

python -m jobs.fit STUDY.yaml
"""

if __name__ == "__main__":
    from jobs.entry import main

    main("fit")

from collections.abc import Mapping, Sequence

import numpy as np

from jobs.study_tables import StudyTables
from projektor_ray.cli.screen import statement, status, table
from projektor_ray.explain.extrapolation import extrapolation, trained_sizes
from projektor_ray.explain.model_choice import describe_choice
from projektor_ray.explain.text_tables import errors_table
from projektor_ray.explain.unidentified_effects import unidentified_effects
from projektor_ray.runs.result_tables import predictor_rows
from projektor_ray.storage.schemas import Key, Row
from projektor_ray.study.fitting import fit_study, join_ledgers, projection_rows
from projektor_ray.study.purchasing import SetFit


def fit(tables: StudyTables) -> list[SetFit]:
    """Fit what the ledgers hold, of each validation set; writes `predictors` and `projections`."""
    fits = fit_models(tables)
    write_fits(tables, fits)
    return fits


def fit_models(tables: StudyTables) -> list[SetFit]:
    """Fit what the ledgers hold, of each validation set."""
    each = zip(tables.each, tables.probes_of_each(), strict=True)
    return [_fit(one, probes) for one, probes in each]


def _fit(tables: StudyTables, probes: Mapping[Key, Row]) -> SetFit:
    study = tables.study
    runs = join_ledgers(study, probes, tables.distances())
    return SetFit(study, fit_study(study, runs), runs, tables.search_distances())


def write_fits(tables: StudyTables, fits: Sequence[SetFit]) -> None:
    """Write the tables `predictors` and `projections`, and say which model was chosen."""
    for one, own in zip(fits, tables.each, strict=True):
        study, distances = one.study, own.distances()
        own.write("predictors", predictor_rows(one.fitted))
        measured = np.array([distances[(identity,)]["value"] for identity in study.mixture_ids])
        rows = projection_rows(one.fitted, study.mixtures, measured, study.sizes)
        own.write("projections", rows)
        on = f" on {study.set_name}" if study.set_name else ""
        status("Model", f"{describe_choice(one.fitted)}{on}")


def show_fits(fits: Sequence[SetFit]) -> None:
    """Show the errors of all models, and how far they are projected."""
    for one in fits:
        study = one.study
        table(errors_table([{"on": "", **row} for row in predictor_rows(one.fitted)], study.goal))
        for fact in unidentified_effects(one.runs.mixtures, study.names, one.runs.distances):
            statement(str(fact))
        statement(str(extrapolation(study.max_size, trained_sizes(study))))
