"""Samples that are the same: equal in every value as they were read, before any embedder."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from projektor_ray.storage.hashing import row_digests
from projektor_ray.transport import PilotFeatures, ValidationFeatures

Contents = NDArray[np.uint64]

FEWEST_EXPECTED = 3.0
"""Pairs of equal samples that a set must be expected to have, for their absence to say something.
Where 3 are expected, none is found in 5 % of draws (Poisson)."""


def contents(points: PilotFeatures | ValidationFeatures) -> Contents:
    """The hash of each sample as it was read, or of its features where that is not known, (n,)."""
    return row_digests(points.features) if points.content is None else points.content


@dataclass(frozen=True, eq=False)
class Repeats:
    """Which samples of a set are the same.

    Attributes
    ----------
    distinct : the different samples, sorted.
    samples : n.
    pairs : pairs of equal samples.
    repeated : share of the samples that equal another one. By Good and Turing also the probability
        that one more independent sample equals one of the set.
    """

    distinct: Contents
    samples: int
    pairs: float
    repeated: float

    @staticmethod
    def of(content: Contents) -> "Repeats":
        """Of the samples with these hashes (n,)."""
        distinct, counts = np.unique(content, return_counts=True)
        pairs = float((counts * (counts - 1.0) / 2).sum())
        repeated = float(counts[counts > 1].sum() / max(len(content), 1))
        return Repeats(distinct, len(content), pairs, repeated)

    def by_chance(self, pilot: "Repeats") -> float:
        """Probability that an independent sample equals one of this set, as the validation set is.

        Features of few values make samples equal by chance, within a pilot as well as within
        validation. Somebody's copies do so in one of them alone. So a pilot that should repeat
        itself by chance, and does so less, bounds the probability.
        """
        every = self.samples * (self.samples - 1) / 2
        expected = self.pairs / max(every, 1.0) * pilot.samples * (pilot.samples - 1) / 2
        return self.repeated if expected < FEWEST_EXPECTED else min(self.repeated, pilot.repeated)
