"""Offers, requests and aggregates from the options of a command."""

from collections.abc import Mapping, Sequence

from projektor_ray.cli.number_lists import assigned, numbers
from projektor_ray.cli.options import AggregateOptions, OfferOptions, PurchaseOptions, Spent
from projektor_ray.errors import InputError, listed
from projektor_ray.runs import Offers, ScaleRegressor
from projektor_ray.runs.name_lists import split_names
from projektor_ray.selection import Direction, PurchaseRequest, aggregation
from projektor_ray.selection.aggregation import Aggregation
from projektor_ray.selection.purchase import Minimize


def offers_of(sold: OfferOptions, names: tuple[str, ...], own: Offers | None = None) -> Offers:
    """The offers of the providers of these names.

    Parameters
    ----------
    own : those where no table is given; absent: everything is free.
    """
    read = own or Offers.free(names)
    if sold.offers is not None:
        read = Offers.read(sold.offers, names)
    return read.changed(
        assigned("--price", sold.price or ()),
        assigned("--capacity", sold.capacity or ()),
        assigned("--minimum", sold.minimum or ()),
        _named("--require", sold.require, names),
        _named("--exclude", sold.exclude, names),
    )


def _named(option: str, given: list[str] | None, names: tuple[str, ...]) -> list[str]:
    absent = "there is no provider"
    return [name for text in given or () for name in split_names(text, names, option, absent)]


def request_of(bought: PurchaseOptions) -> PurchaseRequest:
    """The purchase that the options ask for."""
    budgets = () if bought.frontier is None else tuple(numbers("--frontier", bought.frontier))
    minimize: Minimize | None = None
    if bought.minimize is not None:
        minimize = "money" if bought.minimize is Spent.money else "samples"
    return PurchaseRequest(
        bought.at, bought.budget, bought.target, minimize, budgets, bought.max_size
    )


def check_aggregate(joined: AggregateOptions, metrics: Sequence[str | None]) -> None:
    """Refuse an aggregate of one metric."""
    if joined.aggregate is not None and len(metrics) == 1:
        raise InputError(
            "--aggregate applies to several metrics, such as --metric acc_a,acc_b; got "
            f"{metrics[0] or 'none by name'}. Name several metrics, or drop --aggregate"
        )


def aggregation_of(
    joined: AggregateOptions, metrics: Sequence[str], direction: Direction
) -> Aggregation:
    """The aggregation of metrics of these names.

    Raises
    ------
    InputError
        If a weight cannot be used, or is missing.
    """
    if joined.aggregate in (None, "mean"):
        return aggregation("mean", metrics, direction)
    if joined.aggregate == "worst":
        return aggregation("worst", metrics, direction)
    weights = numbers("--aggregate", joined.aggregate)
    if len(weights) != len(metrics):
        raise InputError(
            f"--aggregate takes mean, worst, or a weight for each of the {len(metrics)} "
            f"metrics; got {joined.aggregate}"
        )
    return aggregation(dict(zip(metrics, weights, strict=True)), metrics, direction)


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
        came = listed([f"{name} ({goal})" for name, goal in goals.items()])
        raise InputError(
            f"an aggregate needs metrics of one direction; got {came}. Negate the values of some "
            "in the table, or select for each alone"
        )
    return first
