"""Intervals on the difference of two mixtures' metrics."""

import numpy as np
import pytest
from scipy.stats import norm, t

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.predictors import PREDICTORS
from projektor_ray.predictors.gaussian_process import GaussianProcess
from projektor_ray.predictors.kernels import OFFSETS
from projektor_ray.projection import (
    SCALE_MODELS,
    Joint,
    JointPower,
    LogLinear,
    NoProjection,
    ScaleModel,
)
from projektor_ray.storage.array_types import Floats
from tests.helpers.joint_tables import table, truth
from tests.helpers.predictor_data import distance

SIZE = 10_000
BESIDE_KERNELS = 0.02
"""A move that is small beside the smallest share that a kernel tells from none."""


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def pairs(rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    grid = simplex_lattice(3, 10)
    first, second = rng.integers(len(grid), size=(2, count))
    return grid[first], grid[second]


def gains(model: ScaleModel, p: Floats, q: Floats, size: float = SIZE) -> Floats:
    return model.gain_interval(p, distance(p), q, distance(q), size)


def fitted(name: str, probes: tuple[Floats, ...]) -> ScaleModel:
    kind = SCALE_MODELS[name]() if name == "joint" else SCALE_MODELS[name]("gp")  # type: ignore[arg-type]
    return kind.fit(*probes)


def test_they_cover_true_gains_and_are_narrower_than_the_levels(
    rng: np.random.Generator,
) -> None:
    """A law that flattens misses the levels of all mixtures together, not their differences."""
    inside, widths, of_levels = [], [], []
    for _ in range(12):
        model = Joint().fit(*table(rng, 14))
        p, q = pairs(rng, 40)
        low, high = gains(model, p, q).T
        true = truth(p, SIZE) - truth(q, SIZE)
        inside.append((low <= true + 1e-12) & (true - 1e-12 <= high))
        widths.append(np.mean(high - low))
        of_levels.append(np.mean(np.diff(model.interval(p, distance(p), SIZE))))
    assert np.mean(inside) >= 0.85
    assert np.mean(widths) < 0.85 * np.mean(of_levels)


@pytest.mark.parametrize("name", ["joint", "eq3", "none"])
def test_a_mixture_gains_nothing_over_itself(name: str, rng: np.random.Generator) -> None:
    model = fitted(name, table(rng, 14))
    p, q = pairs(rng, 5)
    np.testing.assert_allclose(gains(model, p, p), 0.0, atol=1e-7)
    forth, back = gains(model, p, q), gains(model, q, p)
    np.testing.assert_allclose(forth, -back[:, ::-1], atol=1e-9)
    middle = model.predict(p, distance(p), SIZE) - model.predict(q, distance(q), SIZE)
    np.testing.assert_allclose(forth.mean(axis=1), middle, atol=1e-9)


def test_without_a_covariance_errors_are_independent(rng: np.random.Generator) -> None:
    model = LogLinear("cs").fit(*table(rng, 14))
    p, q = pairs(rng, 3)
    width = np.diff(gains(model, p, q, 1000))
    np.testing.assert_allclose(width, np.sqrt(2) * np.diff(model.interval(p, distance(p), 1000)))


def test_no_projection_doubts_by_how_much_the_growths_differ(rng: np.random.Generator) -> None:
    model = NoProjection("gp").fit(*table(rng, 14))
    p, q = pairs(rng, 3)
    near, far = np.diff(gains(model, p, q, 1000)), np.diff(gains(model, p, q, 100_000))
    assert (far >= near).all()
    assert (far > near).any()


def test_predictions_beyond_a_bound_do_not_make_a_gain_certain(rng: np.random.Generator) -> None:
    mixtures, distances, sizes, values = table(rng, 14)
    model = Joint((0.0, 1.0)).fit(mixtures, distances, sizes, np.minimum(values + 0.25, 1.0))
    p, q = pairs(rng, 30)
    sure = (p == q).all(axis=1)
    one, other = (model.predict(r, distance(r), SIZE) for r in (p, q))
    assert np.isclose(np.minimum(one, other)[~sure], 1.0).any(), "or nothing is cut"
    low, high = gains(model, p, q).T
    assert (high - low > 0.01)[~sure].all()
    assert ((low <= one - other) & (one - other <= high)).all()
    assert np.abs([low, high]).max() <= 1.0


def flattening(mixtures: Floats, size: float | Floats) -> Floats:
    """Accuracies whose log-odds grow with a power of N, each mixture's at its own pace."""
    pace = 0.3 + 0.3 * mixtures[:, 2]
    steady = np.log(truth(mixtures, 1000) / (1 - truth(mixtures, 1000)))
    grown = pace * (1 - (np.asarray(size) / 1000) ** -0.3) / 0.3
    return np.asarray(1 / (1 + np.exp(-(steady + grown))))


def test_gains_of_a_power_law_drift_on_its_own_scale(rng: np.random.Generator) -> None:
    inside = []
    for _ in range(10):
        mixtures, distances, sizes, _ = table(rng, 14)
        noise = 0.008 * (sizes / 1000) ** -0.35 * rng.normal(size=len(sizes))
        model = JointPower((0.0, 1.0)).fit(
            mixtures, distances, sizes, np.clip(flattening(mixtures, sizes) + noise, 0, 1)
        )
        p, q = pairs(rng, 60)
        low, high = gains(model, p, q).T
        true = flattening(p, SIZE) - flattening(q, SIZE)
        inside.append((low <= true + 1e-12) & (true - 1e-12 <= high))
    assert np.mean(inside) >= 0.85


@pytest.mark.parametrize("name", ["joint", "eq3", "none"])
def test_surfaces_have_the_prediction_and_the_covariance(
    name: str, rng: np.random.Generator
) -> None:
    model = fitted(name, table(rng, 14))
    at = rng.dirichlet(np.ones(3), 4)
    drawn = model.sample_posterior(at, distance(at), SIZE, 20_000, rng)
    covariance = model.covariance(at, distance(at), SIZE)
    assert drawn is not None
    assert covariance is not None
    np.testing.assert_allclose(drawn.mean(axis=0), model.predict(at, distance(at), SIZE))
    scale = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(
        np.cov(drawn.T) / np.outer(scale, scale), covariance / np.outer(scale, scale), atol=0.05
    )


def test_scales_are_joined_by_the_squares_of_their_weights(rng: np.random.Generator) -> None:
    """Eq. 3 from 250 and 1,000 to 4,000 weighs them by −1 and 2: errors are independent."""
    probes, at = table(rng, 14), rng.dirichlet(np.ones(3), 3)
    found = fitted("eq3", probes).covariance(at, distance(at), 4000)
    mixtures, distances, sizes, values = probes
    small, large = (
        GaussianProcess().fit(
            *(numbers[sizes == scale] for numbers in (mixtures, distances, values))
        )
        for scale in (250, 1000)
    )
    expected = small.covariance(at, distance(at)) + 4 * large.covariance(at, distance(at))
    np.testing.assert_allclose(found, expected)


def test_what_has_no_posterior_has_no_surfaces(rng: np.random.Generator) -> None:
    model, at = LogLinear("cs").fit(*table(rng, 14)), np.eye(3)
    assert model.covariance(at, distance(at), SIZE) is None
    assert model.sample_posterior(at, distance(at), SIZE, 10, rng) is None


def test_surfaces_beyond_a_bound_are_not_cut_where_they_would_tie(
    rng: np.random.Generator,
) -> None:
    mixtures, distances, sizes, values = table(rng, 14)
    model = Joint((0.0, 1.0)).fit(mixtures, distances, sizes, np.minimum(values + 0.25, 1.0))
    drawn = model.sample_posterior(mixtures, distances, SIZE, 200, rng)
    assert drawn is not None
    assert drawn.max() > 1.0
    assert (np.ptp(drawn, axis=1) > 0).all()


@pytest.mark.parametrize("count", [5, 20])
def test_few_probes_widen_intervals_as_students_t_does(
    count: int, rng: np.random.Generator
) -> None:
    """At the largest scale nothing drifts: `t(k − 2)` spreads either way."""
    mixtures = rng.dirichlet(np.ones(3), size=count)
    values = 0.5 - 0.2 * distance(mixtures) + 0.01 * rng.normal(size=count)
    model = LogLinear.of(
        {size: PREDICTORS["cs"]().fit(mixtures, distance(mixtures), values) for size in (250, 1000)}
    )
    left_out = model.predictors[1000].report.rms_cv
    half = np.diff(model.interval(mixtures, distance(mixtures), 1000)) / 2
    np.testing.assert_allclose(half, t.ppf(0.95, count - 2) * left_out)
    apart = np.diff(gains(model, mixtures[:1], mixtures[1:2], 1000)) / 2
    np.testing.assert_allclose(apart, np.sqrt(2) * half[:1])


def test_judged_by_a_scale_held_out_a_mixture_drifts_by_a_share_of_its_growth(
    rng: np.random.Generator,
) -> None:
    """All mixtures drift alike, which their gains lose; each has a drift of its own besides."""
    mixtures = np.tile(rng.dirichlet(np.ones(3), size=12), (3, 1))
    sizes = np.repeat([100.0, 400.0, 1600.0], 12)
    values = 0.9 - sizes**-0.5 - 0.1 * distance(mixtures)
    model = LogLinear("cs").fit(mixtures, distance(mixtures), sizes, values)
    p, q = mixtures[:1], mixtures[1:2]
    assert model.held_out_rms is not None
    near, far = (float(np.diff(gains(model, p, q, size)).item() / 2) for size in (1600, 6400))
    line = np.polyfit(
        np.log([100, 400, 1600]), values[::12], 1, w=np.array([100, 400, 1600]) ** 0.35
    )
    own = norm.ppf(0.95) * 0.075 * np.sqrt(2) * line[0] * np.log(4)
    assert own > 3 * near, "or the spread hides the drift"
    assert far == pytest.approx(own, rel=0.1)


def spread_of_gains(
    model: ScaleModel, p: Floats, q: Floats, size: float, other_size: float
) -> Floats:
    """Of gains between sizes up to the largest scale, where no law can err: (q,)."""
    low, high = model.gain_interval(p, distance(p), q, distance(q), size, 0.9, other_size).T
    return np.asarray((high - low) / 2 / t.ppf(0.95, model.freedom))


def test_gains_between_sizes_are_those_of_posterior_samples(rng: np.random.Generator) -> None:
    """A posterior sample of Eq. 3 is a sample at each scale, joined by its weights at any size."""
    probes, (p, q) = table(rng, 14), pairs(rng, 6)
    model = LogLinear("gp").fit(*probes)
    both = np.vstack([p, q])
    drawn = {
        scale: rng.multivariate_normal(
            np.zeros(len(both)), one.covariance(both, distance(both)), 40_000, method="eigh"
        )
        for scale, one in model.predictors.items()
    }
    for size, other in ((400, 1000), (300, 900), (700, 700)):
        parts = []
        for place, at in enumerate((size, other)):
            later = np.log(at / 250) / np.log(4)
            joined = (1 - later) * drawn[250] + later * drawn[1000]
            parts.append(np.split(joined, 2, axis=1)[place])
        found = spread_of_gains(model, p, q, size, other)
        np.testing.assert_allclose(found, np.std(parts[0] - parts[1], axis=0), rtol=0.03, atol=1e-9)


def test_a_joint_model_is_a_line_in_ln_n_so_that_three_sizes_tell_all_covariances(
    rng: np.random.Generator,
) -> None:
    """`Cov(f(x), f(x')) = A + B (x + x') + C x x'` with A, B, C from variances at single sizes."""
    model, p = Joint().fit(*table(rng, 14)), rng.dirichlet(np.ones(3), 4)
    logs = np.log(np.array([250, 500, 1000]) / 1000)
    variances = [np.diag(model.covariance(p, distance(p), size)) for size in (250, 500, 1000)]
    c, twice_b, a = np.polyfit(logs, np.array(variances), 2)
    for size, other in ((300, 900), (400, 450)):
        x, y = np.log(size / 1000), np.log(other / 1000)
        line = a + twice_b / 2 * (x + y) + c * x * y
        sizes = np.repeat([size, other], 4).astype(float)
        both = np.vstack([p, p])
        found = model.covariance(both, distance(both), sizes)
        np.testing.assert_allclose(np.diag(found[:4, 4:]), line, rtol=1e-6)
        expected = c * (x - y) ** 2
        np.testing.assert_allclose(spread_of_gains(model, p, p, size, other) ** 2, expected)


def test_on_its_own_scale_a_power_law_weighs_errors_by_the_slopes_there(
    rng: np.random.Generator,
) -> None:
    model = JointPower((0.0, 1.0)).fit(*table(rng, 14))
    p, q = pairs(rng, 5)
    sizes, both = np.repeat([300.0, 900.0], 5), np.vstack([p, q])
    odds = model.straight.covariance(both, distance(both), sizes)
    at = np.concatenate([model.predict(r, distance(r), n) for r, n in ((p, 300), (q, 900))])
    slope = at * (1 - at)
    covariance = slope[:, None] * odds * slope
    expected = [
        covariance[i, i] + covariance[5 + i, 5 + i] - 2 * covariance[i, 5 + i] for i in range(5)
    ]
    np.testing.assert_allclose(spread_of_gains(model, p, q, 300, 900) ** 2, expected, rtol=1e-6)


def test_what_the_law_misses_is_one_draw_for_all_sizes_of_a_mixture(
    rng: np.random.Generator,
) -> None:
    """Growth beyond the largest scale is `r` times the law's, r ~ N(1, 0.334²), as in intervals."""
    mixtures = np.tile(rng.dirichlet(np.ones(3), size=12), (2, 1))
    sizes = np.repeat([250.0, 1000.0], 12)
    values = 0.5 + 0.05 * np.log(sizes) - 0.1 * distance(mixtures)
    model, p = Joint().fit(mixtures, distance(mixtures), sizes, values), mixtures[:3]
    at = (p, distance(p), p, distance(p))
    low, high = model.gain_interval(*at, 20_000, 0.9, 4_000).T
    growth = 0.05 * np.log(20_000 / 4_000)
    half = norm.ppf(0.95) * 0.334 * growth
    np.testing.assert_allclose((high - low) / 2, half, rtol=0.02)
    np.testing.assert_allclose((high + low) / 2, growth, rtol=0.02)


@pytest.mark.parametrize("family", ["network", "flexible", "unknown"])
def test_what_growth_brings_is_known_no_worse_than_a_training_at_its_end(
    family: str, rng: np.random.Generator
) -> None:
    """`L(N, p) − L(N_last, p)` has the law's error alone, which the interval at N has too."""
    model = JointPower((0.0, 1.0), family).fit(*table(rng, 14))
    p = rng.dirichlet(np.ones(3), 8)
    low, high = model.gain_interval(p, distance(p), p, distance(p), 3000, 0.9, 1000).T
    below, above = model.interval(p, distance(p), 3000).T
    assert (high - low <= (above - below) * 1.02).all()


@pytest.mark.parametrize("name", ["joint", "eq3", "none", "joint_power", "box_cox"])
def test_intervals_of_gains_do_not_jump_where_sizes_or_mixtures_begin_to_differ(
    name: str, rng: np.random.Generator
) -> None:
    probes = table(rng, 14)
    bounds = {"joint_power": (0.0, 1.0), "box_cox": (0.0, np.inf)}
    model = (
        SCALE_MODELS[name](bounds=bounds[name]).fit(*probes)
        if name in bounds
        else fitted(name, probes)
    )
    p, q = pairs(rng, 8)
    near = q + BESIDE_KERNELS * min(OFFSETS.values()) * (p - q)
    at = (p, distance(p), q, distance(q))
    alike = np.array(model.gain_interval(*at, 20_000))
    larger = model.gain_interval(*at, 20_000, 0.9, 20_001)
    np.testing.assert_allclose(larger, alike, atol=1e-4)
    moved = model.gain_interval(near, distance(near), q, distance(q), 20_000, 0.9, 20_001)
    np.testing.assert_allclose(moved, 0.0, atol=2e-3)
    swapped = model.gain_interval(q, distance(q), p, distance(p), 20_001, 0.9, 20_000)
    np.testing.assert_allclose(swapped, -larger[:, ::-1], atol=1e-9)
