"""Providers in a study file: pilots, capacities, prices and terms."""

import itertools
from collections.abc import Iterable
from typing import ClassVar

from pydantic import Field, field_validator, model_validator

from projektor_ray.data import SourceConfig
from projektor_ray.errors import InputError, is_invisible
from projektor_ray.selection import Provider, Terms
from projektor_ray.storage.settings import MAX_MONEY, MAX_SAMPLES, Config


def like_names(names: Iterable[str]) -> tuple[str, str] | None:
    """Two names that a reader takes for one: equal but for spaces and the case of letters."""
    known: dict[str, str] = {}
    for name in names:
        key = " ".join(name.split()).casefold()
        if key in known:
            return known[key], name
        known[key] = name
    return None


class TierConfig(Config):
    """One price tier of a provider: the price of the samples above a quantity."""

    former_keys: ClassVar = {"beyond": "above_quantity"}
    above_quantity: int = Field(
        ge=1,
        le=MAX_SAMPLES,
        description="The price applies to each sample after this many of the provider.",
    )
    price: float = Field(
        ge=0, le=MAX_MONEY, allow_inf_nan=False, description="Money per sample in this tier."
    )


class ProviderConfig(Config):
    """A data provider: its pilot, its capacity, its price and the terms of an order."""

    name: str = Field(
        min_length=1,
        max_length=200,
        description="Name of the provider, unique within the study, of letters that can be seen.",
    )
    source: SourceConfig | None = Field(
        None, description="Where the pilot is read from. Absent when a Python driver passes arrays."
    )
    capacity: int | None = Field(
        None,
        ge=0,
        le=MAX_SAMPLES,
        description="Samples that the provider can sell, its pilot included. Absent: unlimited.",
    )
    price: float = Field(
        0.0,
        ge=0,
        le=MAX_MONEY,
        allow_inf_nan=False,
        description="Money per sample, in the same currency for all providers.",
    )
    tiers: tuple[TierConfig, ...] = Field(
        (), description="Further prices that depend on the quantity, in ascending order."
    )

    minimum_order: int = Field(
        0,
        ge=0,
        le=MAX_SAMPLES,
        description="Fewest samples in an order; ordering nothing stays possible.",
    )
    required: bool = Field(False, description="Whether at least one sample must be bought.")
    excluded: bool = Field(False, description="Whether nothing may be bought.")

    @field_validator("name")
    @classmethod
    def _printable(cls, name: str) -> str:
        invisible = [letter for letter in name if is_invisible(letter) or letter in "\u2028\u2029"]
        if invisible:
            raise ValueError(
                "expected a name without characters that cannot be seen, such as line breaks and "
                f"those that reorder text; found U+{ord(invisible[0]):04X}"
            )
        return name

    @field_validator("tiers")
    @classmethod
    def _ascending(cls, tiers: tuple[TierConfig, ...]) -> tuple[TierConfig, ...]:
        if any(a.above_quantity >= b.above_quantity for a, b in itertools.pairwise(tiers)):
            raise ValueError(
                "expected tiers with ascending above_quantity, such as [{above_quantity: 1000, "
                "price: 0.8}, {above_quantity: 5000, price: 0.5}]; got above_quantity "
                f"{[tier.above_quantity for tier in tiers]}"
            )
        return tiers

    def sold_by(self) -> Provider:
        """The provider as the selection sees it."""
        tiers = tuple((tier.above_quantity, tier.price) for tier in self.tiers)
        return Provider(self.name, self.capacity, self.price, tiers)

    @model_validator(mode="after")
    def _terms_agree(self) -> "ProviderConfig":
        if self.required and self.excluded:
            raise InputError(
                f"the provider {self.name!r} cannot be both required and excluded. Drop one of the "
                "two"
            )
        _ = self.terms  # which checks what it is made of
        return self

    @property
    def terms(self) -> Terms:
        """Minimum order, required and excluded, as the selection takes them."""
        return Terms(self.minimum_order, self.required, self.excluded)
