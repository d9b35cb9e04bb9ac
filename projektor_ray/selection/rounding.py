"""From a mixture to whole samples that keep every constraint."""

import numpy as np
from numpy.typing import NDArray

from projektor_ray.mixtures import round_counts
from projektor_ray.selection.feasible import FeasibleSet, Floats

Integers = NDArray[np.int64]


def whole_samples(mixture: Floats, feasible: FeasibleSet) -> Integers:
    """Samples of each provider, near `p·N`, that keep size, bounds and budget exactly.

    Largest remainder first; what exceeds a bound moves to the providers with room whose share
    was rounded down most, and what exceeds the budget from the dearest bought to the cheapest
    with room. That ends at the cheapest plan, so it succeeds whenever a plan exists.
    """
    samples = round_counts(mixture, feasible.size, feasible.names)
    samples = _within_bounds(samples, mixture * feasible.size, feasible)
    for dear in reversed(feasible.cheapest_first):
        for cheap in feasible.cheapest_first:
            saved = feasible.prices[dear] - feasible.prices[cheap]
            if feasible.affords(samples) or saved <= 0:
                break
            over = feasible.cost(samples) - feasible.budget
            moved = min(
                samples[dear] - feasible.lower[dear],
                feasible.upper[cheap] - samples[cheap],
                int(np.ceil(over / saved)),
            )
            samples[dear] -= moved
            samples[cheap] += moved
    return samples


def _within_bounds(samples: Integers, exact: Floats, feasible: FeasibleSet) -> Integers:
    samples = np.clip(samples, feasible.lower, feasible.upper)
    missing = feasible.size - int(samples.sum())
    step = int(np.sign(missing))
    for _ in range(abs(missing)):
        room = samples < feasible.upper if step > 0 else samples > feasible.lower
        short = np.where(room, step * (exact - samples), -np.inf)
        samples[int(np.argmax(short))] += step
    return samples
