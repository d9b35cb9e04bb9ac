"""A data provider: its capacity and its prices by quantity."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from projektor_ray.errors import InputError

Schedule = tuple[tuple[int, float], ...]
"""Prices by quantity: with ((0, 2.0), (1000, 1.5)) 1,000 samples cost 2.0 each, all others 1.5."""


@dataclass(frozen=True)
class Provider:
    """Who reveals a pilot and sells up to a capacity at a price.

    Attributes
    ----------
    name : unique within a study; the provider's identity.
    capacity : samples for sale, or None if unlimited.
    price : money per sample, of the first tier where there are tiers.
    tiers : pairs (above_quantity, price), ascending: each sample after `above_quantity` of them
        costs that price; the samples before keep their price.
    """

    name: str
    capacity: int | None = None
    price: float = 0.0
    tiers: Schedule = ()

    def __post_init__(self) -> None:
        if not self.name:
            raise InputError("a provider needs a name; got an empty one")
        if self.capacity is not None and self.capacity < 0:
            raise InputError(
                f"provider {self.name!r}: capacity must be 0 or more samples, or absent if "
                f"unlimited; got {self.capacity}"
            )
        if not (np.isfinite(self.price) and self.price >= 0):
            raise InputError(
                f"provider {self.name!r}: price must be 0 or more per sample; got {self.price}"
            )
        thresholds = [0, *(above for above, _ in self.tiers)]
        if any(a >= b or b != int(b) for a, b in itertools.pairwise(thresholds)):
            raise InputError(
                f"provider {self.name!r}: above_quantity of the tiers must be ascending whole "
                f"numbers, 1 or more; got {thresholds[1:]}"
            )
        for above, price in self.tiers:
            if not (np.isfinite(price) and price >= 0):
                raise InputError(
                    f"provider {self.name!r}: the price above_quantity {above:,} must be 0 or more "
                    f"per sample; got {price}"
                )

    @property
    def schedule(self) -> Schedule:
        """Prices by quantity, from the first sample on."""
        return ((0, self.price), *self.tiers)


@dataclass(frozen=True)
class Terms:
    """Terms of an order from a provider: its minimum, and whether it must be in or out.

    Attributes
    ----------
    minimum_order : fewest samples if any are bought.
    required : whether some must be bought.
    excluded : whether none may be bought.
    """

    minimum_order: int = 0
    required: bool = False
    excluded: bool = False

    def allows(self, samples: int) -> bool:
        """Whether a number of samples may be bought."""
        return samples == 0 or not (self.excluded or samples < self.minimum_order)

    def __post_init__(self) -> None:
        if self.minimum_order < 0:
            raise InputError(f"a minimum order must be 0 or more samples; got {self.minimum_order}")
        if self.required and self.excluded:
            raise InputError("a provider cannot be both required and excluded")


def changed_offer(offer: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an offer with some replaced; a new price drops the tiers of the old one."""
    stays = {name: value for name, value in offer.items() if name != "tiers"}
    return {**(stays if "price" in changes else offer), **changes}


def decimals_of_prices(schedule: Schedule) -> int:
    """The most decimals that a price has; the cost of whole samples has no more."""
    return max(decimals_written(price) for _, price in schedule)


def decimals_written(value: float) -> int:
    """Decimal places of the shortest decimal number equal to this float."""
    exponent = Decimal(repr(float(value))).normalize().as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def average_price(cost: float, samples: int) -> float:
    """Money for one of some samples, without the last digits of a division: 0.1, not 0.0999…"""
    return float(f"{cost / samples:.14g}")


def cost_of(schedule: Schedule, samples: int) -> float:
    """Money for a number of samples: each at the price of its tier."""
    ends = [above for above, _ in schedule[1:]] + [max(samples, schedule[-1][0])]
    return float(
        sum(
            price * max(min(samples, end) - above, 0)
            for (above, price), end in zip(schedule, ends, strict=True)
        )
    )
