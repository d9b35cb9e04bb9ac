"""What every learner is."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from projektor_ray.data.samples import Samples

Metrics = dict[str, float]
"""Metrics on a validation set by name."""


class Learner(ABC):
    """Trains on a drawn set and measures on validation sets.

    Equal arguments give equal values, bit for bit on a CPU; the arguments are never written to.
    """

    @abstractmethod
    def measure(self, train: Samples, validations: Sequence[Samples], seed: int) -> list[Metrics]:
        """Metrics on each validation set, whatever the others are; of one training, if it can."""

    def __call__(self, train: Samples, validation: Samples, seed: int) -> Metrics:
        """Metrics on one validation set."""
        return self.measure(train, [validation], seed)[0]
