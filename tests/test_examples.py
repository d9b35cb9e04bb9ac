"""The examples: every study has the probes that its comments promise; the notebooks run."""

import os
import re
from pathlib import Path

import nbformat
import pytest
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


NOTEBOOKS = [
    pytest.param("own_pilots", "own-pilots/plans.parquet", marks=pytest.mark.ray),
    pytest.param("own_table", "own-table.html"),
]


def read_notebook(name: str) -> nbformat.NotebookNode:
    return nbformat.read(ROOT / "examples" / f"{name}.ipynb", as_version=4)


@pytest.mark.parametrize(("name", "result"), NOTEBOOKS)
def test_a_notebook_runs(
    name: str, result: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = read_notebook(name)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": tmp_path}}).execute()
    assert (tmp_path / "out" / result).exists()


def test_every_notebook_is_run_and_stored_without_outputs() -> None:
    tested = {str(case.values[0]) for case in NOTEBOOKS}
    assert {path.stem for path in (ROOT / "examples").glob("*.ipynb")} == tested
    for name in tested:
        assert not any(cell.get("outputs") for cell in read_notebook(name).cells)


@pytest.mark.ray
def test_the_readme_shows_what_the_demo_says(tmp_path: Path) -> None:
    from jobs.study import run_study

    share_ray(cpus=2)
    bought = run_study(load("digits"), str(tmp_path))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.split("```text\n", 1)[1].split("```", 1)[0]
    best = bought.selected
    assert f"Buy {best.size} samples for {best.cost:.1f}" in shown
    for provider, samples in zip(best.names, best.samples.tolist(), strict=True):
        row = re.search(rf"^ {provider} +(\d+) ", shown, re.MULTILINE)
        assert row, provider
        assert int(row[1]) == pytest.approx(samples, abs=2), "other processors round otherwise"
    for name, plan in bought.plans.items():
        row = re.search(rf"^ {bought.label(name)} +(0\.\d+) ", shown, re.MULTILINE)
        if row:
            assert float(row[1]) == pytest.approx(plan.predicted, abs=0.001), name
    assert len(re.findall(r"^ [a-z ]+ +0\.\d+ +0\.\d+…", shown, re.MULTILINE)) == 3
    assert bought.smaller is not None
    fewer = re.search(r"fewer of them, (\d+) samples", shown)
    assert fewer
    assert int(fewer[1]) == pytest.approx(bought.smaller.size, abs=2)


@pytest.mark.ray
@pytest.mark.slow
def test_the_photographs_study_runs(tmp_path: Path) -> None:
    if "PROJEKTOR_DATA" not in os.environ:
        pytest.skip("set PROJEKTOR_DATA to the folder of the CIFAR-10 Parquet files")
    from jobs.study import run_study

    plans = run_study(load("cifar10"), str(tmp_path)).plans
    assert plans["selected"].predicted >= plans["uniform"].predicted
