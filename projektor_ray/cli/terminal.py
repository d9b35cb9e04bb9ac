"""What the commands show: a table of runs, fitted models, and a result, the plan first."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from projektor_ray.cli import screen
from projektor_ray.explain import TextTable
from projektor_ray.explain.cautions import warnings
from projektor_ray.explain.formatting import aligned, count, shares_text
from projektor_ray.explain.next_steps import next_steps
from projektor_ray.explain.plan_reasons import plan_reasons
from projektor_ray.explain.results import Results
from projektor_ray.explain.text_tables import (
    budget_table,
    comparison_table,
    errors_table,
    plan_table,
    projections_table,
    validation_sets_table,
)

if TYPE_CHECKING:
    from projektor_ray.runs import ScaleRegressor

SHOWN_MIXTURES = 8
SHOWN_SHARES = 3
SHOWN_PROVIDERS = 20


def show_results(results: Results, *, verbose: bool = False) -> None:
    """Show a result: the plan, the baselines, how sure it is, warnings and next steps.

    Parameters
    ----------
    verbose : show also the tables of all models.
    """
    screen.table(_bought_rows(plan_table(results), results))
    _show_tables([budget_table(results), comparison_table(results)])
    _show_tables([validation_sets_table(results)])
    screen.bullets("Why this plan", plan_reasons(results))
    if verbose:
        metric_errors = results.errors_of.replace(results.metric, results.metric_label)
        errors = errors_table(results.predictors, metric_errors)
        _show_tables([errors, projections_table(results)])
    screen.bullets("Warnings", map(str, warnings(results)))
    screen.bullets("Next steps", map(str, next_steps(results)))


def _show_tables(tables: Iterable[TextTable | None]) -> None:
    for one in tables:
        if one is not None:
            screen.table(one)


def _bought_rows(table: TextTable, results: Results) -> TextTable:
    """The plan's table; of many providers, those of whom most is bought."""
    providers = len(table.rows)
    if providers <= SHOWN_PROVIDERS:
        return table
    buys = int(np.count_nonzero(results.selected.samples))
    shown = min(buys, SHOWN_PROVIDERS)
    left_out = f"Shown: {shown} of {count(buys, 'provider')} in the plan, of {providers:,} in all."
    return table.head(shown, left_out)


def show_errors(rows: Sequence[Mapping[str, Any]], metric: str) -> None:
    """Show the errors of fitted models side by side, and which decides."""
    screen.table(errors_table([{"on": "", **row} for row in rows], metric))
    decides = next(row["predictor"] for row in rows if row["chosen"])
    screen.statement(f"select and report use {decides}.")


def show_projections(projected: pa.Table, model: "ScaleRegressor", metric: str) -> None:
    """Show the best mixtures at each size, by the chosen model and the others."""
    names = list(dict.fromkeys(projected["model"].to_pylist()))
    chosen = model.fitted_.projection
    others, providers = [name for name in names if name != chosen], model.providers_
    for size in dict.fromkeys(projected["size"].to_pylist()):
        at = projected.filter(pc.equal(projected["size"], size))
        by = {n: at.filter(pc.equal(at["model"], n)).to_pylist() for n in names}
        order = np.argsort([row["value"] for row in by[chosen]], kind="stable")
        order = (order if model.goal == "minimize" else order[::-1])[:SHOWN_MIXTURES]
        values = {n: aligned([by[n][i]["value"] for i in order]) for n in names}
        rows = tuple(
            (
                shares_text(providers, [by[chosen][i][n] for n in providers], SHOWN_SHARES),
                values[chosen][row],
                "…".join(aligned([by[chosen][i]["low"], by[chosen][i]["high"]])),
                *(values[name][row] for name in others),
            )
            for row, i in enumerate(order)
        )
        title = f"Projected {metric} at {count(size, 'sample')}"
        best = f"best {len(rows)} of {count(len(by[chosen]), 'mixture')}"
        screen.table(
            TextTable(
                f"{title} ({best})",
                ("mixture", chosen, "90% interval", *others),
                rows,
                left=("mixture",),
                optional=tuple(others),
            )
        )
