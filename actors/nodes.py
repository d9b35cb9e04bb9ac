"""The cluster's nodes."""

import ray

from projektor_ray.rooms import Room


def living_nodes() -> list[Room]:
    """What each node that lives has of each resource, whether taken or free."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]
