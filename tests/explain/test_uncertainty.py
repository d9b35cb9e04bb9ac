"""Plans that may be no better than others, and what would tell."""

from dataclasses import replace

import numpy as np
import pytest

from projektor_ray.explain.formatting import MetricText
from projektor_ray.explain.uncertainty import gain_uncertainty, plan_stability
from projektor_ray.selection import PurchasePlans, PurchaseProblem, PurchaseRequest, buy
from projektor_ray.selection.comparison import TrainedComparison
from projektor_ray.selection.gains import Gain
from projektor_ray.selection.robustness import PlanStability
from tests.helpers.purchase_problems import PEAK, SIZE, Uncertain, providers

OPEN = Gain(0.01, -0.02, 0.04)
SURE = Gain(0.03, 0.01, 0.05)


@pytest.fixture(scope="module")
def found() -> PurchasePlans:
    """The best plan, a uniform one that is nearly it, and two that are clearly worse."""
    trials = (np.eye(3), np.array([0.3, 0.2, 0.1]))
    problem = PurchaseProblem(
        lambda _: Uncertain(PEAK, 0.1), providers([None] * 3), trials=trials, trained_at=1000
    )
    return buy(problem, PurchaseRequest(SIZE))


def opened(
    found: PurchasePlans, gain: Gain = OPEN, trained: TrainedComparison | None = None
) -> PurchasePlans:
    """The same, with another gain on the best rival, and with other trainings."""
    assert found.trained is not None
    return replace(found, gains={**found.gains, "single": gain}, trained=trained or found.trained)


def said(found: PurchasePlans, decimals: int = 3) -> str:
    fact = gain_uncertainty(found, MetricText("accuracy", "maximize", decimals))
    return "" if fact is None else fact.text


def test_a_plan_that_clearly_beats_the_baselines_needs_no_word(found: PurchasePlans) -> None:
    assert found.nearest == "single"
    assert said(found) == ""


def test_a_plan_that_is_nearly_the_same_is_no_rival(found: PurchasePlans) -> None:
    """Nor is one that buys what another does: of such plans the first is named."""
    assert "uniform" in found.distinct
    assert "proportional" not in found.distinct
    same = dict.fromkeys(("uniform", "proportional"), OPEN)
    assert said(replace(found, gains={**found.gains, **same})) == ""


def test_plans_that_differ_clearly_when_trained_are_to_be_trained_at_a_larger_size(
    found: PurchasePlans,
) -> None:
    assert found.trained is not None
    assert found.trained.gain is not None
    assert found.trained.gain.low > 0
    assert said(opened(found)) == (
        "The data do not show that this plan beats “best single provider” at 10,000 samples. At "
        "1,000 samples this plan is clearly better. Train both plans at 3,162 samples to see "
        "whether the gain lasts."
    )


def test_plans_that_do_not_differ_when_trained_need_more_seeds(found: PurchasePlans) -> None:
    assert found.trained is not None
    unsure = replace(found.trained, gain=OPEN)
    far = said(opened(found, trained=unsure))
    assert far.endswith("Train the mixtures of both plans with several seeds at 1,000 samples.")
    both = [found.plans[name].mixture for name in ("selected", "single")]
    trained = replace(unsure, mixtures=np.array([[1.0, 0.0, 0.0], *both]))
    near = said(opened(found, trained=trained))
    assert near.endswith("Train the mixtures close to both plans with more seeds at 1,000 samples.")
    assert said(replace(opened(found), trained=None)).endswith("beats “best single provider”.")


def test_a_gain_that_rounds_to_zero_is_none(found: PurchasePlans) -> None:
    assert said(opened(found, Gain(0.0004, 0.0001, 0.0007)), 3)
    assert said(opened(found, Gain(0.0004, 0.0001, 0.0007)), 4) == ""


def test_without_regret_no_training_is_advised(found: PurchasePlans) -> None:
    assert found.stability is not None
    idle = replace(found.stability, regrets=np.zeros(10))
    text = said(replace(opened(found), stability=idle))
    assert text.endswith("The choice hardly matters: the expected regret is below rounding.")


def test_an_unstable_plan_may_be_beaten_by_others(found: PurchasePlans) -> None:
    stability = PlanStability(
        np.array(PEAK), np.array([[0.6, 0.0, 0.4]] * 3 + [PEAK]), np.full(4, 0.02)
    )
    text = said(replace(opened(found, SURE), stability=stability))
    assert text.startswith("This plan beats “best single provider”, but other plans may be better")
    half = replace(stability, mixtures=stability.mixtures[2:])
    assert said(replace(opened(found, SURE), stability=half)) == ""


def test_plan_stability_has_its_share_and_the_expected_regret(found: PurchasePlans) -> None:
    stability = PlanStability(
        np.array(PEAK), np.array([[0.6, 0.0, 0.4]] * 3 + [PEAK]), np.full(4, 0.0031)
    )
    fact = plan_stability(replace(found, stability=stability), MetricText("acc", "maximize", 3))
    assert str(fact) == (
        "Plan stability: in 25% of the models that fit the trainings, the best plan is close to "
        "this one "
        "(expected regret 0.003 in acc)."
    )
    fact = plan_stability(replace(found, stability=stability), MetricText("acc", "maximize", 2))
    assert str(fact).endswith("(expected regret below 0.01 in acc).")
    assert plan_stability(replace(found, stability=None), MetricText("a", "maximize", 2)) is None
