"""What a learner sees: raw, standardised by the training set, or embedded."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from projektor_ray.data import Samples
from projektor_ray.errors import InputError
from projektor_ray.learners.inputs import learner_inputs
from projektor_ray.storage.arrays import Floats
from tests.helpers.learner_data import blobs, stripes


def doubled(inputs: Floats) -> Floats:
    return np.hstack([inputs, inputs])


def test_raw_samples_are_untouched() -> None:
    train, validation = blobs(20), blobs(10, seed=1)
    assert learner_inputs("raw", train, [validation], doubled) == (train, [validation])


def test_standardised_features_are_scikit_learns() -> None:
    train, validation = blobs(40), blobs(10, seed=1)
    inputs = train.inputs.copy()
    inputs[:, 0] = 3.0
    train = Samples(inputs, train.labels)
    seen, (checked,) = learner_inputs("standardized", train, [validation], doubled)
    scaler = StandardScaler().fit(train.inputs)
    np.testing.assert_allclose(seen.inputs, scaler.transform(train.inputs))
    np.testing.assert_allclose(checked.inputs, scaler.transform(validation.inputs))
    np.testing.assert_array_equal(seen.labels, train.labels)


def test_embedded_samples_are_the_embedders() -> None:
    train, validation = blobs(20), blobs(10, seed=1)
    seen, (checked,) = learner_inputs("embedded", train, [validation], doubled)
    np.testing.assert_array_equal(seen.inputs, doubled(train.inputs))
    np.testing.assert_array_equal(checked.inputs, doubled(validation.inputs))


def test_images_are_not_standardised() -> None:
    with pytest.raises(InputError, match="images"):
        learner_inputs("standardized", stripes(), [stripes(seed=1)], doubled)
