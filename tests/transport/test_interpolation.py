"""Interpolated distances against scipy, and their error against what is held out."""

from itertools import product

import numpy as np
import pytest
from scipy.interpolate import RBFInterpolator
from scipy.optimize import approx_fprime

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.storage.array_types import Floats
from projektor_ray.transport import Distances, InterpolatedDistances, measure, refine
from tests.helpers.predictor_data import distance
from tests.helpers.problems import pool


def dirichlet(seed: int, count: int, providers: int = 3) -> Floats:
    return np.random.default_rng(seed).dirichlet(np.ones(providers), count)


def curved(mixtures: Floats) -> Distances:
    """A distance with a kink that a lattice of few mixtures does not see."""
    value = np.sqrt(0.02 + np.sum((mixtures - np.array([0.2, 0.45, 0.35])) ** 2, axis=1))
    return Distances.closed_form(value, np.zeros(mixtures.shape))


def test_the_interpolant_is_the_cubic_spline_of_scipy() -> None:
    """Over two shares of the three, a plane of the shares is a linear tail with a constant."""
    measured, fresh = dirichlet(0, 20), dirichlet(1, 30)
    actual = InterpolatedDistances.fit(measured, distance(measured))
    plane = np.linalg.qr(np.eye(3) - 1 / 3)[0][:, :2]
    scipy = RBFInterpolator(measured @ plane, distance(measured), kernel="cubic", degree=1)
    np.testing.assert_allclose(actual(fresh).value, scipy(fresh @ plane), atol=1e-9)
    np.testing.assert_allclose(actual(measured).value, distance(measured), atol=1e-9)


def test_the_gradient_is_that_of_the_value() -> None:
    measured = dirichlet(1, 15, 4)
    actual = InterpolatedDistances.fit(measured, np.sum(measured**2, axis=1))
    at = np.array([0.4, 0.3, 0.2, 0.1])

    def value(p: Floats) -> float:
        return float(actual(p[None]).value[0])

    np.testing.assert_allclose(actual(at[None]).gradient[0], approx_fprime(at, value), atol=1e-5)


def test_several_distances_of_one_mixture_are_averaged() -> None:
    measured = np.vstack([np.eye(2), np.eye(2)])
    actual = InterpolatedDistances.fit(measured, np.array([1.0, 2.0, 3.0, 6.0]))
    np.testing.assert_allclose(actual(np.array([[0.5, 0.5]])).value, 3.0)


@pytest.mark.parametrize(
    "measured",
    [dirichlet(0, 25), simplex_lattice(3, 5), simplex_lattice(4, 2), np.eye(3), np.eye(4)[:2]],
    ids=["random", "lattice", "pairs", "corners", "two corners of four"],
)
def test_leave_one_out_errors_are_those_of_fits_without_each_mixture(measured: Floats) -> None:
    distances = np.sin(3 * measured @ np.arange(1.0, measured.shape[1] + 1))
    interpolated = InterpolatedDistances.fit(measured, distances)
    expected = []
    for k in range(len(measured)):
        others = np.arange(len(measured)) != k
        without = InterpolatedDistances.fit(measured[others], distances[others])
        expected.append(distances[k] - without(measured[k][None]).value[0])
    np.testing.assert_allclose(interpolated.leave_one_out, expected, atol=1e-8)


def test_the_held_out_error_is_of_mixtures_that_others_surround() -> None:
    measured = simplex_lattice(3, 4)
    interpolated = InterpolatedDistances.fit(measured, curved(measured).value)
    inner = measured.max(axis=1) < 1
    assert inner.sum() == len(measured) - 3
    expected = np.sqrt(np.mean(interpolated.leave_one_out[inner] ** 2))
    assert interpolated.held_out_error == pytest.approx(expected)
    assert InterpolatedDistances.fit(np.eye(3), np.ones(3)).held_out_error == np.inf


def test_the_standard_error_is_that_of_kriging_and_calibrated() -> None:
    """Against the variance of the best linear unbiased predictor, λ solved for by hand; at fresh
    mixtures errors are as large as it says."""
    measured, fresh = dirichlet(0, 30), dirichlet(1, 400)
    interpolated = InterpolatedDistances.fit(measured, curved(measured).value)
    at = fresh[0]
    cubes = np.array([[np.linalg.norm(a - b) ** 3 for b in measured] for a in measured])
    right = np.array([np.linalg.norm(at - b) ** 3 for b in measured])
    # min λᵀKλ − 2λᵀk over Σ λ_n p_n = p, by its null space
    particular = np.linalg.lstsq(measured.T, at, rcond=None)[0]
    null = np.linalg.svd(measured.T)[2][3:].T
    free = np.linalg.solve(null.T @ cubes @ null, null.T @ (right - cubes @ particular))
    weights = particular + null @ free
    variance = weights @ cubes @ weights - 2 * weights @ right
    ratio = interpolated.standard_error(fresh[:2]) ** 2
    scale = ratio[0] / variance
    again = interpolated.standard_error(measured)
    np.testing.assert_allclose(again, 0, atol=1e-4 * np.sqrt(scale))
    errors = curved(fresh).value - interpolated(fresh).value
    standardised = errors / interpolated.standard_error(fresh)
    assert 0.3 < np.sqrt(np.mean(standardised**2)) < 2


def test_the_largest_gap_is_proposed_first() -> None:
    """A lattice without the mixtures around one point; measured ones are never proposed."""
    lattice = simplex_lattice(3, 10)
    hole = np.array([0.5, 0.3, 0.2])
    near = np.abs(lattice - hole).sum(axis=1) < 0.45
    interpolated = InterpolatedDistances.fit(lattice[~near], curved(lattice[~near]).value)
    order = interpolated.propose(lattice, 4)
    np.testing.assert_allclose(lattice[order[0]], hole)
    assert near[order].all()
    assert len(set(order.tolist())) == 4
    assert set(interpolated.propose(lattice, 1000).tolist()) == set(np.flatnonzero(near).tolist())


def test_a_provider_that_no_mixture_contains_is_proposed_first() -> None:
    measured = np.array([[1.0, 0, 0], [0, 1.0, 0], [0.5, 0.5, 0]])
    interpolated = InterpolatedDistances.fit(measured, np.array([0.1, 0.2, 0.1]))
    candidates = np.array([[0.25, 0.75, 0], [0.5, 0.25, 0.25]])
    assert interpolated.standard_error(candidates)[1] == np.inf
    assert interpolated.propose(candidates, 2).tolist() == [1, 0]


@pytest.mark.parametrize(("bound", "start"), list(product([1e-2, 2e-3], [1, 2])))
def test_refinement_ends_where_the_error_is_within_the_bound(bound: float, start: int) -> None:
    """Errors anywhere on the simplex are as small, though nothing was measured there."""
    batches: list[Floats] = []

    def counted(mixtures: Floats) -> Distances:
        batches.append(mixtures)
        return curved(mixtures)

    measured = simplex_lattice(3, start)
    first = InterpolatedDistances.fit(measured, curved(measured).value)
    refined = refine(first, counted, simplex_lattice(3, 20), bound)
    assert refined.error <= bound
    assert refined.distances is not None
    np.testing.assert_array_equal(refined.mixtures, np.vstack(batches))
    np.testing.assert_array_equal(refined.distances.value, curved(refined.mixtures).value)
    fresh = dirichlet(5, 2000)
    errors = refined.interpolated(fresh).value - curved(fresh).value
    assert np.sqrt(np.mean(errors**2)) <= bound
    assert refine(refined.interpolated, counted, fresh, bound).distances is None


def test_refinement_ends_where_nothing_more_may_be_measured() -> None:
    measured = simplex_lattice(3, 2)
    first = InterpolatedDistances.fit(measured, curved(measured).value)
    limited = refine(first, curved, simplex_lattice(3, 20), 1e-9, batch=8, most=11)
    assert len(limited.mixtures) == 11
    assert limited.error > 1e-9
    exhausted = refine(first, curved, simplex_lattice(3, 4), 1e-9)
    assert len(exhausted.mixtures) == len(simplex_lattice(3, 4)) - len(measured)


def test_distances_by_transport_are_interpolated_to_the_bound() -> None:
    pilots, validation = pool((40, 30, 35), 30, noise=0.3)

    def measured(mixtures: Floats) -> Distances:
        return measure(mixtures, pilots, validation)

    start = simplex_lattice(3, 2)
    first = InterpolatedDistances.fit(start, measured(start).value)
    refined = refine(first, measured, simplex_lattice(3, 12), 2e-3)
    fresh = dirichlet(6, 60)
    errors = refined.interpolated(fresh).value - measured(fresh).value
    assert refined.error <= 2e-3
    assert np.sqrt(np.mean(errors**2)) <= 2e-3
