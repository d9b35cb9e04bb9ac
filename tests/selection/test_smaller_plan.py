"""A smaller plan that is as good, against all plans that leave harmful samples out."""

import numpy as np
import pytest

from projektor_ray.selection import PurchaseRequest, Terms
from tests.helpers.purchase_problems import Additive, bought


def test_harmful_samples_are_left_out() -> None:
    """The first sells 6 of the 10; each sample of the second lowers the metric."""
    plans = bought((3, -1), [6, None], [1, 2], PurchaseRequest(size=10))
    assert plans.selected.samples.tolist() == [6, 4]
    assert plans.smaller is not None
    assert plans.smaller.samples.tolist() == [6, 0]
    every = [
        float(Additive(6 + left, (3, -1)).predict(np.array([[6, left]]) / (6 + left))[0])
        for left in range(5)
    ]
    assert plans.smaller.predicted == pytest.approx(max(every))
    assert plans.smaller.cost == 6


def test_terms_are_kept() -> None:
    """Of the second 2 must be bought."""
    terms = {"p0001": Terms(minimum_order=2, required=True)}
    plans = bought((3, -1), [6, None], [1, 2], PurchaseRequest(size=10), terms)
    assert plans.smaller is not None
    assert plans.smaller.samples.tolist() == [6, 2]


@pytest.mark.parametrize(
    ("worth", "asked"),
    [((3, 1), PurchaseRequest(size=10)), ((3, -1), PurchaseRequest(max_size=10))],
    ids=["all help", "open size"],
)
def test_there_is_none_where_all_help_or_the_size_was_searched(
    worth: tuple[float, ...], asked: PurchaseRequest
) -> None:
    assert bought(worth, [6, None], [1, 2], asked).smaller is None
