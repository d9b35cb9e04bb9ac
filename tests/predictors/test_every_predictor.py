"""What every predictor owes: its gradient, its Arrow form, and what must not matter to it."""

from io import BytesIO

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.optimize import check_grad

from projektor_ray.predictors import PREDICTORS, restore
from projektor_ray.storage.array_types import Floats
from tests.helpers.predictor_data import accuracy, distance, distance_gradient

NAMES = tuple(PREDICTORS)
ANY_UNITS = tuple(name for name in NAMES if name not in ("rational", "ensemble"))
"""The rational baseline, a member of the ensemble, reads values as accuracies or losses, and is
pulled to its prior."""


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.mark.parametrize("name", NAMES)
def test_gradient_is_the_total_derivative(name: str, rng: np.random.Generator) -> None:
    mixtures = rng.dirichlet(np.ones(3), size=20)
    values = accuracy(mixtures) + 0.02 * rng.normal(size=20)
    model = PREDICTORS[name]().fit(mixtures, distance(mixtures), values)
    at = np.array([0.2, 0.5, 0.3])

    def predicted(p: Floats) -> float:
        return float(model.predict(p[None], distance(p[None]))[0])

    def derivative(p: Floats) -> Floats:
        return model.gradient(p, float(distance(p)), distance_gradient(p))

    assert check_grad(predicted, derivative, at) < 1e-6
    batch = np.stack([at, mixtures[0]])
    value, gradient = model.value_and_gradient(
        batch, distance(batch), np.stack([distance_gradient(p) for p in batch])
    )
    np.testing.assert_allclose(value, model.predict(batch, distance(batch)))
    np.testing.assert_allclose(gradient, [derivative(p) for p in batch])


@pytest.mark.parametrize("name", NAMES)
def test_a_predictor_goes_to_arrow_and_back(name: str, rng: np.random.Generator) -> None:
    mixtures = rng.dirichlet(np.ones(3), size=20)
    model = PREDICTORS[name]().fit(
        mixtures, distance(mixtures), accuracy(mixtures) + 0.02 * rng.normal(size=20)
    )
    stored = BytesIO()
    pq.write_table(model.to_arrow(), stored)
    again = restore(pq.read_table(stored))
    assert type(again) is PREDICTORS[name]
    assert again.report == model.report
    at = distance(mixtures)
    for found in ("predict", "interval"):
        np.testing.assert_array_equal(
            getattr(again, found)(mixtures, at), getattr(model, found)(mixtures, at)
        )
    assert again.to_arrow().equals(model.to_arrow())


@pytest.mark.parametrize("name", NAMES)
def test_order_of_probes_and_providers_does_not_matter(name: str, rng: np.random.Generator) -> None:
    mixtures = rng.dirichlet(np.ones(3), size=20)
    distances = distance(mixtures)
    values = accuracy(mixtures) + 0.02 * rng.normal(size=20)
    model = PREDICTORS[name]().fit(mixtures, distances, values)
    rows, turn = rng.permutation(20), [2, 0, 1]
    turned = PREDICTORS[name]().fit(mixtures[rows][:, turn], distances[rows], values[rows])
    np.testing.assert_allclose(
        turned.predict(mixtures[:, turn], distances), model.predict(mixtures, distances), rtol=1e-6
    )


@pytest.mark.parametrize("name", ANY_UNITS)
def test_units_of_the_metric_do_not_matter(name: str, rng: np.random.Generator) -> None:
    mixtures = rng.dirichlet(np.ones(3), size=20)
    distances = distance(mixtures)
    values = accuracy(mixtures) + 0.02 * rng.normal(size=20)
    plain = PREDICTORS[name]().fit(mixtures, distances, values)
    scaled = PREDICTORS[name]().fit(mixtures, 10 * distances, 100 * values + 7)
    np.testing.assert_allclose(
        scaled.predict(mixtures, 10 * distances), 100 * plain.predict(mixtures, distances) + 7
    )


@pytest.mark.parametrize("name", ANY_UNITS)
@pytest.mark.parametrize("m", [1, 3])
def test_constant_columns_get_no_weight(name: str, m: int, rng: np.random.Generator) -> None:
    """A distance that never varies, shares that are always equal, a constant metric."""
    mixtures = rng.dirichlet(np.ones(m), size=12)
    model = PREDICTORS[name]().fit(mixtures, np.full(12, 0.7), np.full(12, 0.5))
    np.testing.assert_allclose(model.predict(mixtures, np.full(12, 0.7)), 0.5)
    np.testing.assert_allclose(model.predict(mixtures, np.full(12, 0.9)), 0.5)
    assert model.report.mae_cv == pytest.approx(0.0, abs=1e-12)
    assert model.report.r2 == 1.0
