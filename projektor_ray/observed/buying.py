"""A purchase plan from somebody's table: what is for sale, and the metric that it is bought for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projektor_ray.config import nearest
from projektor_ray.errors import InputError
from projektor_ray.observed.columns import column
from projektor_ray.observed.reading import read_table
from projektor_ray.predictors import Predictor
from projektor_ray.predictors.registry import predictor_class
from projektor_ray.projection import ScaleModel
from projektor_ray.providers import Provider
from projektor_ray.selection import Terms

Floats = NDArray[np.float64]

OFFER_COLUMNS = ("provider", "price", "capacity", "minimum_order", "required", "excluded")


@dataclass(frozen=True)
class Offers:
    """What is for sale: providers in the order of the mixtures' columns, and their terms.

    Attributes
    ----------
    providers : with price and capacity.
    terms : minimum orders, and providers that must be in or out, by name.
    """

    providers: tuple[Provider, ...]
    terms: Mapping[str, Terms]

    @staticmethod
    def free(names: Sequence[str]) -> "Offers":
        """Everything without a price or a limit."""
        return Offers(tuple(Provider(name) for name in names), {})

    @staticmethod
    def read(source: Any, names: Sequence[str]) -> "Offers":
        """Offers in a table with the columns `provider`, `price`, `capacity` and, where wanted,
        `minimum_order`, `required`, `excluded`; an empty capacity is unlimited.

        Raises
        ------
        InputError
            If a provider of the mixtures has no row or two, a row is of an unknown provider, or a
            number cannot be used.
        """
        table = read_table(source)
        unknown = [name for name in table.column_names if name not in OFFER_COLUMNS]
        if unknown or "provider" not in table.column_names:
            raise InputError(
                f"offers have the columns {', '.join(OFFER_COLUMNS)}, the first of them needed; "
                f"got {', '.join(table.column_names)}"
            )
        rows = [str(name) for name in table["provider"].to_pylist()]
        _same_names(rows, names)
        parts = {
            name: column(table, name) if name in table.column_names else np.full(len(rows), np.nan)
            for name in OFFER_COLUMNS[1:]
        }
        by_name = {
            name: {part: float(numbers[row]) for part, numbers in parts.items()}
            for row, name in enumerate(rows)
        }
        return Offers(
            tuple(_provider(name, by_name[name]) for name in names),
            {name: _terms(by_name[name]) for name in names},
        )

    def changed(self, prices: Mapping[str, float], capacities: Mapping[str, float]) -> "Offers":
        """The same offers with some prices and capacities replaced, by provider name."""
        known = [provider.name for provider in self.providers]
        for name in (*prices, *capacities):
            if name not in known:
                raise InputError(f"there is no provider {name!r}; {nearest(name, known)}")
        return Offers(
            tuple(
                Provider(
                    p.name,
                    _whole(p.name, "capacity", capacities[p.name])
                    if p.name in capacities
                    else p.capacity,
                    prices.get(p.name, p.price),
                )
                for p in self.providers
            ),
            self.terms,
        )

    def without(self, names: Sequence[str]) -> "Offers":
        """The same offers, nothing to be bought of some providers.

        Raises
        ------
        InputError
            If one of them must be bought.
        """
        terms = dict(self.terms)
        for name in names:
            deal = terms.get(name, Terms())
            if deal.required:
                raise InputError(
                    f"{name!r} must be bought, but no row of the table has any of it, so that "
                    "nothing tells what it is worth; train mixtures that hold some"
                )
            terms[name] = replace(deal, excluded=True)
        return Offers(self.providers, terms)


def _same_names(rows: Sequence[str], names: Sequence[str]) -> None:
    twice = sorted({name for name in rows if rows.count(name) > 1})
    if twice:
        raise InputError(f"each provider has one offer; {', '.join(twice)} have more")
    absent = [name for name in names if name not in rows]
    odd = [name for name in rows if name not in names]
    if absent or odd:
        raise InputError(
            "offers and mixtures must name the same providers; "
            + "; ".join(
                text
                for text in (
                    f"no offer of {', '.join(absent)}" if absent else "",
                    f"no column of shares for {', '.join(odd)}" if odd else "",
                )
                if text
            )
            + f". The mixtures' are {', '.join(names)}"
        )


def _provider(name: str, row: Mapping[str, float]) -> Provider:
    capacity = None if np.isnan(row["capacity"]) else _whole(name, "capacity", row["capacity"])
    return Provider(name, capacity, 0.0 if np.isnan(row["price"]) else row["price"])


def _terms(row: Mapping[str, float]) -> Terms:
    order = row["minimum_order"]
    return Terms(
        0 if np.isnan(order) else int(order), row["required"] == 1, excluded=row["excluded"] == 1
    )


def _whole(name: str, what: str, number: float) -> int:
    if not np.isfinite(number) or number != int(number):
        raise InputError(
            f"provider {name!r}: {what} must be a whole number of samples; got {number:g}"
        )
    return int(number)


@dataclass(frozen=True, eq=False)
class GuessedDistances:
    """Distances of mixtures that nobody measured: a Gaussian process through the measured ones.

    A table has no pilots to solve transport for; what a distance would be is interpolated.
    """

    process: Predictor | None

    @staticmethod
    def through(mixtures: Floats, distances: Floats | None) -> "GuessedDistances":
        """Fitted to distances (k,) of mixtures (k, m); zeros where there are none."""
        if distances is None or np.ptp(distances) == 0:
            return GuessedDistances(None)
        return GuessedDistances(predictor_class("gp")().fit(mixtures, None, distances))

    def __call__(self, mixtures: Floats) -> "Guess":
        nothing = np.zeros_like(mixtures)
        if self.process is None:
            return Guess(np.zeros(len(mixtures)), nothing)
        return Guess(*self.process.value_and_gradient(mixtures, np.zeros(len(mixtures)), nothing))


@dataclass(frozen=True, eq=False)
class Guess:
    """Distances (B,) and their gradients along the shares (B, m)."""

    value: Floats
    gradient: Floats


@dataclass(frozen=True, eq=False)
class TableObjective:
    """The metric at the size to buy; its logarithm is undone, with the chain rule's factor.

    Attributes
    ----------
    model : of all scales, of the metric or of its logarithm.
    size : samples to buy, N.
    oracle : mixtures → distances with gradients.
    log : whether the model is of the logarithm.
    """

    model: ScaleModel
    size: float
    oracle: GuessedDistances
    log: bool = False

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        at = self.oracle(mixtures)
        value, gradient = self.model.value_and_gradient(mixtures, at.value, at.gradient, self.size)
        if not self.log:
            return value, gradient
        metric = np.exp(value)
        return metric, metric[:, None] * gradient

    def predict(self, mixtures: Floats) -> Floats:
        return self._back(self.model.predict(mixtures, self.oracle(mixtures).value, self.size))

    def interval(self, mixtures: Floats, level: float) -> Floats:
        distances = self.oracle(mixtures).value
        return self._back(self.model.interval(mixtures, distances, self.size, level))

    def size_slope(self, mixtures: Floats) -> Floats:
        slope = self.model.size_slope(mixtures, self.oracle(mixtures).value, self.size)
        return slope * self.predict(mixtures) if self.log else slope

    def _back(self, values: Floats) -> Floats:
        return np.asarray(np.exp(values)) if self.log else values
