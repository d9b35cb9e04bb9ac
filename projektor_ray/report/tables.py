"""The tables of the page, as values that the templates lay out."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from projektor_ray.explain.formatting import aligned, as_written
from projektor_ray.explain.model_names import model_name
from projektor_ray.explain.results import Results
from projektor_ray.selection.comparison import SELECTED

OPEN_ROWS = 20
"""Providers that the table of the plan shows; the others unfold."""


@dataclass(frozen=True)
class Column:
    """A column's title, and whether a narrow screen does without the column."""

    title: str
    wide_only: bool


@dataclass(frozen=True)
class Row:
    """The cells of a row with their columns, and whether the row is bold."""

    cells: Sequence[tuple[Column, str]]
    chosen: bool


@dataclass(frozen=True)
class Table:
    """A table: the first column left-aligned, all others right-aligned.

    Attributes
    ----------
    open_rows, folded_rows : rows that are shown, and rows that unfold.
    """

    columns: Sequence[Column]
    open_rows: Sequence[Row]
    folded_rows: Sequence[Row] = ()


def table(
    columns: Mapping[str, Sequence[str]],
    *,
    chosen: Sequence[bool] = (),
    wide_only: Sequence[str] = (),
    open_rows: int | None = None,
) -> Table:
    """A table from the texts of its columns by their titles.

    Parameters
    ----------
    chosen : which rows are bold; absent, none.
    wide_only : titles of the columns that a narrow screen does without.
    open_rows : how many rows are shown; absent, all.
    """
    heads = [Column(title, title in wide_only) for title in columns]
    texts = list(zip(*columns.values(), strict=True))
    marks = chosen or [False] * len(texts)
    rows = [
        Row(list(zip(heads, cells, strict=True)), mark)
        for cells, mark in zip(texts, marks, strict=True)
    ]
    shown = len(rows) if open_rows is None else open_rows
    return Table(heads, rows[:shown], rows[shown:])


def plan_table(report: Results) -> Table:
    """A row per provider, the largest purchase first."""
    best = report.selected
    columns: dict[str, Sequence[str]] = {
        "provider": best.names,
        "samples": [f"{count:,}" for count in best.samples],
        "available": ["–" if p.capacity is None else f"{p.capacity:,}" for p in report.providers],
        "share": [f"{share:.1%}" for share in best.mixture],
    }
    if report.bought.stability is not None:
        columns["80% range"] = [_percentages(*one) for one in report.bought.stability.shares]
    if report.bought.priced:
        columns["price"] = as_written(best.prices)
        columns["cost"] = [f"{cost:,.2f}" for cost in best.costs]
    columns["without it"] = [report.show_without(name) for name in best.names]
    columns[f"+{report.step:,} samples"] = report.show_worth
    order = np.argsort(-best.samples, kind="stable")
    ordered = {title: [cells[i] for i in order] for title, cells in columns.items()}
    wide_only = ("available", "share", "80% range", "price")
    return table(ordered, wide_only=wide_only, open_rows=OPEN_ROWS)


def _percentages(low: float, high: float) -> str:
    """A range of shares, such as `3–13%`; one number where both ends round to it."""
    first, last = f"{100 * low:.0f}", f"{100 * high:.0f}"
    return f"{first}%" if first == last else f"{first}–{last}%"


def baselines_table(report: Results) -> Table:
    """The selected plan and its baselines, with the gains of the selected plan."""
    plans = report.plans
    gains = [report.gains.get(name) for name in plans]
    columns: dict[str, Sequence[str]] = {
        "plan": [report.bought.label(name) for name in plans],
        "predicted": [report.show(plan.predicted) for plan in plans.values()],
        "gain of selected": ["" if g is None else report.show_change(g.value) for g in gains],
        "90%": ["" if g is None else report.show_span((g.low, g.high)) for g in gains],
    }
    if report.bought.priced:
        columns["cost"] = [f"{plan.cost:,.2f}" for plan in plans.values()]
    chosen = [plan is report.selected for plan in plans.values()]
    return table(columns, chosen=chosen, wide_only=("predicted",))


def budget_table(report: Results) -> Table | None:
    """The best plan for each budget; None where no budgets are compared."""
    frontier = report.bought.frontier
    if not frontier:
        return None
    plans = list(frontier.values())
    columns = {
        "budget": [f"{budget:,.2f}" for budget in frontier],
        "predicted": [report.show(plan.predicted) for plan in plans],
        "90%": [report.show_span(plan.interval) for plan in plans],
        "cost": [f"{plan.cost:,.2f}" for plan in plans],
        "samples": [f"{plan.size:,}" for plan in plans],
        "shares": [report.shares_text(plan.mixture) for plan in plans],
    }
    chosen = [plan is report.selected for plan in plans]
    return table(columns, chosen=chosen, wide_only=("90%", "cost"))


def budget_steps_table(report: Results) -> Table:
    """What the prediction gains from each budget to the next larger one."""
    steps = list(itertools.pairwise(sorted(report.bought.frontier.items())))
    return table(
        {
            "from": [f"{budget:,.2f}" for (budget, _), _ in steps],
            "to": [f"{budget:,.2f}" for _, (budget, _) in steps],
            f"change of {report.metric_label}": [
                report.show_change(plan.predicted - before.predicted)
                for (_, before), (_, plan) in steps
            ],
        }
    )


def sets_table(report: Results) -> Table | None:
    """What each plan reaches on each validation set; None where there is one set."""
    parts = report.bought.parts
    if not parts:
        return None
    others = [name for name in report.plans if name != SELECTED]
    columns = {
        "validation set": list(parts),
        SELECTED: [report.show(of[SELECTED].predicted) for of in parts.values()],
        "90%": [report.show_span(of[SELECTED].interval) for of in parts.values()],
        **{
            report.bought.label(name): [report.show(of[name].predicted) for of in parts.values()]
            for name in others
        },
    }
    return table(columns, wide_only=("90%",))


def models_table(report: Results) -> Table | None:
    """What each scaling model predicts for the plan; None where there is one size."""
    if not report.curves:
        return None
    opinions = report.opinions
    columns = {
        "model": [model_name(one.model) for one in opinions],
        "selected": [report.show(one.value) for one in opinions],
        "90%": [report.show_span((one.low, one.high)) for one in opinions],
        "gain over uniform": [report.show_change(one.gain) for one in opinions],
    }
    return table(columns, chosen=[one.decides for one in opinions])


def errors_table(report: Results) -> Table:
    """Cross-validated errors: a row per model and validation set, a column per size.

    The smallest error at the largest size comes first.
    """
    scales = report.probes.scales
    errors: dict[tuple[str, str], dict[int, float | None]] = {}
    chosen = set()
    for row in report.predictors:
        key = (row["on"], model_name(row["predictor"]))
        errors.setdefault(key, {})[row["size"]] = row["mae_cv"]
        chosen |= {key} if row["chosen"] else set()
    sets = list(dict.fromkeys(on for on, _ in errors))
    order = sorted(errors, key=lambda key: (sets.index(key[0]), _last_error(errors[key], scales)))
    columns: dict[str, Sequence[str]] = {"model": [f"{name}{on}" for on, name in order]}
    for scale in scales:
        columns[f"at {scale:,}"] = aligned([errors[key].get(scale) for key in order], 3)
    return table(columns, chosen=[key in chosen for key in order])


def _last_error(errors: Mapping[int, float | None], scales: Sequence[int]) -> float:
    """The error at the largest size; infinite where there is none."""
    error = errors.get(scales[-1])
    return np.inf if error is None else error
