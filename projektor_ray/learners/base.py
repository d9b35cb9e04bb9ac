"""What every learner is."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from projektor_ray.providers import Samples


class Learner(Protocol):
    """Trains on a drawn set and measures on the validation set.

    Equal arguments give equal values, bit for bit on a CPU; the arguments are never written to.

    A learner that can train several networks at once also has
    `train_many(trains, validation, seeds) → list of metrics`: see `TrainsMany`.
    """

    def __call__(self, train: Samples, validation: Samples, seed: int) -> dict[str, float]:
        """Metrics on the validation set by name."""
        ...


@runtime_checkable
class TrainsMany(Protocol):
    """A learner that trains on several drawn sets at once, for `probes.pack`."""

    def train_many(
        self, trains: Sequence[Samples], validation: Samples, seeds: Sequence[int]
    ) -> list[dict[str, float]]:
        """What calling the learner on each set with its seed gives, up to rounding, in order."""
        ...
