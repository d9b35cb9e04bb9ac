"""Every model of all scales by the name that configuration and tables use."""

from collections.abc import Mapping
from typing import Any

from projektor_ray.config import nearest
from projektor_ray.errors import InputError
from projektor_ray.projection.base import ScaleModel
from projektor_ray.projection.per_scale import LogLinear, NoProjection

SCALE_MODELS: dict[str, type[ScaleModel]] = {kind.name: kind for kind in (LogLinear, NoProjection)}


def restore_scale_model(values: Mapping[str, Any]) -> ScaleModel:
    """The fitted model that `ScaleModel.to_dict` wrote.

    Raises
    ------
    InputError
        If the model's name is unknown.
    """
    name = str(values.get("scale_model"))
    if name not in SCALE_MODELS:
        raise InputError(f"there is no model of scales {name!r}; {nearest(name, SCALE_MODELS)}")
    return SCALE_MODELS[name].from_dict(dict(values))
