"""A new provider by its pilot, without training: its profile, its distance, and what it adds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Protocol

import numpy as np
from fastapi import Query
from pydantic import ConfigDict, Field

from projektor_ray.errors import InfeasibleError
from projektor_ray.explain.new_provider_facts import FORGOTTEN, NEEDS_PILOTS, new_provider_facts
from projektor_ray.explain.profile_table import profile_table
from projektor_ray.profiles import ProviderProfile
from projektor_ray.service.answers import metric_of, purchase_values
from projektor_ray.service.catalogue import ServedStudy
from projektor_ray.service.problem_details import RefusedError
from projektor_ray.service.request_bodies import Body, Money, Name, Samples, Size
from projektor_ray.service.worker_pool import TimedDistances, until
from projektor_ray.storage.array_types import Floats
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


def examine(
    served: ServedStudy,
    store: PilotStore | None,
    new: NewProvider,
    content: bytes,
    deadline: float,
) -> dict[str, Any]:
    """All that can be said of a new provider without training.

    Raises
    ------
    RefusedError
        If the study is served without its pilots.
    InputError
        If the pilot cannot be read, or is of another kind than the study's.
    """
    if store is None:
        raise RefusedError(501, "needs-pilots", NEEDS_PILOTS)
    study = served.study
    offer = new.offer
    check_new_name(study, offer.name)
    received = store.receive(content, offer.name, new.label, deadline=deadline)
    pilot = received.summary.content_hash
    measure = {
        name: TimedDistances(_Remembered(store, pilot, name, deadline), deadline)
        for name in received.profiles
    }
    # the first request for it computes to the end, also beyond its deadline: the next one needs it
    left_out = served.answers.get("left out of each", deadline, lambda: left_out_of_each(study))
    extended = with_new_provider(study, received.summary, offer, measure, left_out)
    before = _plan_without(study, new, extended, deadline)
    extended, plan = confirmed(
        extended, measure, lambda one: until(one, deadline).select(**new.question).selected
    )
    after = purchase_of(extended.study, plan)
    return _answer(served, extended, received, before, after)


def _plan_without(
    study: FittedStudy, new: NewProvider, extended: WithNewProvider, deadline: float
) -> Purchase | None:
    """The best purchase without it, by the same model; None where no plan keeps the constraints."""
    try:
        plan = until(study, deadline).select(**new.question).selected
    except InfeasibleError:
        return None
    return purchase_of(extended.study, plan)


def _answer(
    served: ServedStudy,
    extended: WithNewProvider,
    received: ReceivedPilot,
    before: Purchase | None,
    after: Purchase,
) -> dict[str, Any]:
    study = extended.study
    difference = None
    if before is not None:
        gain, low, high = study.gain(after, before)
        if (gain < 0) == (study.study.metric.direction == "maximize"):
            after, gain, low, high = before, 0.0, 0.0, 0.0  # the search had missed it
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
    facts = new_provider_facts(extended, distances, after, before, difference)
    return {
        **metric_of(served.study),
        "provider": extended.name,
        "profiles": {name: one.to_row() for name, one in profiles.items()},
        "tables": {
            name: profile_table([*served.profiles.get(name, []), one], "").to_dict()
            for name, one in profiles.items()
        },
        "distances": distances,
        "models": extended.models,
        "left_out": {name: [vars(one) for one in each] for name, each in extended.left_out.items()},
        "widening": extended.widening,
        "distances_confirmed": extended.distances_confirmed,
        "with": _widened(extended, after),
        "without": None if before is None else _widened(extended, before),
        "difference": None if difference is None else _difference(*difference),
        "findings": [one.to_dict() for one in facts],
    }


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
