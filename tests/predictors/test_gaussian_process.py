"""`gp` against scikit-learn's Gaussian process, brute force, and planted truth."""

import numpy as np
import pytest
from scipy.optimize import check_grad
from sklearn.gaussian_process.kernels import Matern

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.predictors import PREDICTORS, restore
from projektor_ray.predictors.gaussian_process import GaussianProcess
from projektor_ray.predictors.kernels import MixtureKernels
from projektor_ray.predictors.matern import LineSums
from projektor_ray.storage.array_types import Floats
from tests.helpers.predictor_data import accuracy, distance, distance_gradient


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def matern(points: Floats, others: Floats, length: float) -> Floats:
    return np.asarray(Matern(length_scale=length, nu=2.5)(points, others))


def test_kernels_are_what_they_say(rng: np.random.Generator) -> None:
    mixtures, others = rng.dirichlet(np.ones(3), 4), rng.dirichlet(np.ones(3), 6)
    warps = ("root", "log", "fine log")
    kernels = MixtureKernels(lengths=(0.3, 0.7), additive=(0.0, 0.4), warps=warps)
    found = kernels.matrices(mixtures, others)
    assert len(found) == len(kernels) == 12
    expected = []
    both = np.vstack([mixtures, others])
    logs = np.log(both + 0.005) / 5, 0.14 * np.log(both + 0.0005)
    for points in (np.sqrt(both + 0.02), *logs):
        x, y = points[:4], points[4:]
        for length in (0.3, 0.7):
            whole = matern(x, y, 2 * length)
            single = np.mean([matern(x[:, [i]], y[:, [i]], length) for i in range(3)], axis=0)
            expected += [whole, 0.4 * single + 0.6 * whole]
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("additive", [(0.0,), (0.0, 0.4, 0.9)])
def test_a_sum_of_kernels_is_that_of_their_matrices(
    additive: tuple[float, ...], rng: np.random.Generator
) -> None:
    mixtures = rng.dirichlet(np.ones(3), 7)
    kernels = MixtureKernels((0.3, 0.7), additive, ("root", "log", "fine log"))
    weights = rng.normal(size=len(kernels))
    expected = np.tensordot(weights, kernels.matrices(mixtures, mixtures), axes=1)
    found = kernels.summed(mixtures, weights)
    np.testing.assert_allclose(found, expected, atol=1e-14)
    np.testing.assert_array_equal(found, found.T)


def test_value_and_gradient_of_kernels(rng: np.random.Generator) -> None:
    others = np.vstack([rng.dirichlet(np.ones(3), 6), [0.0, 0.5, 0.5], [0.0, 0.5, 0.5]])
    kernels = MixtureKernels(lengths=(0.3, 0.7), additive=(0.0, 0.4))
    duals = list(rng.normal(size=(len(kernels), 8)))

    def value(p: Floats) -> float:
        found = kernels.matrices(p[None], others)
        return float(sum(k[0] @ dual for k, dual in zip(found, duals, strict=True)))

    points = np.vstack([rng.dirichlet(np.ones(3), 20), others, np.eye(3)])
    found, gradient = kernels.weighted(others, duals)(points)
    np.testing.assert_allclose(found, [value(p) for p in points], atol=1e-12)
    steps = 1e-6 * np.eye(3)
    numeric = [[(value(p + step) - value(p - step)) / 2e-6 for step in steps] for p in points]
    np.testing.assert_allclose(gradient, numeric, atol=1e-6)


def test_stored_sums_of_kernels_are_of_the_mixtures_asked_for(rng: np.random.Generator) -> None:
    others, points = rng.dirichlet(np.ones(3), 5), rng.dirichlet(np.ones(3), 6)
    kernels = MixtureKernels(lengths=(0.3,), additive=(0.5,))
    duals = rng.normal(size=(len(kernels), 5))
    known = kernels.weighted(others, duals)
    for at in (points[:3], points[3:], points[3:], points[:3]):
        for found, expected in zip(known(at), kernels.weighted(others, duals)(at), strict=True):
            np.testing.assert_array_equal(found, expected)
            with pytest.raises(ValueError, match="read-only"):
                found *= 2
    doubled = known.plus(1.0, known)(points[:3])
    np.testing.assert_allclose(doubled[0], 2 * known(points[:3])[0])


def test_a_second_fit_forgets_the_first(rng: np.random.Generator) -> None:
    mixtures = rng.dirichlet(np.ones(3), 12)
    values = accuracy(mixtures)
    model = GaussianProcess().fit(mixtures, distance(mixtures), values)
    model.predict(mixtures, distance(mixtures))
    again = model.fit(mixtures, distance(mixtures), values**2)
    fresh = GaussianProcess().fit(mixtures, distance(mixtures), values**2)
    np.testing.assert_array_equal(
        *(m.predict(mixtures, distance(mixtures)) for m in (again, fresh))
    )


def test_the_covariance_is_the_squared_spread_but_for_noise(rng: np.random.Generator) -> None:
    design = rng.dirichlet(np.ones(3), 9)
    values = accuracy(design) + 0.01 * rng.normal(size=9)
    model = GaussianProcess().fit(design, distance(design), values)
    fresh = rng.dirichlet(np.ones(3), 5)
    covariance = model.covariance(fresh, distance(fresh))
    noise = model.spread(fresh, distance(fresh)) ** 2 - np.diag(covariance)
    np.testing.assert_allclose(noise, noise[0])
    assert noise[0] > 0


def test_it_beats_cs_and_keeps_its_trend_far_away(rng: np.random.Generator) -> None:
    grid = simplex_lattice(3, 10)
    truth = accuracy(grid)
    errors: dict[str, list[float]] = {"cs": [], "gp": []}
    for _ in range(10):
        rows = rng.choice(len(grid), 16, replace=False)
        noisy = truth[rows] + 0.005 * rng.normal(size=16)
        for name, found in errors.items():
            model = PREDICTORS[name]().fit(grid[rows], distance(grid[rows]), noisy)
            found.append(float(np.abs(model.predict(grid, distance(grid)) - truth).mean()))
    assert np.mean(errors["gp"]) < 0.6 * np.mean(errors["cs"])


def test_gradient_is_the_total_derivative(rng: np.random.Generator) -> None:
    mixtures = rng.dirichlet(np.ones(3), 20)
    model = PREDICTORS["gp"]().fit(mixtures, distance(mixtures), accuracy(mixtures))

    def predicted(p: Floats) -> float:
        return float(model.predict(p[None], distance(p[None]))[0])

    def derivative(p: Floats) -> Floats:
        return model.gradient(p, float(distance(p)), distance_gradient(p))

    for at in (np.array([0.2, 0.5, 0.3]), np.array([1.0, 0.0, 0.0])):
        assert check_grad(predicted, derivative, at) < 1e-5


def test_it_is_stored_with_its_probes(rng: np.random.Generator) -> None:
    mixtures = rng.dirichlet(np.ones(3), 12)
    model = PREDICTORS["gp"]().fit(mixtures, distance(mixtures), accuracy(mixtures))
    again = restore(model.to_arrow())
    np.testing.assert_array_equal(
        again.interval(mixtures, distance(mixtures)), model.interval(mixtures, distance(mixtures))
    )
    assert again.report == model.report
    assert model.coefficients.shape == (2,)


def test_without_distances_the_trend_is_a_constant(rng: np.random.Generator) -> None:
    mixtures = rng.dirichlet(np.ones(3), 30)
    model = PREDICTORS["gp"]().fit(mixtures, None, accuracy(mixtures))
    np.testing.assert_allclose(model.predict(mixtures), accuracy(mixtures), atol=0.005)
    assert model.coefficients[0] == 0.0


def test_the_report_is_of_what_it_predicts(rng: np.random.Generator) -> None:
    mixtures = rng.dirichlet(np.ones(3), 20)
    values = accuracy(mixtures) + 0.01 * rng.normal(size=20)
    model = GaussianProcess().fit(mixtures, distance(mixtures), values)
    missed = np.abs(values - model.predict(mixtures, distance(mixtures))).mean()
    np.testing.assert_allclose(model.report.mae, missed, rtol=1e-9)


def test_units_and_order_do_not_matter(rng: np.random.Generator) -> None:
    mixtures = rng.dirichlet(np.ones(3), 20)
    distances, values = distance(mixtures), accuracy(mixtures)
    plain = PREDICTORS["gp"]().fit(mixtures, distances, values)
    rows, turn = rng.permutation(20), [2, 0, 1]
    other = PREDICTORS["gp"]().fit(
        mixtures[rows][:, turn], 10 * distances[rows], 100 * values[rows] + 7
    )
    np.testing.assert_allclose(
        other.predict(mixtures[:, turn], 10 * distances),
        100 * plain.predict(mixtures, distances) + 7,
    )


def test_a_constant_metric(rng: np.random.Generator) -> None:
    mixtures = rng.dirichlet(np.ones(3), 8)
    model = PREDICTORS["gp"]().fit(mixtures, distance(mixtures), np.full(8, 0.5))
    np.testing.assert_allclose(model.interval(mixtures, distance(mixtures)), 0.5, atol=1e-9)


def test_intervals_cover_new_probes(rng: np.random.Generator) -> None:
    grid = simplex_lattice(3, 10)
    inside, widths = [], []
    for _ in range(40):
        values = accuracy(grid) + 0.008 * rng.normal(size=len(grid))
        rows = rng.choice(len(grid), 14, replace=False)
        rest = np.setdiff1d(np.arange(len(grid)), rows)
        model = PREDICTORS["gp"]().fit(grid[rows], distance(grid[rows]), values[rows])
        low, high = model.interval(grid[rest], distance(grid[rest]), level=0.9).T
        inside.append((low <= values[rest]) & (values[rest] <= high))
        widths.append(high - low)
    assert 0.87 <= np.mean(inside) <= 0.98
    assert np.mean(widths) < 8 * 0.008


def test_the_spread_counts_the_variance_of_the_process_once(rng: np.random.Generator) -> None:
    mixtures, fresh = rng.dirichlet(np.ones(3), 12), rng.dirichlet(np.ones(3), 5)
    values = 0.5 + 0.2 * (np.arange(12) == 0)
    model = GaussianProcess().fit(mixtures, distance(mixtures), values)
    assert model.report.rms_cv > 1.05 * model._average.noise, "or it makes no difference"
    variance = np.diag(model.covariance(fresh, distance(fresh))) + model._average.noise**2
    np.testing.assert_allclose(model.spread(fresh, distance(fresh)), np.sqrt(variance))


@pytest.mark.parametrize("shape", [(1, 5, 300), (30, 40, 7), (4, 1, 1)])
def test_sums_along_lines_are_those_over_all_pairs(
    shape: tuple[int, int, int], rng: np.random.Generator
) -> None:
    """Points beside, at and beyond the centres; columns of one value, and far apart."""
    asked, count, columns = shape
    centres = rng.normal(size=(count, columns)) + np.linspace(0, 30, columns)
    centres[:, -1] = 2.0
    points = centres[rng.integers(count, size=asked)] + 0.5 * rng.integers(-1, 2, (asked, columns))
    weights, lengths = rng.normal(size=(2, count)), np.array([0.4, 0.9])
    sums = LineSums.of(centres, weights, lengths)
    found, slopes = sums(points)
    for i in range(columns):
        alone = sum(
            matern(points[:, [i]], centres[:, [i]], length) @ own
            for length, own in zip(lengths, weights, strict=True)
        )
        np.testing.assert_allclose(found[:, i], alone, atol=1e-9)
    step = 1e-6
    ahead, behind = (sums(points + s)[0] for s in (step, -step))
    np.testing.assert_allclose(slopes, (ahead - behind) / (2 * step), atol=1e-6)


def test_a_loss_that_falls_with_the_first_thousandth_of_a_domain_is_learned(
    rng: np.random.Generator,
) -> None:
    """As losses of language models on DM Mathematics and Ubuntu IRC do in RegMix."""
    raw = 10 ** rng.uniform(-4, 0, (104, 8))
    mixtures = raw / raw.sum(axis=1, keepdims=True)
    losses = -np.log(mixtures[:, 0] + 0.0005)
    model = GaussianProcess().fit(mixtures[:24], None, losses[:24])
    assert np.abs(model.predict(mixtures[24:], None) - losses[24:]).mean() < 0.2
