"""What a probe reserves, and the nodes that can hold it."""

from collections.abc import Mapping, Sequence

Resources = Mapping[str, float]
"""What a probe reserves, or a node has, by Ray's names: CPU, GPU, memory (bytes), and a cluster's
own.
"""

BY_URGENCY = ("memory", "GPU", "CPU")
ROUNDING = 1e-9
"""Three times 0.1 is to fit 0.3."""


def times(room: Resources, node: Resources) -> int:
    """How often a node holds a room at once: min over resources of ⌊has / asked⌋.

    Raises
    ------
    ValueError
        If the room is of nothing.
    """
    return min(int(node.get(name, 0.0) / asked + ROUNDING) for name, asked in room.items())


def held(room: Resources, nodes: Sequence[Resources]) -> int:
    """How often the nodes together hold a room at once, each room on one node."""
    return sum(times(room, node) for node in nodes)


def doubled(room: Resources, nodes: Sequence[Resources]) -> dict[str, float]:
    """Twice the room, of each resource no more than one and the same node has.

    Of the nodes that hold the room, the one that has most to add, memory before GPUs before CPUs.
    Above 1, amounts are whole numbers, as Ray asks of GPUs. Where no node holds the room, the room.
    """
    larger = [
        {name: _twice(amount, node[name]) for name, amount in room.items()}
        for node in nodes
        if room and times(room, node)
    ]
    most = max(larger, key=lambda more: [more.get(name, 0.0) for name in BY_URGENCY], default=room)
    return dict(most)


def _twice(amount: float, most: float) -> float:
    twice = min(2 * amount, most)
    return max(amount, twice if twice <= 1 else float(int(twice)))


def unheld(room: Resources, nodes: Sequence[Resources]) -> str:
    """Why no node can hold a room, in words; "" if one can."""
    if not room or held(room, nodes):
        return ""
    near = max(nodes, key=lambda node: sum(node.get(n, 0) >= room[n] for n in room), default={})
    has = _told({name: near.get(name, 0.0) for name in room})
    return f"a probe asks for {_told(room)}, which no node has; the nearest has {has}"


def _told(room: Resources) -> str:
    return ", ".join(
        f"{name} {amount / 2**30:,.1f} GiB" if name == "memory" else f"{name} {amount:g}"
        for name, amount in room.items()
    )
