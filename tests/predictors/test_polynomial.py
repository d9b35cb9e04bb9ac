"""CS, PQ and the polynomial baselines against least squares, planted surfaces and differences."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import LeaveOneGroupOut, LeaveOneOut, cross_val_predict

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.errors import InputError, TooFewProbesError
from projektor_ray.predictors import PREDICTORS
from tests.helpers.predictor_data import distance, eq2

POLYNOMIALS = ("cs", "pq", "linear", "pseudo_quadratic", "quadratic")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_cs_is_least_squares(rng: np.random.Generator) -> None:
    mixtures = rng.dirichlet(np.ones(4), size=15)
    distances, values = rng.uniform(1, 2, 15), rng.normal(size=15)
    model = PREDICTORS["cs"]().fit(mixtures, distances, values)
    slope, offset = np.polyfit(distances, values, 1)
    np.testing.assert_allclose(model.coefficients, [slope, offset], rtol=1e-9)
    oracle = cross_val_predict(LinearRegression(), distances[:, None], values, cv=LeaveOneOut())
    assert model.report.mae_cv == pytest.approx(np.abs(oracle - values).mean(), rel=1e-9)
    assert model.report.mae == pytest.approx(
        np.abs(slope * distances + offset - values).mean(), rel=1e-9
    )
    assert model.report.r2 == pytest.approx(np.corrcoef(distances, values)[0, 1] ** 2, rel=1e-9)


def test_cross_validation_leaves_a_mixture_out_not_a_seed(rng: np.random.Generator) -> None:
    mixtures = np.repeat(rng.dirichlet(np.ones(3), size=8), 3, axis=0)
    distances = np.repeat(rng.uniform(1, 2, 8), 3)
    values = np.repeat(rng.normal(size=8), 3) + 0.01 * rng.normal(size=24)
    model = PREDICTORS["cs"]().fit(mixtures, distances, values)
    oracle = cross_val_predict(
        LinearRegression(),
        distances[:, None],
        values,
        cv=LeaveOneGroupOut(),
        groups=np.repeat(np.arange(8), 3),
    )
    assert model.report.mae_cv == pytest.approx(np.abs(oracle - values).mean(), rel=1e-9)


@pytest.mark.parametrize("name", ["pq", "linear", "pseudo_quadratic", "quadratic"])
def test_left_out_mixtures_are_predicted_as_a_fit_without_them_does(
    name: str, rng: np.random.Generator
) -> None:
    mixtures = np.repeat(rng.dirichlet(np.ones(3), size=13), [1, 2] * 6 + [1], axis=0)
    distances = distance(mixtures)
    values = eq2(mixtures, distances, rng) + 0.1 * rng.normal(size=len(mixtures))
    model = PREDICTORS[name]().fit(mixtures, distances, values)
    errors = []
    for mixture in np.unique(mixtures, axis=0):
        out = (mixtures == mixture).all(axis=1)
        rest = PREDICTORS[name]().fit(mixtures[~out], distances[~out], values[~out])
        errors += list(np.abs(rest.predict(mixtures[out], distances[out]) - values[out]))
    # The columns are standardised over all probes or over the rest: no more than that differs.
    assert model.report.mae_cv == pytest.approx(np.mean(errors), rel=0.1)


@pytest.mark.parametrize("m", [2, 3, 5])
def test_pq_recovers_a_planted_surface(m: int, rng: np.random.Generator) -> None:
    mixtures = rng.dirichlet(np.ones(m), size=10 * m)
    distances = rng.uniform(0.5, 1.5, len(mixtures))
    values = eq2(mixtures, distances, np.random.default_rng(1))
    model = PREDICTORS["pq"]().fit(mixtures, distances, values)
    fresh = rng.dirichlet(np.ones(m), size=50)
    fresh_distances = rng.uniform(0.5, 1.5, 50)
    np.testing.assert_allclose(
        model.predict(fresh, fresh_distances),
        eq2(fresh, fresh_distances, np.random.default_rng(1)),
        atol=1e-5,
    )
    assert model.coefficients.shape == (4 * m + 2,)


def test_pq_of_few_noisy_probes_stays_in_reach(rng: np.random.Generator) -> None:
    """Least squares of minimal norm is off by several spreads of the values here."""
    grid = simplex_lattice(3, 10)
    truth = 0.6 - 0.1 * distance(grid) + 0.05 * grid[:, 0]
    worst = 0.0
    for _ in range(20):
        rows = rng.choice(len(grid), 6, replace=False)
        noisy = truth[rows] + 0.005 * rng.normal(size=6)
        model = PREDICTORS["pq"]().fit(grid[rows], distance(grid[rows]), noisy)
        error = np.abs(model.predict(grid, distance(grid)) - truth).mean()
        worst = max(worst, float(error))
    assert worst < truth.std()


def test_a_probe_that_alone_tells_the_slope_is_predicted_by_the_mean() -> None:
    mixtures = np.eye(3)[[0, 1, 2, 0]]
    distances = np.array([0.5, 0.5, 0.9, 0.5])
    model = PREDICTORS["cs"]().fit(mixtures, distances, np.array([1.0, 2.0, 5.0, 3.0]))
    # Left out: the mixture of rows 0 and 3 is predicted 2; row 1 too; row 2 the mean 2 of the rest.
    assert model.report.mae_cv == pytest.approx(np.mean([1.0, 0.0, 3.0, 1.0]))


@pytest.mark.parametrize(("name", "few", "needed"), [("cs", 2, 3), ("pq", 4, 5), ("linear", 3, 4)])
def test_too_few_probes(name: str, few: int, needed: int, rng: np.random.Generator) -> None:
    mixtures = rng.dirichlet(np.ones(3), size=few)
    with pytest.raises(TooFewProbesError, match=f"needs at least {needed} probes.*got {few}"):
        PREDICTORS[name]().fit(mixtures, np.arange(few), np.arange(few))
    mixtures = rng.dirichlet(np.ones(3), size=needed)
    PREDICTORS[name]().fit(mixtures, np.arange(needed), np.arange(needed))


def test_too_few_probes_names_the_predictor_that_would_do() -> None:
    with pytest.raises(TooFewProbesError, match="'cs' would do with 3"):
        PREDICTORS["pq"]().fit(np.eye(3), np.arange(3), np.arange(3))
    assert PREDICTORS["cs"].fewest_probes(3) == 3
    assert min(kind.fewest_probes(3) for kind in PREDICTORS.values()) == 3


def test_bad_input_is_named(rng: np.random.Generator) -> None:
    mixtures, numbers = rng.dirichlet(np.ones(3), size=6), np.arange(6.0)
    fit = PREDICTORS["cs"]().fit
    with pytest.raises(InputError, match=r"finite.*number 2 is nan"):
        fit(mixtures, numbers, [0, 1, np.nan, 3, 4, 5])
    with pytest.raises(InputError, match=r"distances of shape \(6,\)"):
        fit(mixtures, numbers[:5], numbers)
    with pytest.raises(InputError, match="sum to 1"):
        fit(2 * mixtures, numbers, numbers)
    with pytest.raises(InputError, match="shape"):
        fit(mixtures[0], numbers, numbers)
    with pytest.raises(InputError, match="needs the distance"):
        fit(mixtures, None, numbers)
    wide = rng.dirichlet(np.ones(300), size=6)
    with pytest.raises(InputError, match="pseudo_quadratic"):
        PREDICTORS["quadratic"]().fit(wide, None, numbers)
    with pytest.raises(InputError, match="shape"):
        fit(mixtures, numbers, numbers).predict(mixtures[0], [0.5])


def test_many_providers(rng: np.random.Generator) -> None:
    """A thousand providers: what few probes do not tell stays near the trend of the distance."""
    mixtures = rng.dirichlet(np.full(1000, 0.05), size=60)
    distances = rng.uniform(0.5, 1.5, 60)
    values = 0.8 - 0.3 * distances + 0.001 * rng.normal(size=60)
    model = PREDICTORS["pq"]().fit(mixtures, distances, values)
    np.testing.assert_allclose(model.predict(mixtures, distances), values, atol=0.01)


def test_interval_contains_new_probes_as_often_as_it_says(rng: np.random.Generator) -> None:
    inside = []
    for _ in range(40):
        mixtures = rng.dirichlet(np.ones(3), size=30)
        distances = rng.uniform(0.5, 1.5, 30)
        values = 0.8 - 0.3 * distances + 0.02 * rng.normal(size=30)
        model = PREDICTORS["cs"]().fit(mixtures[:12], distances[:12], values[:12])
        low, high = model.interval(mixtures[12:], distances[12:], level=0.9).T
        inside.append((low <= values[12:]) & (values[12:] <= high))
    assert 0.85 <= np.mean(inside) <= 0.95
    with pytest.raises(InputError, match="level"):
        model.interval(mixtures, distances, level=1.0)
