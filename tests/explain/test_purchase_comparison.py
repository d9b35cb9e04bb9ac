"""Sentences about two purchases given by hand."""

from dataclasses import replace

import pytest

from projektor_ray.explain.purchase_comparison import (
    compare_purchases,
    comparison,
    exceeded_limits,
    prediction_cautions,
    purchase_cautions,
)
from projektor_ray.study import FittedStudy, Purchase, open_study
from tests.helpers.study_folders import small_study, write_study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> FittedStudy:
    return open_study(write_study(tmp_path_factory.mktemp("study"), small_study()))


def test_a_clear_difference_names_the_better_purchase(study: FittedStudy) -> None:
    good = study.purchase({"ada": 60, "bob": 40})
    bad = study.purchase({"cyd": 40})
    assert str(compare_purchases(study, good, bad)).endswith(
        "The first purchase is better, and costs 120.00 more."
    )
    found = compare_purchases(study, bad, good)
    assert str(found).endswith("The second purchase is better, and costs 120.00 more.")
    assert "for 40 samples at a cost of 0.00" in str(found)
    assert "for 100 samples at a cost of 120.00" in str(found)
    assert found.values["low"] <= found.values["difference"] <= found.values["high"] < 0


def test_costs_are_named_where_they_are_known(study: FittedStudy) -> None:
    free = tuple(replace(one, price=0.0) for one in study.study.providers)
    one = replace(study.purchase({"ada": 60}), providers=free)
    other = replace(study.purchase({"cyd": 40}), providers=free)
    unpriced = str(compare_purchases(study, one, other))
    assert "cost" not in unpriced
    assert unpriced.endswith("No prices are given.")
    billed = str(compare_purchases(study, replace(one, billed=90.0), other))
    assert "for 60 samples at a cost of 90.00.\n" in billed
    assert "for 40 samples.\n" in billed
    assert "No prices" not in billed


def test_limits_that_a_purchase_exceeds_are_named(study: FittedStudy) -> None:
    found = exceeded_limits(study.purchase({"ada": 100, "bob": 90}), 150.0)
    assert [str(one) for one in found] == [
        "This costs 200.00, more than the budget of 150.",
        "Provider ada sells 90 samples, not 100.",
        "Provider bob sells 80 samples, not 90.",
    ]
    assert exceeded_limits(study.purchase({"ada": 90, "cyd": 90}), 180.0) == []
    assert exceeded_limits(study.purchase({"ada": 90}), None) == []


def test_a_comparison_has_a_line_for_each_purchase_and_the_difference(study: FittedStudy) -> None:
    good, bad = study.purchase({"ada": 60, "bob": 40}), study.purchase({"cyd": 40})
    begins = [line.split(":")[0] for line in str(compare_purchases(study, good, bad)).split("\n")]
    assert begins[:3] == [
        "The first purchase",
        "The second purchase",
        "Difference (the first purchase minus the second purchase)",
    ]


def test_purchases_beyond_capacities_and_trained_sizes_are_named(study: FittedStudy) -> None:
    within, large = study.purchase({"ada": 30}), study.purchase({"ada": 100, "bob": 90})
    assert purchase_cautions(within, within, 200) == []
    assert [str(one) for one in purchase_cautions(large, large, 50)] == [
        "Provider ada sells 90 samples, not 100.",
        "Provider bob sells 80 samples, not 90.",
        "190 samples is 3.8 times the largest trained scale.",
    ]
    providers, mixture = large.providers, large.mixture
    assert [str(one) for one in prediction_cautions(providers, mixture, [19, 190], 190)] == [
        "Provider ada sells 90 samples, not 100.",
        "Provider bob sells 80 samples, not 90.",
    ]
    assert prediction_cautions(providers, mixture, [150]) == []


def test_equal_purchases_are_called_so(study: FittedStudy) -> None:
    one = study.purchase({"ada": 60, "bob": 40})
    assert str(compare_purchases(study, one, one)).endswith("Both buy the same.")


def test_an_open_comparison_names_the_cheaper_purchase_and_what_to_train(
    study: FittedStudy,
) -> None:
    one, other = study.purchase({"ada": 60, "bob": 40}), study.purchase({"ada": 30, "cyd": 50})

    def said(low: float, second: Purchase = other, at: int | None = 200) -> str:
        gain = (0.01, low, 0.05)
        return str(comparison("acc", "maximize", gain, one, second, trained_at=at))

    assert said(-0.03).endswith(
        "The data do not show which purchase is better. The second purchase costs "
        f"{one.cost - other.cost:,.2f} less. To know more, train the mixtures of both with several "
        "seeds at 200 samples."
    )
    assert said(-0.03, at=None).endswith("less.")
    assert said(0.005).endswith(
        f"The first purchase is better, and costs {one.cost - other.cost:,.2f} more."
    )
    assert "train" not in said(-0.03, study.purchase({"ada": 61, "bob": 39}))
