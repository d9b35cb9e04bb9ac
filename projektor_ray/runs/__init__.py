"""Bring your own table: trainings that somebody else ran, without pilots, transport or Ray."""

from projektor_ray.data import read_table
from projektor_ray.runs.estimators import MixtureRegressor, ScaleRegressor
from projektor_ray.runs.joined_tables import join_tables
from projektor_ray.runs.metric_direction import guess_direction, unbounded_note
from projektor_ray.runs.offers import Offers
from projektor_ray.runs.plan_formats import PLAN_FORMATS, plan_text
from projektor_ray.runs.purchase_order import PurchaseOrder
from projektor_ray.runs.reading import Reading
from projektor_ray.runs.roles import Columns, Roles
from projektor_ray.runs.runs import Runs
from projektor_ray.runs.saved_models import from_arrow, to_arrow
from projektor_ray.runs.table_files import TABLE_ENDINGS, table_bytes

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
    "read_table",
    "table_bytes",
    "to_arrow",
    "unbounded_note",
]
