"""The cut simplex: projection against scipy, whole samples, errors that name the constraint."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, minimize

from projektor_ray.errors import InfeasibleError, InputError
from projektor_ray.selection.feasible_set import FeasibleSet
from projektor_ray.selection.rounding import whole_samples
from projektor_ray.selection.simplex_projection import nearest_mixtures
from projektor_ray.storage.array_types import Floats
from tests.helpers.purchase_problems import providers


def listed(feasible: FeasibleSet) -> Floats:
    """Prices per sample, where there are no tiers."""
    return np.array([schedule[0][1] for schedule in feasible.schedules])


@st.composite
def feasible_sets(draw: st.DrawFn) -> FeasibleSet:
    m = draw(st.integers(1, 7))
    size = draw(st.integers(1, 500))
    capacities = draw(st.lists(st.none() | st.integers(0, 500), min_size=m, max_size=m))
    prices = draw(st.lists(st.sampled_from([0.0, 0.3, 0.5, 1.0, 7.25]), min_size=m, max_size=m))
    short = size - sum(size if c is None else min(c, size) for c in capacities)
    if short > 0:
        capacities[0] = (capacities[0] or 0) + short
    free = FeasibleSet.of(providers(capacities, prices), size)
    tightness = draw(st.floats(0, 1))
    dearest = max(prices) * size
    budget = free.cost(free.cheapest) * (1 - tightness) + dearest * tightness
    return FeasibleSet.of(providers(capacities, prices), size, budget)


@settings(deadline=None, max_examples=200)
@given(feasible_sets(), st.integers(0, 2**32 - 1))
def test_projection_is_feasible_and_nearest(feasible: FeasibleSet, seed: int) -> None:
    rng = np.random.default_rng(seed)
    m = len(feasible.names)
    points = rng.normal(size=(5, m)) * rng.choice([0.1, 1.0, 10.0])
    nearest = nearest_mixtures(feasible, points)
    np.testing.assert_allclose(nearest.sum(axis=1), 1, atol=1e-9)
    assert (nearest >= 0).all()
    assert (nearest <= feasible.upper / feasible.size + 1e-12).all()
    spent = nearest @ listed(feasible) * feasible.size
    assert (spent <= feasible.budget + 1e-7 * (1 + feasible.budget)).all()
    # Nearest: the angle to every other feasible point is obtuse.
    others = nearest_mixtures(feasible, rng.normal(size=(20, m)))
    angles = (points - nearest) @ others.T - np.sum((points - nearest) * nearest, axis=1)[:, None]
    assert angles.max() <= 1e-7 * (1 + np.abs(points).max())


def nearest_by_slsqp(feasible: FeasibleSet, point: Floats) -> Floats:
    def away(mixture: Floats) -> float:
        return float(np.sum((mixture - point) ** 2))

    count = len(point)
    found = minimize(
        away,
        np.full(count, 1 / count),
        method="SLSQP",
        bounds=[(0.0, float(upper)) for upper in feasible.upper / feasible.size],
        constraints=[
            LinearConstraint(np.ones((1, count)), 1, 1),
            LinearConstraint(listed(feasible)[None], -np.inf, feasible.budget / feasible.size),
        ],
        options={"ftol": 1e-14},
    )
    return np.asarray(found.x)


def test_projection_is_what_a_general_solver_finds() -> None:
    feasible = FeasibleSet.of(providers([40, 70, None, 30], [1.0, 2.0, 5.0, 0.5]), 100, 180)
    for point in np.random.default_rng(0).normal(size=(5, 4)):
        np.testing.assert_allclose(
            nearest_mixtures(feasible, point[None])[0], nearest_by_slsqp(feasible, point), atol=1e-6
        )


@settings(deadline=None, max_examples=200)
@given(feasible_sets(), st.integers(0, 2**32 - 1))
def test_whole_samples_keep_every_constraint(feasible: FeasibleSet, seed: int) -> None:
    point = np.random.default_rng(seed).normal(size=(1, len(feasible.names)))
    samples = whole_samples(nearest_mixtures(feasible, point)[0], feasible)
    assert samples.sum() == feasible.size
    assert (samples >= 0).all()
    assert (samples <= feasible.upper).all()
    assert listed(feasible) @ samples <= feasible.budget * (1 + 1e-9)
    assert feasible.contains(samples)


def test_whole_samples_are_near_the_mixture() -> None:
    feasible = FeasibleSet.of(providers([500, 500, 500], [1.0, 2.0, 3.0]), 1000, 1700)
    mixture = nearest_mixtures(feasible, np.array([[0.1, 0.5, 0.4]]))[0]
    assert np.abs(whole_samples(mixture, feasible) - 1000 * mixture).max() <= 2


def test_whole_samples_of_tokens_keep_the_bounds() -> None:
    """A mixture far outside the bounds: billions of tokens are moved at once, not one by one."""
    unit = 10**12
    feasible = FeasibleSet.of(providers([unit, 2 * unit, 9 * unit]), 10 * unit)
    samples = whole_samples(np.array([0.9, 0.1, 0.0]), feasible)
    np.testing.assert_array_equal(samples, [unit, 2 * unit, 7 * unit])


def test_nobody_is_asked_for_a_single_sample_to_save_money() -> None:
    """Rounded, 333 and 667 samples cost 0.4 more than the budget; the cheapest has no share."""
    feasible = FeasibleSet.of(providers([None] * 3, [0.5, 1.0, 2.0]), 1000, 1666.6)
    mixture = nearest_mixtures(feasible, np.array([[-1.0, 0.5, 0.9]]))[0]
    assert mixture[0] == 0
    np.testing.assert_array_equal(whole_samples(mixture, feasible), [0, 334, 666])
    only = FeasibleSet.of(providers([None, 1000], [0.5, 2.0]), 1000, 1999.0)
    np.testing.assert_array_equal(whole_samples(np.array([0.0, 1.0]), only), [1, 999])


def test_many_providers() -> None:
    rng = np.random.default_rng(0)
    feasible = FeasibleSet.of(
        providers([int(c) for c in rng.integers(10, 1000, 1000)], list(rng.uniform(0, 2, 1000))),
        100_000,
        70_000.0,
    )
    nearest = nearest_mixtures(feasible, rng.normal(size=(4, 1000)))
    np.testing.assert_allclose(nearest.sum(axis=1), 1, atol=1e-9)
    np.testing.assert_allclose(nearest @ listed(feasible), 0.7, atol=1e-9)
    assert feasible.contains(whole_samples(nearest[0], feasible))


def test_the_constraint_that_cannot_be_kept_is_named() -> None:
    with pytest.raises(InfeasibleError, match=r"capacities.*sell 70.* 100"):
        FeasibleSet.of(providers([40, 30]), 100)
    with pytest.raises(InfeasibleError, match=r"budget of 100 .*cost 160"):
        FeasibleSet.of(providers([40, None], [1.0, 2.0]), 100, budget=100)
    only = FeasibleSet.of(providers([40, None], [1.0, 2.0]), 100, budget=160)
    np.testing.assert_allclose(
        nearest_mixtures(only, np.array([[0.0, 1.0]])), [[0.4, 0.6]], atol=1e-9
    )


def test_equal_prices_leave_a_choice_at_the_least_budget() -> None:
    sellers = providers([40, None, None, None], [1.0, 2.0, 2.0, 3.0])
    cheapest = FeasibleSet.of(sellers, 100, budget=160)
    np.testing.assert_allclose(
        nearest_mixtures(cheapest, np.array([[0.0, 0.1, 0.5, 0.4]])),
        [[0.4, 0.1, 0.5, 0.0]],
        atol=1e-9,
    )


@pytest.mark.parametrize("size", [0, -3, 2.5])
def test_bad_input(size: float) -> None:
    with pytest.raises(InputError, match="whole number"):
        FeasibleSet.of(providers([None]), size)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="at least one provider"):
        FeasibleSet.of([], 10)
    with pytest.raises(InputError, match="budget must be 0"):
        FeasibleSet.of(providers([None]), 10, budget=float("nan"))
