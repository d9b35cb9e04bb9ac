"""The results of a table of runs."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from projektor_ray.explain.assemble import assemble, trained_of
from projektor_ray.explain.results import Results
from projektor_ray.projection.per_scale import PerScale
from projektor_ray.runs import Runs, ScaleRegressor
from projektor_ray.runs.estimators import AUTO
from projektor_ray.runs.result_tables import fit_rows, fit_sizes
from projektor_ray.selection import Plan, PurchasePlans


def results_of_table(
    title: str,
    runs: Runs,
    model: ScaleRegressor,
    bought: PurchasePlans,
    without: Mapping[str, Plan | None],
) -> Results:
    """The results of a table of runs, a model fitted to them and plans made with it."""
    trained = trained_of(
        model.model_, model.mixtures_, model.distances_, model.sizes_, model.values_
    )
    chosen = next(name for name, fitted in model.models_.items() if fitted is model.model_)
    predictor = model.predictor if isinstance(model.model_, PerScale) else AUTO
    rows = fit_rows(fit_sizes(runs, predictor, model.log), model, predictor)
    if model.log:
        values, predicted = np.exp(trained.values), np.exp(trained.predicted)
        trained = replace(trained, values=values, predicted=predicted)
    return assemble(
        title=title,
        metric=runs.metric,
        direction=model.goal,
        trained=trained,
        measured=model.distances_ is not None,
        predictors=[{**row, "on": ""} for row in rows],
        errors_of=f"the logarithm of {runs.metric}" if model.log else runs.metric,
        bought=bought,
        without=without,
        objectives={name: model.by(name).objective for name in model.models_},
        chosen=chosen,
        reason=model.reason_,
        notes=model.notes_,
    )
