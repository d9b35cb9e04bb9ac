"""`projektor fit|project|select`: the method on a table of trainings somebody else ran."""

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import typer
from rich.markup import escape

from projektor_ray import terminal
from projektor_ray.errors import InputError, ProjektorError
from projektor_ray.observed import (
    Offers,
    Roles,
    Runs,
    ScaleRegressor,
    guess_direction,
    join_tables,
    read_table,
    unidentified,
)
from projektor_ray.observed.tabulate import fit_rows, fit_scale, projection_table
from projektor_ray.projection import reach
from projektor_ray.selection.compared import plan_rows

app = typer.Typer(
    help="How much data to buy from whom, from a table of trainings.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Goal(str, Enum):
    """Whether more of the metric is better."""

    maximize = "maximize"
    minimize = "minimize"


Table = Annotated[str, typer.Argument(help="CSV, Parquet or Arrow file, a row for each training.")]
Join = Annotated[
    str | None, typer.Option("--join", help="A second table with the metric, joined by --key.")
]
Key = Annotated[str, typer.Option(help="Column that both tables have.")]
Metric = Annotated[str | None, typer.Option(help="Column of the metric.")]
Size = Annotated[str | None, typer.Option(help="Column of the sizes, or the one size of all rows.")]
Distance = Annotated[str | None, typer.Option(help="Column of distances to validation.")]
Providers = Annotated[
    str | None, typer.Option(help="Columns of the shares, a,b,c; else found by their sums.")
]
Direction = Annotated[
    Goal | None, typer.Option("--direction", help="Else guessed from the metric's name.")
]
Log = Annotated[bool, typer.Option("--log", help="Fit the metric's logarithm, as for a loss.")]
Out = Annotated[Path | None, typer.Option(help="Write the rows here: .parquet or .csv.")]
At = Annotated[list[int], typer.Option(help="Size to predict at; may be repeated.")]
Predictor = Annotated[str, typer.Option(help="Predictor at each size.")]
Projection = Annotated[str, typer.Option(help="joint, eq3, saturating, none, or auto.")]


def _read(
    table: str,
    join: str | None,
    key: str,
    metric: str | None,
    size: str | None,
    distance: str | None,
    providers: str | None,
) -> Runs:
    whole = read_table(table)
    if join is not None:
        whole = join_tables(whole, read_table(join), key)
    named = tuple(name.strip() for name in providers.split(",")) if providers else ()
    said: str | float | None = size
    if size is not None and size not in whole.column_names and _is_number(size):
        said = float(size)
    runs = Runs.read(whole, Roles(named, metric, said, distance, ignore=(key,)))
    terminal.headline(
        "read",
        f"{len(runs)} trainings of {len(runs.providers)} providers, {escape(runs.metric)}"
        + (f", sizes {', '.join(f'{scale:,}' for scale in runs.scales)}" if runs.scales else ""),
    )
    for note in unidentified(runs.mixtures, runs.providers, runs.distances):
        terminal.headline("note", escape(note))
    return runs


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _scaled(
    runs: Runs, direction: Goal | None, log: bool, predictor: str, projection: str
) -> ScaleRegressor:
    goal = direction.value if direction else guess_direction(runs.metric)
    model = fit_scale(runs, goal, log, predictor, projection)
    terminal.headline("project", model.reason_)
    return model


@app.command()
def fit(
    table: Table,
    join: Join = None,
    key: Key = "index",
    metric: Metric = None,
    size: Size = None,
    distance: Distance = None,
    providers: Providers = None,
    log: Log = False,
    predictor: Predictor = "auto",
    out: Out = None,
) -> None:
    """Fit predictors at each size, side by side with their cross-validated errors."""
    runs = _read(table, join, key, metric, size, distance, providers)
    rows, reasons = fit_rows(runs, predictor, log)
    terminal.table(
        f"Predictors of {runs.metric}{', its logarithm' if log else ''}",
        ["predictor", "size", "error", "cross-validated", "R²"],
        [
            [
                f"{row['predictor']}{' ←' if row['chosen'] else ''}",
                "–" if row["size"] is None else f"{row['size']:,}",
                *(terminal.number(row[name], 3) for name in ("mae", "mae_cv", "r2")),
            ]
            for row in rows
        ],
    )
    for reason in reasons:
        terminal.headline("fit", escape(reason))
    _write(pa.Table.from_pylist(rows), out)


@app.command()
def project(
    table: Table,
    at: At,
    join: Join = None,
    key: Key = "index",
    metric: Metric = None,
    size: Size = None,
    distance: Distance = None,
    providers: Providers = None,
    direction: Direction = None,
    log: Log = False,
    predictor: Predictor = "gp",
    projection: Projection = "auto",
    mixtures: Annotated[
        str | None, typer.Option(help="Table of mixtures to predict; else those trained.")
    ] = None,
    out: Out = None,
) -> None:
    """Project the metric of mixtures to sizes nobody trained at, with intervals."""
    runs = _read(table, join, key, metric, size, distance, providers)
    model = _scaled(runs, direction, log, predictor, projection)
    asked = runs
    if mixtures is not None:
        roles = Roles(runs.providers, size=None, distance=distance, ignore=(key,))
        asked = Runs.read(mixtures, roles, measured=False)
    for target in at:
        terminal.headline("size", reach(target, model.scales_))
    projected = projection_table(model, asked, at)
    terminal.projections(projected, model, runs.metric)
    _write(projected, out)


@app.command()
def select(
    table: Table,
    at: Annotated[int, typer.Option(help="Samples to buy.")],
    join: Join = None,
    key: Key = "index",
    metric: Metric = None,
    size: Size = None,
    distance: Distance = None,
    providers: Providers = None,
    direction: Direction = None,
    minimize: Annotated[bool, typer.Option("--minimize", help="Less is better.")] = False,
    log: Log = False,
    predictor: Predictor = "gp",
    projection: Projection = "auto",
    offers: Annotated[
        str | None, typer.Option(help="Table of provider, price, capacity[, minimum_order, …].")
    ] = None,
    price: Annotated[list[str] | None, typer.Option(help="NAME=PRICE per sample.")] = None,
    capacity: Annotated[list[str] | None, typer.Option(help="NAME=SAMPLES.")] = None,
    budget: Annotated[float | None, typer.Option(help="Most money to spend.")] = None,
    out: Out = None,
) -> None:
    """Select the purchase predicted best under prices, capacities and a budget."""
    runs = _read(table, join, key, metric, size, distance, providers)
    goal = Goal.minimize if minimize else direction
    model = _scaled(runs, goal, log, predictor, projection)
    terminal.headline("size", reach(at, model.scales_))
    plans = model.plans(_offers(offers, price, capacity, model.providers_), size=at, budget=budget)
    terminal.plans(plans, runs.metric)
    _write(pa.Table.from_pylist(plan_rows(plans)), out)


def _offers(
    source: str | None,
    prices: list[str] | None,
    capacities: list[str] | None,
    names: tuple[str, ...],
) -> Offers:
    read = Offers.free(names) if source is None else Offers.read(source, names)
    return read.changed(_assigned("--price", prices), _assigned("--capacity", capacities))


def _assigned(option: str, given: list[str] | None) -> dict[str, float]:
    found = {}
    for text in given or []:
        name, _, number = text.rpartition("=")
        if not name or not _is_number(number) or not np.isfinite(float(number)):
            raise InputError(f"{option} takes NAME=NUMBER, such as {option} alpha=10; got {text!r}")
        found[name] = float(number)
    return found


def _write(table: pa.Table, out: Path | None) -> None:
    if out is None:
        return
    if out.suffix not in (".csv", ".parquet"):
        raise InputError(f"--out must end in .csv or .parquet; got {out}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.suffix == ".csv":
            pacsv.write_csv(table, out)
        else:
            pq.write_table(table, out, compression="zstd")
    except OSError as failure:
        raise InputError(f"cannot write {out}: {failure}") from None
    terminal.headline("wrote", f"{table.num_rows:,} rows to {escape(str(out))}")


def main() -> None:
    """Run the command line; a user's mistake ends it with one clear message and status 2."""
    try:
        app()
    except ProjektorError as failure:
        terminal.console.print(f"[bold red]Cannot go on:[/] {escape(str(failure))}")
        sys.exit(2)
