"""Rows of fitted predictors and of projections, of a study and of a table of trainings alike."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from projektor_ray.errors import InputError
from projektor_ray.predictors import FitReport
from projektor_ray.projection import ClassShares, FittedModels, Grouped, Joint, JointPower
from projektor_ray.projection.choose import JOINTS
from projektor_ray.projection.law_error import UNKNOWN
from projektor_ray.runs.runs import Runs
from projektor_ray.storage.array_types import Floats

if TYPE_CHECKING:
    from projektor_ray.runs.scale_regressor import ScaleRegressor


def predictor_rows(fitted: FittedModels) -> list[dict[str, Any]]:
    """The `predictors` table: every predictor, and the joint models, at every scale."""
    rows = []
    for scale in fitted.scales:
        reports: dict[str, tuple[Floats, FitReport]] = {
            name: (at[scale].coefficients, at[scale].report)
            for name, at in fitted.predictors.items()
            if scale in at
        }
        for name in JOINTS:
            joint = fitted.models.get(name)
            joint = joint.joint if isinstance(joint, Grouped) else joint
            if isinstance(joint, Joint | JointPower):
                reports[name] = (joint.coefficients, joint.reports[scale])
        rows += [
            {
                "predictor": name,
                "size": scale,
                "coefficients": coefficients.tolist(),
                "mae": report.mae,
                "mae_cv": report.mae_cv,
                "r2": report.r2,
                "chosen": fitted.decides(name),
            }
            for name, (coefficients, report) in reports.items()
        ]
    return rows


def fit_scale(
    runs: Runs,
    direction: str | None,
    log: bool,
    predictor: str,
    projection: str,
    learner_family: str = UNKNOWN,
    classes: ClassShares | None = None,
    *,
    robust: bool = True,
) -> "ScaleRegressor":
    """The models of all sizes in the table.

    Raises
    ------
    InputError
        If the table says no size.
    """
    if runs.sizes is None or runs.values is None:
        raise InputError(
            "the table has no sizes, so nothing can be projected to other sizes; name the column "
            "of sizes, or give the one size of all rows: --size 1000000"
        )
    from projektor_ray.runs.scale_regressor import ScaleRegressor  # which imports scikit-learn

    model = ScaleRegressor(
        projection,
        predictor=predictor,
        direction=direction,
        distance=None if runs.distances is None else "distance",
        bounds=runs.bounds,
        log=log,
        learner_family=learner_family,
        classes=classes,
        robust=robust,
    )
    return model.fit(runs.features(), runs.values)


def projection_table(model: "ScaleRegressor", runs: Runs, sizes: Sequence[int]) -> pa.Table:
    """Every distinct mixture at every size by every fitted model: `value`, `low`, `high`.

    A column for each provider's share; `chosen` marks the model to use. Where one projection was
    requested, the table is of that one alone.
    """
    fitted = model.fitted_
    names = [fitted.projection] if fitted.reason.rule == "requested" else list(model.models_)
    mixtures, first = np.unique(runs.mixtures, axis=0, return_index=True)
    features = runs.features().take(np.sort(first))
    shares = features.select(list(model.providers_))
    tables = []
    for size in sizes:
        for name in names:
            view = model.by(name)
            low, high = np.asarray(view.predict_interval(features, size)).T
            columns = {
                "size": np.full(len(mixtures), size),
                "model": [name] * len(mixtures),
                "chosen": np.full(len(mixtures), name == fitted.projection),
                "value": np.asarray(view.predict(features, size)),
                "low": low,
                "high": high,
            }
            tables.append(pa.table({**{n: shares[n] for n in shares.column_names}, **columns}))
    return pa.concat_tables(tables)
