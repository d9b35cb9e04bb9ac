"""Convex envelopes of costs in tiers, against every chord."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from projektor_ray.selection import Provider
from projektor_ray.selection.feasible_set import FeasibleSet
from projektor_ray.selection.pricing import PiecewiseLinearCosts, price_of_last, price_of_next
from projektor_ray.selection.provider import Schedule, cost_of
from projektor_ray.selection.simplex_projection import nearest_mixtures
from projektor_ray.storage.array_types import Floats

MOST = 30


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    ends = sorted(draw(st.sets(st.integers(1, MOST - 1), max_size=4)))
    prices = st.sampled_from([0.0, 0.1, 0.5, 1.0, 3.0])
    return tuple((beyond, draw(prices)) for beyond in [0, *ends])


@settings(deadline=None, max_examples=100)
@given(schedules(), schedules(), st.integers(0, MOST), st.integers(0, MOST))
def test_the_envelope_is_the_lowest_of_all_chords(
    one: Schedule, other: Schedule, a: int, b: int
) -> None:
    least, most = min(a, b), max(a, b)
    lower, upper = np.array([least, 0]), np.array([most, MOST])
    exact = PiecewiseLinearCosts.of((one, other), lower, upper)
    envelope = PiecewiseLinearCosts.envelopes((one, other), lower, upper)
    for x in range(least, most + 1):
        samples = np.array([x, MOST // 2])
        chords = [
            np.interp(x, [left, right], [cost_of(one, left), cost_of(one, right)])
            for left in range(least, x + 1)
            for right in range(x, most + 1)
        ]
        np.testing.assert_allclose(envelope.costs(samples)[0], min(chords), atol=1e-12)
        costs = [cost_of(one, x), cost_of(other, MOST // 2)]
        np.testing.assert_allclose(exact.costs(samples), costs, atol=1e-12)
        assert exact.cost(samples) >= envelope.cost(samples) - 1e-12


def test_prices_of_the_last_and_of_the_next_sample() -> None:
    schedule: Schedule = ((0, 3.0), (10, 2.0), (20, 1.0))
    at = np.array([0, 1, 10, 11, 20, 25])
    np.testing.assert_array_equal(price_of_last((schedule,) * 6, at), [3, 3, 3, 2, 2, 1])
    np.testing.assert_array_equal(price_of_next((schedule,) * 6, at), [3, 3, 2, 2, 1, 1])


def rising(seed: int) -> tuple[FeasibleSet, Floats]:
    rng = np.random.default_rng(seed)
    sellers = [Provider(f"p{i}", 80, 1.0 + i, ((20, 2.0 + i), (45, 5.0 + 2 * i))) for i in range(4)]
    free = FeasibleSet.of(sellers, 100)
    return FeasibleSet.of(sellers, 100, 1.2 * free.cost(free.cheapest)), rng.normal(size=(6, 4))


def test_with_rising_prices_the_projection_is_onto_all_plans_that_keep_the_budget() -> None:
    """Nearest: the angle to every whole plan that keeps the constraints is obtuse."""
    plans = np.array([s for s in np.ndindex(81, 81, 81) if 20 <= sum(s) <= 100], dtype=np.int64)
    plans = np.column_stack([plans, 100 - plans.sum(axis=1)])
    for seed in range(5):
        feasible, points = rising(seed)
        kept = plans[feasible.tiers.costs(plans).sum(axis=1) <= feasible.budget]
        nearest = nearest_mixtures(feasible, points)
        spent = feasible.tiers.costs(100 * nearest).sum(axis=1)
        assert (spent <= feasible.budget + 1e-6).all()
        np.testing.assert_allclose(nearest.sum(axis=1), 1, atol=1e-12)
        away = points - nearest
        angles = away @ (kept / 100).T - np.sum(away * nearest, axis=1)[:, None]
        assert len(kept) > 1000
        assert angles.max() <= 1e-9
