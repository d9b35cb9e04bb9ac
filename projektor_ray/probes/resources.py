"""The resources that a probe reserves, and the nodes that have them."""

from collections.abc import Mapping, Sequence

Resources = Mapping[str, float]
"""Amounts by Ray's names: CPU, GPU, memory (bytes), and a cluster's own resources."""

BY_URGENCY = ("memory", "GPU", "CPU")
ROUNDING = 1e-9
"""Three requests of 0.1 fit into 0.3."""


def fits_per_node(request: Resources, node: Resources) -> int:
    """How many requests fit on a node at once: min over resources of ⌊node / request⌋.

    Raises
    ------
    ValueError
        If the request is empty.
    """
    return min(int(node.get(name, 0.0) / amount + ROUNDING) for name, amount in request.items())


def slots(request: Resources, nodes: Sequence[Resources]) -> int:
    """How many requests fit on all nodes at once, each request on one node."""
    return sum(fits_per_node(request, node) for node in nodes)


def doubled(request: Resources, nodes: Sequence[Resources]) -> dict[str, float]:
    """Twice the request, limited to what a single node has.

    Of the nodes on which the request fits, the one that can add most: memory before GPUs before
    CPUs. Amounts above 1 are whole numbers, as Ray requires for GPUs. The request itself where it
    fits on no node.
    """
    larger = [
        {name: _twice(amount, node[name]) for name, amount in request.items()}
        for node in nodes
        if request and fits_per_node(request, node)
    ]
    greatest = max(
        larger, key=lambda one: [one.get(name, 0.0) for name in BY_URGENCY], default=request
    )
    return dict(greatest)


def _twice(amount: float, limit: float) -> float:
    twice = min(2 * amount, limit)
    return max(amount, twice if twice <= 1 else float(int(twice)))


def lacking_resources(request: Resources, nodes: Sequence[Resources]) -> str:
    """Why the request fits on no node, in words; "" where it fits on one."""
    if not request or slots(request, nodes):
        return ""
    nearest = max(
        nodes,
        key=lambda node: sum(node.get(name, 0) >= amount for name, amount in request.items()),
        default={},
    )
    has = _text({name: nearest.get(name, 0.0) for name in request})
    return f"a probe asks for {_text(request)}, which no node has; the nearest node has {has}"


def _text(resources: Resources) -> str:
    return ", ".join(
        f"{name} {amount / 2**30:,.1f} GiB" if name == "memory" else f"{name} {amount:g}"
        for name, amount in resources.items()
    )
