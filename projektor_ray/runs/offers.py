"""What is for sale: prices, capacities and terms, from a table or from the command line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data import read_table
from projektor_ray.errors import InputError, listed, row_named
from projektor_ray.runs.column_names import find_name, require
from projektor_ray.runs.numeric_columns import column
from projektor_ray.runs.provider_rows import check_provider_rows
from projektor_ray.runs.tidy_columns import NO_NUMBER, tidy
from projektor_ray.selection import Provider, Terms
from projektor_ray.selection.provider import changed_offer
from projektor_ray.storage.array_types import Floats

OFFER_COLUMNS = (
    "provider",
    "price",
    "capacity",
    "above_quantity",
    "minimum_order",
    "required",
    "excluded",
)

Row = Mapping[str, float]


@dataclass(frozen=True)
class Offers:
    """What is for sale: providers in the order of the mixtures' columns, and their terms.

    Attributes
    ----------
    providers : with price, tiers and capacity.
    terms : minimum orders, and providers that must be in or out, by name.

    Examples
    --------
    >>> import pyarrow as pa
    >>> import projektor_ray as pr
    >>> table = pa.table(
    ...     {"provider": ["clinic", "web"], "price": [0.5, 0.1], "capacity": [300, 5000]}
    ... )
    >>> offers = pr.Offers.read(table, ["clinic", "web"])
    >>> [(one.name, one.price, one.capacity) for one in offers.providers]
    [('clinic', 0.5, 300), ('web', 0.1, 5000)]
    """

    providers: tuple[Provider, ...]
    terms: Mapping[str, Terms]

    @staticmethod
    def free(names: Sequence[str]) -> "Offers":
        """Everything without a price or a limit."""
        return Offers(tuple(Provider(name) for name in names), {})

    @staticmethod
    def read(source: Any, names: Sequence[str]) -> "Offers":
        """Offers in a table with the column `provider` and, where wanted, the others.

        `price` and `capacity` (empty: unlimited) are of the first row of a provider, as are
        `minimum_order`, `required` and `excluded`. Without the column `price` nothing costs. A
        further row of the same provider is a tier: its `price` holds for each sample after
        `above_quantity` of them.

        Raises
        ------
        InputError
            If a provider of the mixtures has no row, or two that are no tiers, a row is of an
            unknown provider or has no price where others have, or a number cannot be used.
        """
        table = tidy(read_table(source))
        known = [
            require(name, OFFER_COLUMNS, "offers have no column") for name in table.column_names
        ]
        table = table.rename_columns(known)
        if "provider" not in table.column_names:
            raise InputError(
                "offers need the column 'provider', with the names of the mixtures' columns; got "
                f"{', '.join(table.column_names)}"
            )
        written = _provider_names(table["provider"].to_pylist(), names)
        owners = [find_name(name, names) or name for name in written]
        check_provider_rows(owners, names, "a table of offers")
        parts = {
            name: column(table, name) if name in table.column_names else np.full(len(table), np.nan)
            for name in OFFER_COLUMNS[1:]
        }
        if "price" in table.column_names:
            _check_prices(owners, parts["price"], parts["excluded"] == 1)
        rows: dict[str, list[Row]] = {name: [] for name in names}
        for at, owner in enumerate(owners):
            rows[owner].append({part: float(numbers[at]) for part, numbers in parts.items()})
        return Offers(
            tuple(_provider(name, rows[name]) for name in names),
            {name: _terms(name, rows[name][0]) for name in names},
        )

    def changed(
        self,
        prices: Mapping[str, float] | None = None,
        capacities: Mapping[str, float] | None = None,
        minimum_orders: Mapping[str, float] | None = None,
        required: Sequence[str] = (),
        excluded: Sequence[str] = (),
    ) -> "Offers":
        """The same offers with some parts replaced, by provider name; a new price has no tiers.

        Raises
        ------
        InputError
            If there is no such provider, or a number cannot be used.
        """
        known = [provider.name for provider in self.providers]

        def provider_of(name: str) -> str:
            return require(name, known, "there is no provider")

        prices, capacities, orders = (
            {provider_of(name): number for name, number in (given or {}).items()}
            for given in (prices, capacities, minimum_orders)
        )
        required, excluded = (
            [provider_of(name) for name in given] for given in (required, excluded)
        )
        if clash := sorted({*required} & {*excluded}):
            raise InputError(
                f"the provider {clash[0]!r} cannot be both required and excluded. Drop one of the "
                "two"
            )
        providers = []
        for one in self.providers:
            if one.name in prices:
                one = Provider(**changed_offer(vars(one), {"price": prices[one.name]}))
            if one.name in capacities:
                one = replace(one, capacity=_whole(one.name, "capacity", capacities[one.name]))
            providers.append(one)
        terms = dict(self.terms)
        for name in {*orders, *required, *excluded}:
            current = terms.get(name, Terms())
            minimum_order = orders.get(name, current.minimum_order)
            terms[name] = Terms(
                _whole(name, "minimum_order", minimum_order),
                current.required or name in required,
                current.excluded or name in excluded,
            )
        return Offers(tuple(providers), terms)

    def without(self, names: Sequence[str]) -> "Offers":
        """The same offers, nothing to be bought of some providers.

        Raises
        ------
        InputError
            If one of them must be bought.
        """
        for name in names:
            if self.terms.get(name, Terms()).required:
                raise InputError(
                    f"{name!r} must be bought, but no row of the table has any of it, so its "
                    "effect is unknown; train mixtures that contain it"
                )
        return self.changed(excluded=names)


def _provider_names(cells: Sequence[Any], names: Sequence[str]) -> list[str]:
    """The providers of the rows; an empty cell is the one provider whose name, such as NA, tables
    take for a missing cell.
    """
    taken_for_missing = [name for name in names if name.strip().lower() in NO_NUMBER]
    if None in cells and len(taken_for_missing) != 1:
        raise InputError(
            f"the column 'provider' of the offers is empty in {row_named(cells.index(None))}; "
            "write the name of a provider"
        )
    return [taken_for_missing[0] if cell is None else str(cell).strip() for cell in cells]


def _check_prices(owners: Sequence[str], prices: Floats, excluded: NDArray[np.bool_]) -> None:
    """Refuse an empty price of what may be bought: it would be taken for free."""
    if (empty := np.flatnonzero(np.isnan(prices) & ~excluded)).size:
        raise InputError(
            f"provider {owners[empty[0]]!r} has no price in {row_named(int(empty[0]))}; write "
            "what a sample costs, 0 where it costs nothing"
        )


def _provider(name: str, rows: Sequence[Row]) -> Provider:
    """The provider of one row, or of several where the others are tiers."""
    first, *rest = sorted(rows, key=_tier_start)
    begins = [_tier_start(row) for row in (first, *rest)]
    if begins[0] != 0 or len(set(begins)) < len(begins):
        raise InputError(
            f"provider {name!r} has {len(rows)} rows of offers, above_quantity "
            f"{listed([f'{begin:g}' for begin in begins])}; "
            "give it one row, or a row for each price tier: the first without above_quantity, the "
            "others with different values"
        )
    capacity = None if np.isnan(first["capacity"]) else _whole(name, "capacity", first["capacity"])
    tiers = tuple(
        (_whole(name, "above_quantity", begin), row["price"])
        for begin, row in zip(begins[1:], rest, strict=True)
    )
    return Provider(name, capacity, 0.0 if np.isnan(first["price"]) else first["price"], tiers)


def _tier_start(row: Row) -> float:
    """Samples before the tier of a row; 0 for the first."""
    return float(np.nan_to_num(row["above_quantity"]))


def _terms(name: str, row: Row) -> Terms:
    order = 0.0 if np.isnan(row["minimum_order"]) else row["minimum_order"]
    return Terms(
        _whole(name, "minimum_order", order), row["required"] == 1, excluded=row["excluded"] == 1
    )


def _whole(name: str, what: str, number: float) -> int:
    if not np.isfinite(number) or number != int(number):
        raise InputError(
            f"provider {name!r}: {what} must be a whole number of samples; got {number:g}"
        )
    return int(number)
