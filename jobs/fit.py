"""Stages II and III: fit the predictors at every scale, project every mixture with Eq. 3.

python -m jobs.fit STUDY.yaml
"""

import argparse

import numpy as np

from jobs.options import load, output_of, parser, run
from jobs.show import headline, number, table
from jobs.workspace import Workspace, opened
from projektor_ray.analysis import (
    Fit,
    Observations,
    fit_scales,
    observe,
    predictor_rows,
    projection_rows,
)
from projektor_ray.projection import noise_gain
from projektor_ray.study import Study
from projektor_ray.tables import make_table


def fit(workspace: Workspace) -> tuple[Fit, Observations]:
    """Fit what the ledgers hold; writes the tables `predictors` and `projections`."""
    study, folder, distances = workspace.study, workspace.folder, workspace.distances()
    seen = observe(study, workspace.probes(), distances)
    fitted = fit_scales(study, seen)
    stamp = study.results_stamp
    folder.write_table("predictors", make_table("predictors", predictor_rows(fitted), stamp))
    measured = np.array(
        [distances[(identity, study.scales[0], None)]["value"] for identity in study.mixture_ids]
    )
    projected = projection_rows(fitted, study.mixtures, measured, study.sizes)
    folder.write_table("projections", make_table("projections", projected, stamp))
    _show(study, fitted)
    return fitted, seen


def _show(study: Study, fitted: Fit) -> None:
    rows = [
        [
            f"{name}{' ←' if name == fitted.chosen else ''}",
            str(scale),
            number(choice.fitted[name].report.mae, 3),
            number(choice.fitted[name].report.mae_cv, 3),
            number(choice.fitted[name].report.r2, 3),
        ]
        for scale, choice in fitted.choices.items()
        for name in choice.fitted
    ]
    table(
        f"Predictors of {study.config.metric}",
        ["predictor", "scale", "error", "cross-validated", "R²"],
        rows,
    )
    size = study.config.selection.size
    gain = float(noise_gain(size, study.scales))
    headline("fit", fitted.reason)
    headline("project", f"to {size:,} with Eq. 3, which amplifies errors of the scales {gain:.2f}×")


def main(arguments: argparse.Namespace) -> int:
    config = load(arguments.study)
    with opened(config, output_of(config, arguments.out), arguments.address) as workspace:
        fit(workspace)
    return 0


if __name__ == "__main__":
    run(main, parser("fit", "Fit and project what a study's ledgers hold."))
