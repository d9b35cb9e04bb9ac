"""The sizes that minimum orders allow: there may be gaps between them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, combinations

from projektor_ray.errors import InfeasibleError
from projektor_ray.selection.provider import Provider, Terms
from projektor_ray.selection.purchase_problem import bounds_of_size

MOST_ORDERS = 5
"""With more providers of minimum orders only some of the sets that may be bought are tried."""

Interval = tuple[int, int]
"""The smallest and the largest of neighbouring sizes."""


def order_intervals(
    providers: Sequence[Provider],
    terms: Mapping[str, Terms] | None,
    budget: float | None,
    sizes: Interval,
) -> list[Interval]:
    """The sizes that each choice among the providers with minimum orders allows.

    A choice says from which of them at least their order is bought, and from which nothing; its
    sizes have no gaps. Of more than five such providers, the choices of none, of one and of all.

    Parameters
    ----------
    sizes : between which the intervals are cut.

    Returns
    -------
    Distinct intervals, ascending; empty where no provider has a minimum order that leaves a choice.
    """
    known = dict(terms or {})
    optional = [
        one.name
        for one in providers
        if (own := known.get(one.name, Terms())).minimum_order > 1
        and not (own.required or own.excluded)
    ]
    if not optional:
        return []
    intervals = set()
    for chosen in _choices(optional):
        settled = {
            name: Terms(known[name].minimum_order, required=True)
            if name in chosen
            else Terms(excluded=True)
            for name in optional
        }
        try:
            intervals.add(bounds_of_size(providers, known | settled, budget, *sizes))
        except InfeasibleError:
            continue
    return sorted(intervals)


def union(intervals: Sequence[Interval]) -> list[Interval]:
    """The same sizes as ascending intervals with gaps between them."""
    joined: list[Interval] = []
    for low, high in sorted(intervals):
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = joined[-1][0], max(joined[-1][1], high)
        else:
            joined.append((low, high))
    return joined


def _choices(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    counts = range(len(names) + 1) if len(names) <= MOST_ORDERS else (0, 1, len(names))
    return chain.from_iterable(combinations(names, count) for count in counts)
