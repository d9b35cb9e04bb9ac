"""What a result looks like on the terminal: the plan first, everything with its unit."""

from dataclasses import replace

import numpy as np
import pytest

from projektor_ray.cli import terminal
from tests.helpers.report_content import a_report, sound


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


def test_the_plan_comes_first_then_baselines_warnings_and_next_steps(
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal.show_results(a_report(4, budget=500.0))
    said = shown(capsys)
    titles = (
        "Buy 1,000 samples for 500.00 (budget 500)",
        "Comparison with baselines (accuracy)",
        "Why this plan",
        "Warnings",
        "Next steps",
    )
    places = [said.index(title) for title in titles]
    assert places == sorted(places)
    assert places[0] == 0, "nothing before the plan"
    assert "Errors of the models" not in said


def test_the_tables_of_all_models_are_shown_on_request(
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal.show_results(a_report(4), verbose=True)
    said = shown(capsys)
    assert "Errors of the models (accuracy)" in said
    assert "Projections to 1,000 samples (accuracy)" in said
    assert "joint ←" in said


def test_of_many_providers_those_are_shown_of_whom_most_is_bought(
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal.show_results(a_report(120))
    said = shown(capsys)
    assert "Shown: 2 of 2 providers in the plan, of 120 in all." in said
    assert "seller-001" in said
    assert "seller-090" not in said.split("Comparison")[0]


def test_without_prices_there_is_no_cost(capsys: pytest.CaptureFixture[str]) -> None:
    results = sound()
    free = tuple(replace(one, price=0.0) for one in results.providers)
    plans = {n: replace(p, prices=np.zeros(4)) for n, p in results.bought.plans.items()}
    bought = replace(results.bought, providers=free, plans=plans)
    terminal.show_results(replace(results, bought=bought))
    said = shown(capsys)
    assert said.startswith("Buy 1,000 samples +100")
    assert "price" not in said
    assert "cost" not in said


@pytest.mark.parametrize("width", [40, 50, 60])
def test_a_narrow_terminal_shows_the_whole_plan_within_its_width(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = a_report(4, budget=500.0)
    monkeypatch.setenv("COLUMNS", str(width))
    terminal.show_results(report)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    for samples in report.selected.samples.tolist():
        assert any(f" {samples:,} " in f"{line} " for line in lines)
