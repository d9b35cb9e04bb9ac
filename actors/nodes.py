"""The cluster's nodes."""

import ray

from projektor_ray.rooms import Room


def living_nodes() -> list[Room]:
    """What each node that lives has of each resource, whether taken or free."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def lives(node: str) -> bool:
    """Whether a node, by its identity, is still there."""
    return any(one["Alive"] and one["NodeID"] == node for one in ray.nodes())
