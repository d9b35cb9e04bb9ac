"""Money that is left, and the reason that is given for it, of problems where that is plain."""

import pytest

from projektor_ray.selection import PurchaseRequest, Terms
from projektor_ray.selection.unspent_budget import UnspentBudget
from tests.helpers.purchase_problems import bought


@pytest.mark.parametrize(
    ("worth", "capacities", "prices", "asked", "terms", "reason"),
    [
        (
            (1, 1),
            [10, 20],
            [1, 1],
            PurchaseRequest(budget=100),
            None,
            UnspentBudget(70.0, "sold_out"),
        ),
        (
            (1, -1),
            [10, 20],
            [1, 1],
            PurchaseRequest(budget=100),
            None,
            UnspentBudget(90.0, "no_improvement_unless_more_capacity", ("p0000",)),
        ),
        (
            (1, 1),
            [10, 900],
            [1, 1],
            PurchaseRequest(budget=100),
            {"p0001": Terms(minimum_order=500)},
            UnspentBudget(90.0, "minimum_order", ("p0001",)),
        ),
        (
            (1, 1),
            [10, 20],
            [1, 1],
            PurchaseRequest(size=10, budget=100),
            None,
            UnspentBudget(90.0, "fixed_size"),
        ),
        (
            (1, 1),
            [90, 90],
            [1, 1],
            PurchaseRequest(budget=100, max_size=15),
            None,
            UnspentBudget(85.0, "max_size"),
        ),
        ((1,), [9], [60], PurchaseRequest(budget=100), None, UnspentBudget(40.0, "next_sample")),
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
    reason: UnspentBudget | None,
) -> None:
    assert bought(worth, capacities, prices, asked, terms).unspent == reason
