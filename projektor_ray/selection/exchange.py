"""Integer search for small purchases: enumeration of all plans, or exchange until none helps."""

from collections.abc import Iterator

import numpy as np

from projektor_ray.selection.feasible_set import FeasibleSet
from projektor_ray.selection.objective import Objective
from projektor_ray.selection.pricing import Integers
from projektor_ray.storage.array_types import Floats

SMALL = 30
"""Below so many samples a rounded mixture may be far from the best plan."""
MOST_ENUMERATED = 5_000
MOST_PROVIDERS = 30
MAX_CANDIDATES = 500
"""Exchanges that are evaluated at once: the most promising ones to first order."""
MOST_POWERS = 16
"""Numbers of samples to exchange; of billions, a few samples more or less change nothing."""


def applies(feasible: FeasibleSet) -> bool:
    """Whether plans are improved here: few samples, or minimum orders, of few providers."""
    orders = (feasible.minimum_orders > np.maximum(feasible.lower, 1)).any()
    return len(feasible.names) <= MOST_PROVIDERS and bool(feasible.size < SMALL or orders)


def best_integer_plan(objective: Objective, feasible: FeasibleSet, samples: Integers) -> Integers:
    """A plan at least as good as `samples`, (m,): the best of all where they are few.

    Otherwise samples are exchanged between providers, one pair or two pairs of providers at a
    time, until no exchange helps.
    """
    every = enumerated(feasible)
    if every is not None:
        return _best(objective, np.vstack([samples, every]))
    while True:
        improved = _best(objective, np.vstack([samples, _promising(objective, feasible, samples)]))
        if (improved == samples).all():
            return samples
        samples = improved


def enumerated(feasible: FeasibleSet) -> Integers | None:
    """All plans that keep the constraints, (k, m); None where they are too many."""
    partial = np.zeros((1, 0), dtype=np.int64)
    for i, order in enumerate(feasible.minimum_orders.tolist()):
        left, rest = feasible.size - partial.sum(axis=1), slice(i + 1, None)
        fewest = np.maximum(left - feasible.upper[rest].sum(), feasible.lower[i])
        most = np.minimum(left - feasible.lower[rest].sum(), feasible.upper[i])
        nothing = np.flatnonzero((fewest <= 0) & (most >= 0) & (order > 0))
        first = np.maximum(fewest, order)
        widths = np.maximum(most - first + 1, 0)
        if len(nothing) + widths.sum() > MOST_ENUMERATED:
            return None
        rows = np.concatenate([nothing, np.repeat(np.arange(len(partial)), widths)])
        counts = np.concatenate([np.zeros(len(nothing), np.int64), _ranges(first, widths)])
        partial = np.column_stack([partial[rows], counts])
    return np.asarray(partial[feasible.contains_each(partial)])


def _ranges(first: Integers, widths: Integers) -> Integers:
    """`first[0], first[0] + 1, …` of `widths[0]` numbers, then those from `first[1]` on, …"""
    begins = np.cumsum(widths) - widths
    return np.asarray(np.repeat(first - begins, widths) + np.arange(widths.sum()))


def _promising(objective: Objective, feasible: FeasibleSet, samples: Integers) -> Integers:
    """Plans one or two exchanges away, (k, m); of many those that are best to first order."""
    steps = np.array(list(_exchanges(feasible, samples)), dtype=np.int64)
    steps = steps.reshape(-1, len(samples))
    one, two = np.triu_indices(len(steps))
    around = samples + np.vstack([steps, steps[one] + steps[two]])
    around = around[feasible.contains_each(around)]
    _, gradient = objective((samples / feasible.size)[None])
    return highest_distinct(around, gradient[0], MAX_CANDIDATES)


def highest_distinct(plans: Integers, gradient: Floats, count: int) -> Integers:
    """The plans (k, m) of highest `plan·∇`, each once, highest first; of equal ones the first in
    the order of their samples.

    Only as many as are needed are sorted by their samples, which takes long.
    """
    values, number = plans @ gradient, count
    while True:
        number *= 4
        chosen = plans
        if number < len(plans):
            chosen = plans[values >= np.partition(values, -number)[-number]]
        chosen = np.unique(chosen, axis=0)
        if len(chosen) >= count or number >= len(plans):
            order = np.argsort(-(chosen @ gradient), kind="stable")
            return np.asarray(chosen[order[:count]])


def _exchanges(feasible: FeasibleSet, samples: Integers) -> Iterator[Integers]:
    """Samples moved from one provider to another: one, twice as many …, and up to each bound; of
    many samples only the 16 largest of these numbers.
    """
    low, high, order = feasible.lower, feasible.upper, feasible.minimum_orders
    for i in np.flatnonzero(samples > low):
        for j in np.flatnonzero(samples < high):
            most = int(min(samples[i] - low[i], high[j] - samples[j]))
            bits = most.bit_length()
            counts = {1 << k for k in range(max(bits - MOST_POWERS, 0), bits)}
            counts |= {samples[i] - low[i], samples[i] - order[i]}
            counts |= {high[j] - samples[j], order[j] - samples[j]}
            for count in sorted(int(n) for n in counts if 1 <= n <= most and i != j):
                step = np.zeros_like(samples)
                step[i], step[j] = -count, count
                yield step


def _best(objective: Objective, plans: Integers) -> Integers:
    """The best of plans (k, m); of equal ones the first."""
    values, _ = objective(_mixtures(plans))
    return np.asarray(plans[int(np.argmax(values))])


def _mixtures(plans: Integers) -> Floats:
    return np.asarray(plans / plans.sum(axis=1, keepdims=True))
