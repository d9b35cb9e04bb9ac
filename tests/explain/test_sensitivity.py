"""What a larger capacity or budget would improve, in words."""

from dataclasses import replace

import numpy as np

from projektor_ray.explain.formatting import MetricText
from projektor_ray.explain.sensitivity import shadow_prices
from projektor_ray.selection import Plan, PurchasePlans, PurchaseRequest, select
from projektor_ray.storage.array_types import Floats
from tests.helpers.purchase_problems import bought, providers

LOSS = MetricText("log_loss", "minimize", 3)


def of(plan: Plan, budget: float | None = None) -> PurchasePlans:
    return PurchasePlans({"selected": plan}, tuple(providers([None, None])), budget=budget)


def test_a_larger_bound_improves_a_loss() -> None:
    """All of the best provider is bought: 1,000 more of it in 10,000 lower the loss by 0.05."""
    slopes = np.array([-0.5, 0.0])

    def loss(mixtures: Floats) -> tuple[Floats, Floats]:
        return 1 + mixtures @ slopes, np.tile(slopes, (len(mixtures), 1))

    plan = select(loss, providers([4000, None]), 10_000, direction="minimize", restarts=2)
    (capacity,) = shadow_prices(of(plan), LOSS)
    assert capacity.kind == "capacity_shadow_price"
    assert str(capacity) == "If p0000 sold 1,000 more samples, log_loss would fall by 0.05."
    priced = select(
        loss, providers([None, None], [3.0, 1.0]), 10_000, budget=14_000, direction="minimize"
    )
    (budget,) = shadow_prices(of(priced, 14_000), LOSS)
    assert str(budget) == "If the budget grew by 1% (140.00), log_loss would fall by 0.0035."
    assert not shadow_prices(of(priced), LOSS)


def test_what_rounding_hides_is_not_said() -> None:
    """A sample more is worth a millionth of the interval, and so is more for sale."""
    found = bought((1e-6, 2e-6), [20, 10], [1.0, 1.0], PurchaseRequest(size=20))
    assert not shadow_prices(found, MetricText("accuracy", "maximize", 3))
    larger = replace(found.selected, capacity_shadow_price=np.array([0.0, 1.0]))
    plans = {**found.plans, "selected": larger}
    assert shadow_prices(replace(found, plans=plans), MetricText("accuracy", "maximize", 3))
