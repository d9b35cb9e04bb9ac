"""The weighted mean of the Gaussian process and the rational law."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import t

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.errors import InputError
from projektor_ray.predictors import PREDICTORS
from projektor_ray.predictors.ensemble import Ensemble, _weights
from projektor_ray.predictors.gaussian_process import GaussianProcess
from projektor_ray.storage.array_types import Floats
from tests.helpers.predictor_data import accuracy, distance

MEMBERS = ("gp", "rational")


def left_out_errors(name: str, mixtures: Floats, values: Floats) -> Floats:
    """Errors of a predictor of each mixture that is left out, by fitting again."""
    errors = []
    for row in range(len(mixtures)):
        rest = np.delete(np.arange(len(mixtures)), row)
        model = PREDICTORS[name]().fit(mixtures[rest], distance(mixtures[rest]), values[rest])
        at = mixtures[row][None]
        errors.append(values[row] - model.predict(at, distance(at))[0])
    return np.array(errors)


def probes(seed: int, count: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    mixtures = rng.dirichlet(np.ones(3), size=count)
    return mixtures, accuracy(mixtures) + 0.02 * rng.normal(size=count)


def test_members_weigh_as_the_inverse_of_their_mean_squared_left_out_errors() -> None:
    mixtures, values = probes(3, 9)
    ours = Ensemble().fit(mixtures, distance(mixtures), values)
    squares = [np.mean(left_out_errors(name, mixtures, values) ** 2) for name in MEMBERS]
    expected = np.array([squares[1], squares[0]]) / sum(squares)
    np.testing.assert_allclose(ours.weights, expected, rtol=0.02)
    assert abs(expected[0] - 0.5) > 0.1, "or equal weights would do"


def test_its_spread_is_that_of_the_weighted_mixture_of_its_members() -> None:
    mixtures, values = probes(3, 12)
    rng = np.random.default_rng(5)
    ours = Ensemble().fit(mixtures, distance(mixtures), values)
    members = [PREDICTORS[name]().fit(mixtures, distance(mixtures), values) for name in MEMBERS]
    asked = np.vstack([np.eye(3), rng.dirichlet(np.ones(3), size=5)])
    at = distance(asked)
    means = np.array([member.predict(asked, at) for member in members])
    mean = ours.weights @ means
    np.testing.assert_allclose(ours.predict(asked, at), mean)
    first = rng.random((800_000, 1)) < ours.weights[0]
    draws = [
        middle + member.spread(asked, at) * rng.standard_normal((800_000, 1))
        for middle, member in zip(means, members, strict=True)
    ]
    drawn = np.where(first, *draws)
    np.testing.assert_allclose(ours.spread(asked, at), drawn.std(axis=0), rtol=0.01)
    half = np.diff(ours.interval(asked, at)).ravel() / 2
    assert members[0].freedom == 12, "probes less two columns of the trend, and two of the prior"
    np.testing.assert_allclose(half, t.ppf(0.95, 12) * ours.spread(asked, at))


@pytest.mark.parametrize("seed", [3, 7])
def test_its_covariance_is_that_of_draws_of_either_member(seed: int) -> None:
    """The law's errors are those of the process, larger or smaller at each mixture."""
    mixtures, values = probes(seed, 12)
    rng = np.random.default_rng(5)
    ours = Ensemble().fit(mixtures, distance(mixtures), values)
    process = GaussianProcess().fit(mixtures, distance(mixtures), values)
    law = PREDICTORS["rational"]().fit(mixtures, distance(mixtures), values)
    asked = np.vstack([np.eye(3), rng.dirichlet(np.ones(3), size=5)])
    at = asked, distance(asked)
    covariance = process.covariance(*at)
    deviations = np.sqrt(np.diag(covariance))
    of_law = np.sqrt(law.spread(*at) ** 2 - process.average.noise**2)
    assert (np.abs(np.log(of_law / deviations)) > 0.2).any(), "or one factor would do"
    count = 400_000
    errors = rng.standard_normal((count, 8)) @ np.linalg.cholesky(covariance).T
    draws = np.where(
        rng.random((count, 1)) < ours.weights[0],
        process.predict(*at) + errors,
        law.predict(*at) + errors * of_law / deviations,
    )
    found = ours.covariance(*at)
    np.testing.assert_allclose(found, np.cov(draws.T), atol=0.01 * np.diag(found).max())
    np.testing.assert_allclose(
        np.diag(found) + process.average.noise**2, ours.spread(*at) ** 2, rtol=1e-9
    )


def test_a_law_surer_than_its_noise_adds_no_covariance_of_its_own() -> None:
    """A law that misses its probes by less than what the process takes for noise."""
    mixtures, values = probes(3, 12)
    ours = Ensemble().fit(mixtures, distance(mixtures), values)
    ours._members[1].report = replace(ours._members[1].report, rms_cv=0.0)
    away = ours._apart(mixtures, distance(mixtures))
    process = ours._members[0].covariance(mixtures, distance(mixtures))
    assert process is not None
    expected = ours.weights[0] * process + (away.T * ours.weights) @ away
    np.testing.assert_allclose(ours.covariance(mixtures, distance(mixtures)), expected)


def test_members_without_errors_weigh_the_same() -> None:
    np.testing.assert_array_equal(_weights(np.zeros((2, 5))), [0.5, 0.5])
    np.testing.assert_allclose(_weights(np.array([[0.0, 0.0], [1.0, 2.0]])), [1.0, 0.0], atol=1e-9)


def test_a_mixture_left_out_has_no_say_in_the_weights_that_predict_it() -> None:
    mixtures, values = probes(4, 8)
    errors = np.array([left_out_errors(name, mixtures, values) for name in MEMBERS])
    expected = []
    for row in range(8):
        squares = np.mean(np.delete(errors, row, axis=1) ** 2, axis=1)
        expected.append((errors[0, row] * squares[1] + errors[1, row] * squares[0]) / sum(squares))
    ours = Ensemble().fit(mixtures, distance(mixtures), values)
    assert ours.report.mae_cv == pytest.approx(np.mean(np.abs(expected)), rel=0.02)


def test_a_law_that_does_not_hold_has_next_to_no_weight() -> None:
    """An optimum inside the simplex, which no rational law has."""
    mixtures = simplex_lattice(3, 7)
    values = expit(3 - 12 * np.sum((mixtures - [0.5, 0.3, 0.2]) ** 2, axis=1))
    ours = Ensemble().fit(mixtures, None, values)
    assert ours.weights[0] > 0.99
    asked = simplex_lattice(3, 10)
    truth = expit(3 - 12 * np.sum((asked - [0.5, 0.3, 0.2]) ** 2, axis=1))
    law = PREDICTORS["rational"]().fit(mixtures, None, values)
    wrong = np.abs(law.predict(asked) - truth).mean()
    assert np.abs(ours.predict(asked) - truth).mean() < 0.1 * wrong


def test_its_table_keeps_the_weights() -> None:
    mixtures, values = probes(3, 12)
    ours = Ensemble().fit(mixtures, distance(mixtures), values)
    again = Ensemble.from_arrow(ours.to_arrow())
    at = distance(mixtures)
    np.testing.assert_array_equal(again.predict(mixtures, at), ours.predict(mixtures, at))
    np.testing.assert_array_equal(again.interval(mixtures, at), ours.interval(mixtures, at))


def test_many_providers_are_refused() -> None:
    mixtures = np.random.default_rng(0).dirichlet(np.ones(11), size=20)
    with pytest.raises(InputError, match=r"10 providers.*got 11\..*'gp'"):
        PREDICTORS["ensemble"]().fit(mixtures, None, np.linspace(0.2, 0.6, 20))
