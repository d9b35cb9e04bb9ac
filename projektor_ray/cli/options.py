"""The options that commands of `projektor` share: groups of them, a frozen dataclass each."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

Result = TypeVar("Result")


class Goal(str, Enum):
    """Whether more of the metric is better."""

    maximize = "maximize"
    minimize = "minimize"


class Spent(str, Enum):
    """What a plan that reaches a target minimizes."""

    samples = "samples"
    money = "money"


def grouped(command: Callable[..., Result]) -> Callable[..., Result]:
    """The command with each of its dataclass parameters replaced by the dataclass's fields.

    So that a group of options is written once, and typer sees one option a field.
    """
    groups: dict[str, type[Any]] = {
        name: parameter.annotation
        for name, parameter in inspect.signature(command).parameters.items()
        if isinstance(parameter.annotation, type) and is_dataclass(parameter.annotation)
    }

    @functools.wraps(command)
    def flat(**given: Any) -> Result:
        made = {
            name: group(**{field.name: given.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        return command(**made, **given)

    parameters = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for name, own in inspect.signature(command).parameters.items()
        for parameter in (
            inspect.signature(groups[name]).parameters.values() if name in groups else (own,)
        )
    ]
    flat.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    flat.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return flat


@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """The table of runs, and what its columns are; or the folder of a finished study."""

    table: Annotated[
        str,
        typer.Argument(
            help="A finished study's folder, a file with a row per run, or a tool's folder; - is "
            "standard input."
        ),
    ]
    join: Annotated[
        str | None, typer.Option(help="A second table with the metric, joined by --key.")
    ] = None
    key: Annotated[
        str | None,
        typer.Option(help="Column that both tables have; default: the run's name, or an index."),
    ] = None
    metric: Annotated[
        str | None, typer.Option(help="Column of the metric; select and report take several: a,b.")
    ] = None
    size: Annotated[
        str | None, typer.Option(help="Column of the sizes, or the one size of all rows.")
    ] = None
    step: Annotated[
        str | None, typer.Option(help="Column of the steps; the last step of each run counts.")
    ] = None
    distance: Annotated[
        str | None, typer.Option(help="Column of the distances to the validation set.")
    ] = None
    providers: Annotated[
        str | None,
        typer.Option(help="Columns of the mixture, a,b,c; default: found by their sums."),
    ] = None
    counts: Annotated[
        bool, typer.Option("--counts", help="The mixture is in samples or tokens, not in shares.")
    ] = False
    bounds: Annotated[
        str | None,
        typer.Option(help="Range of the metric, such as 0,1; default: by the metric's name."),
    ] = None
    log: Annotated[
        bool, typer.Option("--log", help="Fit the logarithm of the metric, as for a loss.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """The scaling model."""

    direction: Annotated[
        Goal | None,
        typer.Option(help="Whether more of the metric is better; default: by its name."),
    ] = None
    predictor: Annotated[
        str, typer.Option(help="Predictor at each size: its name, auto, or least_error.")
    ] = "auto"
    projection: Annotated[
        str,
        typer.Option(
            help="Scaling model: grouped, box_cox, joint_power, joint, eq3, saturating, none; "
            "or auto."
        ),
    ] = "auto"
    learner_family: Annotated[
        str,
        typer.Option(
            help="What was trained: network, flexible (trees, neighbours, kernels), saturating "
            "(linear models, naive Bayes), or unknown. It sets how accuracies grow beyond the "
            "largest size."
        ),
    ] = "unknown"
    robust: Annotated[
        bool,
        typer.Option(help="Whether runs far from all others, such as diverged ones, weigh less."),
    ] = True


@dataclass(frozen=True, kw_only=True)
class OfferOptions:
    """What is for sale: a table, changed by options."""

    offers: Annotated[
        str | None,
        typer.Option(
            help="Table of provider, price, capacity[, above_quantity, minimum_order, required, "
            "excluded]; a further row of a provider is a price tier."
        ),
    ] = None
    price: Annotated[list[str] | None, typer.Option(help="NAME=PRICE per sample.")] = None
    capacity: Annotated[list[str] | None, typer.Option(help="NAME=SAMPLES for sale at most.")] = (
        None
    )
    minimum: Annotated[
        list[str] | None, typer.Option(help="NAME=SAMPLES of the minimum order.")
    ] = None
    require: Annotated[
        list[str] | None, typer.Option(help="NAME, or A,B, that must be bought.")
    ] = None
    exclude: Annotated[list[str] | None, typer.Option(help="NAME, or A,B, not to be bought.")] = (
        None
    )


@dataclass(frozen=True, kw_only=True)
class PurchaseOptions:
    """What kind of purchase is wanted."""

    at: Annotated[
        int | None, typer.Option(help="Samples to buy; default: as many as serve the metric best.")
    ] = None
    budget: Annotated[float | None, typer.Option(help="Most money to spend.")] = None
    target: Annotated[float | None, typer.Option(help="Metric to reach.")] = None
    minimize: Annotated[
        Spent | None,
        typer.Option(
            help="What a plan that reaches --target minimizes; default: money, if priced."
        ),
    ] = None
    frontier: Annotated[
        str | None, typer.Option(help="Budgets, a,b,c: the best plan for each of them.")
    ] = None
    max_size: Annotated[int | None, typer.Option(help="Most samples, where --at is open.")] = None


@dataclass(frozen=True, kw_only=True)
class AggregateOptions:
    """How several metrics, such as those of several validation sets, make one."""

    aggregate: Annotated[
        str | None,
        typer.Option(help="Of several metrics: mean, worst, or weights 2,1 in --metric's order."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """Where rows are written, and what is shown."""

    out: Annotated[
        Path | None,
        typer.Option(help="Write the rows to this file: .csv, .parquet, .xlsx, .json or .yaml."),
    ] = None
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="Write the result as JSON to standard output, all else to standard error.",
        ),
    ] = False
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show also the tables of all models.")
    ] = False
