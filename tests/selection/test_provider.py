"""Minimum orders, providers that must be in or out, and what a bound is worth."""

from itertools import product

import numpy as np
import pytest

from projektor_ray.errors import InfeasibleError, InputError
from projektor_ray.selection import Terms, select
from projektor_ray.selection.baselines import baseline_plans
from projektor_ray.selection.feasible_set import FeasibleSet
from tests.helpers.purchase_problems import SIZE, Bowl, providers


def best_by_enumeration(
    peak: tuple[float, ...], minimum: int, size: int
) -> tuple[float, tuple[int, ...]]:
    """All plans of a small size that keep the minimum orders."""
    plans = [
        samples
        for samples in product(range(size + 1), repeat=len(peak))
        if sum(samples) == size and all(s == 0 or s >= minimum for s in samples)
    ]
    values = Bowl(peak)(np.array(plans) / size)[0]
    return float(values.max()), plans[int(values.argmax())]


@pytest.mark.parametrize(
    "peak", [(0.05, 0.45, 0.5), (0.14, 0.43, 0.43), (0.05, 0.08, 0.87), (0.18, 0.18, 0.64)]
)
def test_minimum_orders(peak: tuple[float, ...]) -> None:
    terms = {f"p000{i}": Terms(minimum_order=8) for i in range(3)}
    plan = select(Bowl(peak), providers([None] * 3), 40, terms=terms)
    value, samples = best_by_enumeration(peak, 8, 40)
    assert plan.predicted == pytest.approx(value, abs=1e-3)
    assert all(s == 0 or s >= 8 for s in plan.samples)
    assert np.abs(plan.samples - samples).max() <= 1


def test_minimum_orders_of_several_providers_together() -> None:
    """Which of four to drop is decided for all of them at once."""
    rng = np.random.default_rng(3)
    terms = {f"p000{i}": Terms(minimum_order=9) for i in range(4)}
    for _ in range(12):
        peak = tuple(rng.dirichlet(np.ones(4)))
        plan = select(Bowl(peak), providers([None] * 4), 24, terms=terms, restarts=4)
        value, _ = best_by_enumeration(peak, 9, 24)
        assert plan.predicted == pytest.approx(value, abs=5e-3)


def test_many_minimum_orders_are_kept() -> None:
    rng = np.random.default_rng(0)
    sellers = providers([int(c) for c in rng.integers(50, 400, 40)], list(rng.uniform(1, 2, 40)))
    terms = {seller.name: Terms(minimum_order=60) for seller in sellers}
    feasible = FeasibleSet.of(sellers, 1000, 1500.0, terms)
    peak = tuple(rng.dirichlet(np.ones(40)))
    plan = select(Bowl(peak), sellers, 1000, budget=1500.0, terms=terms, restarts=4)
    assert feasible.contains(plan.samples)
    for baseline in baseline_plans(Bowl(peak), sellers, 1000, budget=1500.0, terms=terms).values():
        assert feasible.contains(baseline.samples)


def test_providers_that_must_be_in_or_out() -> None:
    sellers = providers([None] * 3)
    terms = {"p0000": Terms(required=True, minimum_order=1000), "p0002": Terms(excluded=True)}
    plan = select(Bowl((-0.5, 0.5, 1.0)), sellers, SIZE, terms=terms)
    np.testing.assert_array_equal(plan.samples, [1000, 9000, 0])
    required = select(Bowl((-0.5, 1.5, 0.0)), sellers, SIZE, terms={"p0000": Terms(required=True)})
    np.testing.assert_array_equal(required.samples, [1, 9999, 0])


def test_the_term_that_cannot_be_kept_is_named() -> None:
    sellers = providers([40, None, None])
    with pytest.raises(InfeasibleError, match=r"required of 'p0000'.*50.* 40"):
        FeasibleSet.of(sellers, 100, terms={"p0000": Terms(minimum_order=50, required=True)})
    both = {name: Terms(minimum_order=60, required=True) for name in ("p0001", "p0002")}
    with pytest.raises(InfeasibleError, match=r"required orders.*120.* 100"):
        FeasibleSet.of(sellers, 100, terms=both)
    with pytest.raises(InfeasibleError, match=r"capacities cannot.* 40 .*of 'p0001'\."):
        FeasibleSet.of(providers([40, 60]), 100, terms={"p0001": Terms(excluded=True)})
    each = {f"p000{i}": Terms(minimum_order=55) for i in range(2)}
    with pytest.raises(InfeasibleError, match=r"minimum order of"):
        select(Bowl((0.5, 0.5)), providers([60, 60]), 100, terms=each)


def test_bad_terms() -> None:
    with pytest.raises(InputError, match=r"did you mean 'p0001'"):
        FeasibleSet.of(providers([None, None]), 10, terms={"p001": Terms()})
    with pytest.raises(InputError, match="both required and excluded"):
        Terms(required=True, excluded=True)
    with pytest.raises(InputError, match="0 or more samples"):
        Terms(minimum_order=-1)


def test_a_capacity_is_worth_what_selecting_with_a_larger_one_gains() -> None:
    peak = (0.8, 0.15, 0.05)
    plan = select(Bowl(peak), providers([5000, None, None]), SIZE)
    larger = select(Bowl(peak), providers([5200, None, None]), SIZE)
    gain = larger.predicted - plan.predicted
    assert plan.capacity_shadow_price[0] * 0.2 == pytest.approx(gain, rel=0.05)
    np.testing.assert_array_equal(plan.capacity_shadow_price[1:], 0.0)
    assert plan.budget_shadow_price == 0.0


def test_a_budget_is_worth_what_selecting_with_a_larger_one_gains() -> None:
    peak, prices = (0.2, 0.3, 0.5), [1.0, 2.0, 3.0]
    plan = select(Bowl(peak), providers([None] * 3, prices), SIZE, budget=15_000)
    larger = select(Bowl(peak), providers([None] * 3, prices), SIZE, budget=15_200)
    gain = larger.predicted - plan.predicted
    assert plan.budget_shadow_price * 200 == pytest.approx(gain, rel=0.05)
    np.testing.assert_array_equal(plan.capacity_shadow_price, 0.0)


def test_no_bound_binds_at_an_interior_optimum() -> None:
    plan = select(Bowl((0.2, 0.3, 0.5)), providers([None] * 3, [1, 2, 3]), SIZE, budget=1e6)
    np.testing.assert_array_equal(plan.capacity_shadow_price, 0.0)
    assert plan.budget_shadow_price == 0.0
