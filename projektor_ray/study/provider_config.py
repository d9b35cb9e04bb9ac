"""Who sells, as a study's file says it: pilots, capacities and prices."""

import itertools

from pydantic import Field, field_validator, model_validator

from projektor_ray.data import SourceConfig
from projektor_ray.selection import Terms
from projektor_ray.selection.provider import Provider
from projektor_ray.storage.settings import Config


class TierConfig(Config):
    """A price that holds for the samples beyond a quantity; those before it keep theirs."""

    beyond: int = Field(ge=1, description="Samples of the provider before this price holds.")
    price: float = Field(ge=0, allow_inf_nan=False, description="Money per sample from there on.")


class ProviderConfig(Config):
    """Who reveals a pilot and sells up to a capacity at a price."""

    name: str = Field(min_length=1, description="Unique name; the provider's identity.")
    source: SourceConfig | None = Field(
        None, description="Where its pilot is read; absent when a Python driver passes arrays."
    )
    capacity: int | None = Field(
        None, ge=0, description="Samples for sale, pilot included; absent: unlimited."
    )
    price: float = Field(
        0.0, ge=0, allow_inf_nan=False, description="Money per sample, in any one currency."
    )
    tiers: tuple[TierConfig, ...] = Field(
        (), description="Prices that fall or rise with the quantity, in ascending order."
    )

    minimum_order: int = Field(0, ge=0, description="Fewest samples, if any are bought.")
    required: bool = Field(False, description="Whether some must be bought.")
    excluded: bool = Field(False, description="Whether none may be bought.")

    @field_validator("tiers")
    @classmethod
    def _ascending(cls, tiers: tuple[TierConfig, ...]) -> tuple[TierConfig, ...]:
        if any(a.beyond >= b.beyond for a, b in itertools.pairwise(tiers)):
            raise ValueError(
                "expected tiers beyond ascending quantities, such as [{beyond: 1000, price: 0.8}, "
                f"{{beyond: 5000, price: 0.5}}]; got beyond {[tier.beyond for tier in tiers]}"
            )
        return tiers

    def sold_by(self) -> Provider:
        """The provider as the selection sees it."""
        tiers = tuple((tier.beyond, tier.price) for tier in self.tiers)
        return Provider(self.name, self.capacity, self.price, tiers)

    @model_validator(mode="after")
    def _terms_agree(self) -> "ProviderConfig":
        _ = self.terms  # which checks what it is made of
        return self

    @property
    def terms(self) -> Terms:
        """What the deal asks beyond capacity and price."""
        return Terms(self.minimum_order, self.required, self.excluded)
