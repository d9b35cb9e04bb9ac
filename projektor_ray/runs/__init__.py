"""Bring your own table: trainings that somebody else ran, without pilots, transport or Ray.

The estimators are loaded when they are first used, because scikit-learn takes a second.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from projektor_ray.data import read_table
from projektor_ray.runs.class_table import read_class_shares
from projektor_ray.runs.joined_tables import join_tables
from projektor_ray.runs.metric_direction import guess_direction, unbounded_note
from projektor_ray.runs.offers import Offers
from projektor_ray.runs.plan_formats import PLAN_FORMATS, plan_text
from projektor_ray.runs.purchase_order import PurchaseOrder
from projektor_ray.runs.reading import Reading
from projektor_ray.runs.roles import Columns, Roles
from projektor_ray.runs.runs import Runs
from projektor_ray.runs.table_files import TABLE_ENDINGS, table_bytes

if TYPE_CHECKING:
    from projektor_ray.runs.mixture_regressor import MixtureRegressor
    from projektor_ray.runs.saved_models import from_arrow, to_arrow
    from projektor_ray.runs.scale_regressor import ScaleRegressor

_SLOW = {
    "MixtureRegressor": "mixture_regressor",
    "ScaleRegressor": "scale_regressor",
    "from_arrow": "saved_models",
    "to_arrow": "saved_models",
}

__all__ = [
    "PLAN_FORMATS",
    "TABLE_ENDINGS",
    "Columns",
    "MixtureRegressor",
    "Offers",
    "PurchaseOrder",
    "Reading",
    "Roles",
    "Runs",
    "ScaleRegressor",
    "from_arrow",
    "guess_direction",
    "join_tables",
    "plan_text",
    "read_class_shares",
    "read_table",
    "table_bytes",
    "to_arrow",
    "unbounded_note",
]


def __getattr__(name: str) -> Any:
    if name not in _SLOW:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_SLOW[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_SLOW])
