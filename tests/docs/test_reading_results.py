"""The page on reading results names what terminal and page show."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from projektor_ray.explain.results import Results
from projektor_ray.explain.text_tables import comparison_table, plan_table
from projektor_ray.report import render_page
from projektor_ray.selection.robustness import PlanStability
from tests.helpers.report_content import Read, a_report, for_one_set, names_of, profile, read

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reading_results.md"
HEADED = ("column", "number", "baseline")
"""What heads the first column of tables whose rows are names of columns and of plans."""
PROFILES = "## Provider profiles"


def first_cells(text: str, heads: tuple[str, ...]) -> list[str]:
    """Names in the first column of the tables that these words head."""
    names: list[str] = []
    for table in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        head, _, *rows = [line.split("|")[1].strip() for line in table.splitlines()]
        if head in heads:
            names += [name for cell in rows for name in cell.split(", ")]
    return names


@pytest.fixture(scope="module")
def results() -> Results:
    made = a_report(
        3, budget=500.0, source="study", profiles=for_one_set(*map(profile, names_of(3)))
    )
    best = made.selected.mixture
    stability = PlanStability(best, np.tile(best, (4, 1)), np.zeros(4))
    plans = {**made.bought.plans, "proportional": made.bought.plans["uniform"]}
    plans["probe"] = replace(made.selected, samples=np.array([500, 300, 200]))
    plans["proportional"] = replace(made.selected, samples=np.array([400, 300, 300]))
    return replace(made, bought=replace(made.bought, plans=plans, stability=stability))


@pytest.fixture(scope="module")
def page(results: Results) -> Read:
    return read(render_page(results))


def shown_names(page: Read) -> set[str]:
    cells = {cell for table in page.tables for row in table[:1] for cell in row}
    plans = {row[0] for row in page.titled("plan")}
    return {name.strip() for name in cells | plans | set(page.texts["dt"])}


def test_every_documented_name_is_shown_on_the_page(page: Read) -> None:
    text, _, profiles = PAGE.read_text().partition(PROFILES)
    names = first_cells(text, HEADED) + first_cells(profiles.partition("## ")[0], ("line",))
    assert len(names) > 20
    shown = shown_names(page)
    for name in names:
        pattern = re.escape(name).replace("NAME", ".+").replace("\\ N", " [0-9,]+")
        if name != "max NAME":  # in place of "best single provider"
            assert any(re.fullmatch(pattern, one) for one in shown), (name, sorted(shown))


def test_every_documented_column_is_shown_on_the_terminal(results: Results) -> None:
    shown = {*plan_table(results).headings, *comparison_table(results).headings}
    assert set(first_cells(PAGE.read_text(), ("column",))) <= shown
