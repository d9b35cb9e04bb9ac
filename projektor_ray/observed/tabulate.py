"""A table of trainings → rows of fitted predictors and of projections."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from projektor_ray.errors import InputError, TooFewProbesError
from projektor_ray.observed.estimators import MixtureRegressor, ScaleRegressor
from projektor_ray.observed.metric import guess_bounds
from projektor_ray.observed.runs import Runs


def fit_rows(runs: Runs, predictor: str, log: bool) -> tuple[list[dict[str, Any]], list[str]]:
    """Predictors at each size, a row each; and for each size the sentence that says why.

    Raises
    ------
    TooFewProbesError
        If at some size there are too few rows; names it.
    """
    if runs.values is None:
        raise InputError("expected a table with a metric; got one of mixtures alone")
    rows, reasons = [], []
    sizes: list[int | None] = list(runs.scales) or [None]
    distance = None if runs.distances is None else "distance"
    for size in sizes:
        at = np.ones(len(runs), dtype=bool) if size is None else runs.sizes == size
        features = runs.features().filter(pa.array(at))
        if size is not None:
            features = features.drop_columns(["size"])
        model = MixtureRegressor(predictor, distance=distance, log=log)
        try:
            model.fit(features, runs.values[at])
        except TooFewProbesError as failure:
            where = "" if size is None else f"at size {size:,}: "
            raise TooFewProbesError(f"{where}{failure}") from None
        reasons.append(("" if size is None else f"at {size:,}, ") + model.choice_.reason)
        rows += [
            {
                "predictor": name,
                "size": size,
                "mae": fitted.report.mae,
                "mae_cv": fitted.report.mae_cv,
                "r2": fitted.report.r2,
                "chosen": name == model.choice_.name,
            }
            for name, fitted in model.choice_.fitted.items()
        ]
    return rows, reasons


def fit_scale(
    runs: Runs, direction: str, log: bool, predictor: str, projection: str
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
        bounds=guess_bounds(runs.metric),
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
