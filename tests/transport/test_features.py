"""Which features and labels are refused."""

import numpy as np
import pytest

from projektor_ray.errors import InputError
from projektor_ray.transport import PilotFeatures, ValidationFeatures
from projektor_ray.transport.ground_cost import pilot_moments
from tests.helpers.problems import pool

BAD = [
    (np.ones((2, 2, 2)), None, "pilot features must be"),
    (np.ones((2, 2), dtype=int), None, "pilot features must be"),
    (np.empty((0, 2)), None, "at least one sample"),
    (np.array([[1.0, np.nan], [0.0, 0.0]]), None, "1 of 2 samples"),
    (np.ones((2, 2)), np.ones(3), "labels must be"),
    (np.ones((2, 2)), np.array(["a", "b"]), "labels must be"),
    (np.ones((2, 2)), np.array([1.0, np.inf]), "labels must be finite"),
]


@pytest.mark.parametrize(("features", "labels", "words"), BAD)
def test_bad_pilots_are_refused(
    features: np.ndarray, labels: np.ndarray | None, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        PilotFeatures(features, labels, np.zeros(len(features), dtype=int))


def test_pilots_and_validation_must_be_of_one_kind() -> None:
    pilots, validation = pool()
    with pytest.raises(InputError, match="same space"):
        pilot_moments(pilots, ValidationFeatures(validation.features[:, :2]))
    floating = ValidationFeatures(validation.features, np.ones(28))
    with pytest.raises(InputError, match="integer classes"):
        pilot_moments(pilots, floating)
    with pytest.raises(InputError, match="provider must be"):
        PilotFeatures(pilots.features, None, pilots.provider[:3])
