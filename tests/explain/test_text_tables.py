"""The tables of a result: columns, numbers and captions."""

from dataclasses import replace

import numpy as np

from projektor_ray.explain import TextTable
from projektor_ray.explain.text_tables import (
    budget_steps_table,
    budget_table,
    comparison_table,
    errors_table,
    fit_caption,
    plan_table,
    projections_table,
    validation_sets_table,
)
from projektor_ray.selection import Provider
from projektor_ray.selection.comparison import MetricPrediction
from projektor_ray.selection.robustness import PlanStability
from tests.helpers.report_content import a_report, bought_of


def row(table: TextTable, name: str) -> dict[str, str]:
    (found,) = [one for one in table.to_dict() if next(iter(one.values())) == name]
    return found


def test_the_caption_of_the_fit_says_what_a_mark_is() -> None:
    results = a_report(3)
    others = "what the model predicts for it when fitted to the other mixtures."
    assert others in fit_caption(results)
    assert "Mean absolute error 0.02." in fit_caption(results)
    fitted = replace(results.cross_validation, left_out=False)
    everything = fit_caption(replace(results, cross_validation=fitted))
    assert "when fitted to all trainings." in everything


def test_the_plan_has_a_row_per_provider() -> None:
    results = a_report(4, budget=500.0)
    stability = PlanStability(
        results.selected.mixture, np.array([[0.6, 0.4, 0, 0], [0.5, 0.5, 0, 0]]), np.zeros(2)
    )
    bought = replace(results.bought, stability=stability)
    table = plan_table(replace(results, bought=bought))
    assert table.title == "Buy 1,000 samples for 500.00 (budget 500)"
    first = row(table, "seller-000")
    lost = results.bought.plans["uniform"].predicted - results.selected.predicted
    assert first == {
        "provider": "seller-000",
        "samples": "600",
        "capacity": "600",
        "share": "60.0%",
        "80% range": "51–59%",
        "price": "0.5",
        "cost": "300.00",
        "+100 samples": first["+100 samples"],
        "without it": f"{lost:+.3f}",
    }
    assert "80% of the models that fit the trainings" in table.caption
    needed = "needed: without it, the constraints allow no plan of this size."
    assert table.caption.endswith(needed)


def test_prices_by_quantity_are_shown_on_average_and_at_the_margin() -> None:
    tiered = Provider("seller-000", capacity=600, price=1.0, tiers=((200, 0.25),))
    others = tuple(Provider(name, price=0.5) for name in ("seller-001", "seller-002"))
    table = plan_table(replace(a_report(3), bought=bought_of((tiered, *others), 1000)))
    first = row(table, "seller-000")
    assert (first["samples"], first["cost"]) == ("600", "300.00")
    assert (first["average price"], first["last price"]) == ("0.5", "0.25")
    assert "price" not in first
    assert "last price: of the last sample" in table.caption


def test_the_comparison_has_the_gains_of_the_selected_plan() -> None:
    table = comparison_table(a_report(4))
    assert row(table, "uniform")["gain of selected"] == "+0.200"
    assert row(table, "uniform")["90% of gain"] == "0.100…0.500"
    assert row(table, "selected")["gain of selected"] == ""
    assert table.chosen == (True, False, False)


def test_budgets_have_a_table_where_they_were_asked_for() -> None:
    results = a_report(4)
    best, other = results.selected, results.bought.plans["uniform"]
    baselines = {2500.0: ("single", replace(other, predicted=0.41))}
    frontier = {100.0: other, 2500.0: best}
    bought = replace(results.bought, frontier=frontier, frontier_baselines=baselines)
    table = budget_table(replace(results, bought=bought))
    assert table is not None
    assert row(table, "2,500.00")["shares"] == "seller-000 60%, seller-001 40%"
    assert row(table, "2,500.00")["best baseline"] == "0.410 (best single provider)"
    assert row(table, "100.00")["best baseline"] == "–"
    again = replace(bought, frontier={**frontier, 5000.0: best})
    same_plan = budget_table(replace(results, bought=again))
    assert same_plan is not None
    assert same_plan.chosen == (False, True, False)
    (step,) = budget_steps_table(replace(results, bought=bought)).to_dict()
    assert (step["from"], step["to"]) == ("100.00", "2,500.00")
    assert budget_table(results) is None


def test_each_validation_set_has_a_row() -> None:
    results = a_report(4)
    parts = {"day": {name: MetricPrediction(0.5, (0.4, 0.6)) for name in results.bought.plans}}
    table = validation_sets_table(replace(results, bought=replace(results.bought, parts=parts)))
    assert table is not None
    assert row(table, "day")["90% interval"] == "0.400…0.600"
    assert validation_sets_table(results) is None


def test_errors_have_a_column_per_size_and_the_chosen_model_comes_first() -> None:
    rows = [
        {"predictor": name, "on": "", "size": size, "mae_cv": error, "r2": 0.9, "chosen": chosen}
        for name, error, chosen in (("cs", 0.05, False), ("gp", 0.01, False), ("joint", 0.02, True))
        for size in (40, 160)
    ]
    table = errors_table(rows, "accuracy")
    assert table.headings == ("model", "error at 40", "error at 160", "R² at 160")
    assert [one[0] for one in table.rows] == ["joint", "gp", "cs"]
    assert table.chosen == (True, False, False)
    one_size = errors_table([{**rows[0], "size": None}], "accuracy")
    assert one_size.headings == ("model", "error", "R²")


def test_projections_need_more_than_one_size() -> None:
    table = projections_table(a_report(4))
    assert table is not None
    assert table.headings[0] == "model"
    assert projections_table(a_report(4, scales=(100,))) is None
