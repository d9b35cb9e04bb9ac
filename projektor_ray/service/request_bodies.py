"""Bodies of requests: strict, bounded, with the fields of a study's configuration."""

import json
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Literal

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import BeforeValidator, ConfigDict, Field

from projektor_ray.storage.settings import MAX_MONEY, MAX_SAMPLES, Config

MOST_MIXTURES = 1000
MOST_SIZES = 200
MOST_BUDGETS = 50
MOST_TIERS = 20


def _whole(given: object) -> object:
    """A whole number that is written as 1e6 or 450.0, which JSON takes for a real number."""
    return int(given) if isinstance(given, float) and given.is_integer() else given


Size = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=MAX_SAMPLES)]
Samples = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=MAX_SAMPLES)]
Money = Annotated[float, Field(ge=0, le=MAX_MONEY, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Shares = dict[Name, Share]
"""Share of each provider; those not named have none. They sum to 1."""
PurchaseSamples = dict[Name, Samples]
"""Samples of each provider; those not named have none."""


class StrictRequest(Request):
    """A request in whose JSON no key is given twice."""

    async def json(self) -> Any:
        """Read the body.

        Raises
        ------
        json.JSONDecodeError
            If it is no JSON, too deep, or has a key twice or a number that is too long.
        """
        body = await self.body()
        try:
            return json.loads(body, object_pairs_hook=_unique)
        except json.JSONDecodeError:
            raise
        except RecursionError:
            raise json.JSONDecodeError("it is nested too deeply", "", 0) from None
        except ValueError as failure:
            why = "it is not UTF-8" if isinstance(failure, UnicodeError) else str(failure)
            raise json.JSONDecodeError(why[:200], "", 0) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise ValueError(f"it has the key {twice[:100]!r} twice; give it once")
    return values


class StrictRoute(APIRoute):
    """A route whose requests are strict."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            return await answer(StrictRequest(request.scope, request.receive))

        return strictly


class Body(Config):
    """Base of all bodies: no unknown fields, no texts in place of numbers."""

    model_config = ConfigDict(strict=True)


class PredictBody(Body):
    """Mixtures whose metric is predicted at one size."""

    mixtures: list[Shares] = Field(
        min_length=1,
        max_length=MOST_MIXTURES,
        description="Share of each provider, by name; the shares of a mixture sum to 1.",
    )
    size: Size = Field(description="Number of samples.")


class ProjectBody(Body):
    """One mixture whose metric is predicted at several sizes."""

    mixture: Shares = Field(description="Share of each provider, by name; they sum to 1.")
    sizes: list[Size] = Field(
        min_length=1, max_length=MOST_SIZES, description="Numbers of samples."
    )


class Tier(Body):
    """The price of the samples above a quantity."""

    above_quantity: Size = Field(description="The price applies after so many samples.")
    price: Money = Field(description="Money per sample.")


class Offer(Body):
    """What changes of a provider's offer; what is absent stays as in the study."""

    price: Money | None = Field(None, description="Money per sample.")
    tiers: list[Tier] | None = Field(
        None, max_length=MOST_TIERS, description="Further prices by quantity, ascending."
    )
    capacity: Samples | None = Field(None, description="Samples for sale; null: unlimited.")
    minimum_order: Samples | None = Field(None, description="Fewest samples in an order.")
    required: bool | None = Field(None, description="Whether some must be bought.")
    excluded: bool | None = Field(None, description="Whether none may be bought.")

    @property
    def changes(self) -> dict[str, Any]:
        """The fields that were given, as `FittedStudy.select` takes them."""
        given = self.model_dump(exclude_unset=True)
        return {
            key: value for key, value in given.items() if value is not None or key == "capacity"
        }


class Offers(Body):
    """Changes of offers."""

    providers: dict[Name, Offer] = Field({}, description="Changed offers by provider name.")

    @property
    def changed(self) -> dict[str, dict[str, Any]]:
        """Changed offers by provider, as `FittedStudy.select` takes them."""
        return {name: offer.changes for name, offer in self.providers.items()}


class SelectBody(Offers):
    """A purchase; without size, budget, target and frontier the one that the study asks for."""

    size: Size | None = Field(None, description="Samples to buy in all.")
    budget: Money | None = Field(None, description="Most money to spend.")
    target: Annotated[float, Field(allow_inf_nan=False)] | None = Field(
        None, description="Metric to reach with the fewest samples or the least money."
    )
    minimize: Literal["samples", "money"] | None = Field(
        None, description="What a plan that reaches the target minimizes."
    )
    frontier: list[Money] = Field(
        [], max_length=MOST_BUDGETS, description="Budgets; the best plan for each of them."
    )
    max_size: Size | None = Field(None, description="Most samples, where no size is given.")
    aggregate: Literal["mean", "worst"] | dict[Name, Money] | None = Field(
        None, description="How the metrics of several validation sets make one."
    )
    without_each: bool = Field(
        False, description="Search also the best plan without each provider, which takes longer."
    )

    @property
    def question(self) -> dict[str, Any]:
        """The arguments of `FittedStudy.select` but for the offers."""
        fields = self.model_dump(exclude={"providers", "without_each"})
        return {**fields, "frontier": tuple(self.frontier)}


class FrontierBody(Offers):
    """Budgets, for each of which the best plan is searched."""

    budgets: list[Money] = Field(min_length=1, max_length=MOST_BUDGETS, description="Of money.")
    max_size: Size | None = Field(None, description="Most samples to buy.")


class CompareBody(Body):
    """Two purchases given by hand."""

    first: PurchaseSamples = Field(description="Samples of each provider.")
    second: PurchaseSamples = Field(description="Samples of each provider.")
