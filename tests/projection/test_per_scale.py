"""A predictor at each scale, joined by Eq. 3, and no projection beside it."""

import numpy as np
import pyarrow as pa
import pytest
from scipy.optimize import approx_fprime

from projektor_ray.errors import InputError, TooFewProbesError
from projektor_ray.predictors import PREDICTORS
from projektor_ray.projection import (
    SCALE_MODELS,
    LogLinear,
    NoProjection,
    Saturating,
    project,
    restore_scale_model,
)
from projektor_ray.projection.per_scale import PerScale
from projektor_ray.projection.saturating import EXPONENTS
from projektor_ray.storage.array_types import Floats

DRIFT = np.array([0.3, 1.1, 0.6])


def log_linear(mixtures: Floats, distances: Floats, size: float | Floats) -> Floats:
    return np.asarray(0.3 - 0.1 * distances + (0.05 + 0.02 * distances) * np.log(size / 100))


@pytest.fixture
def rows() -> tuple[Floats, Floats, Floats, Floats]:
    rng = np.random.default_rng(3)
    mixtures = np.tile(rng.dirichlet(np.ones(3), size=12), (3, 1))
    distances = np.tile(rng.uniform(0.5, 1.5, 12), 3)
    sizes = np.repeat([100.0, 400.0, 1600.0], 12)
    return mixtures, distances, sizes, log_linear(mixtures, distances, sizes)


Rows = tuple[Floats, Floats, Floats, Floats]


@pytest.mark.parametrize("predictor", ["cs", "pq"])
@pytest.mark.parametrize("scales", [2, 3])
def test_eq3_is_exact_on_log_linear_data(rows: Rows, predictor: str, scales: int) -> None:
    mixtures, distances, sizes, values = (array[: 12 * scales] for array in rows)
    model = LogLinear(predictor).fit(mixtures, distances, sizes, values)
    np.testing.assert_allclose(
        model.predict(mixtures[:12], distances[:12], 20_000),
        log_linear(mixtures[:12], distances[:12], 20_000),
        atol=1e-5,
    )


def test_of_three_scales_the_largest_tells_most(rows: Rows) -> None:
    """Its trainings are the least noisy: variances fall as N^−0.7."""
    mixtures, distances, sizes, _ = rows
    values = np.random.default_rng(0).normal(size=len(sizes))
    model = LogLinear("cs").fit(mixtures, distances, sizes, values)
    at_scales = [model.predictors[scale].predict(mixtures, distances) for scale in model.scales]
    slope, offset = np.polyfit(np.log(model.scales), at_scales, 1, w=np.array(model.scales) ** 0.35)
    expected = offset + slope * np.log(9000)
    np.testing.assert_allclose(model.predict(mixtures, distances, 9000), expected)


def test_it_joins_predictors_fitted_already(rows: Rows) -> None:
    mixtures, distances, sizes, _ = rows
    values = np.random.default_rng(0).normal(size=len(sizes))
    fitted = {
        scale: PREDICTORS["pq"]().fit(
            mixtures[sizes == scale], distances[sizes == scale], values[sizes == scale]
        )
        for scale in (1600, 100)
    }
    joined = LogLinear.of(fitted)
    assert joined.scales == (100, 1600)
    at_scales = [fitted[scale].predict(mixtures, distances) for scale in (100, 1600)]
    np.testing.assert_allclose(
        joined.predict(mixtures, distances, 9000), project(9000, (100, 1600), at_scales)
    )


def test_no_projection_is_the_value_at_the_largest_scale(rows: Rows) -> None:
    mixtures, distances, sizes, values = rows
    model = NoProjection("cs").fit(mixtures, distances, sizes, values)
    np.testing.assert_allclose(model.predict(mixtures[:12], distances[:12], 9000), values[24:])
    np.testing.assert_allclose(model.size_slope(mixtures[:12], distances[:12], 9000), 0.0)
    one = NoProjection("cs").fit(mixtures[:12], distances[:12], sizes[:12], values[:12])
    np.testing.assert_allclose(one.predict(mixtures[:12], distances[:12], 9000), values[:12])


@pytest.mark.parametrize("scales", [2, 3])
@pytest.mark.parametrize("size", [1600, 6400, 100_000])
def test_without_projection_the_interval_holds_what_growth_goes_on(
    rows: Rows, scales: int, size: int
) -> None:
    """It misses all of the growth, not the half that a law misses of it."""
    mixtures, distances, sizes, values = (array[: 12 * scales] for array in rows)
    model = NoProjection("cs").fit(mixtures, distances, sizes, values)
    low, high = model.interval(mixtures[:12], distances[:12], size).T
    grown = log_linear(mixtures[:12], distances[:12], max(size, model.scales[-1]))
    assert ((low <= grown + 1e-9) & (grown - 1e-9 <= high)).all()
    assert (high - low <= 4 * np.abs(grown - values[-12:]) + 1e-6).all()


@pytest.mark.parametrize("kind", [LogLinear, NoProjection, Saturating])
def test_gradient_and_slope_are_derivatives(rows: Rows, kind: type[PerScale]) -> None:
    mixtures, distances, sizes, values = rows
    values = values + 0.1 * np.random.default_rng(0).normal(size=len(values))
    model = kind("pq").fit(mixtures, distances, sizes, values)
    at = np.array([0.2, 0.5, 0.3])

    def distance(p: Floats) -> Floats:
        return np.atleast_1d(np.exp(p @ DRIFT))

    def predicted(p: Floats) -> float:
        return float(model.predict(p[None], distance(p), 9000)[0])

    value, gradient = model.value_and_gradient(
        at[None], distance(at), (distance(at) * DRIFT)[None], 9000
    )
    assert value[0] == pytest.approx(predicted(at))
    np.testing.assert_allclose(gradient[0], approx_fprime(at, predicted, 1e-7), atol=1e-5)
    up, down = (model.predict(at[None], distance(at), size)[0] for size in (9001, 8999))
    slope = model.size_slope(at[None], distance(at), 9000)[0]
    assert slope == pytest.approx((up - down) / 2, abs=1e-9)


def test_bounds_clip_values_but_not_gradients(rows: Rows) -> None:
    mixtures, distances, sizes, values = rows
    free = LogLinear("cs").fit(mixtures, distances, sizes, values)
    model = LogLinear("cs", bounds=(0.0, 1.0)).fit(mixtures, distances, sizes, values)
    assert free.predict(mixtures, distances, 1e9).max() > 1
    assert model.predict(mixtures, distances, 1e9).max() == 1.0
    assert model.interval(mixtures, distances, 1e9).max() == 1.0
    _, gradient = model.value_and_gradient(mixtures, distances, np.ones_like(mixtures), 1e9)
    assert (np.abs(gradient) > 0.01).all()


@pytest.mark.parametrize("name", list(SCALE_MODELS))
def test_a_stored_model_predicts_the_same(rows: Rows, name: str) -> None:
    mixtures, distances, sizes, values = rows
    bounds = (0.0, np.inf) if name == "box_cox" else (0.0, 1.0)
    model = SCALE_MODELS[name](bounds=bounds).fit(mixtures, distances, sizes, values)
    again = restore_scale_model(model.to_arrow())
    assert again.bounds == bounds
    for size in (50, 9000):
        assert np.array_equal(
            again.predict(mixtures, distances, size), model.predict(mixtures, distances, size)
        )
        assert np.array_equal(
            again.interval(mixtures, distances, size), model.interval(mixtures, distances, size)
        )


def test_bad_input(rows: Rows) -> None:
    mixtures, distances, sizes, values = rows
    with pytest.raises(InputError, match="2 or more scales"):
        LogLinear("cs").fit(mixtures[:12], distances[:12], sizes[:12], values[:12])
    with pytest.raises(TooFewProbesError, match="got 2"):
        LogLinear("cs").fit(mixtures[10:14], distances[10:14], sizes[10:14], values[10:14])
    with pytest.raises(InputError, match="at least 1"):
        LogLinear("cs").fit(mixtures, distances, sizes * 0, values)
    with pytest.raises(InputError, match=r"number 12 is 1\.6\..*thousands"):
        LogLinear("cs").fit(mixtures, distances, np.repeat([1.0, 1.6, 4.0], 12), values)
    model = LogLinear("cs").fit(mixtures, distances, sizes, values)
    with pytest.raises(InputError, match="at least 1"):
        model.predict(mixtures, distances, 0)
    with pytest.raises(InputError, match="finite mixtures"):
        model.predict(mixtures * np.nan, distances, 10)
    with pytest.raises(InputError, match="ascending"):
        LogLinear("cs", bounds=(1.0, 0.0))
    with pytest.raises(InputError, match="no model of scales"):
        restore_scale_model(pa.table({"scale_model": ["cubic"]}))


def saturating(mixtures: Floats, distances: Floats, size: float | Floats) -> Floats:
    """Each mixture has a limit and a rate of its own; the exponent is 0.3 for all."""
    return np.asarray(0.9 - 0.1 * distances - (1 + distances) * size**-0.3)


def test_the_saturating_law_finds_the_pooled_exponent(rows: Rows) -> None:
    mixtures, distances, sizes, _ = rows
    values = saturating(mixtures, distances, sizes)
    model = Saturating("cs").fit(mixtures, distances, sizes, values)
    assert model.exponent == pytest.approx(0.3)
    np.testing.assert_allclose(
        model.predict(mixtures[:12], distances[:12], 100_000),
        saturating(mixtures[:12], distances[:12], 100_000),
        atol=1e-6,
    )
    noisy = values + 0.002 * np.random.default_rng(0).normal(size=len(values))
    truth = saturating(mixtures[:12], distances[:12], 20_000)
    errors = {
        kind.name: np.abs(
            kind("cs")
            .fit(mixtures, distances, sizes, noisy)
            .predict(mixtures[:12], distances[:12], 20_000)
            - truth
        ).mean()
        for kind in (Saturating, LogLinear)
    }
    assert errors["saturating"] < 0.5 * errors["eq3"]


def test_the_exponent_is_that_of_all_mixtures_together(rows: Rows) -> None:
    mixtures, distances, sizes, _ = rows
    noise = 0.02 * np.random.default_rng(0).normal(size=len(sizes))
    values = 0.9 - (0.5 + distances) * sizes**-0.5 + noise
    model = Saturating("pq").fit(mixtures, distances, sizes, values)
    at_scales = np.array(
        [one.predict(mixtures[:12], distances[:12]) for one in model.predictors.values()]
    )
    weights = np.array(model.scales) ** 0.7

    def misfit(exponent: float) -> Floats:
        """Of each mixture from its line in N^−β."""
        at = np.array(model.scales) ** -exponent
        lines = [np.polyval(np.polyfit(at, v, 1, w=np.sqrt(weights)), at) for v in at_scales.T]
        return np.asarray(weights @ (at_scales - np.transpose(lines)) ** 2)

    of_each = np.array([misfit(exponent) for exponent in EXPONENTS])
    assert model.exponent == EXPONENTS[of_each.sum(axis=1).argmin()]
    assert np.ptp(EXPONENTS[of_each.argmin(axis=0)]) > 0.5, "or they would agree by themselves"


def test_the_held_out_scale_is_projected_from_the_smaller_ones(rows: Rows) -> None:
    mixtures, distances, sizes, _ = rows
    values = saturating(mixtures, distances, sizes)
    model = LogLinear("cs").fit(mixtures, distances, sizes, values)
    smaller, last = sizes < 1600, sizes == 1600
    before = LogLinear("cs").fit(
        mixtures[smaller], distances[smaller], sizes[smaller], values[smaller]
    )
    missed = values[last] - before.predict(mixtures[last], distances[last], 1600)
    assert model.held_out_rms == pytest.approx(np.sqrt(np.mean(missed**2)))
    assert before.held_out_rms is None


def test_intervals_widen_beyond_the_scales(rows: Rows) -> None:
    mixtures, distances, sizes, values = rows
    values = values + 0.01 * np.random.default_rng(0).normal(size=len(values))
    for name, kind in SCALE_MODELS.items():
        bounds = (0.0, np.inf) if name == "box_cox" else (0.0, 1.0)
        model = kind(bounds=bounds).fit(mixtures, distances, sizes, values)
        low, high = model.interval(mixtures[:12], distances[:12], 1600).T
        far_low, far_high = model.interval(mixtures[:12], distances[:12], 100_000).T
        middle = model.predict(mixtures[:12], distances[:12], 1600)
        assert (low < middle).all()
        assert (middle < high).all()
        assert (far_high - far_low > 1.2 * (high - low)).all()
