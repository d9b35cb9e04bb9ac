"""Interpolated distances against scipy, and their gradient."""

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.optimize import approx_fprime

from projektor_ray.storage.arrays import Floats
from projektor_ray.transport import InterpolatedDistances
from tests.helpers.predictor_data import distance


def test_it_is_the_cubic_spline_of_scipy() -> None:
    """Over two shares of the three, a plane of the shares is a linear tail with a constant."""
    rng = np.random.default_rng(0)
    known, fresh = rng.dirichlet(np.ones(3), 20), rng.dirichlet(np.ones(3), 30)
    actual = InterpolatedDistances.fit(known, distance(known))
    plane = np.linalg.qr(np.eye(3) - 1 / 3)[0][:, :2]
    scipy = RBFInterpolator(known @ plane, distance(known), kernel="cubic", degree=1)
    np.testing.assert_allclose(actual(fresh).value, scipy(fresh @ plane), atol=1e-9)
    np.testing.assert_allclose(actual(known).value, distance(known), atol=1e-9)


def test_the_gradient_is_that_of_the_value() -> None:
    known = np.random.default_rng(1).dirichlet(np.ones(4), 15)
    actual = InterpolatedDistances.fit(known, np.sum(known**2, axis=1))
    at = np.array([0.4, 0.3, 0.2, 0.1])

    def value(p: Floats) -> float:
        return float(actual(p[None]).value[0])

    np.testing.assert_allclose(actual(at[None]).gradient[0], approx_fprime(at, value), atol=1e-5)


def test_several_distances_of_one_mixture_are_averaged() -> None:
    known = np.vstack([np.eye(2), np.eye(2)])
    actual = InterpolatedDistances.fit(known, np.array([1.0, 2.0, 3.0, 6.0]))
    np.testing.assert_allclose(actual(np.array([[0.5, 0.5]])).value, 3.0)
