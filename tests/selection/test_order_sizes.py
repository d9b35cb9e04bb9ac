"""The sizes that minimum orders allow, against all plans."""

from itertools import pairwise, product

import pytest

from projektor_ray.selection import Provider, Terms
from projektor_ray.selection.order_sizes import order_intervals, union


@pytest.mark.parametrize("budget", [None, 22.0, 30.0])
def test_the_union_is_of_all_sizes_with_a_plan(budget: float | None) -> None:
    sold = [Provider("a", 9, 1.0), Provider("b", 13, 2.0, ((12, 1.0),)), Provider("c", 2, 3.0)]
    terms = {"a": Terms(7), "b": Terms(12)}
    expected = {
        a + b + c
        for a, b, c in product([0, 7, 8, 9], [0, 12, 13], range(3))
        if budget is None or a + 2 * min(b, 12) + max(b - 12, 0) + 3 * c <= budget
    } - {0}
    found = union(order_intervals(sold, terms, budget, (1, 24)))
    assert {size for low, high in found for size in range(low, high + 1)} == expected
    assert all(high + 1 < low for (_, high), (low, _) in pairwise(found))


def test_required_and_excluded_orders_leave_no_choice() -> None:
    sold = [Provider("a", 9), Provider("b", 9)]
    assert order_intervals(sold, {"a": Terms(5, required=True)}, None, (1, 18)) == []
    assert order_intervals(sold, {"a": Terms(5, excluded=True)}, None, (1, 18)) == []
    assert order_intervals(sold, None, None, (1, 18)) == []


def test_of_many_orders_the_sizes_of_one_and_of_all_are_known() -> None:
    sold = [Provider(f"p{i}", 10 * i) for i in range(1, 8)]
    terms = {one.name: Terms(one.capacity or 0) for one in sold}
    found = order_intervals(sold, terms, None, (1, 280))
    assert found == [(10 * i, 10 * i) for i in range(1, 8)] + [(280, 280)]
