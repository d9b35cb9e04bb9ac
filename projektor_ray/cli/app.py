"""`projektor fit|project|select|report`: the method on a table of trainings somebody else ran."""

import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import typer
from rich.markup import escape

from projektor_ray.cli import terminal
from projektor_ray.cli.options import (
    AggregateOptions,
    ModelOptions,
    OfferOptions,
    PurchaseOptions,
    grouped,
    one_direction,
)
from projektor_ray.cli.table_options import TableOptions
from projektor_ray.errors import InputError, ProjektorError
from projektor_ray.projection import reach
from projektor_ray.runs.result_tables import predictor_rows, projection_table
from projektor_ray.selection import aggregate, buy

app = typer.Typer(
    help="How much data to buy from whom, from a table of trainings.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _table_file(out: Path | None) -> Path | None:
    """Refused before anything is computed."""
    if out is not None and out.suffix not in (".csv", ".parquet"):
        raise InputError(f"--out must end in .csv or .parquet; got {out}")
    return out


Out = Annotated[
    Path | None,
    typer.Option(help="Write the rows here: .parquet or .csv.", callback=_table_file),
]


@app.command()
@grouped
def fit(data: TableOptions, wanted: ModelOptions, out: Out = None) -> None:
    """Fit predictors at each size, and models of all sizes, side by side with their errors.

    ← is what `select` and `report` decide by, with the same options.
    """
    runs = data.read()
    one_size = None if runs.sizes is not None else np.ones(len(runs))
    measured = runs if one_size is None else replace(runs, sizes=one_size)
    rows = predictor_rows(wanted.fit_to(measured, None, log=data.log).fitted_)
    if one_size is not None:
        rows = [{**row, "size": None} for row in rows]
    terminal.predictors(rows, f"{runs.metric}{', its logarithm' if data.log else ''}")
    terminal.deciding(rows)
    _write(pa.Table.from_pylist(rows), out)


@app.command()
@grouped
def project(
    data: TableOptions,
    wanted: ModelOptions,
    at: Annotated[list[int], typer.Option(help="Size to predict at; may be repeated.")],
    mixtures: Annotated[
        str | None, typer.Option(help="Table of mixtures to predict; else those trained.")
    ] = None,
    out: Out = None,
) -> None:
    """Project the metric of mixtures to sizes nobody trained at, with intervals."""
    runs = data.read(wanted.goal)
    model = wanted.fit(runs, log=data.log)
    asked = runs if mixtures is None else data.read_mixtures(mixtures, runs.providers)
    for target in at:
        terminal.headline("size", reach(target, model.scales_))
    projected = projection_table(model, asked, at)
    terminal.projections(projected, model, runs.metric)
    _write(projected, out)


@app.command()
@grouped
def select(
    data: TableOptions,
    wanted: ModelOptions,
    sold: OfferOptions,
    bought: PurchaseOptions,
    joined: AggregateOptions,
    out: Out = None,
) -> None:
    """Select the purchase predicted best under prices, capacities, terms and a budget.

    --at: of one size, else of any. --target: the least to reach it. --frontier: for each budget.
    --metric a,b: for several metrics at once, such as those of several validation sets.
    """
    asked = bought.request()
    tables = data.read_each(wanted.goal)
    joined.check([runs.metric for runs in tables])
    models = [wanted.fit(runs, log=data.log) for runs in tables]
    offers = sold.read(models[0].providers_)
    metric = tables[0].metric
    if len(models) == 1:
        plans = models[0].plans(asked, offers)
    else:
        metric = "worst" if joined.aggregate == "worst" else "mean"
        if asked.size is not None:
            models[0].check_target(asked.size)
        names = [runs.metric for runs in tables]
        how = joined.aggregation(names, one_direction(dict(zip(names, models, strict=True))))
        problems = zip(names, [model.problem(offers) for model in models], strict=True)
        plans = buy(aggregate(dict(problems), how), asked)
    terminal.headline("size", reach(plans.selected.size, models[0].scales_))
    terminal.plans(plans, metric)
    _write(plans.table(), out)


@app.command()
@grouped
def report(
    data: TableOptions,
    wanted: ModelOptions,
    sold: OfferOptions,
    bought: PurchaseOptions,
    out: Annotated[Path, typer.Option(help="The page to write: .html.")],
    title: Annotated[str | None, typer.Option(help="Of the page; else the table's name.")] = None,
) -> None:
    """Write a page that shows the fit, the projection, the plan, and how sure they are.

    Of one metric.
    """
    from projektor_ray.report import write_report

    if out.suffix != ".html":
        raise InputError(f"the report is a page; --out must end in .html; got {out}")
    asked = bought.request()
    runs = data.read(wanted.goal)
    model = wanted.fit(runs, log=data.log)
    offers = sold.read(model.providers_)
    plans = model.plans(asked, offers)
    write_report(out, runs, model, plans, offers, title=title or Path(data.table).stem)
    terminal.headline("wrote", escape(str(out)))


def _write(table: pa.Table, out: Path | None) -> None:
    if out is None:
        return
    content = BytesIO()
    if out.suffix == ".csv":
        pacsv.write_csv(table, content)
    else:
        pq.write_table(table, content, compression="zstd")
    _save(out, content.getvalue(), f"{table.num_rows:,} rows to ")


def _save(out: Path, content: bytes, what: str = "") -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(content)
    except OSError as failure:
        raise InputError(f"cannot write {out}: {failure}") from None
    terminal.headline("wrote", f"{what}{escape(str(out))}")


def main() -> None:
    """Run the command line; a user's mistake ends it with one clear message and status 2."""
    try:
        app()
    except ProjektorError as failure:
        terminal.console.print(f"[bold red]Cannot go on:[/] {escape(str(failure))}")
        sys.exit(2)
