"""A cheaper plan that cannot be told apart, against all plans of the same size."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from projektor_ray.selection import PurchaseProblem, PurchaseRequest, Terms, buy
from projektor_ray.selection.cheaper_plan import CLEARLY
from projektor_ray.storage.array_types import Floats
from tests.helpers.purchase_problems import Additive, Uncertain, providers

SIZE, PRICES, PEAK = 400, (3.0, 1.0, 2.0), (0.55, 0.15, 0.3)


@dataclass(frozen=True)
class Told(Uncertain):
    """A bowl with an interval of gains of a given half-width."""

    half_width: float = 0.02

    def gain_interval(
        self, mixtures: Floats, others: Floats, level: float, of_others: object = None
    ) -> Floats:
        gains = self(mixtures)[0] - self(others)[0]
        return np.add.outer(gains, np.array([-self.half_width, self.half_width]))


def problem(objective: Told, prices: tuple[float, ...] = PRICES) -> PurchaseProblem:
    return PurchaseProblem(
        lambda size: objective,
        providers([SIZE] * 3, list(prices)),
        direction="maximize" if objective.sign > 0 else "minimize",
        restarts=2,
    )


def cheapest_by_enumeration(objective: Told, regret: float) -> float:
    """Least cost of a plan of the size whose loss is within the regret and the half-width."""
    pairs = np.array([(a, b) for a in range(SIZE + 1) for b in range(SIZE + 1 - a)])
    plans = np.column_stack([pairs, SIZE - pairs.sum(axis=1)])
    values = objective.sign * objective(plans / SIZE)[0]
    passes = values.max() - values <= min(regret, objective.half_width)
    return float((plans @ np.array(PRICES))[passes].min())


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("deviation", [0.15, 0.3])
@pytest.mark.parametrize("half_width", [0.01, 0.5])
def test_the_plan_found_is_near_the_cheapest_of_all_plans(
    sign: float, deviation: float, half_width: float
) -> None:
    """Up to 2 % of its cost."""
    objective = Told(PEAK, deviation, sign, half_width)
    plans = buy(problem(objective), PurchaseRequest(size=SIZE))
    assert plans.cheaper is not None
    assert plans.stability is not None
    best, found = plans.selected, plans.cheaper
    least = cheapest_by_enumeration(objective, plans.stability.expected_regret)
    assert least <= found.plan.cost <= 1.02 * least
    assert found.plan.size == best.size
    assert found.plan.cost <= (1 - CLEARLY) * best.cost
    lost = sign * (best.predicted - found.plan.predicted)
    assert found.gain.value == pytest.approx(lost)
    assert found.gain.low <= 0 <= found.gain.value


def test_there_is_none_that_is_known_to_be_worse() -> None:
    """With a narrow interval of gains, or a small regret, 5 % less money is told apart."""
    for objective in (Told(PEAK, 0.3, half_width=1e-6), Told(PEAK, 1e-3, half_width=0.5)):
        assert buy(problem(objective), PurchaseRequest(size=SIZE)).cheaper is None


def test_there_is_none_where_nothing_costs_money_or_a_target_is_reached() -> None:
    objective = Told(PEAK, 0.3, half_width=0.5)
    free = buy(problem(objective, (0.0, 0.0, 0.0)), PurchaseRequest(size=SIZE))
    assert free.cheaper is None
    reached = buy(problem(objective), PurchaseRequest(target=0.9, max_size=SIZE))
    assert reached.cheaper is None


def test_there_is_none_without_a_posterior() -> None:
    market = PurchaseProblem(
        lambda size: Additive(size, (1.0, 1.0)), providers([10, 10], [1.0, 2.0]), restarts=2
    )
    assert buy(market, PurchaseRequest(size=10)).cheaper is None


def test_terms_are_kept() -> None:
    """The dearest provider must sell 200, more than the cheaper plan would buy of it."""
    objective = Told(PEAK, 0.3, half_width=0.5)
    open_ = buy(problem(objective), PurchaseRequest(size=SIZE)).cheaper
    terms = {"p0000": Terms(minimum_order=200, required=True)}
    bound = buy(replace(problem(objective), terms=terms), PurchaseRequest(size=SIZE)).cheaper
    assert open_ is not None
    assert open_.plan.samples[0] < 200
    assert bound is not None
    assert bound.plan.samples[0] >= 200
