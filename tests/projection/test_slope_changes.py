"""Changes of the common slope: a dense oracle, and how far a small third scale may move it."""

import numpy as np
import pytest

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.predictors.bayesian_model_averaging import AveragedFit, NoisePrior
from projektor_ray.predictors.spectra import Spectrum, Trend
from projektor_ray.projection import Joint, JointPower
from projektor_ray.projection.slope_changes import hinges, slope_changes, slopes_before
from projektor_ray.storage.array_types import Floats
from tests.helpers.derivatives import check_derivatives
from tests.helpers.predictor_data import distance

GRID = simplex_lattice(3, 5)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_they_are_the_posterior_mean_of_a_dense_regression(rng: np.random.Generator) -> None:
    """One candidate: y = U β + H c + s + e with s ~ N(0, γσ²R), c_j ~ N(0, τ_j²), β free."""
    count, ratio, deviations = 12, 2.0, np.array([0.7, 0.3])
    free, columns = rng.normal(size=(count, 2)), rng.normal(size=(count, 2))
    root, targets = rng.normal(size=(count, count)), rng.normal(size=count)
    trend, kernel = Trend(free), root @ root.T / count
    fit = AveragedFit(
        targets, [Spectrum.of_kernel(trend, kernel)], np.array([ratio]), NoisePrior(1.0, 1.0)
    )
    noise = float(fit.noise_variances[0, 0])
    wide = 1e6 * free @ free.T + columns @ np.diag(deviations**2) @ columns.T
    total = wide + noise * (ratio * kernel + np.eye(count))
    expected = deviations**2 * (columns.T @ np.linalg.solve(total, targets))
    found = slope_changes(fit, columns, targets, deviations)
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    np.testing.assert_array_equal(slope_changes(fit, columns, targets, np.zeros(2)), 0.0)


def test_hinges_are_zero_from_the_kink_on() -> None:
    found = hinges(np.array([-3.0, -1.0, 0.0, 2.0]), np.array([-2.0, -1.0]))
    np.testing.assert_array_equal(found, [[-1, -2], [0, 0], [0, 0], [0, 0]])


def test_the_slope_before_a_kink_holds_every_later_change() -> None:
    """A line of slope 0.1 and two hinges, by differences of its values."""
    kinks, changes = np.array([-2.0, -1.0]), np.array([0.3, -0.2])
    below = np.array([-2.5, -1.5])
    rise = (hinges(below + 0.1, kinks) - hinges(below, kinks)) @ changes / 0.1
    np.testing.assert_allclose(slopes_before(0.1, changes), 0.1 + rise)


def curve(
    rng: np.random.Generator,
    scales: tuple[int, ...],
    early: float,
    late: float = 0.1,
    noise: float = 0.03,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Log-odds that rise by `late` per ln N from 150 samples on, and by `early` before."""
    mixtures, sizes = np.tile(GRID, (len(scales), 1)), np.repeat(np.array(scales, float), len(GRID))
    logs = np.log(sizes / 150)
    odds = mixtures @ [0.3, 0.0, -0.3] + np.where(logs < 0, early, late) * logs
    odds += noise * rng.normal(size=len(odds)) * (sizes / 600) ** -0.35
    return mixtures, distance(mixtures), sizes, 1 / (1 + np.exp(-odds))


@pytest.mark.parametrize("late", [0.1, 0.0])
def test_a_small_third_scale_hardly_moves_a_projection(
    rng: np.random.Generator, late: float
) -> None:
    """A slope of 0.25 between 40 and 150 samples says little of the slope of 0.1, or of none,
    beyond: a straight line through all scales would be 3 points too high, and more.
    """
    rows = curve(rng, (40, 150, 600), early=0.25, late=late)
    last_two = rows[2] > 40
    truth = 1 / (1 + np.exp(-(GRID @ [0.3, 0.0, -0.3] + late * np.log(10_000 / 150))))
    three, two = (
        JointPower((0.0, 1.0)).fit(*rows),
        JointPower((0.0, 1.0)).fit(*(column[last_two] for column in rows)),
    )
    found, before = (model.predict(GRID, distance(GRID), 10_000) for model in (three, two))
    assert np.abs(found - truth).mean() < 0.01
    assert np.abs(found - before).mean() < 0.01
    low, high = two.interval(GRID, distance(GRID), 10_000).T
    assert ((low < found) & (found < high)).all()


def test_of_a_straight_curve_all_scales_tell_the_slope(rng: np.random.Generator) -> None:
    """Over draws of the noise the slope varies less than that of the two larger scales."""
    slopes: dict[int, list[float]] = {2: [], 3: []}
    for _ in range(6):
        rows = curve(rng, (75, 150, 300), early=0.1, noise=0.1)
        for count, found in slopes.items():
            of = rows[2] >= (75 if count == 3 else 150)
            model = JointPower((0.0, 1.0), "network").fit(*(column[of] for column in rows))
            found.append(model.coefficients[2])
    assert np.std(slopes[3]) < 0.8 * np.std(slopes[2])
    assert np.mean(slopes[3]) == pytest.approx(0.1, abs=0.03)


def test_derivatives_and_both_sides_of_a_kink(rng: np.random.Generator) -> None:
    model = Joint().fit(*curve(rng, (40, 150, 600), early=0.3))
    check_derivatives(model)
    slopes = [
        float(model.size_slope(GRID[:1], distance(GRID[:1]), size)[0] * size)
        for size in (149.0, 151.0)
    ]
    assert slopes[0] > 1.8 * slopes[1]
