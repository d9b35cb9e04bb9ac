"""`cluster.yaml` passes Ray's own validation and installs dependencies, nothing of ours."""

import re
import sys
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from ray.autoscaler._private.util import prepare_config, validate_config

from jobs.cluster import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@pytest.fixture
def cluster() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "cluster.yaml").read_text(encoding="utf-8"))
    return found


def test_ray_accepts_it(cluster: dict[str, Any]) -> None:
    validate_config(prepare_config(cluster))


def test_ray_refuses_a_slip(cluster: dict[str, Any]) -> None:
    cluster["available_node_typs"] = cluster.pop("available_node_types")
    with pytest.raises(Exception, match="available_node_typs"):
        validate_config(prepare_config(cluster))


def test_the_head_has_no_gpu_and_gpu_workers_come_and_go(cluster: dict[str, Any]) -> None:
    prepared = prepare_config(cluster)
    workers = prepared["available_node_types"]
    head = workers.pop(prepared["head_node_type"])
    assert "GPU" not in head["resources"]
    assert workers
    for worker in workers.values():
        assert worker["min_workers"] == 0 < worker["max_workers"]


def installed(cluster: dict[str, Any]) -> dict[str, Requirement]:
    """What the set-up commands install, by name."""
    words = " ".join(cluster["setup_commands"]).replace("pip install", "").split()
    found = [Requirement(word.strip("\"'")) for word in words]
    return {requirement.name.lower(): requirement for requirement in found}


def test_it_installs_every_dependency_and_nothing_of_ours(cluster: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["ray"], *extras["service"]]
    found = installed(cluster)
    assert set(found) == {Requirement(one).name.lower() for one in wanted}
    assert found["ray"].extras == {"default", "serve", "tune"}
    commands = yaml.safe_dump({**cluster, "cluster_name": ""})
    assert not re.search(r"projektor|\bactors\b|\bjobs\b", commands)
