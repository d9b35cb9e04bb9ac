"""A fitted `ScaleRegressor` as an Arrow table, to predict and to buy from another day."""

from typing import Any

import numpy as np
import pyarrow as pa
from sklearn.utils.validation import check_is_fitted

from projektor_ray.errors import InputError
from projektor_ray.projection import restore_scale_model
from projektor_ray.runs.estimators import ScaleRegressor
from projektor_ray.storage.one_row import one_row, the_row
from projektor_ray.transport import InterpolatedDistances

ARRAYS = ("mixtures_", "values_", "sizes_", "distances_")
FOUND = (
    "providers_",
    "metric_",
    "highest_value_",
    "scales_",
    "reason_",
    "notes_",
    "n_features_in_",
)


def keep(model: ScaleRegressor) -> pa.Table:
    """A fitted estimator as a table of one row: settings, trainings, every model and the choice.

    The trainings are kept too, because what is bought starts from the best of them, and distances
    are interpolated between theirs.

    Raises
    ------
    NotFittedError
        Of scikit-learn, if it is not fitted.
    """
    check_is_fitted(model)
    arrays = {name: getattr(model, name) for name in ARRAYS}
    names = getattr(model, "feature_names_in_", None)
    return one_row(
        {
            "estimator": type(model).__name__,
            "settings": model.get_params(),
            **{name: None if array is None else array.tolist() for name, array in arrays.items()},
            **{name: getattr(model, name) for name in FOUND},
            "feature_names_in_": None if names is None else names.tolist(),
            "chosen": next(n for n, one in model.models_.items() if one is model.model_),
            "names": list(model.models_),
            "models": [the_row(one.to_arrow()) for one in model.models_.values()],
        }
    )


def kept(table: pa.Table) -> ScaleRegressor:
    """The fitted estimator that `keep` wrote: it predicts, and buys, the same.

    Raises
    ------
    InputError
        If the table is none of these.
    """
    values = the_row(table) if table.num_rows == 1 else {}
    if values.get("estimator") != ScaleRegressor.__name__:
        raise InputError("expected a fitted model that projektor kept; got another table")
    settings: dict[str, Any] = values["settings"]
    if "bounds" in settings:
        settings["bounds"] = tuple(settings["bounds"])
    model = ScaleRegressor(**settings)
    for name in ARRAYS:
        found = values.get(name)
        setattr(model, name, None if found is None else np.asarray(found, dtype=np.float64))
    for name in FOUND:
        found = values.get(name, [])
        setattr(model, name, tuple(found) if isinstance(found, list) else found)
    if "feature_names_in_" in values:
        model.feature_names_in_ = np.array(values["feature_names_in_"], dtype=object)
    parts = [restore_scale_model(one_row(part)) for part in values["models"]]
    model.models_ = dict(zip(values["names"], parts, strict=True))
    model.model_ = model.models_[values["chosen"]]
    known = np.zeros(len(model.values_)) if model.distances_ is None else model.distances_
    model.distance_function_ = InterpolatedDistances.fit(model.mixtures_, known)
    return model
