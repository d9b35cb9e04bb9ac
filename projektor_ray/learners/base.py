"""What every learner is."""

from typing import Protocol

from projektor_ray.providers import Samples


class Learner(Protocol):
    """Trains on a drawn set and measures on the validation set.

    Equal arguments give equal values, bit for bit on a CPU; the arguments are never written to.
    """

    def __call__(self, train: Samples, validation: Samples, seed: int) -> dict[str, float]:
        """Metrics on the validation set by name."""
        ...
