"""The joint model on the scale where a bounded metric is a power law, and that scale."""

from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.errors import InputError
from projektor_ray.projection import Joint, JointPower, restore_scale_model
from projektor_ray.projection.link import Link
from projektor_ray.storage.array_types import Floats
from tests.helpers.derivatives import check_derivatives
from tests.helpers.predictor_data import accuracy, distance

GRID = simplex_lattice(3, 10)
BOUNDS = [(0.0, 1.0), (-1.0, 1.0), (0.0, np.inf), (-np.inf, 1.0)]
INSIDE = np.array([0.05, 0.3, 0.5, 0.9])


def odds(mixtures: Floats, size: float | Floats) -> Floats:
    """Accuracies whose odds grow as the square root of N: the error falls as a power of it."""
    steady = accuracy(mixtures)
    return np.asarray(expit(np.log(steady / (1 - steady)) + 0.5 * np.log(np.asarray(size) / 1000)))


def table(
    rng: np.random.Generator, count: int = 14, scales: tuple[int, ...] = (250, 1000)
) -> tuple[Floats, Floats, Floats, Floats]:
    mixtures = np.tile(GRID[rng.choice(66, count, replace=False)], (len(scales), 1))
    sizes = np.repeat(np.array(scales, dtype=float), count)
    noise = 0.01 * (sizes / 1000) ** -0.35 * rng.normal(size=len(sizes))
    return mixtures, distance(mixtures), sizes, np.clip(odds(mixtures, sizes) + noise, 0, 1)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


@pytest.mark.parametrize("bounds", BOUNDS)
def test_the_link_goes_back_and_its_slope_is_the_derivative(bounds: tuple[float, float]) -> None:
    link = Link.of(bounds, INSIDE)
    straight = link.to(INSIDE)
    assert (np.diff(straight) > 0).all()
    np.testing.assert_allclose(link.back(straight), INSIDE)
    step = 1e-6
    numeric = (link.back(straight + step) - link.back(straight - step)) / (2 * step)
    np.testing.assert_allclose(link.slope(straight), numeric, rtol=1e-6)


@pytest.mark.parametrize("exponent", [0.2, 0.5])
def test_a_gap_that_is_a_power_of_the_size_is_a_line(exponent: float) -> None:
    sizes = np.array([100.0, 400.0, 1600.0])
    gap = 0.4 * sizes**-exponent
    for bounds, values in (((0.0, np.inf), gap), ((-np.inf, 1.0), 1 - gap)):
        straight = Link.of(bounds, values).to(values)
        rises = np.diff(straight) / np.log(4)
        np.testing.assert_allclose(np.abs(rises), exponent)


def test_values_on_a_bound_are_taken_half_as_near_as_the_nearest_other() -> None:
    link = Link.of((0.0, 1.0), np.array([0.5, 0.98, 1.0]))
    assert link.margin == pytest.approx(0.01)
    np.testing.assert_allclose(link.to(np.array([0.0, 1.0])), [-np.log(99), np.log(99)])


def test_the_unit_of_a_metric_does_not_matter(rng: np.random.Generator) -> None:
    mixtures, distances, sizes, values = table(rng)
    found = [
        JointPower((0.0, np.inf)).fit(mixtures, distances, sizes, unit * (1 - values))
        for unit in (1.0, 1e-9)
    ]
    plain, tiny = (model.predict(GRID, distance(GRID), 9000) for model in found)
    np.testing.assert_allclose(tiny, 1e-9 * plain, rtol=1e-6)


def test_values_that_all_lie_on_a_bound_tell_nothing() -> None:
    with pytest.raises(InputError, match=r"on the metric's bound"):
        Link.of((0.0, 1.0), np.ones(3))


@pytest.mark.parametrize("bounds", [None, (-np.inf, np.inf)])
def test_a_metric_without_a_bound_is_refused(bounds: Any, rng: np.random.Generator) -> None:
    with pytest.raises(InputError, match=r"bound.*projection 'joint'"):
        JointPower(bounds).fit(*table(rng))


def test_far_from_any_bound_nothing_overflows() -> None:
    link = Link.of((0.0, np.inf), INSIDE)
    with np.errstate(all="raise"):
        assert np.isfinite(link.back(np.array([1e6]))).all()
        assert Link.of((0.0, 1.0), INSIDE).back(np.array([-600.0, 1e4])).max() == 1.0


@pytest.mark.parametrize("bounds", [(0.0, 1.0), (0.0, np.inf), (-np.inf, 1.0)])
def test_gradient_and_slope_are_derivatives(
    bounds: tuple[float, float], rng: np.random.Generator
) -> None:
    check_derivatives(JointPower(bounds).fit(*table(rng)))


def test_it_projects_curves_that_flatten_which_a_line_overshoots(
    rng: np.random.Generator,
) -> None:
    errors: dict[str, list[float]] = {"joint": [], "joint_power": []}
    for _ in range(6):
        rows = table(rng)
        for model in (Joint((0.0, 1.0)), JointPower((0.0, 1.0))):
            predicted = model.fit(*rows).predict(GRID, distance(GRID), 10_000)
            errors[model.name].append(float(np.abs(predicted - odds(GRID, 10_000)).mean()))
    assert np.mean(errors["joint_power"]) < 0.02
    assert np.mean(errors["joint_power"]) < 0.5 * np.mean(errors["joint"])


@pytest.mark.parametrize("scales", [(250, 1000), (250, 1000, 4000)])
def test_intervals_cover_new_trainings_and_stay_within_the_bounds(
    scales: tuple[int, ...], rng: np.random.Generator
) -> None:
    inside, widths = [], []
    for _ in range(10):
        model = JointPower((0.0, 1.0), "flexible").fit(*table(rng, scales=scales))
        low, high = model.interval(GRID, distance(GRID), 10_000).T
        assert (low > 0).all()
        assert (high < 1).all()
        fresh = np.clip(odds(GRID, 10_000) + 0.0045 * rng.normal(size=66), 0, 1)
        inside.append((low <= fresh) & (fresh <= high))
        widths.append(high - low)
    assert np.mean(inside) >= 0.85
    assert np.mean(widths) < 0.3


def test_the_covariance_is_that_of_the_sampled_surfaces(rng: np.random.Generator) -> None:
    """To first order: at the largest scale, where little is open."""
    model, few = JointPower((0.0, 1.0)).fit(*table(rng, 30)), GRID[::9]
    sampled = model.sample_posterior(few, distance(few), 1000, 20_000, np.random.default_rng(0))
    covariance = model.covariance(few, distance(few), 1000)
    scale = np.sqrt(np.diag(covariance))
    apart = (np.cov(sampled.T) - covariance) / np.outer(scale, scale)
    assert np.abs(apart).max() < 0.1


def test_a_mixture_is_left_out_at_all_scales_in_the_metrics_units(rng: np.random.Generator) -> None:
    """The joint model is fitted anew without each mixture, at the same kernels' weights nearly."""
    mixtures, distances, sizes, values = table(rng, 20)
    model = JointPower((0.0, 1.0)).fit(mixtures, distances, sizes, values)
    errors = []
    for one in mixtures[:20]:
        rest = (mixtures != one).any(axis=1)
        other = JointPower((0.0, 1.0)).fit(
            mixtures[rest], distances[rest], sizes[rest], values[rest]
        )
        predicted = other.predict(one[None], distance(one[None]), 1000)[0]
        errors.append(abs(values[~rest][1] - predicted))
    assert model.reports[1000].mae_cv == pytest.approx(np.mean(errors), rel=0.15)


def test_to_arrow_and_back(rng: np.random.Generator) -> None:
    model = JointPower((0.0, 1.0), "saturating").fit(*table(rng))
    again = restore_scale_model(model.to_arrow())
    for found in ("predict", "interval"):
        np.testing.assert_array_equal(
            getattr(again, found)(GRID, distance(GRID), 9000),
            getattr(model, found)(GRID, distance(GRID), 9000),
        )


def test_the_drift_is_that_on_the_links_scale_to_first_order(rng: np.random.Generator) -> None:
    mixtures, distances, sizes, values = table(rng)
    model = JointPower((0.0, 1.0)).fit(mixtures, distances, sizes, values)
    p, at, size, step = GRID, distance(GRID), 5000.0, 1e-6
    straight = model._joint._predict(p, at, size)
    discrepancy = model._joint._model_discrepancy(p, at, size)
    moved = model._link.back(straight + step * discrepancy) - model._link.back(
        straight - step * discrepancy
    )
    np.testing.assert_allclose(model._model_discrepancy(p, at, size), moved / (2 * step), rtol=1e-5)
    assert np.abs(discrepancy).min() > 0
