"""Gains over other plans, and the plan among those of plausible worlds."""

from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import pytest

from projektor_ray.selection import (
    Direction,
    PurchaseProblem,
    PurchaseRequest,
    Terms,
    agree,
    buy,
    select,
)
from projektor_ray.selection.comparison import gain_over
from projektor_ray.storage.arrays import Floats
from projektor_ray.storage.schemas import SCHEMAS
from tests.helpers.markets import bought
from tests.selection.test_feasible_set import providers
from tests.selection.test_gradient_ascent import SIZE, Bowl, projected


@dataclass(frozen=True)
class Uncertain:
    """A bowl whose peak is known up to a normal error in its first share, taken from its second."""

    peak: tuple[float, ...]
    deviation: float
    sign: float = 1.0

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        value, gradient = Bowl(self.peak)(mixtures)
        return self.sign * value, self.sign * gradient

    def predict(self, mixtures: Floats) -> Floats:
        return self(mixtures)[0]

    def interval(self, mixtures: Floats, level: float) -> Floats:
        return np.add.outer(self(mixtures)[0], np.array([-0.1, 0.1]))

    def gain_interval(self, mixtures: Floats, others: Floats, level: float) -> Floats:
        gains = self(mixtures)[0] - self(others)[0]
        return np.add.outer(gains, np.array([-0.01, 0.03]))

    def size_slope(self, mixtures: Floats) -> Floats:
        return np.zeros(len(mixtures))

    def sample_posterior(self, mixtures: Floats, count: int, stream: np.random.Generator) -> Floats:
        errors = np.linspace(-self.deviation, self.deviation, count)
        peaks = np.array(self.peak) + errors[:, None] * np.array([1.0, -1.0, 0.0])
        away = mixtures[None] - peaks[:, None]
        return self.sign * (1 - np.sum(away**2, axis=2))


PEAK = (0.3, 0.3, 0.4)
TRIALS = (np.eye(3), np.array([0.3, 0.2, 0.1]))


@pytest.mark.parametrize(("direction", "sign"), [("maximize", 1.0), ("minimize", -1.0)])
def test_worlds_have_the_plans_of_their_own_peaks(direction: Direction, sign: float) -> None:
    """Errors from −0.2 to 0.2: four worlds of five have shares within 0.16 of the plan's."""
    objective = Uncertain(PEAK, 0.2, sign)
    plan = select(objective, providers([None] * 3), SIZE, direction=direction)
    found = agree(objective, plan, direction)
    assert found is not None
    wanted = [(0.14, 0.46), (0.14, 0.46), (0.4, 0.4)]
    np.testing.assert_allclose(found.shares, wanted, atol=0.03)
    assert found.nearly_same == pytest.approx(0.5, abs=0.05)
    assert found.regret == pytest.approx(2 * 0.2**2 / 3, rel=0.05)


def test_worlds_keep_the_constraints() -> None:
    objective = Uncertain(PEAK, 0.2)
    sellers = providers([3500, None, None], [3.0, 1.0, 1.0])
    terms = {"p0002": Terms(minimum_order=5000)}
    plan = select(objective, sellers, SIZE, budget=16_000, terms=terms)
    found = agree(objective, plan, "maximize")
    assert found is not None
    assert (found.mixtures[:, 0] <= 0.3 + 1e-9).all()
    assert (found.mixtures[:, 2] >= 0.5 - 1e-9).all()
    assert (found.regrets >= -1e-12).all()


def test_where_nothing_is_open_all_worlds_agree() -> None:
    objective = Uncertain(PEAK, 0.0)
    plan = select(objective, providers([None] * 3), SIZE)
    found = agree(objective, plan, "maximize")
    assert found is not None
    assert found.nearly_same == 1.0
    np.testing.assert_allclose(found.shares, np.column_stack([PEAK, PEAK]), atol=2e-3)


@pytest.mark.parametrize(("direction", "sign"), [("maximize", 1.0), ("minimize", -1.0)])
def test_a_gain_is_positive_where_the_plan_is_better(direction: Direction, sign: float) -> None:
    objective = Uncertain(PEAK, 0.1, sign)
    trials = (np.array([[0.2, 0.4, 0.4], [1.0, 0.0, 0.0]]), sign * np.array([0.1, 0.2]))
    market = PurchaseProblem(
        lambda _: objective, providers([None] * 3), trials=trials, direction=direction
    )
    found = buy(market, PurchaseRequest(SIZE))
    assert set(found.gains) == {"uniform", "proportional", "single", "probe"}
    for name, gain in found.gains.items():
        away = found.plans[name].mixture - np.array(PEAK)
        assert gain.value == pytest.approx(away @ away, abs=1e-6)
        assert gain.low <= gain.value <= gain.high
        below, above = (0.01, 0.03) if sign > 0 else (0.03, 0.01)
        assert gain.value - gain.low == pytest.approx(below)
        assert gain.high - gain.value == pytest.approx(above)
    worse = gain_over(objective, found.plans["probe"], found.selected, direction, 0.9)
    assert worse.value == pytest.approx(-found.gains["probe"].value)


def test_every_provider_of_every_plan_has_a_row() -> None:
    objective = projected(slope=0.3, name="gp")
    market = PurchaseProblem(
        lambda _: objective, providers([4000, None, None], [0.101, 0.003, 0.1])
    )
    found = buy(replace(market, trials=TRIALS), PurchaseRequest(SIZE))
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
    assert found.agreement is not None


def test_without_a_posterior_there_are_no_worlds() -> None:
    market = PurchaseProblem(lambda _: projected(0.3), providers([None] * 3), trials=TRIALS)
    found = buy(market, PurchaseRequest(SIZE))
    assert found.agreement is None
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
