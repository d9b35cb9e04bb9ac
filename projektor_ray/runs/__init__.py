"""Bring your own table: trainings that somebody else ran, without pilots, transport or Ray."""

from projektor_ray.data import read_table
from projektor_ray.runs.estimators import MixtureRegressor, ScaleRegressor
from projektor_ray.runs.identifiability import unidentified
from projektor_ray.runs.joined_tables import join_tables
from projektor_ray.runs.metric_direction import guess_direction, unbounded_note
from projektor_ray.runs.offers import Offers
from projektor_ray.runs.reading import Reading
from projektor_ray.runs.roles import Columns, Roles
from projektor_ray.runs.runs import Runs
from projektor_ray.runs.saved_models import from_arrow, to_arrow

__all__ = [
    "Columns",
    "MixtureRegressor",
    "Offers",
    "Reading",
    "Roles",
    "Runs",
    "ScaleRegressor",
    "from_arrow",
    "guess_direction",
    "join_tables",
    "read_table",
    "to_arrow",
    "unbounded_note",
    "unidentified",
]
