"""From a mixture to whole samples that keep bounds and budget."""

import numpy as np

from projektor_ray.mixtures import round_counts
from projektor_ray.selection.feasible import FeasibleSet, Floats, Integers


def whole_samples(mixture: Floats, feasible: FeasibleSet) -> Integers:
    """Samples of each provider, near `p·N`, that keep size and bounds, and the budget by the
    envelopes of the costs.

    Largest remainder first; what exceeds a bound moves to the providers with room whose share
    was rounded down most, and what exceeds the budget from the dearest bought to the cheapest
    with room. That ends at the cheapest plan, so it succeeds whenever a plan exists.
    """
    samples = round_counts(mixture, feasible.size, feasible.names)
    samples = _within_bounds(samples, mixture * feasible.size, feasible)
    if feasible.may_afford(samples):
        return samples
    envelope = feasible.envelope
    parts = envelope.parts(samples)
    for dear in reversed(feasible.cheapest_first):
        for cheap in feasible.cheapest_first:
            saved = envelope.price[dear] - envelope.price[cheap]
            if not parts[dear] or saved <= 0:
                break
            if parts[cheap] == envelope.width[cheap]:
                continue
            over = envelope.cost(samples) - feasible.budget
            room = envelope.width[cheap] - parts[cheap]
            moved = min(parts[dear], room, int(np.ceil(over / saved)))
            parts[dear] -= moved
            parts[cheap] += moved
            samples = np.asarray(feasible.lower + envelope.together(parts))
            if feasible.may_afford(samples):
                return samples
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
