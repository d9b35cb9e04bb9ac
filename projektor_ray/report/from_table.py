"""The report of somebody's table of trainings."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from projektor_ray.observed import Runs, ScaleRegressor
from projektor_ray.observed.tabulate import fit_rows
from projektor_ray.predictors import FitReport
from projektor_ray.projection.left_out import values_at
from projektor_ray.report.content import Report, Trained
from projektor_ray.report.describe import describe, trained_of
from projektor_ray.selection import Plan, PurchasePlans

EVERY_PREDICTOR = "auto"


def report_of_table(
    title: str,
    runs: Runs,
    model: ScaleRegressor,
    bought: PurchasePlans,
    without: Mapping[str, Plan | None],
) -> Report:
    """The content of the report of trainings, a model fitted to them and plans made with it."""
    trained = trained_of(
        model.model_, model.mixtures_, model.distances_, model.sizes_, model.values_
    )
    chosen = next(name for name, fitted in model.models_.items() if fitted is model.model_)
    rows = _rows_of_predictors(runs, model)
    if len(model.scales_) > 1:
        rows += _rows_of(model, chosen, trained)
    if model.log:
        values, predicted = np.exp(trained.values), np.exp(trained.predicted)
        trained = replace(trained, values=values, predicted=predicted)
    return describe(
        title=title,
        metric=runs.metric,
        direction=model.goal,
        trained=trained,
        measured=model.distances_ is not None,
        predictors=[{**row, "on": ""} for row in sorted(rows, key=lambda row: row["size"])],
        errors_of=f"the logarithm of {runs.metric}" if model.log else runs.metric,
        bought=bought,
        without=without,
        objectives={name: model.by(name).objective for name in model.models_},
        chosen=chosen,
        reason=model.reason_,
        notes=model.notes_,
    )


def _rows_of_predictors(runs: Runs, model: ScaleRegressor) -> list[dict[str, Any]]:
    """Of every predictor at every size; with one size, the model is one of them."""
    rows, _ = fit_rows(runs, EVERY_PREDICTOR, model.log)
    decides = model.predictor if len(model.scales_) == 1 else None
    return [{**row, "chosen": row["predictor"] == decides} for row in rows]


def _rows_of(model: ScaleRegressor, chosen: str, trained: Trained) -> list[dict[str, Any]]:
    """How well the model that decides fits each size, as the predictors' rows say it."""
    fitted = values_at(model.model_, model.mixtures_, model.distances_, model.sizes_)
    rows = []
    for size in model.scales_:
        at = model.sizes_ == size
        left_out = trained.values[at] - trained.predicted[at]
        report = FitReport.of(trained.values[at], fitted[at], left_out)
        rows.append(
            {
                "predictor": chosen,
                "size": size,
                "mae": report.mae,
                "mae_cv": report.mae_cv if trained.left_out else None,
                "r2": report.r2,
                "chosen": True,
            }
        )
    return rows
