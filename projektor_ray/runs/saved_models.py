"""A fitted `ScaleRegressor` as an Arrow table, to predict and to buy from another day."""

import json
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa
from sklearn.utils.validation import check_is_fitted

from projektor_ray.errors import InputError
from projektor_ray.predictors import ProbeArrays
from projektor_ray.projection import (
    ChoiceReason,
    ClassShares,
    FarRun,
    FittedModels,
    restore_scale_model,
)
from projektor_ray.projection.far_runs import weigh_less
from projektor_ray.runs.scale_regressor import ScaleRegressor
from projektor_ray.storage.one_row import one_row, the_row

FITTED = ("providers_", "metric_", "highest_value_", "notes_", "n_features_in_")


def to_arrow(model: ScaleRegressor) -> pa.Table:
    """A fitted estimator as a table of one row: settings, trainings, every model and the choice.

    The trainings are stored too, because what is bought starts from the best of them, and
    distances are interpolated between theirs.

    Raises
    ------
    NotFittedError
        Of scikit-learn, if it is not fitted.
    """
    check_is_fitted(model)
    names, fitted = getattr(model, "feature_names_in_", None), model.fitted_
    classes = None if model.classes is None else model.classes.state()
    return one_row(
        {
            "estimator": type(model).__name__,
            "settings": {**model.get_params(), "classes": classes},
            **{name: getattr(model, name) for name in FITTED},
            "feature_names_in_": None if names is None else names.tolist(),
            "probes": model.probes_.state(),
            "predictor": fitted.predictor,
            "projection": fitted.projection,
            "reason": json.dumps(asdict(fitted.reason)),
            "refused": json.dumps({name: str(why) for name, why in fitted.refused.items()}),
            "far": json.dumps([asdict(run) for run in fitted.far]),
            "names": list(fitted.models),
            "models": [the_row(one.to_arrow()) for one in fitted.models.values()],
        }
    )


def from_arrow(table: pa.Table) -> ScaleRegressor:
    """The fitted estimator that `to_arrow` wrote: it predicts, and buys, the same.

    Raises
    ------
    InputError
        If the table is none of these, or its models are of another version.
    """
    values = the_row(table) if table.num_rows == 1 else {}
    if values.get("estimator") != ScaleRegressor.__name__:
        raise InputError("expected the table of a fitted ScaleRegressor; got another table")
    settings: dict[str, Any] = values["settings"]
    if "bounds" in settings:
        settings["bounds"] = tuple(settings["bounds"])
    if "classes" in settings:
        settings["classes"] = ClassShares.restored(settings["classes"])
    model = ScaleRegressor(**settings)
    for name in FITTED:
        value = values.get(name, [])
        setattr(model, name, tuple(value) if isinstance(value, list) else value)
    if "feature_names_in_" in values:
        model.feature_names_in_ = np.array(values["feature_names_in_"], dtype=object)
    try:
        models = [restore_scale_model(one_row(part)) for part in values["models"]]
    except KeyError as absent:
        raise InputError(
            f"the model was written by another version, without {absent}; fit it again"
        ) from None
    refused = json.loads(values["refused"])
    probes = ProbeArrays.restored(values["probes"])
    far = tuple(FarRun(**run) for run in json.loads(values["far"]))
    return model._set(
        probes,
        FittedModels(
            dict(zip(values["names"], models, strict=True)),
            values.get("predictor"),
            values["projection"],
            ChoiceReason(**json.loads(values["reason"])),
            {name: InputError(text) for name, text in refused.items()},
            weigh_less(probes, far),
            far,
        ),
    )
