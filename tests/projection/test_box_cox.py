"""Losses on a bent axis: against a posterior by brute force, and against planted floors."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import approx_fprime, brentq
from scipy.special import logsumexp
from scipy.stats import norm

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.errors import InputError
from projektor_ray.predictors import ProbeArrays
from projektor_ray.predictors.gaussian_process import NOISE_SHARE, NOISE_WEIGHT, RATIOS
from projektor_ray.projection import BoxCox, JointPower, choose_model, restore_scale_model
from projektor_ray.projection.averaged_curvature import CURVATURES, AveragedCurvature, bend_of
from projektor_ray.projection.joint import CORRELATIONS, KERNELS, SLOPES
from projektor_ray.projection.size_axis import Bend, SizeAxis, box_cox
from projektor_ray.storage.array_types import Floats
from tests.helpers.predictor_data import distance, distance_gradient

LOSS = (0.0, np.inf)
GRID = simplex_lattice(3, 6)


def floored(mixtures: Floats, size: Floats | float) -> Floats:
    """Losses that fall as powers of the size towards a floor of each mixture's own."""
    floor = 2.0 - 0.4 * mixtures[:, 0] + 0.2 * mixtures[:, 1] ** 2
    return np.asarray(floor + (0.8 + 0.4 * mixtures[:, 2]) * (np.asarray(size) / 1000) ** -0.7)


def table(
    rng: np.random.Generator, scales: tuple[int, ...] = (1000, 4000), count: int = 12
) -> tuple[Floats, Floats, Floats, Floats]:
    mixtures = np.tile(GRID[rng.choice(len(GRID), count, replace=False)], (len(scales), 1))
    sizes = np.repeat(np.array(scales, dtype=float), count)
    noise = 1 + 0.003 * (sizes / 1000) ** -0.35 * rng.normal(size=len(sizes))
    return mixtures, distance(mixtures), sizes, floored(mixtures, sizes) * noise


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(2)


@pytest.mark.parametrize("curvature", [-1.0, -1e-13, 0.0, 0.4])
def test_the_transform_is_the_integral_of_a_power(curvature: float) -> None:
    logs = np.array([-1.5, -0.2, 0.0, 0.7])
    expected = [quad(lambda u: np.exp(curvature * u), 0, log)[0] for log in logs]
    np.testing.assert_allclose(box_cox(logs, curvature), expected, atol=1e-12)


def test_beyond_the_largest_scale_x_is_a_mean_over_curvatures() -> None:
    bend = Bend(-1.0, -0.8, 0.3)
    axis = SizeAxis(250.0, 1000.0, bend, factor=0.5)
    assert axis.at_size(4000.0) == axis.at(np.array(4000.0))
    unit = np.log(0.25) / box_cox(np.log(0.25), -1.0)
    draws = norm.rvs(-0.8, 0.3, size=400_000, random_state=0)
    x = 0.5 * unit * np.expm1(draws * np.log(10)) / draws
    assert axis.at(np.array(10_000.0)) == pytest.approx(x.mean(), rel=0.005)
    assert axis.deviation(10_000) == pytest.approx(x.std(), rel=0.005)
    np.testing.assert_allclose(axis.at(np.array([250.0, 1000.0])), [np.log(0.25), 0.0], atol=1e-12)
    for size in (300.0, 700.0, 5000.0):
        numeric = np.diff(axis.at(np.array([size - 0.01, size + 0.01])))[0] / 0.02
        assert axis.slope(size) == pytest.approx(numeric, rel=1e-6)


def brute_force(probes: ProbeArrays) -> Floats:
    """Posterior weights of the curvatures: every candidate's integrals in closed form, densely.

    `y ~ N(U β, σ²(γK + D))`, β flat and σ² scaled inverse-χ²: up to a constant the marginal
    likelihood is `|V|^−½ |UᵀV⁻¹U|^−½ (prior + yᵀPy)^(−(n − k + weight)/2)`.
    """
    y, sizes, last = probes.values, probes.sizes, probes.sizes.max()
    noise = np.diag((sizes / last) ** -0.7)
    deviation = probes.distances.std()
    prior = NOISE_WEIGHT * (NOISE_SHARE * y[sizes == last].std()) ** 2
    logs = []
    for curvature in CURVATURES:
        u, lever = np.log(sizes / last), np.log(sizes.min() / last)
        x = np.expm1(curvature * u) * lever / np.expm1(curvature * lever)
        columns = np.column_stack([np.ones(len(y)), probes.distances / deviation, x])
        found = []
        for kernel in KERNELS.matrices(probes.mixtures, probes.mixtures):
            for tau in SLOPES:
                for rho in CORRELATIONS:
                    of_sizes = 1 + rho * tau * np.add.outer(x, x) + tau**2 * np.outer(x, x)
                    for ratio in RATIOS:
                        covariance = ratio * kernel * of_sizes + noise
                        inverse = np.linalg.inv(covariance)
                        trend = columns.T @ inverse @ columns
                        beta = np.linalg.solve(trend, columns.T @ inverse @ y)
                        rest = y - columns @ beta
                        found.append(
                            -0.5 * np.linalg.slogdet(covariance)[1]
                            - 0.5 * np.linalg.slogdet(trend)[1]
                            - 0.5
                            * (len(y) - 3 + NOISE_WEIGHT)
                            * np.log(prior + rest @ inverse @ rest)
                        )
        logs.append(logsumexp(found) + norm.logpdf(curvature, -0.45, 0.4))
    weights = np.exp(np.array(logs) - max(logs)) * np.gradient(CURVATURES)
    return np.asarray(weights / weights.sum())


def test_the_weights_of_curvatures_are_those_of_brute_force(rng: np.random.Generator) -> None:
    mixtures, distances, sizes, values = table(rng, (1000, 2000, 4000), 6)
    probes = ProbeArrays.check(mixtures, distances, np.log(values), sizes)
    model = AveragedCurvature().fit_arrays(probes)
    expected = brute_force(probes)
    np.testing.assert_allclose(model.weights, expected, rtol=1e-6)
    told = expected @ CURVATURES
    assert told < -0.55, "the planted floors bend the curves more than the prior expects"


def test_two_scales_leave_the_prior_and_one_fit_serves_all(rng: np.random.Generator) -> None:
    mixtures, distances, sizes, values = table(rng)
    model = AveragedCurvature().fit(mixtures, distances, sizes, np.log(values))
    prior = norm.pdf(CURVATURES, -0.45, 0.4) * np.gradient(CURVATURES)
    np.testing.assert_allclose(model.weights, prior / prior.sum())
    assert len({id(one.sum_kernels()) for one in model.models}) == 1
    alone = AveragedCurvature().fit(mixtures, distances, sizes, np.log(values))
    alone.models = tuple(
        type(one)(law=one.law, bend=one.bend).fit(mixtures, distances, sizes, np.log(values))
        for one in model.models
    )
    for found in ("predict", "interval"):
        np.testing.assert_allclose(
            getattr(model, found)(GRID, distance(GRID), 20_000),
            getattr(alone, found)(GRID, distance(GRID), 20_000),
        )


def test_curvature_beyond_the_scales_regresses_to_the_prior() -> None:
    assert bend_of(-1.45).late == pytest.approx(-0.45 - 0.65)
    assert bend_of(0.0).late_deviation == pytest.approx(0.4 * np.sqrt(1 - 0.65**2))


@pytest.mark.parametrize("scales", [(1000, 4000), (1000, 2000, 4000)])
def test_losses_with_a_floor_are_predicted_better_than_by_a_power(
    scales: tuple[int, ...], rng: np.random.Generator
) -> None:
    errors: dict[str, list[float]] = {"box_cox": [], "joint_power": []}
    inside = []
    for _ in range(6):
        rows = table(rng, scales)
        truth = floored(GRID, 20_000)
        for kind in (BoxCox, JointPower):
            model = kind(LOSS).fit(*rows)
            predicted = model.predict(GRID, distance(GRID), 20_000)
            errors[model.name].append(float(np.abs(predicted - truth).mean()))
            if kind is BoxCox:
                low, high = model.interval(GRID, distance(GRID), 20_000).T
                inside.append((low <= truth) & (truth <= high))
    assert np.mean(errors["box_cox"]) < 0.5 * np.mean(errors["joint_power"])
    assert np.mean(inside) >= 0.85


@pytest.mark.parametrize("scales", [(1000, 4000), (1000, 2000, 4000)])
@pytest.mark.parametrize("size", [1500.0, 9000.0])
def test_gradient_and_slope_are_derivatives(
    scales: tuple[int, ...], size: float, rng: np.random.Generator
) -> None:
    model, at = BoxCox(LOSS).fit(*table(rng, scales)), np.array([0.2, 0.5, 0.3])

    def predicted(p: Floats, of: float = size) -> float:
        return float(model.predict(p[None], distance(p[None]), of)[0])

    value, gradient = model.value_and_gradient(
        at[None], distance(at[None]), distance_gradient(at)[None], size
    )
    assert value[0] == pytest.approx(predicted(at))
    np.testing.assert_allclose(gradient[0], approx_fprime(at, predicted, 1e-7), atol=1e-5)
    slope = (predicted(at, size + 1) - predicted(at, size - 1)) / 2
    assert model.size_slope(at[None], distance(at[None]), size)[0] == pytest.approx(slope, rel=1e-5)


def test_the_covariance_is_the_squared_spread_but_for_noise(rng: np.random.Generator) -> None:
    mixtures, distances, sizes, values = table(rng, (1000, 2000, 4000))
    model = AveragedCurvature().fit(mixtures, distances, sizes, np.log(values))
    few = GRID[::5]
    variances = np.diag(model.covariance(few, distance(few), 9000))
    noise = model._spread(few, distance(few), 9000) ** 2 - variances
    np.testing.assert_allclose(noise, model.noise**2 * (9000 / 4000) ** -0.7)


def between(share: float) -> tuple[Floats, Floats]:
    mixture = np.array([[share, 1 - share, 0.0]])
    return mixture, distance(mixture)


def test_the_error_of_a_difference_of_growths_is_its_spread_over_late_curvatures(
    rng: np.random.Generator,
) -> None:
    """Also of two mixtures around one whose growth has a mean of 0, but another sign for each κ."""
    mixtures, distances, sizes, values = table(rng, (1000, 2000, 4000))
    logs = np.log(values) + (0.75 - mixtures[:, 0]) * np.log(sizes / 1000) / 3
    model = AveragedCurvature().fit(mixtures, distances, sizes, logs)
    size, nodes = 20_000.0, (np.arange(4000) + 0.5) / 4000
    weights = model.weights[model.weights > 1e-3]
    drawn = []
    for one in model.models:
        late = norm(one.bend.late, one.bend.late_deviation).ppf(nodes)
        within = quad(lambda u, one=one: np.exp(one.bend.curvature * u), -np.log(4.0), 0)[0]
        drawn.append(np.log(4.0) / within * box_cox(np.log(size / 4000), late))

    def growths(share: float) -> Floats:
        """For each κ within and each beyond."""
        rises = [one.rise(*between(share))[0] for one in model.models]
        return np.asarray(np.array(rises)[:, None] * drawn)

    def mean_deviation(share: float) -> float:
        rises = [one.rise(*between(share))[0] for one in model.models]
        return float(weights @ (rises * np.std(drawn, axis=1)))

    none = brentq(mean_deviation, 0.0, 1.0)
    for first, second in ((0.0, 1.0), (0.2, 0.5), (none - 1e-6, none + 1e-6)):
        expected = weights @ (growths(first) - growths(second)).var(axis=1) / weights.sum()
        parts = [model._discrepancies(*between(share), size)[:, 0] for share in (first, second)]
        assert np.sum((parts[0] - parts[1]) ** 2) == pytest.approx(expected, rel=0.02)


def test_to_arrow_and_back(rng: np.random.Generator) -> None:
    model = BoxCox(LOSS).fit(*table(rng, (1000, 2000, 4000)))
    again = restore_scale_model(model.to_arrow())
    assert isinstance(again, BoxCox)
    for found in ("predict", "interval"):
        np.testing.assert_array_equal(
            getattr(again, found)(GRID, distance(GRID), 9000),
            getattr(model, found)(GRID, distance(GRID), 9000),
        )


def test_it_is_the_default_of_losses_and_refused_for_accuracies(rng: np.random.Generator) -> None:
    mixtures, distances, sizes, values = table(rng)
    probes = ProbeArrays.check(mixtures, distances, values, sizes)
    assert choose_model(probes, LOSS).chosen == "box_cox"
    below_one = ProbeArrays.check(mixtures, distances, 1 - values / 4, sizes)
    assert choose_model(below_one, (-np.inf, 1.0)).chosen == "box_cox"
    found = choose_model(below_one, (0.0, 1.0))
    assert found.chosen == "joint_power"
    assert isinstance(found.refused["box_cox"], InputError)
