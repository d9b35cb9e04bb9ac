"""The mean of the Gaussian process and the rational law."""

import numpy as np
import pytest

from projektor_ray.errors import InputError
from projektor_ray.predictors import PREDICTORS
from tests.helpers.predictor_data import accuracy, distance


def test_it_is_the_mean_and_its_spread_that_of_the_mixture_of_its_members() -> None:
    rng = np.random.default_rng(3)
    mixtures = rng.dirichlet(np.ones(3), size=12)
    values = accuracy(mixtures) + 0.02 * rng.normal(size=12)
    ours, gp, rational = (
        PREDICTORS[name]().fit(mixtures, distance(mixtures), values)
        for name in ("ensemble", "gp", "rational")
    )
    asked = np.vstack([np.eye(3), rng.dirichlet(np.ones(3), size=5)])
    at = distance(asked)
    means = np.array([gp.predict(asked, at), rational.predict(asked, at)])
    np.testing.assert_allclose(ours.predict(asked, at), means.mean(axis=0))
    draws = np.concatenate(
        [
            mean + model.spread(asked, at) * rng.standard_normal((400_000, 1))
            for mean, model in zip(means, (gp, rational), strict=True)
        ]
    )
    np.testing.assert_allclose(ours.spread(asked, at), draws.std(axis=0), rtol=0.01)
    shared = [np.outer(mean - means.mean(axis=0), mean - means.mean(axis=0)) for mean in means]
    expected = gp.covariance(asked, at) + np.mean(shared, axis=0)
    np.testing.assert_allclose(ours.covariance(asked, at), expected)


def test_left_out_mixtures_are_predicted_by_both_members_without_them() -> None:
    rng = np.random.default_rng(4)
    mixtures = rng.dirichlet(np.ones(3), size=8)
    values = accuracy(mixtures) + 0.02 * rng.normal(size=8)
    errors = []
    for row in range(8):
        rest = np.delete(np.arange(8), row)
        members = [
            PREDICTORS[name]()
            .fit(mixtures[rest], distance(mixtures[rest]), values[rest])
            .predict(mixtures[row][None], distance(mixtures[row][None]))[0]
            for name in ("gp", "rational")
        ]
        errors.append(values[row] - np.mean(members))
    ours = PREDICTORS["ensemble"]().fit(mixtures, distance(mixtures), values)
    assert ours.report.mae_cv == pytest.approx(np.mean(np.abs(errors)), rel=0.02)


def test_many_providers_are_refused() -> None:
    mixtures = np.random.default_rng(0).dirichlet(np.ones(11), size=20)
    with pytest.raises(InputError, match=r"10 providers.*got 11\..*'gp'"):
        PREDICTORS["ensemble"]().fit(mixtures, None, np.linspace(0.2, 0.6, 20))
