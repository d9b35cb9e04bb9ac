"""LOO and Shapley against games with known answers."""

from itertools import permutations

import numpy as np
import pytest

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.predictors import PREDICTORS, ProbeArrays
from projektor_ray.predictors.shapley import Shapley, coalition_values
from projektor_ray.storage.array_types import Floats


def every_coalition(m: int) -> Floats:
    """The uniform mixture over every non-empty coalition."""
    members = np.array(np.meshgrid(*[[0, 1]] * m)).reshape(m, -1).T[1:]
    return np.asarray(members / members.sum(axis=1, keepdims=True))


def test_a_coalition_is_worth_the_nearest_trained_mixture() -> None:
    mixtures = np.array([[1, 0, 0], [0.4, 0.6, 0], [0.4, 0.6, 0], [0, 0, 1]])
    probes = ProbeArrays.check(mixtures, None, [1.0, 2.0, 4.0, 7.0])
    asked = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0]], dtype=bool)
    np.testing.assert_allclose(coalition_values(probes, asked), [1.0, 3.0, 7.0, 1.0])


def test_loo_is_the_marginal_contribution() -> None:
    """An additive game: the contribution of a provider is its own worth."""
    mixtures = every_coalition(3)
    worth = np.array([0.1, 0.2, 0.3])
    values = (mixtures > 0) @ worth
    model = PREDICTORS["loo"]().fit(mixtures, None, values)
    slopes = model.coefficients[:-1]
    np.testing.assert_allclose(slopes / slopes[0], worth / worth[0])
    score = mixtures @ worth
    slope, offset = np.polyfit(score, values, 1)
    np.testing.assert_allclose(model.predict(mixtures), slope * score + offset)


@pytest.mark.parametrize("m", [2, 3, 4])
def test_shapley_is_the_mean_over_all_orders(m: int) -> None:
    mixtures = every_coalition(m)
    probes = ProbeArrays.check(mixtures, None, np.random.default_rng(m).normal(size=len(mixtures)))
    total = np.zeros(m)
    orders = list(permutations(range(m)))
    for order in orders:
        joined = np.zeros((m + 1, m), dtype=bool)
        for step, provider in enumerate(order):
            joined[step + 1 :, provider] = True
        total[list(order)] += np.diff(coalition_values(probes, joined))
    exact = Shapley()._contributions(probes)
    np.testing.assert_allclose(exact, total / len(orders))
    everybody = coalition_values(probes, np.ones((1, m), dtype=bool))[0]
    assert exact.sum() == pytest.approx(everybody - probes.values.min())


def test_sampled_shapley_is_near_the_exact_one() -> None:
    mixtures = simplex_lattice(6, 3)
    rng = np.random.default_rng(0)
    values = mixtures @ rng.normal(size=6) + np.sqrt(mixtures).sum(axis=1)
    probes = ProbeArrays.check(mixtures, None, values)
    # 200 orders, over which a provider's contribution varies by up to 0.7.
    deviation = 0.7 / np.sqrt(200)
    np.testing.assert_allclose(
        Shapley()._sampled(probes), Shapley()._exact(probes), atol=3 * deviation
    )
    wide = rng.dirichlet(np.full(30, 0.2), size=50)
    model = PREDICTORS["shapley"]().fit(wide, None, wide[:, 0])
    assert model.coefficients.shape == (31,)
