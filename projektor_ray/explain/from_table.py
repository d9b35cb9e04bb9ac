"""The results of a table of runs."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from projektor_ray.explain.assemble import assemble
from projektor_ray.explain.model_choice import describe_choice
from projektor_ray.explain.results import Results
from projektor_ray.projection.cross_validation import CrossValidation
from projektor_ray.runs import Runs, ScaleRegressor
from projektor_ray.runs.result_tables import predictor_rows
from projektor_ray.selection import Plan, PurchasePlans


def results_of_table(
    title: str,
    runs: Runs,
    model: ScaleRegressor,
    bought: PurchasePlans,
    without: Mapping[str, Plan | None],
) -> Results:
    """The results of a table of runs, a model fitted to them and plans made with it."""
    found = CrossValidation.of(model.model_, model.probes_)
    rows = predictor_rows(model.fitted_)
    if model.log:
        probes = replace(found.probes, values=np.exp(found.probes.values))
        found = replace(found, probes=probes, predicted=np.exp(found.predicted))
    return assemble(
        title=title,
        metric=runs.metric,
        direction=model.goal,
        cross_validation=found,
        measured=model.probes_.measured,
        predictors=[{**row, "on": ""} for row in rows],
        errors_of=f"the logarithm of {runs.metric}" if model.log else runs.metric,
        bought=bought,
        without=without,
        objectives={name: model.by(name).objective for name in model.models_},
        chosen=model.fitted_.projection,
        reason=describe_choice(model.fitted_),
        notes=model.notes_,
    )
