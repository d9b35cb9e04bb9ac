"""The cluster's nodes."""

from dataclasses import dataclass

import ray

from projektor_ray.probes.resources import Resources

GPU_SHARE = 0.01
"""Of a GPU, so that a task sees one for as long as it runs."""


@dataclass(frozen=True)
class Gpu:
    """One GPU of the cluster: its node, and its number among that node's."""

    node: str
    number: int


def gpus() -> list[Gpu]:
    """Every GPU of the nodes that live, the first of each node before the second of any."""
    devices = [
        Gpu(node["NodeID"], number)
        for node in ray.nodes()
        for number in range(int(node["Resources"].get("GPU", 0)))
        if node["Alive"]
    ]
    return sorted(devices, key=lambda gpu: gpu.number)


def node_gpus() -> int:
    """How many GPUs the node of this process has."""
    here = ray.get_runtime_context().get_node_id()
    return sum(gpu.node == here for gpu in gpus())


def living_nodes() -> list[Resources]:
    """What each node that lives has of each resource, whether taken or free."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def lives(node: str) -> bool:
    """Whether a node, by its identity, is still there."""
    return any(one["Alive"] and one["NodeID"] == node for one in ray.nodes())
