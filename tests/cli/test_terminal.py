"""What `projektor` and the jobs say of a plan, in words."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from projektor_ray.cli import terminal
from projektor_ray.selection import Plan, PurchasePlans, PurchaseRequest, select
from projektor_ray.selection.comparison import Tried
from projektor_ray.storage.arrays import Floats
from tests.explain.test_unspent import bought
from tests.selection.test_feasible_set import providers


def test_a_looser_bound_improves_a_loss() -> None:
    """All of the best provider is bought: 1,000 more of it in 10,000 lower the loss by 0.05."""
    slopes = np.array([-0.5, 0.0])

    def loss(mixtures: Floats) -> tuple[Floats, Floats]:
        return 1 + mixtures @ slopes, np.tile(slopes, (len(mixtures), 1))

    plan = select(loss, providers([4000, None]), 10_000, direction="minimize", restarts=2)
    said = terminal.shadow_prices(plan, 1000, "log_loss", 5, None)
    assert said == ["1,000 more for sale from p0000: improves log_loss by 0.05"]
    priced = select(
        loss, providers([None, None], [3.0, 1.0]), 10_000, budget=14_000, direction="minimize"
    )
    (said_of_money,) = terminal.shadow_prices(priced, 1000, "log_loss", 5, 14_000)
    assert not terminal.shadow_prices(priced, 1000, "log_loss", 5, None)
    assert said_of_money == "1 % more money, 140.00: improves log_loss by 0.0035"


def test_a_target_that_is_missed_is_not_followed_by_an_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sold: Any = ((1, 1), [10, 20], [1, 1])
    for target, says in (
        (0.02, "Buy 20 samples"),
        (1.0, "Short of the target, the best there is:"),
    ):
        terminal.plans(bought(*sold, PurchaseRequest(target=target, budget=100)), "accuracy")
        said = " ".join(capsys.readouterr().out.split())
        assert says in said
        assert "whatever they cost within the budget and whether or not they reach" in said
        assert ("all that is for sale is bought" in said) is (target == 1.0)
        assert ("1 is not reachable" in said) is (target == 1.0)


def test_of_two_columns_the_first_is_never_cut(capsys: pytest.CaptureFixture[str]) -> None:
    said = "unknown: no probe is done yet; --check --time trains one probe of each scale, and tells"
    terminal.table("Study", ["what", ""], [["time to train, by probes", said], ["mixtures", "6"]])
    out = capsys.readouterr().out
    assert "time to train, by probes" in out
    assert " ".join(said.split()[-2:]) in out
    assert "…" not in out


@pytest.mark.parametrize("width", [20, 80])
def test_a_table_is_as_wide_as_its_numbers(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(terminal.console, "width", width)
    rows = [["everyday", "0.957", "0.827…0.999", "1,234,567.89"]]
    terminal.table("Plans", ["plan", "worst accuracy", "90 %", "cost"], rows)
    said = capsys.readouterr().out
    for cell in ("worst accuracy", *rows[0]):
        assert cell in said


def test_costs_are_beside_the_budget_and_left_out_where_nothing_has_a_price(
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal.plans(bought((1, 2), [None, None], [0.101, 0.2], PurchaseRequest(20, 2.5)), "accuracy")
    said = " ".join(capsys.readouterr().out.split())
    assert "Buy 20 samples for 2.42 of 2.5 " in said
    assert "price cost" in said
    terminal.plans(bought((1, 2), [None, None], [0.0, 0.0], PurchaseRequest(size=20)), "accuracy")
    said = " ".join(capsys.readouterr().out.split())
    assert "Buy 20 samples provider" in said
    assert "price" not in said
    assert "cost" not in said


def test_what_does_not_show_is_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """A sample more is worth a millionth of the interval, and so is more for sale."""
    terminal.plans(bought((1e-6, 2e-6), [20, 10], [1.0, 1.0], PurchaseRequest(size=20)), "accuracy")
    said = capsys.readouterr().out
    assert "±0" in said
    assert "0.0000" not in said
    assert "improves" not in said


def test_plans_that_are_the_same_are_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    found = bought((1, 9, -1), [None, 2, None], [1, 1, 1], PurchaseRequest(size=10))
    same = {**found.plans, "single": found.selected, "proportional": found.plans["uniform"]}
    terminal.plans(replace(found, plans=same), "accuracy")
    said = capsys.readouterr().out
    assert "uniform" in said
    assert "proportional" not in said
    assert "one first" not in said
    assert "buys the same" not in said
    alone = dict.fromkeys(found.plans, found.selected)
    terminal.plans(replace(found, plans=alone), "accuracy")
    assert "every other plan that was compared buys the same" in capsys.readouterr().out


def test_how_far_the_best_trained_mixture_is_moved_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Half of each was trained best; of the second 2 of 10 are for sale."""
    found = bought((1, 9, -1), [None, 2, None], [1, 1, 1], PurchaseRequest(size=10))
    mixtures = np.array([[0.5, 0.5, 0.0]])
    tried = replace(found, tried=Tried(mixtures, 10), plans={**found.plans, "probe": probe(found)})
    terminal.plans(tried, "accuracy")
    said = " ".join(capsys.readouterr().out.split())
    assert "best trained: the mixture trained with the best metric, 30% of it moved" in said
    kept = replace(tried, tried=Tried(np.array([[0.7, 0.2, 0.1]]), 10))
    assert kept.moved == ""


@pytest.mark.parametrize(("largest", "says"), [(100, False), (99, True)])
def test_a_purchase_far_beyond_the_trainings_is_called_so(
    largest: int, says: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    found = bought((1, 9, -1), [None, 6, None], [1, 1, 1], PurchaseRequest(size=1000))
    terminal.plans(replace(found, tried=Tried(np.ones((1, 3)) / 3, largest)), "accuracy")
    said = " ".join(capsys.readouterr().out.split())
    assert ("1,000 samples are 10.1 times the largest size trained" in said) == says


def probe(found: PurchasePlans) -> Plan:
    return replace(found.plans["uniform"], samples=np.array([7, 2, 1]))


def test_one_empty_line_is_around_each_table(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.headline("read", "all")
    for title in ("First", "Second"):
        terminal.table(title, ["plan", "cost"], [["uniform", "12.00"]])
    terminal.headline("done", "now")
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    table = ["plan cost", "uniform 12.00"]
    told = [" ".join(line.split()) for line in lines if "──" not in line]
    assert told == ["read all", "", "First", "", *table, "", "Second", "", *table, "", "done now"]


def test_the_name_of_a_probe_is_no_emoji(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.headline("probe", "894e8d8c73f42e90:100:0")
    assert "894e8d8c73f42e90:100:0" in capsys.readouterr().out
