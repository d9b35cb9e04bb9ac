"""The constraints that a plan reaches, of problems where they are plain."""

import pytest

from projektor_ray.selection import PurchaseRequest, Terms
from projektor_ray.selection.binding_constraints import BindingConstraint
from tests.helpers.purchase_problems import bought

CAPACITY = BindingConstraint("capacity", 6, "p0001")


@pytest.mark.parametrize(
    ("capacities", "prices", "asked", "terms", "limits"),
    [
        ([None, 6], [0, 0], PurchaseRequest(size=10), None, ["size", CAPACITY]),
        (
            [None, 6],
            [1, 1],
            PurchaseRequest(size=10, budget=10),
            None,
            ["size", "budget", CAPACITY],
        ),
        ([None, 6], [1, 1], PurchaseRequest(size=10, budget=99), None, ["size", CAPACITY]),
        ([None, 6], [1, 1], PurchaseRequest(budget=50), None, ["budget", CAPACITY]),
        ([None, 6], [1, 1], PurchaseRequest(max_size=15), None, ["max_size", CAPACITY]),
        ([90, 90], [1, 9], PurchaseRequest(target=0.02), None, ["target"]),
        (
            [None, None],
            [0, 0],
            PurchaseRequest(size=10),
            {"p0001": Terms(excluded=True)},
            ["size", BindingConstraint("excluded", None, "p0001")],
        ),
        (
            [None, None],
            [0, 0],
            PurchaseRequest(size=10),
            {"p0000": Terms(minimum_order=3, required=True)},
            ["size", BindingConstraint("minimum_order", 3, "p0000")],
        ),
        (
            [None, None],
            [0, 0],
            PurchaseRequest(size=10),
            {"p0000": Terms(required=True)},
            ["size", BindingConstraint("required", None, "p0000")],
        ),
    ],
    ids=["size", "spent", "money left", "open", "most", "target", "excluded", "order", "required"],
)
def test_what_a_plan_reaches(
    capacities: list[int | None],
    prices: list[float],
    asked: PurchaseRequest,
    terms: dict[str, Terms] | None,
    limits: list[str | BindingConstraint],
) -> None:
    """The second provider is worth nine times the first, so that as much of it as possible is
    bought."""
    found = bought((1, 9), capacities, prices, asked, terms).limits
    assert [one.kind if one.provider is None else one for one in found] == limits
