"""What a learner sees: raw, standardised by the training set, or embedded."""

from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from projektor_ray.data import Samples
from projektor_ray.errors import InputError
from projektor_ray.learners import LearnerConfig, build_learner, learner_identity
from projektor_ray.learners.inputs import embedded
from tests.helpers.learner_data import blobs, stripes

LOGISTIC = "sklearn.linear_model.LogisticRegression"


def learner(kind: Any) -> Any:
    return build_learner(LearnerConfig(name=LOGISTIC, input=kind))


def test_standardised_features_are_scikit_learns() -> None:
    train, validation = blobs(40), blobs(60, seed=1)
    inputs = train.inputs * np.array([1e-4, 1.0, 1e4, 1.0])
    inputs[:, 3] = 3.0
    train = Samples(inputs, train.labels)
    validation = Samples(validation.inputs * np.array([1e-4, 1.0, 1e4, 1.0]), validation.labels)
    scaler = StandardScaler().fit(train.inputs)
    model = LogisticRegression().fit(scaler.transform(train.inputs), train.labels)
    expected = model.score(scaler.transform(validation.inputs), validation.labels)
    assert learner("standardized")(train, validation, 0)["accuracy"] == expected
    with pytest.warns(ConvergenceWarning):
        assert learner("raw")(train, validation, 0)["accuracy"] != expected


def test_images_are_not_standardised() -> None:
    with pytest.raises(InputError, match="images"):
        learner("standardized")(stripes(), stripes(seed=1), 0)


def test_embedded_samples_are_the_embedders() -> None:
    train = blobs(20)
    seen = embedded(train, lambda inputs: np.hstack([inputs, inputs]))
    np.testing.assert_array_equal(seen.inputs, np.hstack([train.inputs, train.inputs]))
    np.testing.assert_array_equal(seen.labels, train.labels)


def test_what_the_learner_sees_is_part_of_its_identity() -> None:
    plain, other = (
        learner_identity(LearnerConfig(name=LOGISTIC, input=kind)) for kind in ("raw", "embedded")
    )
    assert plain != other
    assert plain == learner_identity(LearnerConfig(name=LOGISTIC))
