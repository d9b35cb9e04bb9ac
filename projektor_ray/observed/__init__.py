"""Bring your own table: trainings that somebody else ran, without pilots, transport or Ray."""

from projektor_ray.observed.columns import Columns, Roles
from projektor_ray.observed.estimators import MixtureRegressor, ScaleRegressor
from projektor_ray.observed.identify import unidentified
from projektor_ray.observed.kept import keep, kept
from projektor_ray.observed.metric import guess_direction, unbounded_note
from projektor_ray.observed.offers import Offers
from projektor_ray.observed.reading import join_tables, read_table
from projektor_ray.observed.runs import Runs

__all__ = [
    "Columns",
    "MixtureRegressor",
    "Offers",
    "Roles",
    "Runs",
    "ScaleRegressor",
    "guess_direction",
    "join_tables",
    "keep",
    "kept",
    "read_table",
    "unbounded_note",
    "unidentified",
]
