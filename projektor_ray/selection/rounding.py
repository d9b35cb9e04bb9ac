"""From a mixture to whole samples that keep bounds and budget."""

from collections.abc import Sequence

import numpy as np

from projektor_ray.selection.feasible_set import FeasibleSet, Integers
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.largest_remainder import round_counts


def whole_samples(mixture: Floats, feasible: FeasibleSet) -> Integers:
    """Samples of each provider, near `p·N`, that keep size and bounds, and the budget by the
    envelopes of the costs.

    Largest remainder first; what exceeds a bound moves to the providers below their bound whose
    share was rounded down most, and what exceeds the budget from the dearest bought to the cheapest
    below their bound: first to one that is bought anyway, so that nobody is asked for a single
    sample. That ends at the cheapest plan, so it succeeds whenever a plan exists.
    """
    samples = round_counts(mixture, feasible.size, feasible.names)
    samples = _within_bounds(samples, mixture * feasible.size, feasible)
    if not feasible.may_afford(samples):
        bought = samples[feasible.envelope.owner] > 0
        samples = _cheaper(samples, [k for k in feasible.cheapest_first if bought[k]], feasible)
    if not feasible.may_afford(samples):
        samples = _cheaper(samples, feasible.cheapest_first, feasible)
    return samples


def _cheaper(samples: Integers, segments: Sequence[int], feasible: FeasibleSet) -> Integers:
    """Samples moved from the dearest segments to the cheapest, until the budget is kept."""
    envelope = feasible.envelope
    parts = envelope.parts(samples)
    for dear in reversed(segments):
        for cheap in segments:
            saved = envelope.price[dear] - envelope.price[cheap]
            if not parts[dear] or saved <= 0:
                break
            if parts[cheap] == envelope.width[cheap]:
                continue
            over = envelope.cost(samples) - feasible.budget
            spare = envelope.width[cheap] - parts[cheap]
            moved = min(parts[dear], spare, int(np.ceil(over / saved)))
            parts[dear] -= moved
            parts[cheap] += moved
            samples = np.asarray(feasible.lower + envelope.together(parts))
            if feasible.may_afford(samples):
                return samples
    return samples


def _within_bounds(samples: Integers, exact: Floats, feasible: FeasibleSet) -> Integers:
    samples = np.clip(samples, feasible.lower, feasible.upper)
    while missing := feasible.size - int(samples.sum()):
        step = int(np.sign(missing))
        spare = feasible.upper - samples if step > 0 else samples - feasible.lower
        short = np.where(spare > 0, step * (exact - samples), -np.inf)
        i = int(np.argmax(short))
        samples[i] += step * min(int(spare[i]), max(abs(missing) // len(samples), 1))
    return samples
