"""Which problems are refused, and what is planned for them."""

import numpy as np
import pytest

from projektor_ray.errors import InputError
from projektor_ray.transport import (
    PilotFeatures,
    TransportSettings,
    ValidationFeatures,
    measure,
    plan_solve,
)
from tests.helpers.problems import pool


def test_problems_that_cannot_be_solved_are_refused() -> None:
    pilots, validation = pool()
    skipping = PilotFeatures(pilots.features, pilots.labels, pilots.provider * 2)
    with pytest.raises(InputError, match="every provider needs"):
        measure(np.eye(5), skipping, validation)
    with pytest.raises(InputError, match="expected mixtures over 3 providers"):
        measure(np.eye(4), pilots, validation)
    with pytest.raises(InputError, match="device must be"):
        measure(np.eye(3), pilots, validation, TransportSettings(device="nowhere"))
    exact = TransportSettings(method="exact", memory_limit_gb=0.1)
    with pytest.raises(InputError, match="needs the whole cost"):
        plan_solve(3000, ValidationFeatures(np.zeros((1000, 8))), exact, actors=2)


def test_a_regression_target_counts_as_a_feature() -> None:
    """It is a column of the points in the cost's units, unless labels have no weight."""
    features = np.random.default_rng(0).normal(size=(40, 3))
    targets = ValidationFeatures(features, features[:, 0])
    wider = ValidationFeatures(np.column_stack([features, features[:, 0]]))
    labelled = plan_solve(500, targets, TransportSettings())
    assert labelled.bytes_needed == plan_solve(500, wider, TransportSettings()).bytes_needed
    unweighted = plan_solve(500, targets, TransportSettings(label_weight=0))
    assert unweighted.bytes_needed < labelled.bytes_needed
