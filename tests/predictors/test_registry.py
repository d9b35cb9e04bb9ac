"""Predictors by their names."""

import pyarrow as pa
import pytest

from projektor_ray.errors import InputError
from projektor_ray.predictors import PREDICTORS, restore
from projektor_ray.predictors.registry import predictor_class


def test_unknown_names() -> None:
    with pytest.raises(InputError, match="did you mean 'quadratic'"):
        predictor_class("quadratc")
    with pytest.raises(InputError, match="absent"):
        restore(pa.table({"name": ["cs"]}))
    with pytest.raises(InputError, match="one row; got 2"):
        restore(pa.table({"predictor": ["cs", "cs"]}))
    assert {"cs", "pq"} <= set(PREDICTORS)
