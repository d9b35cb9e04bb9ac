"""The best plan without a provider, against linear programs and by hand."""

import numpy as np
import pytest
from scipy.optimize import linprog

from projektor_ray.selection import Provider, PurchaseProblem, Terms
from projektor_ray.selection.robustness import MOST_WITHOUT, plans_without

WORTH = np.array([1.0, 0.8, 0.5, 0.1])
SELLERS = (
    Provider("ada", 400, 0.5),
    Provider("bob", 300, 0.2),
    Provider("cyd", None, 0.1),
    Provider("dan", None, 0.0),
)


def objective_at(size: int):  # type: ignore[no-untyped-def]
    def objective(mixtures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return mixtures @ WORTH, np.tile(WORTH, (len(mixtures), 1))

    return objective


def best_by_program(size: int, budget: float, out: int | None) -> float:
    upper = [size if one.capacity is None else one.capacity for one in SELLERS]
    bounds = [(0, 0 if i == out else most) for i, most in enumerate(upper)]
    price = [one.price for one in SELLERS]
    solved = linprog(
        -WORTH, A_ub=[price], b_ub=[budget], A_eq=[np.ones(4)], b_eq=[size], bounds=bounds
    )
    return float(-solved.fun / size)


def test_it_is_the_best_of_what_the_others_sell() -> None:
    problem = PurchaseProblem(objective_at, SELLERS)
    plan = problem.plan(1000, 250.0)
    assert plan.predicted == pytest.approx(best_by_program(1000, 250.0, None), abs=1e-3)
    without = plans_without(problem, plan, 250.0)
    bought = [name for name, count in zip(plan.names, plan.samples, strict=True) if count]
    assert set(without) == set(bought)
    for name, other in without.items():
        assert other is not None
        out = plan.names.index(name)
        assert other.samples[out] == 0
        assert other.size == 1000
        assert other.cost <= 250
        assert other.predicted == pytest.approx(best_by_program(1000, 250.0, out), abs=1e-3)
        assert other.predicted < plan.predicted


def test_no_plan_without_a_provider_is_told() -> None:
    sellers = (Provider("ada", 600, 0.0), Provider("bob", 500, 0.0))

    def of_two(size: int):  # type: ignore[no-untyped-def]
        return lambda mixtures: (mixtures[:, 0], np.tile([1.0, 0.0], (len(mixtures), 1)))

    problem = PurchaseProblem(of_two, sellers)
    plan = problem.plan(1000, None)
    assert plan.samples.tolist() == [600, 400]
    assert plans_without(problem, plan, None) == {"ada": None, "bob": None}


def test_other_terms_are_kept_and_required_providers_can_be_left_out() -> None:
    terms = {"dan": Terms(required=True, minimum_order=100), "cyd": Terms(excluded=True)}
    problem = PurchaseProblem(objective_at, SELLERS, terms)
    plan = problem.plan(600, None)
    assert plan.samples.tolist() == [400, 100, 0, 100]
    without = plans_without(problem, plan, None)
    assert without["ada"] is not None
    assert without["ada"].samples.tolist() == [0, 300, 0, 300]
    assert without["dan"] is not None
    assert without["dan"].samples.tolist() == [400, 200, 0, 0]


def test_of_many_providers_the_largest_are_left_out() -> None:
    count = 3 * MOST_WITHOUT
    sellers = [Provider(f"p{i:02d}", 10 + i, 0.0) for i in range(count)]
    worth = np.ones(count)

    def even(size: int):  # type: ignore[no-untyped-def]
        return lambda mixtures: (mixtures @ worth, np.tile(worth, (len(mixtures), 1)))

    problem = PurchaseProblem(even, sellers)
    plan = problem.plan(sum(10 + i for i in range(count)) - 50, None)
    without = plans_without(problem, plan, None)
    largest = np.sort(plan.samples)[-MOST_WITHOUT:].sum()
    left = [plan.samples[plan.names.index(name)] for name in without]
    assert len(left) == MOST_WITHOUT
    assert sum(left) == largest
