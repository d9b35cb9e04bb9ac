"""Stages II and III: fit the predictors at every scale, project every mixture.

python -m jobs.fit STUDY.yaml
"""

import argparse
from collections.abc import Mapping, Sequence

import numpy as np

from jobs.options import output_of, parser, run
from jobs.workspace import Workspace, opened
from projektor_ray.cli import terminal
from projektor_ray.cli.terminal import headline, table
from projektor_ray.explain.formatting import aligned
from projektor_ray.explain.model_choice import describe_choice
from projektor_ray.projection import FittedModels, noise_gain, reach
from projektor_ray.runs import Runs, unidentified
from projektor_ray.runs.result_tables import predictor_rows
from projektor_ray.storage.schemas import Key, Row
from projektor_ray.study import Study, read_study
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
    rows = predictor_rows(fitted)
    workspace.write("predictors", rows)
    measured = np.array([distances[(identity,)]["value"] for identity in study.mixture_ids])
    projected = projection_rows(fitted, study.mixtures, measured, study.sizes)
    workspace.write("projections", projected)
    _show(study, fitted, rows, projected, runs)
    # What measures is made when it is first asked: whoever only fits need not embed anything.
    return SetFit(study, fitted, runs, lambda mixtures: workspace.pilot_distances(mixtures))


def _show(
    study: Study,
    fitted: FittedModels,
    rows: Sequence[Row],
    projected: Sequence[Row],
    runs: Runs,
) -> None:
    terminal.predictors(rows, study.goal)
    size, scales = study.max_size, study.scales
    _show_projections(study, fitted, [row for row in projected if row["size"] == size])
    for note in unidentified(runs.mixtures, study.names, runs.distances):
        headline("note", note)
    headline("fit", describe_choice(fitted))
    if len(scales) > 1:
        gain = float(noise_gain(size, scales))
        said = f"Eq. 3 amplifies errors of the scales {gain:.2f}×"
    else:
        said = f"one scale only, {scales[0]:,}: fitted there, projected to no other size"
    headline("project", f"{reach(size, scales)}; {said}")


def _show_projections(study: Study, fitted: FittedModels, at_size: Sequence[Row]) -> None:
    """What each model says at the size to buy, over the mixtures of the design."""
    shown = []
    missed = aligned([model.held_out_rms for model in fitted.models.values()], 3)
    for (name, model), miss in zip(fitted.models.items(), missed, strict=True):
        rows = [row for row in at_size if row["predictor"] == name]
        if not rows:
            continue
        values = np.array([row["value"] for row in rows])
        widths = np.array([row["high"] - row["low"] for row in rows])
        best = values.max() if study.metric.maximize else values.min()
        law = model.name if model.name == name else f"{model.name} of {name}"
        shown.append(
            [
                _marked(law, name == fitted.chosen),
                f"{values.mean():.3f}",
                f"{best:.3f}",
                f"{np.median(widths):.3f}",
                miss,
            ]
        )
    size = study.max_size
    columns = ["model", "mean", "best", "90 % width", "error at the last scale"]
    on = f" on {study.set_name}" if study.set_name else ""
    table(f"Projections of the design{on} to {size:,}", columns, shown)


def _marked(name: str, chosen: bool) -> str:
    return f"{name}{' ←' if chosen else ''}"


def main(arguments: argparse.Namespace) -> int:
    config = read_study(arguments.study)
    with opened(config, output_of(config, arguments.out), arguments.address) as workspace:
        fit(workspace)
    return 0


if __name__ == "__main__":
    run(main, parser("fit", "Fit and project what a study's ledgers hold."))
