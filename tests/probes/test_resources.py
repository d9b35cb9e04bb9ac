"""What nodes hold of what a probe reserves."""

import re

import pytest

from projektor_ray.probes.resources import doubled, lacking_resources, slots

MANY_CPUS = {"CPU": 64.0, "memory": 256.0}
ONE_GPU = {"CPU": 4.0, "GPU": 1.0, "memory": 32.0}


def test_a_room_is_doubled_up_to_what_one_node_has() -> None:
    request = {"CPU": 3.0, "GPU": 0.25, "memory": 8.0, "disk": 1.0}
    node = {"CPU": 4.0, "GPU": 8.0, "memory": 100.0, "disk": 1.0}
    assert doubled(request, [node]) == {"CPU": 4.0, "GPU": 0.5, "memory": 16.0, "disk": 1.0}


@pytest.mark.parametrize("nodes", [[MANY_CPUS, ONE_GPU], [ONE_GPU, MANY_CPUS]])
def test_what_is_doubled_fits_one_and_the_same_node(nodes: list) -> None:
    request = {"CPU": 4.0, "GPU": 1.0, "memory": 16.0}
    assert doubled(request, nodes) == {"CPU": 4.0, "GPU": 1.0, "memory": 32.0}
    assert doubled({"CPU": 4.0, "memory": 20.0}, nodes) == {"CPU": 8.0, "memory": 40.0}
    full = {"CPU": 4.0, "GPU": 1.0, "memory": 32.0}
    assert doubled(full, nodes) == full


def test_what_fits_on_no_node_stays_as_it_is() -> None:
    for nodes in ([], [{"CPU": 1.0}], [{"memory": 9.0}]):
        assert doubled({"CPU": 2.0}, nodes) == {"CPU": 2.0}
    assert doubled({}, [MANY_CPUS]) == {}


def test_more_than_one_gpu_is_a_whole_number() -> None:
    assert doubled({"GPU": 0.75}, [{"GPU": 8.0}]) == {"GPU": 1.0}
    assert doubled({"GPU": 0.75}, [{"GPU": 1.0}]) == {"GPU": 1.0}
    assert doubled({"GPU": 2.0}, [{"GPU": 3.0}]) == {"GPU": 3.0}


def test_nodes_hold_what_each_of_them_holds() -> None:
    nodes = [MANY_CPUS, ONE_GPU]
    assert slots({"CPU": 3.0}, nodes) == 21 + 1
    assert slots({"CPU": 1.0, "GPU": 0.25}, nodes) == 4
    assert slots({"licence": 1.0}, nodes) == 0


def test_what_no_node_has_is_named_in_the_units_of_a_study() -> None:
    gib = 2.0**30
    nodes = [{"CPU": 64.0, "memory": 8 * gib}, {"CPU": 4.0, "GPU": 1.0, "memory": 16 * gib}]
    says = lacking_resources({"CPU": 8.0, "GPU": 1.0, "memory": 16 * gib}, nodes)
    assert re.search("CPU 8, GPU 1, memory 16.0 GiB.*CPU 4, GPU 1, memory 16.0 GiB", says)
    assert re.search("GPU 0.25.*GPU 0$", lacking_resources({"GPU": 0.25}, []))
    assert not lacking_resources({"CPU": 64.0}, nodes)
    assert not lacking_resources({}, [])
