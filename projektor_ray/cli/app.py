"""`projektor fit|project|select|predict|compare|report|serve`: tables of runs, finished studies.

The commands are declared here without the imports they need: a first line comes at once.
"""

from pathlib import Path
from typing import Annotated

import typer

from projektor_ray.cli import screen
from projektor_ray.cli.command import Version, command_line, guarded, run
from projektor_ray.cli.options import (
    ModelInputs,
    OfferOptions,
    OutputOptions,
    PurchaseInputs,
    ServiceOptions,
    Sizes,
    TableOptions,
    grouped,
)
from projektor_ray.errors import InputError

TABLE_ENDINGS = (".csv", ".parquet", ".xlsx", ".json", ".yaml")
"""Those of `runs.table_files`, which is not imported before a command needs it."""

app = command_line(
    "How much data to buy from whom, from a finished study or a table of finished trainings.",
    completion=True,
)


@app.callback()
def projektor(version: Version = False) -> None:
    pass


@app.command()
@guarded
@grouped
def fit(inputs: ModelInputs, output: OutputOptions) -> None:
    """Fit models at each size and across sizes, and show their errors.

    ← the model that select and report use, with the same options.
    """
    _start(inputs.data, output)
    from projektor_ray.cli import table_commands

    table_commands.fit(inputs, output)


@app.command()
@guarded
@grouped
def project(
    inputs: ModelInputs,
    at: Sizes,
    output: OutputOptions,
    mixtures: Annotated[
        str | None, typer.Option(help="Table of mixtures to predict; default: the trained ones.")
    ] = None,
) -> None:
    """Project the metric of mixtures to sizes that were not trained, with intervals."""
    _start(inputs.data, output)
    from projektor_ray.cli import table_commands

    table_commands.project(inputs, at, mixtures, output)


@app.command()
@guarded
@grouped
def select(
    inputs: PurchaseInputs,
    output: OutputOptions,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            help="What --out holds: plans, purchase-order, or the mixture for a trainer: "
            "huggingface, mosaicml, megatron, megatron-json, olmo-core, levanter, axolotl, "
            "llama-factory, regmix.",
        ),
    ] = "plans",
) -> None:
    """Select the purchase predicted best under prices, capacities, terms and a budget.

    With --at, of that size; without, of the best size. With --target, the cheapest that reaches
    it. With --frontier, one for each budget. With --metric a,b, for several metrics, such as those
    of several validation sets.
    """
    _start(inputs.fitted.data, output, is_table=form in ("plans", "purchase-order"))
    from projektor_ray.cli import table_commands

    table_commands.select(inputs, output, form)


@app.command()
@guarded
@grouped
def predict(
    inputs: ModelInputs,
    mixture: Annotated[str, typer.Option(help="Shares of the mixture: NAME=SHARE,NAME=SHARE,…")],
    at: Sizes,
    output: OutputOptions,
) -> None:
    """Predict the metric of a mixture given by hand, with intervals."""
    _start(inputs.data, output)
    from projektor_ray.cli import prediction_commands

    prediction_commands.predict(inputs, mixture, at, output)


@app.command()
@guarded
@grouped
def compare(
    inputs: ModelInputs,
    sold: OfferOptions,
    first: Annotated[
        str, typer.Option(help="Samples, NAME=SAMPLES,…, or a file that select has written.")
    ],
    second: Annotated[str, typer.Option(help="The purchase to compare with, in the same form.")],
    output: OutputOptions,
) -> None:
    """Compare two purchases: what each reaches, and the interval of the difference."""
    _start(inputs.data, output)
    from projektor_ray.cli import prediction_commands

    prediction_commands.compare(inputs, sold, first, second, output)


@app.command()
@guarded
@grouped
def report(
    inputs: PurchaseInputs,
    out: Annotated[Path, typer.Option(help="The page to write: .html.")],
    title: Annotated[
        str | None, typer.Option(help="Title of the page; default: the table's name.")
    ] = None,
) -> None:
    """Write a page of the plan, warnings, next steps and evidence."""
    if out.suffix != ".html":
        raise InputError(f"the report is a page: --out must end in .html; got {out}")
    _start(inputs.fitted.data, OutputOptions())
    from projektor_ray.cli import table_commands

    table_commands.report(inputs, out, title)


@app.command()
@guarded
@grouped
def serve(options: ServiceOptions) -> None:
    """Serve finished studies: a page at /, an API at /v1/studies, described at /openapi.json."""
    screen.status("Read", ", ".join(options.studies))
    from projektor_ray.cli import serve_command

    serve_command.serve(options)


def _start(data: TableOptions, output: OutputOptions, *, is_table: bool = True) -> None:
    """Refuse a file that cannot be written, and say what is read, before anything is computed."""
    if is_table and output.out is not None and output.out.suffix not in TABLE_ENDINGS:
        raise InputError(f"--out must end in {', '.join(TABLE_ENDINGS)}; got {output.out}")
    if output.as_json:
        screen.results_to_stderr()
    screen.status("Read", "standard input" if data.table == "-" else data.table)


def main() -> None:
    """Run the command `projektor`."""
    run(app, "projektor")
