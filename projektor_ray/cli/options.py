"""The options that commands of `projektor` share: groups of them, a frozen dataclass each."""

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from projektor_ray.cli.number_lists import money, whole_number

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

    So that a group of options is written once, and typer sees one option a field. A group may hold
    further groups.
    """
    own = inspect.signature(command).parameters

    @functools.wraps(command)
    def flat(**given: Any) -> Result:
        return command(**{name: _taken(name, one.annotation, given) for name, one in own.items()})

    parameters = list(_flat(own.values()))
    flat.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    flat.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return flat


def _flat(parameters: Iterable[inspect.Parameter]) -> Iterator[inspect.Parameter]:
    """Parameters, those of a group in place of the group."""
    for one in parameters:
        if _is_group(one.annotation):
            yield from _flat(inspect.signature(one.annotation).parameters.values())
        else:
            yield one.replace(kind=inspect.Parameter.KEYWORD_ONLY)


def _taken(name: str, annotation: Any, given: dict[str, Any]) -> Any:
    """The value of a parameter among those of all options; a group is made of its fields'."""
    if not _is_group(annotation):
        return given[name]
    return annotation(**{one.name: _taken(one.name, one.type, given) for one in fields(annotation)})


def _is_group(annotation: Any) -> bool:
    return isinstance(annotation, type) and is_dataclass(annotation)


Sizes = Annotated[
    list[int],
    typer.Option(
        parser=whole_number, metavar="SAMPLES", help="Size to predict at; may be repeated."
    ),
]


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
        typer.Option(help="Columns of the mixture, a,b,c; default: the columns that sum to 1."),
    ] = None
    counts: Annotated[
        bool,
        typer.Option(
            "--counts",
            help="The mixture is in samples or tokens, not in shares; the size is their sum, "
            "unless a column has it.",
        ),
    ] = False
    bounds: Annotated[
        str | None,
        typer.Option(
            help="Range of the metric, such as 0,1 or 0,inf; default: by the metric's name."
        ),
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
    classes: Annotated[
        str | None,
        typer.Option(
            help="Table of the samples of each class: a row for each provider, and the row "
            "validation. An accuracy then flattens towards the classes that a mixture has."
        ),
    ] = None
    robust: Annotated[
        bool,
        typer.Option(help="Whether runs far from all others, such as diverged ones, weigh less."),
    ] = True


@dataclass(frozen=True, kw_only=True)
class ModelInputs:
    """What a model is fitted to, and which model."""

    data: TableOptions
    wanted: ModelOptions


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
        int | None,
        typer.Option(
            parser=whole_number,
            metavar="SAMPLES",
            help="Samples to buy; default: as many as serve the metric best.",
        ),
    ] = None
    budget: Annotated[
        float | None, typer.Option(parser=money, metavar="MONEY", help="Most money to spend.")
    ] = None
    target: Annotated[
        float | None, typer.Option(parser=money, metavar="NUMBER", help="Metric to reach.")
    ] = None
    minimize: Annotated[
        Spent | None,
        typer.Option(
            help="What a plan that reaches --target minimizes; default: money, if priced."
        ),
    ] = None
    frontier: Annotated[
        str | None, typer.Option(help="Budgets, a,b,c: the best plan for each of them.")
    ] = None
    max_size: Annotated[
        int | None,
        typer.Option(
            parser=whole_number, metavar="SAMPLES", help="Most samples, where --at is open."
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class AggregateOptions:
    """How several metrics, such as those of several validation sets, make one."""

    aggregate: Annotated[
        str | None,
        typer.Option(help="Of several metrics: mean, worst, or weights 2,1 in --metric's order."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class PurchaseInputs:
    """All that a purchase is selected by."""

    fitted: ModelInputs
    sold: OfferOptions
    bought: PurchaseOptions
    joined: AggregateOptions


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


@dataclass(frozen=True, kw_only=True)
class ServiceOptions:
    """What a service is given: studies, where it listens, and what it allows."""

    studies: Annotated[list[str], typer.Argument(help="Folders or URIs of finished studies.")]
    host: Annotated[
        str, typer.Option(help="Address to listen on; all but this machine's own need a token.")
    ] = "127.0.0.1"
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8080
    token_file: Annotated[
        Path | None,
        typer.Option(help="File with the token of requests; default: PROJEKTOR_TOKEN."),
    ] = None
    threads: Annotated[
        int, typer.Option(min=1, max=64, help="Requests computed at the same time.")
    ] = 2
    seconds: Annotated[float, typer.Option(min=1, max=3600, help="Time limit of one request.")] = (
        60.0
    )
