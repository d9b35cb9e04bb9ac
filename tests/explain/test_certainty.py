"""Plans that may be no better than others, and what would tell."""

from dataclasses import replace

import numpy as np
import pytest

from projektor_ray.explain.certainty import doubt
from projektor_ray.selection import (
    Gain,
    PlanStability,
    PurchasePlans,
    PurchaseProblem,
    PurchaseRequest,
    buy,
)
from projektor_ray.selection.comparison import Tried
from tests.selection.test_comparison import PEAK, Uncertain
from tests.selection.test_feasible_set import providers
from tests.selection.test_gradient_ascent import SIZE

OPEN = Gain(0.01, -0.02, 0.04)
SURE = Gain(0.03, 0.01, 0.05)


@pytest.fixture(scope="module")
def found() -> PurchasePlans:
    """The best plan, a uniform one that is nearly it, and two that are clearly worse."""
    trials = (np.eye(3), np.array([0.3, 0.2, 0.1]))
    market = PurchaseProblem(
        lambda _: Uncertain(PEAK, 0.1), providers([None] * 3), trials=trials, trained_at=1000
    )
    return buy(market, PurchaseRequest(SIZE))


def opened(found: PurchasePlans, gain: Gain = OPEN, tried: Tried | None = None) -> PurchasePlans:
    """The same, with another gain on the best rival, and with other trainings."""
    assert found.tried is not None
    return replace(found, gains={**found.gains, "single": gain}, tried=tried or found.tried)


def test_what_is_surely_better_is_not_doubted(found: PurchasePlans) -> None:
    assert found.nearest == "single"
    assert doubt(found, 3) == ""


def test_a_plan_that_is_nearly_the_same_is_no_rival(found: PurchasePlans) -> None:
    """Nor is one that buys what another does: of such plans the first is told."""
    assert "uniform" in found.distinct
    assert "proportional" not in found.distinct
    same = dict.fromkeys(("uniform", "proportional"), OPEN)
    assert doubt(replace(found, gains={**found.gains, **same}), 3) == ""


def test_what_growth_leaves_open_a_further_size_would_tell(found: PurchasePlans) -> None:
    assert found.tried is not None
    assert found.tried.gain is not None
    assert found.tried.gain.low > 0
    assert doubt(opened(found), 3) == (
        "whether this plan is better than best single is open. At 1,000 samples it is certain: "
        "train at a further size, such as 3,162, to know how it grows"
    )


def test_what_is_open_where_mixtures_were_trained_more_trainings_would_tell(
    found: PurchasePlans,
) -> None:
    assert found.tried is not None
    unsure = replace(found.tried, gain=OPEN)
    says = doubt(opened(found, tried=unsure), 3)
    assert says.endswith("Train both plans' mixtures, with several seeds, at 1,000 samples")
    both = [found.plans[name].mixture for name in ("selected", "single")]
    trained = replace(unsure, mixtures=np.array([[1.0, 0.0, 0.0], *both]))
    says = doubt(opened(found, tried=trained), 3)
    assert says.endswith("Train the mixtures near both with more seeds at 1,000 samples")
    assert doubt(replace(opened(found), tried=None), 3).endswith("best single is open")


def test_a_gain_that_does_not_show_is_none(found: PurchasePlans) -> None:
    assert "is open" in doubt(opened(found, Gain(0.0004, 0.0001, 0.0007)), 3)
    assert doubt(opened(found, Gain(0.0004, 0.0001, 0.0007)), 4) == ""


def test_where_knowing_gains_nothing_no_training_is_advised(found: PurchasePlans) -> None:
    assert found.agreement is not None
    idle = replace(found.agreement, regrets=np.zeros(10))
    says = doubt(replace(opened(found), agreement=idle), 3)
    assert says.endswith("is open, and hardly matters: knowing would gain nothing that shows")


def test_worlds_that_disagree_are_told(found: PurchasePlans) -> None:
    worlds = PlanStability(
        np.array(PEAK), np.array([[0.6, 0.0, 0.4]] * 3 + [PEAK]), np.full(4, 0.02)
    )
    says = doubt(replace(opened(found, SURE), agreement=worlds), 3)
    assert says.startswith("this plan is better than best single, but others may be better still.")
    half = replace(worlds, mixtures=worlds.mixtures[2:])
    assert doubt(replace(opened(found, SURE), agreement=half), 3) == ""
