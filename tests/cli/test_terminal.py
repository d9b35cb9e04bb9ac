"""What `projektor` and the jobs say of a plan, in words."""

from dataclasses import replace

import pytest

from projektor_ray.cli import terminal
from projektor_ray.selection import PurchaseRequest
from tests.helpers.purchase_problems import bought


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
    assert "would rise" not in said


def test_plans_that_are_the_same_are_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    found = bought((1, 9, -1), [None, 2, None], [1, 1, 1], PurchaseRequest(size=10))
    same = {**found.plans, "single": found.selected, "proportional": found.plans["uniform"]}
    terminal.plans(replace(found, plans=same), "accuracy")
    said = capsys.readouterr().out
    assert "“proportional” buys the same as “uniform”" in said
    assert "max p0001" not in said
    alone = dict.fromkeys(found.plans, found.selected)
    terminal.plans(replace(found, plans=alone), "accuracy")
    assert "every other plan that was compared buys the same" in capsys.readouterr().out


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
