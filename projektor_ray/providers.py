"""What is revealed and what is for sale: samples, providers, pilots, the validation set.

Providers are always kept sorted by name, so that no result depends on the order in which they were
listed. Their number is `m`, a provider's index in that order `i`.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from projektor_ray.errors import InputError
from projektor_ray.formats import decimals_written
from projektor_ray.identity import array_digest, digest

Target = Literal["classes", "regression", "none"]


@dataclass(frozen=True, eq=False)
class Samples:
    """`n` samples in memory.

    Attributes
    ----------
    inputs : array, shape (n, d) floating features, or (n, h, w, c) uint8 images.
    labels : array or None, shape (n,): int64 classes, a float64 regression target, or None.
    class_names : names of the classes 0, 1, …, or empty where classes are numbers themselves. A
        class whose name is not among them has a number of 2³² or more.
    other_names : names of classes that are not among them.
    feature_names : of the columns of a table, d of them; empty where features have no names. No
        part of `content_hash`, as the names of classes are none.
    """

    inputs: NDArray[Any]
    labels: NDArray[Any] | None = None
    class_names: tuple[str, ...] = ()
    other_names: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.inputs.ndim not in (2, 4):
            raise InputError(
                "samples must be features of shape (n, d) or images of shape (n, h, w, c); "
                f"got an array of shape {self.inputs.shape}"
            )
        if self.labels is not None and self.labels.shape != (len(self.inputs),):
            raise InputError(
                f"expected one label for each of {len(self.inputs)} samples; "
                f"got labels of shape {self.labels.shape}"
            )

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def target(self) -> Target:
        """What the labels are: integer classes, a real target, or absent."""
        if self.labels is None:
            return "none"
        return "classes" if np.issubdtype(self.labels.dtype, np.integer) else "regression"

    @cached_property
    def content_hash(self) -> str:
        """Hash of the inputs' and labels' bytes."""
        labels = "none" if self.labels is None else array_digest(self.labels)
        return digest("samples", array_digest(self.inputs), labels)

    def take(self, index: NDArray[np.int64]) -> "Samples":
        """The samples at `index`, in that order."""
        labels = None if self.labels is None else self.labels[index]
        return replace(self, inputs=self.inputs[index], labels=labels)

    @staticmethod
    def concatenate(parts: Sequence["Samples"]) -> "Samples":
        """The samples of all parts, one after the other."""
        labels = [part.labels for part in parts if part.labels is not None]
        return Samples(
            np.concatenate([part.inputs for part in parts]),
            np.concatenate(labels) if len(labels) == len(parts) else None,
            parts[0].class_names,
            tuple(dict.fromkeys(name for part in parts for name in part.other_names)),
            parts[0].feature_names,
        )


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
    tiers : pairs (beyond, price), ascending: each sample beyond so many costs that price, the
        samples before it keep theirs.
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
        starts = [0, *(beyond for beyond, _ in self.tiers)]
        if any(a >= b or b != int(b) for a, b in itertools.pairwise(starts)):
            raise InputError(
                f"provider {self.name!r}: tiers must begin beyond ascending whole numbers of "
                f"samples, the first beyond 1 or more; got {starts[1:]}"
            )
        for beyond, price in self.tiers:
            if not (np.isfinite(price) and price >= 0):
                raise InputError(
                    f"provider {self.name!r}: the price beyond {beyond:,} samples must be 0 or "
                    f"more per sample; got {price}"
                )

    @property
    def schedule(self) -> Schedule:
        """Prices by quantity, from the first sample on."""
        return ((0, self.price), *self.tiers)


def decimals_of_prices(schedule: Schedule) -> int:
    """The most decimals that a price has; the cost of whole samples has no more."""
    return max(decimals_written(price) for _, price in schedule)


def cost_of(schedule: Schedule, samples: int) -> float:
    """Money for so many samples: each at the price of its tier."""
    ends = [beyond for beyond, _ in schedule[1:]] + [max(samples, schedule[-1][0])]
    return float(
        sum(
            price * max(min(samples, end) - beyond, 0)
            for (beyond, price), end in zip(schedule, ends, strict=True)
        )
    )


@dataclass(frozen=True, eq=False)
class Pilot:
    """The samples that a provider has revealed: `n_i` points."""

    provider: Provider
    samples: Samples
