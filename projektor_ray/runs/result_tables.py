"""A table of trainings → rows of fitted predictors and of projections."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from projektor_ray.errors import InputError, TooFewProbesError
from projektor_ray.predictors import Predictor
from projektor_ray.projection import Joint, JointPower, decider
from projektor_ray.runs.estimators import AUTO, MixtureRegressor, ScaleRegressor
from projektor_ray.runs.runs import Runs


def fit_sizes(runs: Runs, predictor: str, log: bool) -> dict[int | None, Mapping[str, Predictor]]:
    """Predictors at each size, by name; None is the size where the table says none.

    Parameters
    ----------
    predictor : name of one that must be among them; or "auto": whichever can be fitted.

    Raises
    ------
    TooFewProbesError
        If at some size there are too few rows; names it.
    """
    if runs.values is None:
        raise InputError("expected a table with a metric; got one of mixtures alone")
    asked = (AUTO,) if predictor == AUTO else (predictor, AUTO)
    sizes: list[int | None] = list(runs.scales) or [None]
    distance = None if runs.distances is None else "distance"
    found: dict[int | None, Mapping[str, Predictor]] = {}
    for size in sizes:
        at = np.ones(len(runs), dtype=bool) if size is None else runs.sizes == size
        features = runs.features().filter(pa.array(at))
        if size is not None:
            features = features.drop_columns(["size"])
        fitted: dict[str, Predictor] = {}
        for name in asked:
            model = MixtureRegressor(name, distance=distance, log=log)
            try:
                fitted |= model.fit(features, runs.values[at]).choice_.fitted
            except TooFewProbesError as failure:
                where = "" if size is None else f"at size {size:,}: "
                raise TooFewProbesError(f"{where}{failure}") from None
        found[size] = fitted
    return found


def fit_rows(
    each: Mapping[int | None, Mapping[str, Predictor]], model: ScaleRegressor | None, predictor: str
) -> list[dict[str, Any]]:
    """A row for each predictor, and each joint model of all sizes, at each size.

    Parameters
    ----------
    each : the predictors, see `fit_sizes`.
    model : of all sizes, by which a purchase is decided; None where the table says no size.
    predictor : that a purchase is decided by where there is one size.
    """
    decides = predictor if model is None else decider(model.model_)
    rows = []
    for size, fitted in each.items():
        reports = {name: one.report for name, one in fitted.items()}
        if model is not None and size is not None:
            reports |= {
                name: one.reports[size]
                for name, one in model.models_.items()
                if isinstance(one, Joint | JointPower)
            }
        rows += [
            {
                "predictor": name,
                "size": size,
                "mae": report.mae,
                "mae_cv": report.mae_cv,
                "r2": report.r2,
                "chosen": name == decides,
            }
            for name, report in reports.items()
        ]
    return rows


def fit_scale(
    runs: Runs, direction: str | None, log: bool, predictor: str, projection: str
) -> ScaleRegressor:
    """The model of all sizes in the table.

    Raises
    ------
    InputError
        If the table says no size.
    """
    if runs.sizes is None or runs.values is None:
        raise InputError(
            "the table says no size, so that nothing can be told of others; name the column of "
            "sizes, or say the one size of all rows: --size 1000000"
        )
    model = ScaleRegressor(
        projection,
        predictor=predictor,
        direction=direction,
        distance=None if runs.distances is None else "distance",
        bounds=runs.bounds,
        log=log,
    )
    return model.fit(runs.features(), runs.values)


def projection_table(model: ScaleRegressor, runs: Runs, sizes: Sequence[int]) -> pa.Table:
    """Every distinct mixture at every size by every fitted model: `value`, `low`, `high`.

    A column for each provider's share; `chosen` marks the model to use.
    """
    mixtures, first = np.unique(runs.mixtures, axis=0, return_index=True)
    features = runs.features().take(np.sort(first))
    shares = features.select(list(model.providers_))
    tables = []
    for size in sizes:
        for name, fitted in model.models_.items():
            view = model.by(name)
            low, high = np.asarray(view.predict_interval(features, size)).T
            columns = {
                "size": np.full(len(mixtures), size),
                "model": [name] * len(mixtures),
                "chosen": np.full(len(mixtures), fitted is model.model_),
                "value": np.asarray(view.predict(features, size)),
                "low": low,
                "high": high,
            }
            tables.append(pa.table({**{n: shares[n] for n in shares.column_names}, **columns}))
    return pa.concat_tables(tables)
