"""The second stage of a study: plans that are trained at larger sizes than the design."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from projektor_ray.designs.budget import NEAR_SIZES, share_out
from projektor_ray.designs.drawing import largest_feasible_size
from projektor_ray.storage.array_types import Floats


@dataclass(frozen=True, eq=False)
class SecondStage:
    """Which plans may be trained at larger sizes, once the other probes are finished.

    Attributes
    ----------
    candidates : mixtures that may be bought and that the pilots can be drawn in, shape (q, m).
    plans : how many are chosen, where they can use the samples.
    most_plans : how many are chosen at most.
    samples : of all of their trainings together, at most.
    smallest, max_size : the largest scale of the first stage, and an even share of the samples.
    most : samples of one plan at most, where other plans leave theirs.
    pilots : n_i, shape (m,); None where samples are drawn with replacement.
    """

    candidates: Floats
    plans: int
    most_plans: int
    samples: int
    smallest: int
    max_size: int
    most: int
    pilots: NDArray[np.int64] | None

    def largest_size(self, mixture: Floats) -> int:
        """The most samples that a plan can be trained at: what is bought and what pilots allow.

        Of little more than the smallest size, that one: they would be a scale next to it, whose
        difference shows no growth.
        """
        if self.pilots is None:
            return self.most
        most = min(self.most, largest_feasible_size(mixture, self.pilots))
        return most if most >= NEAR_SIZES * self.smallest else self.smallest

    def size_of(self, mixture: Floats) -> int:
        """N of a plan whatever the others are: an even share, where it can have that."""
        return min(self.max_size, self.largest_size(mixture))

    def sizes_of(self, mixtures: Floats) -> list[int]:
        """N of each plan that is trained, of mixtures (b, m) in the order of their worth.

        Of so few of the first ones as can use the samples, but of `plans` where there are so many.
        Their shares are even, and of others what these cannot have.
        """
        caps = [self.largest_size(mixture) for mixture in mixtures]
        for count in range(min(self.plans, len(caps)), len(caps) + 1):
            sizes = share_out(self.samples, self.smallest, caps[:count])
            if self.samples - sum(sizes) < NEAR_SIZES * self.smallest:
                break
        return sizes

    @cached_property
    def open_sizes(self) -> list[int]:
        """Sizes of as many plans as there can be, with as many samples as any can have together."""
        smallest_first = sorted(self.candidates, key=self.largest_size)
        count = len(self.sizes_of(np.array(smallest_first[: self.most_plans])))
        return [self.most_samples // count] * count

    @cached_property
    def most_samples(self) -> int:
        """The most samples that any plans can be trained at together."""
        sizes = sorted(self.largest_size(mixture) for mixture in self.candidates)
        return min(self.samples, sum(sizes[-self.most_plans :]))
