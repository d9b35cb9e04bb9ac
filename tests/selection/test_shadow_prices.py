"""What a looser bound is worth, against solving again with a little more of it."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
from scipy.optimize import minimize

from projektor_ray.selection import Direction, Plan, Provider, PurchaseProblem, Terms, select
from projektor_ray.selection.feasible_set import FeasibleSet
from projektor_ray.selection.plan import THOUSAND
from projektor_ray.selection.shadow_prices import at_fixed_size, at_open_size
from projektor_ray.selection.size_search import cheapest_reaching, frontier, select_under_budget
from projektor_ray.storage.array_types import Floats
from tests.helpers.purchase_problems import SIZE, Bowl, providers

EVEN = (1 / 3, 1 / 3, 1 / 3)


@dataclass(frozen=True)
class Grown:
    """± (0.5·ln N − |p − peak|²): a mixture and its growth are both known."""

    size: float
    peak: tuple[float, ...] = EVEN
    sign: float = 1.0

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        value, gradient = Bowl(self.peak)(mixtures)
        return self.sign * (value + 0.5 * np.log(self.size)), self.sign * gradient

    def predict(self, mixtures: Floats) -> Floats:
        return self(mixtures)[0]

    def interval(self, mixtures: Floats, level: float) -> Floats:
        return np.add.outer(self(mixtures)[0], np.array([-0.1, 0.1]))

    def gain_interval(
        self, mixtures: Floats, others: Floats, level: float, of_others: object = None
    ) -> Floats:
        return np.add.outer(self(mixtures)[0] - self(others)[0], np.array([-0.1, 0.1]))

    def sample_posterior(self, mixtures: Floats, count: int, stream: np.random.Generator) -> None:
        return None

    def size_slope(self, mixtures: Floats) -> Floats:
        return np.full(len(mixtures), self.sign * 0.5 / self.size)


@dataclass(frozen=True)
class Case:
    """Capacities and prices of three providers, money, and the mixture that is best."""

    capacities: tuple[int | None, ...]
    prices: tuple[float, ...]
    budget: float | None
    peak: tuple[float, ...] = EVEN

    def problem(self, direction: Direction = "maximize") -> PurchaseProblem:
        sign = 1.0 if direction == "maximize" else -1.0
        sellers = providers(list(self.capacities), list(self.prices))
        objective = partial(Grown, peak=self.peak, sign=sign)
        return PurchaseProblem(objective, sellers, direction=direction, restarts=4)

    def best(self, more: Floats | float = 0.0, money: float = 0.0) -> float:
        """0.5·ln N − |p − peak|² at the continuous optimum, in thousands of samples, by scipy."""
        largest = np.array([1e3 if c is None else c / 1000 for c in self.capacities]) + more
        prices = 1000 * np.array(self.prices)

        def value(x: Floats) -> float:
            away = x / x.sum() - np.array(self.peak)
            return 0.5 * float(np.log(x.sum())) - float(away @ away)

        within = (
            []
            if self.budget is None
            else [{"type": "ineq", "fun": lambda x: self.budget + money - prices @ x}]
        )
        found = [
            minimize(
                lambda x: -value(x),
                start,
                method="SLSQP",
                constraints=within,
                bounds=[(1e-9, high) for high in largest],
                options={"ftol": 1e-14, "maxiter": 500},
            )
            for start in np.minimum(largest, [[0.5, 0.5, 0.5], [2.0, 0.2, 0.8], [1.0, 2.0, 1.0]])
        ]
        return -min(float(one.fun) for one in found if one.success)

    def worth(self) -> tuple[Floats, float]:
        """Of 1,000 more of each capacity, and of one unit of money, by forward differences."""
        here, step = self.best(), 0.01
        capacity = [
            0.0 if sells is None else (self.best(more=step * unit) - here) / step
            for sells, unit in zip(self.capacities, np.eye(3), strict=True)
        ]
        if self.budget is None:
            return np.array(capacity), 0.0
        money = 0.002 * self.budget
        return np.array(capacity), (self.best(money=money) - here) / money


OPEN = {
    "equal prices": Case((None,) * 3, (0.01,) * 3, 100.0),
    "unequal prices": Case((None,) * 3, (0.03, 0.01, 0.01), 100.0),
    "all sold out": Case((4000, 3000, 2000), (0.0,) * 3, None),
    "all sold out, money left": Case((4000, 3000, 2000), (0.01,) * 3, 1000.0),
    "a capacity within": Case((4000, None, None), (0.01,) * 3, 150.0, (0.6, 0.2, 0.2)),
    "a dear capacity": Case((2000, None, None), (0.02, 0.01, 0.01), 150.0, (0.6, 0.2, 0.2)),
}


def agrees(plan: Plan, case: Case) -> None:
    capacity, money = case.worth()
    np.testing.assert_allclose(plan.capacity_shadow_price, capacity, rtol=0.05, atol=2e-4)
    budget = 1.0 if case.budget is None else case.budget
    assert plan.budget_shadow_price * budget == pytest.approx(money * budget, rel=0.05, abs=2e-3)


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
@pytest.mark.parametrize("name", OPEN)
def test_at_an_open_size(name: str, direction: Direction) -> None:
    agrees(select_under_budget(OPEN[name].problem(direction), OPEN[name].budget), OPEN[name])


def test_one_percent_more_money_at_equal_prices() -> None:
    """0.5·ln 1.01."""
    plan = select_under_budget(OPEN["equal prices"].problem(), 100.0)
    assert plan.budget_shadow_price == pytest.approx(0.5 * np.log(1.01), rel=0.01)


def test_a_capacity_at_which_the_size_ends() -> None:
    """Any of b does harm. A search that stops a few samples short of all of a tells the same."""
    problem = PurchaseProblem(partial(Grown, peak=(1.5, -0.5)), providers([4000, 9000]), restarts=4)
    plan = select_under_budget(problem, None)
    worth = 0.5 * np.log(4001 / 4000)
    assert plan.samples.tolist() == [4000, 0]
    assert plan.capacity_shadow_price[0] == pytest.approx(1000 * worth, rel=0.01)
    short = problem.plan(3995, None)
    capacities, change = np.array([4000.0, 9000.0]), short.marginal_value / THOUSAND
    told = at_open_size(change, capacities, short.part, short.samples)
    assert told.capacity[0] == pytest.approx(worth, rel=0.01)


def test_on_a_frontier_and_to_a_target() -> None:
    case = OPEN["unequal prices"]
    for budget, plan in zip((50.0, 200.0), frontier(case.problem(), [50.0, 200.0]), strict=True):
        assert plan.budget_shadow_price * budget == pytest.approx(0.5, rel=0.01)
    plan = cheapest_reaching(case.problem(), plan.predicted - 0.1, 200.0).plan
    assert plan.budget_shadow_price * plan.cost == pytest.approx(0.5, rel=0.01)


def test_between_two_tiers_more_money_buys_the_dear_one() -> None:
    """All that is cheap is bought: 10 of a thousand samples more at a price of 0.02."""
    problem = PurchaseProblem(
        partial(Grown, peak=(1.0,)), [Provider("a", None, 0.01, ((1000, 0.02),))]
    )
    plan = select_under_budget(problem, 10.0)
    assert plan.size == pytest.approx(1000, abs=2)
    assert plan.budget_shadow_price == pytest.approx(
        0.5 * np.log(1010 / 1000) / (10 * 0.02), rel=0.02
    )


def test_at_the_largest_size_another_sample_replaces_one() -> None:
    def largest(capacity: int) -> Plan:
        sellers = providers([capacity, None, None])
        return select_under_budget(
            PurchaseProblem(
                partial(Grown, peak=(1.0, 0.0, 0.0)), sellers, max_size=3500, restarts=4
            ),
            None,
        )

    plan = largest(3000)
    assert plan.size == 3500
    gain = largest(3020).predicted - plan.predicted
    assert plan.capacity_shadow_price[0] * 0.02 == pytest.approx(gain, rel=0.05)


def test_a_capacity_that_no_money_is_left_for_is_worth_nothing() -> None:
    """The size is given. All money is spent on a; of the other, free one there is enough."""
    for capacity, budget, gains in [(5000, 5000.0, False), (5000, 6000.0, True)]:
        bowl = Bowl((0.9, 0.1))
        plan = select(bowl, providers([capacity, None], [1.0, 0.0]), SIZE, budget=budget)
        more = select(bowl, providers([capacity + 100, None], [1.0, 0.0]), SIZE, budget=budget)
        assert (more.predicted > plan.predicted + 1e-6) is gains
        assert plan.capacity_shadow_price[0] * 0.1 == pytest.approx(
            more.predicted - plan.predicted, rel=0.05
        )


def test_who_is_left_out_has_no_capacity_to_widen() -> None:
    terms = {"p0000": Terms(excluded=True)}
    plan = select(Bowl((0.9, 0.1, 0.0)), providers([None] * 3), SIZE, terms=terms)
    np.testing.assert_array_equal(plan.capacity_shadow_price, 0.0)


@pytest.mark.parametrize("left", [0, 1])
def test_a_sample_that_rounding_left_tells_no_price(left: int) -> None:
    """The first provider is worth far less than its price, and none of it is wanted."""
    capacities = [None, None, None, 3000]
    feasible = FeasibleSet.of(providers(capacities, [1.0, 2.0, 3.0, 2.0]), SIZE, 22_000.0)
    samples = np.array([left, 4000 - left, 3000, 3000])
    worth = at_fixed_size(np.array([-5.0, 0.2, 0.5, 0.4]), feasible, samples)
    assert worth.budget == pytest.approx(0.3 / SIZE)
    np.testing.assert_allclose(worth.capacity, [0, 0, 0, 0.2 / SIZE], atol=1e-12)
    on_top = at_open_size(
        np.array([-5.0, 0.2, 0.3, 0.4]), np.array([np.inf] * 3 + [3000.0]), feasible, samples
    )
    assert on_top.budget == pytest.approx(0.1)
    np.testing.assert_allclose(on_top.capacity, [0, 0, 0, 0.2], atol=1e-12)
