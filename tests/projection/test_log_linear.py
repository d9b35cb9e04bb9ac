"""Eq. 3 and its noise gain."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projektor_ray.errors import InputError
from projektor_ray.projection import LogLinear, noise_gain, project, scale_weights
from projektor_ray.storage.array_types import Floats


@given(
    st.floats(-5, 5),
    st.floats(-5, 5),
    st.integers(1, 1000),
    st.floats(1.5, 100),
    st.integers(1, 10**7),
)
def test_eq3_is_exact_on_log_linear_data(
    offset: float, slope: float, smaller: int, factor: float, size: int
) -> None:
    scales = (smaller, smaller * factor)
    values = [offset + slope * np.log(scale) for scale in scales]
    assert project(size, scales, values) == pytest.approx(offset + slope * np.log(size), abs=1e-8)


def test_eq3_as_written() -> None:
    n0, n1, n, l0, l1 = 250, 1000, 10_000, 0.5, 0.6
    written = (np.log(n / n0) * l1 - np.log(n / n1) * l0) / np.log(n1 / n0)
    assert project(n, scales=(n0, n1), values=(l0, l1)) == pytest.approx(written, rel=1e-12)


def test_it_broadcasts_over_mixtures_and_sizes() -> None:
    low, high = np.array([0.4, 0.5, 0.6]), np.array([0.5, 0.55, 0.6])
    over_mixtures = project(4000, (250, 1000), (low, high))
    np.testing.assert_allclose(over_mixtures, [0.6, 0.6, 0.6])
    sizes = np.array([250, 1000, 4000])
    table = project(sizes[:, None], (250, 1000), (low, high))
    assert table.shape == (3, 3)
    np.testing.assert_allclose(table, [low, high, over_mixtures])
    np.testing.assert_allclose(project(sizes, (250, 1000), (0.4, 0.5)), [0.4, 0.5, 0.6])


def test_more_scales_are_weighted_least_squares() -> None:
    scales, precisions = (250, 500, 1000, 2000), (1.0, 2.0, 3.0, 5.0)
    values = np.random.default_rng(0).normal(size=4)
    slope, offset = np.polyfit(np.log(scales), values, 1, w=np.sqrt(precisions))
    expected = offset + slope * np.log(9000)
    assert project(9000, scales, list(values), precisions) == pytest.approx(expected)
    slope, offset = np.polyfit(np.log(scales), values, 1)
    assert project(9000, scales, list(values)) == pytest.approx(offset + slope * np.log(9000))
    np.testing.assert_allclose(scale_weights([300, 9000], scales, precisions).sum(axis=0), 1.0)


def test_two_scales_take_no_precisions() -> None:
    np.testing.assert_allclose(
        scale_weights(9000, (250, 1000), (1.0, 9.0)), scale_weights(9000, (250, 1000))
    )


@pytest.mark.parametrize(("scales", "gain"), [((1000, 1500), 7.36), ((100, 1000), 2.24)])
def test_noise_gain_of_the_documented_cases(scales: tuple[int, int], gain: float) -> None:
    assert noise_gain(10_000, scales) == pytest.approx(gain, abs=0.005)


def test_noise_gain_of_three_scales_is_that_of_a_line_through_noise_that_falls() -> None:
    """Weights of the scales: the weighted line through 1 at one of them and 0 at the others."""
    scales = np.array([500.0, 1000.0, 2000.0])
    lines = [np.polyfit(np.log(scales), unit, 1, w=scales**0.35) for unit in np.eye(3)]
    shown = np.linalg.norm([np.polyval(line, np.log(10_000)) for line in lines])
    assert shown == pytest.approx(2.50, abs=0.005)
    assert noise_gain(10_000, (500, 1000, 2000)) == pytest.approx(shown)


def test_noise_gain_is_what_independent_errors_show() -> None:
    errors = np.random.default_rng(0).normal(size=(2, 100_000))
    shown = project(10_000, (250, 1000), list(errors)).std()
    assert noise_gain(10_000, (250, 1000)) == pytest.approx(shown, rel=0.02)
    np.testing.assert_allclose(noise_gain([250, 1000], (250, 1000)), 1.0)


@pytest.mark.parametrize(
    ("size", "scales", "values", "said"),
    [
        (100, (250,), (1.0,), "2 or more scales"),
        (100, (1000, 250), (1.0, 2.0), "ascending"),
        (100, (250, 250), (1.0, 2.0), "ascending"),
        (100, (0, 250), (1.0, 2.0), "at least 1"),
        (0, (250, 1000), (1.0, 2.0), "at least 1"),
        (np.nan, (250, 1000), (1.0, 2.0), "at least 1"),
        (100, (250, 1000), (1.0,), "each of 2 scales"),
        (100, (250, 1000), (1.0, np.nan), "finite"),
    ],
)
def test_bad_input(
    size: float, scales: tuple[int, ...], values: tuple[float, ...], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        project(size, scales, values)


def test_bad_precisions() -> None:
    with pytest.raises(InputError, match="positive precision"):
        project(100, (250, 1000), (1.0, 2.0), precisions=(1.0, 0.0))


def test_the_model_predicts_by_the_public_function(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another function in the place of Eq. 3 changes predictions, values and gradients."""
    mixtures = np.random.default_rng(0).dirichlet(np.ones(3), size=8)
    rows, sizes = np.tile(mixtures, (2, 1)), np.repeat([50.0, 200.0], 8)
    model = LogLinear("linear").fit(rows, None, sizes, rows @ [1.0, 2.0, 3.0] + np.log(sizes))
    distances, flat = np.zeros(8), np.zeros((8, 3))
    at_scales = [one.predict(mixtures) for one in model.predictors.values()]
    by_formula = project(800, (50, 200), at_scales)
    np.testing.assert_allclose(model.predict(mixtures, distances, 800), by_formula)

    def first(size: float, scales: object, values: list[Floats], precisions: object) -> Floats:
        return values[0]

    monkeypatch.setattr("projektor_ray.projection.log_linear.project", first)
    at_first = model.predictors[50]
    expected = at_first.value_and_gradient(mixtures, distances, flat)
    np.testing.assert_array_equal(model.predict(mixtures, distances, 800), expected[0])
    found = model.value_and_gradient(mixtures, distances, flat, 800)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])
