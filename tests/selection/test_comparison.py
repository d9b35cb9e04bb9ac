"""Gains over other plans, and the stability of a plan over posterior samples."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from projektor_ray.selection import Direction, PurchaseProblem, PurchaseRequest, Terms, buy, select
from projektor_ray.selection.gains import gains_over
from projektor_ray.selection.robustness import plan_stability
from projektor_ray.storage.schemas import SCHEMAS
from tests.helpers.purchase_problems import PEAK, SIZE, Uncertain, bought, projected, providers

TRIALS = (np.eye(3), np.array([0.3, 0.2, 0.1]))


@pytest.mark.parametrize(("direction", "sign"), [("maximize", 1.0), ("minimize", -1.0)])
def test_posterior_samples_have_their_own_best_plans(direction: Direction, sign: float) -> None:
    """Errors from −0.2 to 0.2: of four in five the shares are within 0.16 of the plan's."""
    objective = Uncertain(PEAK, 0.2, sign)
    plan = select(objective, providers([None] * 3), SIZE, direction=direction)
    found = plan_stability(objective, plan, direction)
    assert found is not None
    wanted = [(0.14, 0.46), (0.14, 0.46), (0.4, 0.4)]
    np.testing.assert_allclose(found.shares, wanted, atol=0.03)
    assert found.fraction_stable == pytest.approx(0.5, abs=0.05)
    assert found.expected_regret == pytest.approx(2 * 0.2**2 / 3, rel=0.05)


def test_posterior_samples_keep_the_constraints() -> None:
    objective = Uncertain(PEAK, 0.2)
    sellers = providers([3500, None, None], [3.0, 1.0, 1.0])
    terms = {"p0002": Terms(minimum_order=5000)}
    plan = select(objective, sellers, SIZE, budget=16_000, terms=terms)
    found = plan_stability(objective, plan, "maximize")
    assert found is not None
    assert (found.mixtures[:, 0] <= 0.3 + 1e-9).all()
    assert (found.mixtures[:, 2] >= 0.5 - 1e-9).all()
    assert (found.regrets >= -1e-12).all()


def test_where_nothing_is_open_the_plan_is_stable() -> None:
    objective = Uncertain(PEAK, 0.0)
    plan = select(objective, providers([None] * 3), SIZE)
    found = plan_stability(objective, plan, "maximize")
    assert found is not None
    assert found.fraction_stable == 1.0
    np.testing.assert_allclose(found.shares, np.column_stack([PEAK, PEAK]), atol=2e-3)


@pytest.mark.parametrize(("direction", "sign"), [("maximize", 1.0), ("minimize", -1.0)])
def test_a_gain_is_positive_where_the_plan_is_better(direction: Direction, sign: float) -> None:
    objective = Uncertain(PEAK, 0.1, sign)
    trials = (np.array([[0.2, 0.4, 0.4], [1.0, 0.0, 0.0]]), sign * np.array([0.1, 0.2]))
    problem = PurchaseProblem(
        lambda _: objective, providers([None] * 3), trials=trials, direction=direction
    )
    found = buy(problem, PurchaseRequest(SIZE))
    assert set(found.gains) == {"uniform", "proportional", "single", "probe"}
    for name, gain in found.gains.items():
        away = found.plans[name].mixture - np.array(PEAK)
        assert gain.value == pytest.approx(away @ away, abs=1e-6)
        assert gain.low <= gain.value <= gain.high
        below, above = (0.01, 0.03) if sign > 0 else (0.03, 0.01)
        assert gain.value - gain.low == pytest.approx(below)
        assert gain.high - gain.value == pytest.approx(above)
    others = [found.selected, found.plans["uniform"]]
    worse, other = gains_over(objective, found.plans["probe"], others, direction, 0.9)
    assert worse.value == pytest.approx(-found.gains["probe"].value)
    assert other.value == pytest.approx(found.gains["uniform"].value - found.gains["probe"].value)


def test_the_nearest_plan_is_the_first_of_equal_ones() -> None:
    """Two baselines buy the same, and rounding makes the gain over the later one smaller."""
    objective = Uncertain(PEAK, 0.1)
    problem = PurchaseProblem(lambda _: objective, providers([None] * 3))
    found = buy(problem, PurchaseRequest(SIZE))
    (first, *_) = (name for name in found.gains if name in found.distinct)
    gain = found.gains[first]
    twice = replace(
        found,
        plans={**found.plans, "twin": found.plans[first]},
        gains={**found.gains, first: gain, "twin": replace(gain, value=gain.value - 1e-12)},
    )
    assert "twin" not in twice.distinct
    assert twice.nearest in twice.distinct
    assert twice.nearest == found.nearest


def test_every_provider_of_every_plan_has_a_row() -> None:
    objective = projected(slope=0.3, name="gp")
    problem = PurchaseProblem(
        lambda _: objective, providers([4000, None, None], [0.101, 0.003, 0.1])
    )
    found = buy(replace(problem, trials=TRIALS), PurchaseRequest(SIZE))
    table = found.table()
    assert table.schema.equals(SCHEMAS["plans"])
    rows = table.to_pylist()
    assert len(rows) == 3 * len(found.plans)
    assert {row["plan"] for row in rows} == {found.label(name) for name in found.plans}
    for row in rows:
        assert row["cost"] == float(Decimal(row["samples"]) * Decimal(str(row["price"])))
    for row in rows:
        chosen = row["plan"] == "selected"
        assert (row["gain"] is None) == chosen
        assert (row["share_low"] is None) == (row["plan_stability"] is None) == (not chosen)
        if chosen:
            assert 0 <= row["share_low"] <= row["share_high"] <= 1
        else:
            assert row["gain_low"] <= row["gain"] <= row["gain_high"]
            assert row["gain_high"] - row["gain_low"] < row["high"] - row["low"] + 1e-12
    assert found.selected.capacity_shadow_price[0] == rows[0]["capacity_shadow_price"] > 0
    assert found.stability is not None


def test_without_a_posterior_there_is_no_stability() -> None:
    problem = PurchaseProblem(lambda _: projected(0.3), providers([None] * 3), trials=TRIALS)
    found = buy(problem, PurchaseRequest(SIZE))
    assert found.stability is None
    assert {row["share_low"] for row in found.rows()} == {None}
    assert {row["expected_regret"] for row in found.rows()} == {None}


def test_a_baseline_of_one_provider_that_is_filled_up_is_called_max() -> None:
    """The second is worth most, but sells 6 of the 10: two of each other come with them."""
    filled = bought((1, 9, -1), [None, 6, None], [1, 1, 1], PurchaseRequest(size=10))
    np.testing.assert_array_equal(filled.plans["single"].samples, [2, 6, 2])
    assert (filled.max_provider, filled.label("single")) == ("p0001", "max p0001")
    alone = bought((1, 2, -1), [None, None, None], [1, 1, 1], PurchaseRequest(size=10))
    assert (alone.max_provider, alone.label("single")) == (None, "best single provider")
    assert alone.label("uniform") == "uniform"
    assert alone.label("probe") == "best trained"


def test_no_baseline_is_called_after_an_excluded_provider() -> None:
    """As much as possible of the excluded one is nothing, and the rest even."""
    excluded = {"p0000": Terms(excluded=True)}
    plans = bought((9, 5, 5), [None, 8, 6], [1, 1, 1], PurchaseRequest(size=10), excluded)
    assert plans.max_provider == "p0001"
    np.testing.assert_array_equal(plans.plans["single"].samples, [0, 8, 2])


def test_plans_that_differ_by_rounding_have_the_same_ranges() -> None:
    objective = Uncertain(PEAK, 0.2)
    plan = select(objective, providers([None] * 3), 10**9)
    moved = replace(plan, samples=plan.samples + np.array([4, -4, 0]))
    first, second = (plan_stability(objective, one, "maximize") for one in (plan, moved))
    assert first is not None
    assert second is not None
    np.testing.assert_allclose(first.shares, second.shares, atol=1e-6)
