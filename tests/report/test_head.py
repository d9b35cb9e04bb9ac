"""The top of the page: what a buyer reads first is so."""

import re
from dataclasses import replace

import numpy as np
import pytest

from projektor_ray.report import Report
from projektor_ray.report.head import head
from projektor_ray.selection import Gain, TargetResult
from tests.helpers.report_content import a_report, read


def tiles(report: Report) -> list[str]:
    """Each tile's large number and what is said below it, in one line."""
    found = re.findall("<li>.*?</li>", head(report))
    return [" ".join(read(one).said.split()) for one in found]


def gaining(**gains: Gain) -> Report:
    report = a_report(4)
    return replace(report, bought=replace(report.bought, gains=gains))


def test_the_budget_stands_beside_the_cost() -> None:
    assert "500.00 to pay, of a budget of 1,234.50" in tiles(a_report(4, budget=1234.5))
    assert "500.00 to pay; no budget was set" in tiles(a_report(4))


def test_a_gain_is_on_the_best_other_plan() -> None:
    told = tiles(gaining(uniform=Gain(0.2, 0.1, 0.3), single=Gain(0.15, 0.05, 0.25)))[1]
    assert told.startswith(
        "0.150 better than best single, the best clearly different plan; 90%: 0.050…0.250"
    )
    assert told.endswith("over uniform: +0.200 (90%: 0.100…0.300)")
    told = tiles(gaining(uniform=Gain(0.2, 0.1, 0.3), single=Gain(0.25, 0.05, 0.45)))[1]
    assert told == "0.200 better than uniform, the best clearly different plan; 90%: 0.100…0.300"


@pytest.mark.parametrize(
    "gain", [Gain(0.01, -0.02, 0.04), Gain(0.0004, 0.0003, 0.0005), Gain(-0.01, -0.02, 0.01)]
)
def test_what_is_none_is_not_headlined_as_a_gain(gain: Gain) -> None:
    told = tiles(gaining(uniform=Gain(0.2, 0.1, 0.3), single=gain))[1]
    assert told.startswith("no measurable gain over best single, the best clearly different plan:")


def test_where_every_plan_buys_the_same_there_is_no_choice() -> None:
    report = a_report(4)
    same = dict.fromkeys(report.bought.plans, report.selected)
    told = tiles(replace(report, bought=replace(report.bought, plans=same)))[1]
    assert told == "no choice all plans that were compared buy nearly the same"


@pytest.mark.parametrize(("direction", "said"), [("maximize", "below"), ("minimize", "above")])
def test_a_target_is_told_with_how_surely_it_is_reached(direction: str, said: str) -> None:
    report = a_report(4, direction=direction)
    best = report.selected
    assert best.interval is not None
    edge = best.interval[0 if direction == "maximize" else 1]
    reached = replace(report.bought, answer=TargetResult(0.75, True, best))
    told = tiles(replace(report, bought=reached))[1]
    assert told.startswith("0.75 asked for, and reached in the mean of trainings")
    assert told.endswith(f"one in twenty would be {said} {edge:.3f}")
    missed = replace(report.bought, answer=TargetResult(0.95, False, best))
    told = tiles(replace(report, bought=missed))[1]
    assert told == f"{0.95 - best.predicted:.3f} short of the 0.95 asked for"


def test_the_heading_says_within_which_budget_a_target_cannot_be_reached() -> None:
    report = a_report(4, budget=500.0)
    missed = replace(report.bought, answer=TargetResult(0.95, False, report.selected))
    (told,) = read(head(replace(report, bought=missed))).texts["h1"]
    assert told.startswith("0.95 cannot be reached within the budget of 500. The best is 0.867, ")


def test_sizes_are_listed_as_people_list_them() -> None:
    report = a_report(6, (100, 400, 1600))
    assert np.unique(report.trained.sizes).tolist() == [100, 400, 1600]
    assert tiles(report)[3].endswith("at 100, 400 and 1,600 samples")
