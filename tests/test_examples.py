"""The examples: every study has the probes that its comments promise; the notebooks run."""

import os
from pathlib import Path

import nbformat
import pytest
import ray
from nbclient import NotebookClient

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.study import StudyConfig, read_study
from tests.helpers.local_ray import share_ray

ROOT = Path(__file__).resolve().parent.parent
PROBES = {"digits": 140, "sets": 30, "cifar10": 60, "cifar10-paper": 396}


def load(name: str) -> StudyConfig:
    return read_study(ROOT / "examples" / f"{name}.yaml")


def test_every_example_is_counted() -> None:
    assert {path.stem for path in (ROOT / "examples").glob("*.yaml")} == set(PROBES)


@pytest.mark.parametrize("name", PROBES)
def test_an_example_asks_for_as_many_probes_as_it_says(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROJEKTOR_DATA", "/data")
    config = load(name)
    assert config.name == name
    design = simplex_lattice(len(config.providers), config.probes.lattice or 0)
    asked = len(design) * len(config.probes.scales) * len(config.probes.seed_list)
    assert asked == PROBES[name]
    assert config.probes.scales[-1] >= 4 * config.probes.scales[0]


NOTEBOOKS = {"own_pilots": "own-pilots/plans.parquet", "own_table": "own-table.html"}
"""The results that notebooks write, by the notebook."""


def read_notebook(name: str) -> nbformat.NotebookNode:
    return nbformat.read(ROOT / "examples" / f"{name}.ipynb", as_version=4)


def run_notebook(name: str, folder: Path) -> None:
    notebook = read_notebook(name)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": folder}}).execute()
    assert (folder / "out" / NOTEBOOKS[name]).exists()


def test_the_notebook_of_a_table_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    run_notebook("own_table", tmp_path)


@pytest.fixture
def local_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Ray that tests share, which a driver in another process joins."""
    share_ray(cpus=1)
    monkeypatch.setenv("RAY_ADDRESS", str(ray.get_runtime_context().gcs_address))


@pytest.mark.ray
def test_the_notebook_of_pilots_runs(
    local_ray: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    run_notebook("own_pilots", tmp_path)


def test_every_notebook_is_run_and_stored_without_outputs() -> None:
    assert {path.stem for path in (ROOT / "examples").glob("*.ipynb")} == set(NOTEBOOKS)
    for name in NOTEBOOKS:
        assert not any(cell.get("outputs") for cell in read_notebook(name).cells)


@pytest.mark.ray
@pytest.mark.slow
def test_the_photographs_study_runs(tmp_path: Path) -> None:
    if "PROJEKTOR_DATA" not in os.environ:
        pytest.skip("set PROJEKTOR_DATA to the folder of the CIFAR-10 Parquet files")
    from jobs.study import run_study

    plans = run_study(load("cifar10"), str(tmp_path)).plans
    assert plans["selected"].predicted >= plans["uniform"].predicted
