"""A new provider by its pilot, without training: its profile, its distance, and what it adds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Protocol

import numpy as np
from fastapi import Query
from pydantic import ConfigDict, Field, field_validator

from projektor_ray.errors import InfeasibleError
from projektor_ray.explain.facts import Fact, TextTable
from projektor_ray.explain.new_provider_facts import (
    FORGOTTEN,
    NEEDS_PILOTS,
    new_provider_facts,
    with_and_without,
)
from projektor_ray.explain.profile_table import profile_table
from projektor_ray.profiles import ProviderProfile
from projektor_ray.selection import Plan
from projektor_ray.selection.comparison import PurchasePlans
from projektor_ray.service.answers import metric_of, purchase_values
from projektor_ray.service.catalogue import ServedStudy
from projektor_ray.service.problem_details import RefusedError
from projektor_ray.service.request_bodies import Body, Money, Name, Samples, SelectBody, Size
from projektor_ray.service.worker_pool import TimedDistances, until
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.number_texts import plain_number
from projektor_ray.storage.settings import parse
from projektor_ray.study import FittedStudy, ProviderConfig, Purchase, SetSummary
from projektor_ray.study.new_provider import (
    WithNewProvider,
    check_new_name,
    confirmed,
    left_out_of_each,
    purchase_of,
    with_new_provider,
)
from projektor_ray.transport import Distances

UPLOAD_CONTENT: dict[str, Any] = {
    "text/csv": {
        "schema": {"type": "string"},
        "example": "x0,x1,label\n0.1,0.7,0\n0.9,0.2,1\n",
    },
    **{
        f"application/vnd.apache.{kind}": {"schema": {"type": "string", "format": "binary"}}
        for kind in ("parquet", "arrow.stream", "arrow.file")
    },
}
"""What a pilot may be, for the OpenAPI page; its first bytes tell which it is."""


@dataclass(frozen=True, eq=False)
class ReceivedPilot:
    """A new provider's pilot as its holder has read it.

    Attributes
    ----------
    summary : of the pilot; its content's hash names it in later calls.
    profiles : by validation set; without the distance.
    """

    summary: SetSummary
    profiles: Mapping[str, ProviderProfile]


class PilotStore(Protocol):
    """The embedded pilots of a study, wherever they are.

    Both methods raise `TimeoutError` where the answer is not there by the deadline, of
    `time.monotonic`.
    """

    def receive(
        self, content: bytes, name: str, label: str | None, *, deadline: float
    ) -> ReceivedPilot:
        """Read a pilot, and remember it."""

    def measure(
        self, pilot: str, validation_set: str, mixtures: Floats, *, deadline: float
    ) -> Distances:
        """Distances of mixtures (B, m + 1), the remembered pilot last; KeyError: it is not."""


class NewProvider(Body):
    """What a new provider offers, and for which purchase it is examined."""

    model_config = ConfigDict(strict=False)  # texts of a query

    name: Name = Field(description="Name of the new provider.")
    price: Money = Field(0.0, description="Money per sample.")
    capacity: Samples | None = Field(None, description="Samples for sale; absent: unlimited.")
    minimum_order: Samples = Field(0, description="Fewest samples in an order.")
    label: Name | None = Field(None, description="Column of the labels; absent: found by its name.")
    size: Size | None = Field(None, description="Samples to buy in all.")
    budget: Money | None = Field(None, description="Most money to spend.")

    @field_validator("price", "capacity", "minimum_order", "size", "budget", mode="before")
    @classmethod
    def _plainly_written(cls, given: object) -> object:
        if isinstance(given, str) and plain_number(given) is None:
            raise ValueError("expected a number in digits alone, such as 1000 or 0.5")
        return given

    @property
    def offer(self) -> ProviderConfig:
        """As a study's file has it."""
        fields = ("name", "price", "capacity", "minimum_order")
        return parse(ProviderConfig, {name: getattr(self, name) for name in fields})

    @property
    def question(self) -> dict[str, Any]:
        """The arguments of `FittedStudy.select`; without both those of the study's own request."""
        return {"size": self.size, "budget": self.budget}


Offered = Annotated[NewProvider, Query()]


@dataclass(frozen=True, eq=False)
class _Remembered:
    """A received pilot as a distance function of its mixtures to one validation set."""

    store: PilotStore
    pilot: str
    validation_set: str
    deadline: float

    def __call__(self, mixtures: Floats, /) -> Distances:
        try:
            return self.store.measure(
                self.pilot, self.validation_set, mixtures, deadline=self.deadline
            )
        except KeyError:
            raise RefusedError(503, "pilot-forgotten", FORGOTTEN) from None


@dataclass(frozen=True, eq=False)
class Examined:
    """What is known of a new provider without training.

    Attributes
    ----------
    extended : the study with the new provider.
    distances : by validation set, of every provider alone, the new one last.
    profiles : of the new provider, by validation set.
    tables : the same beside the study's own providers.
    with_it, without_it : the best purchases; None where no plan without it keeps the constraints.
    difference : of their metrics, and its 90% interval.
    for_target : whether both were searched to reach a target, and are predicted to.
    facts : all of this in sentences.
    """

    extended: WithNewProvider
    distances: Mapping[str, Mapping[str, float]]
    profiles: Mapping[str, ProviderProfile]
    tables: Mapping[str, TextTable]
    with_it: Purchase
    without_it: Purchase | None
    difference: tuple[float, tuple[float, float] | None] | None
    for_target: bool = False

    @property
    def facts(self) -> list[Fact]:
        return new_provider_facts(
            self.extended,
            self.distances,
            self.with_it,
            self.without_it,
            self.difference,
            for_target=self.for_target,
            profiles=self.profiles,
        )

    @property
    def purchases(self) -> TextTable:
        """The best purchases with and without the new provider."""
        return with_and_without(self.extended, self.with_it, self.without_it, self.difference)

    def to_dict(self) -> dict[str, Any]:
        """As the service answers."""
        extended, without = self.extended, self.without_it
        left_out = {name: [vars(one) for one in each] for name, each in extended.left_out.items()}
        return {
            **metric_of(extended.study),
            "provider": extended.name,
            "profiles": {name: one.to_row() for name, one in self.profiles.items()},
            "tables": {name: one.to_dict() for name, one in self.tables.items()},
            "distances": self.distances,
            "models": extended.models,
            "left_out": left_out,
            "widening": extended.widening,
            "distances_confirmed": extended.distances_confirmed,
            "with": _widened(extended, self.with_it),
            "without": None if without is None else _widened(extended, without),
            "difference": None if self.difference is None else _difference(*self.difference),
            "findings": [one.to_dict() for one in self.facts],
        }


def examine(
    served: ServedStudy,
    store: PilotStore | None,
    new: NewProvider,
    content: bytes,
    deadline: float,
    request: SelectBody | None = None,
) -> Examined:
    """All that can be said of a new provider without training.

    Parameters
    ----------
    request : the purchase and the offers; absent: the purchase of `new` at the study's own offers.

    Raises
    ------
    RefusedError
        If the study is served without its pilots.
    InputError
        If the pilot cannot be read, or is of another kind than the study's.
    """
    if store is None:
        raise RefusedError(501, "needs-pilots", NEEDS_PILOTS)
    study, question = served.study, new.question
    if request is not None:
        study = study.offering(request.changed, request.aggregate)
        question = {key: value for key, value in request.question.items() if key != "aggregate"}
    offer = new.offer
    check_new_name(study, offer.name)
    received = store.receive(content, offer.name, new.label, deadline=deadline)
    pilot = received.summary.content_hash
    measure = {
        name: TimedDistances(_Remembered(store, pilot, name, deadline), deadline)
        for name in received.profiles
    }
    # the first request for it computes to the end, also beyond its deadline: the next one needs it
    left_out = served.answers.get(
        "left out of each", deadline, lambda: left_out_of_each(served.study)
    )
    extended = with_new_provider(study, received.summary, offer, measure, left_out)
    searches: list[PurchasePlans] = []

    def plan_of(one: FittedStudy) -> Plan:
        searches.append(until(one, deadline).select(**question, leave_out=False))
        return searches[-1].selected

    try:
        without: Plan | None = plan_of(study)
    except InfeasibleError:
        without = None
    extended, plan = confirmed(extended, measure, plan_of)
    before = None if without is None else purchase_of(extended.study, without)
    after = purchase_of(extended.study, plan)
    for_target = before is not None and all(_is_reached(searches[i]) for i in (0, -1))
    if before is not None and _is_missed(extended.study, question, before, after, for_target):
        after = before
    return _examined(served, extended, received, before, after, for_target)


def _is_reached(plans: PurchasePlans) -> bool:
    return plans.target_result is not None and plans.target_result.reached


def _is_missed(
    study: FittedStudy,
    question: dict[str, Any],
    before: Purchase,
    after: Purchase,
    for_target: bool,
) -> bool:
    """Whether the plan without it is the better one, which the search with it should have found."""
    if not for_target:
        gain = after.predicted - before.predicted
        return gain < 0 if study.study.metric.direction == "maximize" else gain > 0
    own = question.get("target") is None
    minimize = study.study.config.selection.minimize if own else question.get("minimize")
    order = ("size", "cost") if minimize == "samples" else ("cost", "size")
    most, known = ([getattr(one, name) for name in order] for one in (after, before))
    return most > known


def _examined(
    served: ServedStudy,
    extended: WithNewProvider,
    received: ReceivedPilot,
    before: Purchase | None,
    after: Purchase,
    for_target: bool,
) -> Examined:
    study = extended.study
    difference = None
    if before is not None:
        gain, low, high = (0.0, 0.0, 0.0) if after is before else study.gain(after, before)
        difference = gain, extended.widened(gain, (low, high))
    distances = {
        fit.study.validation.name: dict(
            zip(study.providers, _alone(fit.distances).tolist(), strict=True)
        )
        for fit in study.fits
    }
    profiles = {
        name: replace(profile, distance=distances[name][extended.name])
        for name, profile in received.profiles.items()
    }
    tables = {
        name: profile_table(
            [*served.profiles.get(name, []), one], "" if len(profiles) < 2 else name
        )
        for name, one in profiles.items()
    }
    return Examined(extended, distances, profiles, tables, after, before, difference, for_target)


def _alone(distances: Any) -> Floats:
    """Of every provider alone: (m + 1,)."""
    count = distances.mixtures.shape[1]
    return np.asarray(distances(np.eye(count)).value)


def _widened(extended: WithNewProvider, bought: Purchase) -> dict[str, Any]:
    interval = extended.widened(bought.predicted, bought.interval)
    bounds = extended.study.fits[0].runs.bounds
    low, high = interval if interval is not None else (None, None)
    if bounds is not None and interval is not None:
        low, high = (float(np.clip(end, *bounds)) for end in interval)
    return {**purchase_values(bought), "low": low, "high": high}


def _difference(value: float, interval: tuple[float, float] | None) -> dict[str, float | None]:
    low, high = (None, None) if interval is None else interval
    return {"value": value, "low": low, "high": high}
