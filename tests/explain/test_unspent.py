"""Money that is left, and the reason that is given for it, of markets where that is plain."""

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from projektor_ray.selection import PurchasePlans, PurchaseProblem, PurchaseRequest, Terms, buy
from projektor_ray.storage.arrays import Floats
from tests.selection.test_feasible_set import providers


@dataclass(frozen=True)
class Additive:
    """L(N, p) = N · worth·p / 1000: each sample adds what its provider's are worth."""

    size: int
    worth: tuple[float, ...]

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        along = self.size * np.array(self.worth) / 1000
        return mixtures @ along, np.tile(along, (len(mixtures), 1))

    def predict(self, mixtures: Floats) -> Floats:
        return self(mixtures)[0]

    def interval(self, mixtures: Floats, level: float) -> Floats:
        return np.add.outer(self.predict(mixtures), np.array([-0.01, 0.01]))

    def gain_interval(self, mixtures: Floats, others: Floats, level: float) -> Floats:
        return np.add.outer(self.predict(mixtures) - self.predict(others), np.array([-0.01, 0.01]))

    def sample_posterior(self, mixtures: Floats, count: int, stream: np.random.Generator) -> None:
        return None

    def size_slope(self, mixtures: Floats) -> Floats:
        return np.asarray(mixtures @ np.array(self.worth) / 1000)


def bought(
    worth: tuple[float, ...],
    capacities: list[int | None],
    prices: list[float],
    asked: PurchaseRequest,
    terms: dict[str, Terms] | None = None,
) -> PurchasePlans:
    objective: Any = partial(Additive, worth=worth)
    return buy(PurchaseProblem(objective, providers(capacities, prices), terms, restarts=2), asked)


@pytest.mark.parametrize(
    ("worth", "capacities", "prices", "asked", "terms", "says"),
    [
        (
            (1, 1),
            [10, 20],
            [1, 1],
            PurchaseRequest(budget=100),
            None,
            "70.00 .* all that is for sale is",
        ),
        (
            (1, -1),
            [10, 20],
            [1, 1],
            PurchaseRequest(budget=100),
            None,
            "90.00 .* would not improve the prediction, but of p0000, sold out",
        ),
        (
            (1, 1),
            [10, 900],
            [1, 1],
            PurchaseRequest(budget=100),
            {"p0001": Terms(minimum_order=500)},
            "90.00 .* the minimum order of p0001 costs more",
        ),
        (
            (1, 1),
            [10, 20],
            [1, 1],
            PurchaseRequest(size=10, budget=100),
            None,
            "for 10 samples, as asked",
        ),
        (
            (1, 1),
            [90, 90],
            [1, 1],
            PurchaseRequest(budget=100, max_size=15),
            None,
            "has 15 samples at most",
        ),
        ((1,), [9], [60], PurchaseRequest(budget=100), None, "40.00 .* one more sample costs more"),
        ((1, 1), [None, 90], [1, 2], PurchaseRequest(budget=100), None, None),
        ((1, 1), [10, 20], [1, 1], PurchaseRequest(size=10), None, None),
    ],
    ids=["all bought", "no more helps", "order", "size", "largest", "price", "spent", "no budget"],
)
def test_what_is_left_has_a_reason(
    worth: tuple[float, ...],
    capacities: list[int | None],
    prices: list[float],
    asked: PurchaseRequest,
    terms: dict[str, Terms] | None,
    says: str | None,
) -> None:
    found = bought(worth, capacities, prices, asked, terms)
    if says is None:
        assert found.unspent == ""
    else:
        assert re.search(says, found.unspent), found.unspent


def test_what_comparisons_hold_fixed_is_said() -> None:
    sold: Any = ((1, 1), [10, 20], [1, 1])
    assert bought(*sold, PurchaseRequest(size=10)).held == ""
    assert (
        "plans of 30 samples: that another size" in bought(*sold, PurchaseRequest(budget=100)).held
    )
    reached = bought(*sold, PurchaseRequest(target=0.02))
    assert reached.reachable
    assert "have 20 samples, whatever they cost" in reached.held
    assert "in the mean, 0.0100…0.0300 in nine of ten trainings" in str(reached.answer)
    half = ": about every second purchase like this misses it; for a safer one ask for more"
    assert reached.held.endswith(half)
    assert reached.answer is not None
    sure = replace(reached, answer=replace(reached.answer, target=0.005))
    assert sure.held.endswith("the prediction's mean")
    assert not bought(*sold, PurchaseRequest(target=1.0)).reachable


def test_a_rival_of_one_provider_that_is_filled_up_is_called_so() -> None:
    """The second is worth most, but sells 6 of the 10: two of each other come with them. If it
    sells 2, the evenly filled up plan is the uniform one, which is told in its place.
    """
    filled = bought((1, 9, -1), [None, 6, None], [1, 1, 1], PurchaseRequest(size=10))
    np.testing.assert_array_equal(filled.plans["single"].samples, [2, 6, 2])
    assert filled.called("single") == "one first"
    assert filled.filled_up == "one first: as much of p0001 as may be, 6, and evenly of the others"
    uniform = bought((1, 9, -1), [None, 2, None], [1, 1, 1], PurchaseRequest(size=10))
    assert uniform.called("single") == "one first"
    assert not uniform.filled_up
    alone = bought((1, 2, -1), [None, None, None], [1, 1, 1], PurchaseRequest(size=10))
    assert alone.called("single") == "best single"
    assert not alone.filled_up
    assert alone.called("uniform") == "uniform"
    assert alone.called("probe") == "best trained"
