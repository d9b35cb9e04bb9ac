"""What the commands of `projektor` share: groups of options, a frozen dataclass each."""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Annotated, Any

import typer
from rich.markup import escape

from projektor_ray.cli import terminal
from projektor_ray.cli.number_lists import is_number, numbers
from projektor_ray.errors import InputError
from projektor_ray.explain.model_choice import describe_choice
from projektor_ray.projection.choose import AUTO
from projektor_ray.runs import (
    Offers,
    Runs,
    ScaleRegressor,
    unbounded_note,
)
from projektor_ray.runs.name_lists import split_names
from projektor_ray.runs.result_tables import fit_scale
from projektor_ray.selection import Direction, PurchaseRequest, aggregation
from projektor_ray.selection.aggregation import Aggregation
from projektor_ray.selection.purchase import Minimize

Projection = Annotated[
    str,
    typer.Option(
        help="Model of the sizes: grouped, joint_power, joint, eq3, saturating, none; or auto."
    ),
]


class Goal(str, Enum):
    """Whether more of the metric is better."""

    maximize = "maximize"
    minimize = "minimize"


class Spent(str, Enum):
    """What is to be little where a target is to be reached."""

    samples = "samples"
    money = "money"


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """The command with each of its dataclass parameters replaced by the dataclass's fields.

    So that a group of options is written once, and typer sees one option a field.
    """
    groups: dict[str, type[Any]] = {
        name: parameter.annotation
        for name, parameter in inspect.signature(command).parameters.items()
        if isinstance(parameter.annotation, type) and is_dataclass(parameter.annotation)
    }

    @functools.wraps(command)
    def flat(**given: Any) -> None:
        made = {
            name: group(**{field.name: given.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        command(**made, **given)

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
class ModelOptions:
    """The model of all sizes."""

    direction: Annotated[
        Goal | None, typer.Option(help="Whether more is better; else by the metric's name.")
    ] = None
    predictor: Annotated[
        str,
        typer.Option(help="Predictor at each size, joined over the sizes; auto; or least_error."),
    ] = AUTO
    projection: Projection = AUTO

    @property
    def goal(self) -> Direction | None:
        """Whether more is better, where that is said."""
        if self.direction is None:
            return None
        return "maximize" if self.direction is Goal.maximize else "minimize"

    def fit(self, runs: Runs, *, log: bool) -> ScaleRegressor:
        """The model; says which one was chosen and why."""
        return self.fit_to(runs, self.goal or runs.direction, log=log)

    def fit_to(self, runs: Runs, goal: str | None, *, log: bool) -> ScaleRegressor:
        """The same for a given direction of the metric; None where it does not matter."""
        model = fit_scale(runs, goal, log, self.predictor, self.projection)
        terminal.headline("project", describe_choice(model.fitted_))
        assert runs.values is not None
        said = unbounded_note(runs.metric, runs.values, runs.bounds)
        if said and not log and goal != "minimize":
            terminal.headline("note", escape(said))
        return model


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
    capacity: Annotated[list[str] | None, typer.Option(help="NAME=SAMPLES at most.")] = None
    minimum: Annotated[
        list[str] | None, typer.Option(help="NAME=SAMPLES at least, if any are bought.")
    ] = None
    require: Annotated[
        list[str] | None, typer.Option(help="NAME, or A,B, that must be bought.")
    ] = None
    exclude: Annotated[list[str] | None, typer.Option(help="NAME, or A,B, not to be bought.")] = (
        None
    )

    def read(self, names: tuple[str, ...]) -> Offers:
        """The offers of the providers of these names."""
        read = Offers.free(names) if self.offers is None else Offers.read(self.offers, names)
        return read.changed(
            _assigned("--price", self.price),
            _assigned("--capacity", self.capacity),
            _assigned("--minimum", self.minimum),
            self._named("--require", self.require, names),
            self._named("--exclude", self.exclude, names),
        )

    @staticmethod
    def _named(option: str, given: list[str] | None, names: tuple[str, ...]) -> list[str]:
        absent = "there is no provider"
        return [name for text in given or () for name in split_names(text, names, option, absent)]


@dataclass(frozen=True, kw_only=True)
class PurchaseOptions:
    """What kind of purchase is wanted."""

    at: Annotated[
        int | None, typer.Option(help="Samples to buy; else as many as serve the metric best.")
    ] = None
    budget: Annotated[float | None, typer.Option(help="Most money to spend.")] = None
    target: Annotated[float | None, typer.Option(help="Metric to reach.")] = None
    minimize: Annotated[
        Spent | None,
        typer.Option(help="What a plan that reaches --target minimizes; else money, if priced."),
    ] = None
    frontier: Annotated[
        str | None, typer.Option(help="Budgets, a,b,c: the best plan for each of them.")
    ] = None
    max_size: Annotated[int | None, typer.Option(help="Most samples, where --at is open.")] = None

    def request(self) -> PurchaseRequest:
        """The same as the selection takes it."""
        budgets = () if self.frontier is None else tuple(numbers("--frontier", self.frontier))
        minimize: Minimize | None = None
        if self.minimize is not None:
            minimize = "money" if self.minimize is Spent.money else "samples"
        return PurchaseRequest(self.at, self.budget, self.target, minimize, budgets, self.max_size)


@dataclass(frozen=True, kw_only=True)
class AggregateOptions:
    """How several metrics, such as those of several validation sets, make one."""

    aggregate: Annotated[
        str | None,
        typer.Option(help="Of several metrics: mean, worst, or weights 2,1 in --metric's order."),
    ] = None

    def check(self, metrics: Sequence[str | None]) -> None:
        """Refuse an aggregate of one metric."""
        if self.aggregate is not None and len(metrics) == 1:
            raise InputError(
                "--aggregate applies to several metrics, such as --metric acc_a,acc_b; got "
                f"{metrics[0] or 'none by name'}. Name several metrics, or drop --aggregate"
            )

    def aggregation(self, metrics: Sequence[str], direction: Direction) -> Aggregation:
        """The aggregation of metrics of these names.

        Raises
        ------
        InputError
            If a weight cannot be used, or is missing.
        """
        if self.aggregate in (None, "mean"):
            return aggregation("mean", metrics, direction)
        if self.aggregate == "worst":
            return aggregation("worst", metrics, direction)
        given = numbers("--aggregate", self.aggregate)
        if len(given) != len(metrics):
            raise InputError(
                f"--aggregate takes mean, worst, or a weight for each of the {len(metrics)} "
                f"metrics; got {self.aggregate}"
            )
        return aggregation(dict(zip(metrics, given, strict=True)), metrics, direction)


def one_direction(models: Mapping[str, ScaleRegressor]) -> Direction:
    """The direction that all metrics have.

    Raises
    ------
    InputError
        If they differ, so that no aggregate of them is better or worse.
    """
    goals = {name: model.goal for name, model in models.items()}
    first = next(iter(goals.values()))
    if set(goals.values()) != {first}:
        listed = ", ".join(f"{name} ({goal})" for name, goal in goals.items())
        raise InputError(
            f"an aggregate needs metrics of one direction; got {listed}. Negate the values of some "
            "in the table, or select for each alone"
        )
    return first


def _assigned(option: str, given: list[str] | None) -> dict[str, float]:
    found = {}
    for text in given or []:
        name, _, number = text.rpartition("=")
        if not name or not is_number(number):
            raise InputError(f"{option} takes NAME=NUMBER, such as {option} alpha=10; got {text!r}")
        found[name] = float(number)
    return found
