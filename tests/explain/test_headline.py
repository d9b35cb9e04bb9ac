"""The top of the page: the numbers that a buyer reads first."""

from dataclasses import replace

import numpy as np
import pytest

from projektor_ray.explain.headline import Tile, heading, tiles
from projektor_ray.explain.results import Results
from projektor_ray.selection.gains import Gain
from projektor_ray.selection.size_search import TargetResult
from tests.helpers.report_content import a_report


def with_gains(**gains: Gain) -> Results:
    report = a_report(4)
    return replace(report, bought=replace(report.bought, gains=gains))


def with_answer(report: Results, answer: TargetResult) -> Results:
    return replace(report, bought=replace(report.bought, target_result=answer))


def gain_tile(report: Results) -> Tile:
    return tiles(report)[1]


def test_the_budget_stands_beside_the_cost() -> None:
    with_budget, without = tiles(a_report(4, budget=1234.5))[2], tiles(a_report(4))[2]
    assert with_budget.value == without.value == "500.00"
    assert "1,234.50" in with_budget.lines[0]
    assert "1,234.50" not in without.lines[0]


def test_a_smaller_plan_stands_below_the_prediction() -> None:
    report = a_report(4)
    smaller = replace(report.selected, samples=report.selected.samples - 1, predicted=0.925)
    with_smaller = replace(report, bought=replace(report.bought, smaller=smaller))
    assert tiles(with_smaller)[0].lines[-1] == f"a plan of only {smaller.size} samples: 0.925"
    assert not any("only" in line for line in tiles(report)[0].lines)


def test_the_gain_is_over_the_best_baseline() -> None:
    tile = gain_tile(with_gains(uniform=Gain(0.2, 0.1, 0.3), single=Gain(0.15, 0.05, 0.25)))
    assert tile.value == "+0.150"
    assert "best single" in tile.lines[0]
    assert "0.050…0.250" in tile.lines[0]
    assert "uniform" in tile.lines[1]
    assert "+0.200, 90% interval 0.100…0.300" in tile.lines[1]
    tile = gain_tile(with_gains(uniform=Gain(0.2, 0.1, 0.3), single=Gain(0.25, 0.05, 0.45)))
    assert tile.value == "+0.200"
    (line,) = tile.lines
    assert "uniform" in line
    assert "0.100…0.300" in line


@pytest.mark.parametrize(
    "gain", [Gain(0.01, -0.02, 0.04), Gain(0.0004, 0.0003, 0.0005), Gain(-0.01, -0.02, 0.01)]
)
def test_a_gain_that_may_be_none_is_not_the_large_number(gain: Gain) -> None:
    tile = gain_tile(with_gains(uniform=Gain(0.2, 0.1, 0.3), single=gain))
    assert not tile.is_number
    assert "best single" in tile.lines[0]


def test_where_every_plan_buys_the_same_no_gain_is_shown() -> None:
    report = a_report(4)
    same = dict.fromkeys(report.bought.plans, report.selected)
    tile = gain_tile(replace(report, bought=replace(report.bought, plans=same)))
    assert not tile.is_number


@pytest.mark.parametrize(("direction", "side"), [("maximize", 0), ("minimize", 1)])
def test_a_target_has_the_end_of_its_interval_that_misses_it(direction: str, side: int) -> None:
    report = a_report(4, direction=direction)
    best = report.selected
    assert best.interval is not None
    tile = gain_tile(with_answer(report, TargetResult(0.75, True, best)))
    assert tile.value == "0.75"
    assert f"{best.interval[side]:.3f}" in tile.lines[1]


def test_a_missed_target_shows_by_how_much() -> None:
    report = a_report(4)
    missed = TargetResult(0.95, False, report.selected)
    tile = gain_tile(with_answer(report, missed))
    assert tile.value == f"{0.95 - report.selected.predicted:.3f}"
    assert "0.95" in tile.lines[0]


def test_the_heading_names_the_purchase_and_the_target_that_cannot_be_reached() -> None:
    report = a_report(4, budget=500.0)
    for part in ("1,000", "600", "seller-000", "400", "seller-001"):
        assert part in heading(report)
    missed = TargetResult(0.95, False, report.selected)
    for part in ("0.95", "500", "600", "seller-000"):
        assert part in heading(with_answer(report, missed))


def test_of_many_providers_the_heading_names_three() -> None:
    report = a_report(6)
    samples = np.array([500, 200, 100, 80, 70, 50])
    plans = {**report.bought.plans, "selected": replace(report.selected, samples=samples)}
    shown = heading(replace(report, bought=replace(report.bought, plans=plans)))
    assert "200 from 3 others" in shown
    assert "seller-003" not in shown


def test_all_sizes_are_named() -> None:
    report = a_report(6, (100, 400, 1600))
    assert "100, 400 and 1,600" in tiles(report)[3].lines[0]
