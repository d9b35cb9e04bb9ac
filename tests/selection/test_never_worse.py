"""No plan that is shown and may be bought is better than the selected one, on random markets."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from projektor_ray.errors import InfeasibleError
from projektor_ray.selection import (
    Plan,
    Provider,
    PurchasePlans,
    PurchaseProblem,
    PurchaseRequest,
    Terms,
    buy,
)
from projektor_ray.selection.provider import cost_of
from projektor_ray.storage.array_types import Floats

MARKETS = (40, 10, 4, 6, 6)
"""Of each kind of question; a search over sizes takes longer."""


@dataclass(frozen=True)
class Rugged:
    """Narrow hills, of which a search that follows the gradient finds one near its start.

    The prediction is the hills and ripples that the search does not see, as the worst of several
    metrics is predicted, while the search follows a smooth bound of it.
    """

    size: int
    centres: Floats
    heights: Floats

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        away = mixtures[:, None] - self.centres
        hills = self.heights * np.exp(-60 * np.sum(away**2, axis=2))
        gradient = -120 * np.einsum("bk,bkm->bm", hills, away)
        return hills.sum(axis=1) - 1.0 / self.size, gradient

    def predict(self, mixtures: Floats) -> Floats:
        phase = 40 * mixtures @ np.arange(1, mixtures.shape[1] + 1) + self.size
        return np.asarray(self(mixtures)[0] + 0.1 * np.sin(phase))

    def interval(self, mixtures: Floats, level: float) -> Floats:
        return np.add.outer(self.predict(mixtures), np.array([-0.1, 0.1]))

    def gain_interval(self, mixtures: Floats, others: Floats, level: float) -> Floats:
        return np.add.outer(self.predict(mixtures) - self.predict(others), np.array([-0.1, 0.1]))

    def sample_posterior(self, mixtures: Floats, count: int, stream: np.random.Generator) -> None:
        return None

    def size_slope(self, mixtures: Floats) -> Floats:
        return np.full(len(mixtures), 1.0 / self.size**2)


@dataclass(frozen=True)
class Market:
    """A random market, and a question of any kind."""

    sold: list[Provider]
    terms: dict[str, Terms]
    asked: PurchaseRequest
    direction: str
    centres: Floats
    heights: Floats

    @staticmethod
    def drawn(seed: int) -> "Market":
        rng = np.random.default_rng(seed)
        count = int(rng.integers(2, 6))
        sold, terms = [], {}
        for i in range(count):
            capacity = None if rng.random() < 0.5 else int(rng.integers(10, 80))
            price = float(rng.choice([0.5, 1.0, 2.0]))
            tiers = ((int(rng.integers(5, 30)), price / 2),) if rng.random() < 0.3 else ()
            sold.append(Provider(f"p{i}", capacity, price, tiers))
            order = int(rng.integers(1, 20)) if rng.random() < 0.4 else 0
            terms[f"p{i}"] = Terms(order, required=bool(rng.random() < 0.15))
        money = float(rng.uniform(10, 100))
        asked = (
            PurchaseRequest(int(rng.integers(20, 60)), money),
            PurchaseRequest(budget=money, max_size=40),
            PurchaseRequest(frontier=(money / 3, money / 2, money), max_size=40),
            PurchaseRequest(target=float(rng.uniform(0, 1)), max_size=30),
            PurchaseRequest(target=float(rng.uniform(0, 1)), minimize="samples", max_size=30),
        )[seed % 5]
        hills = int(rng.integers(3, 12))
        direction = "minimize" if rng.random() < 0.3 else "maximize"
        heights = rng.uniform(0.2, 1.0, hills)
        return Market(
            sold,
            terms,
            asked,
            direction,
            rng.dirichlet(np.ones(count), hills),
            heights if direction == "maximize" else -heights,
        )

    def bought(self) -> PurchasePlans:
        problem = PurchaseProblem(
            lambda size: Rugged(size, self.centres, self.heights),
            self.sold,
            self.terms,
            direction=self.direction,  # type: ignore[arg-type]
            restarts=0,
        )
        return buy(problem, self.asked)

    def allows(self, plan: Plan, budget: float | None) -> bool:
        """Whether a plan keeps every constraint, told from the market alone."""
        cost = 0.0
        for one, count in zip(self.sold, plan.samples.tolist(), strict=True):
            terms = self.terms[one.name]
            cost += cost_of(one.schedule, count)
            if one.capacity is not None and count > one.capacity:
                return False
            if (0 < count < terms.minimum_order) or (terms.required and not count):
                return False
        sized = self.asked.size in (None, plan.size)
        return sized and (budget is None or cost <= budget * (1 + 1e-9))

    def serves_better(self, plan: Plan, than: Plan) -> bool:
        """Whether a plan is a better answer to the question."""
        sign = 1 if self.direction == "maximize" else -1
        target = self.asked.target
        if target is not None and sign * than.predicted >= sign * target:
            return bool(sign * plan.predicted >= sign * target and plan.cost < than.cost)
        return sign * plan.predicted > sign * than.predicted


def shown(found: PurchasePlans) -> Iterator[Plan]:
    yield from found.plans.values()
    yield from found.frontier.values()
    yield from (plan for plan in found.without.values() if plan is not None)


@pytest.mark.parametrize("kind", range(5))
def test_the_selected_plan_is_never_worse_than_one_that_is_shown(kind: int) -> None:
    """Each kind of question: of a size, a budget, a frontier, and two of a target."""
    answered = 0
    for seed in range(kind, kind + 5 * MARKETS[kind], 5):
        market = Market.drawn(seed)
        try:
            found = market.bought()
        except InfeasibleError:
            continue
        answered += 1
        assert market.allows(found.selected, market.asked.money)
        for plan in shown(found):
            if market.allows(plan, market.asked.money):
                assert not market.serves_better(plan, found.selected), seed
        for budget, best in found.frontier.items():
            assert market.allows(best, budget)
            for plan in shown(found):
                if market.allows(plan, budget):
                    assert not market.serves_better(plan, best), (seed, budget)
    assert answered > 2
