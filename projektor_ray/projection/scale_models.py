"""Every model of all scales by the name that configuration and tables use."""

import pyarrow as pa

from projektor_ray.errors import InputError, nearest
from projektor_ray.projection.box_cox import BoxCox
from projektor_ray.projection.grouped import Grouped
from projektor_ray.projection.joint import Joint
from projektor_ray.projection.joint_power import JointPower
from projektor_ray.projection.log_linear import LogLinear
from projektor_ray.projection.no_projection import NoProjection
from projektor_ray.projection.saturating import Saturating
from projektor_ray.projection.scale_model import ScaleModel
from projektor_ray.storage.one_row import the_row

SCALE_MODELS: dict[str, type[ScaleModel]] = {
    kind.name: kind for kind in (BoxCox, JointPower, Joint, LogLinear, Saturating, NoProjection)
}


def scale_model_class(name: str) -> type[ScaleModel]:
    """The model of a name.

    Raises
    ------
    InputError
        If there is none; names the nearest one.
    """
    if name not in SCALE_MODELS:
        raise InputError(f"there is no model of scales {name!r}; {nearest(name, SCALE_MODELS)}")
    return SCALE_MODELS[name]


def restore_scale_model(table: pa.Table) -> ScaleModel:
    """The fitted model that `ScaleModel.to_arrow` wrote.

    Raises
    ------
    InputError
        If the model's name is absent or unknown.
    """
    name = str(the_row(table).get("scale_model"))
    kind = Grouped if name == Grouped.name else scale_model_class(name)
    return kind.from_arrow(table)
