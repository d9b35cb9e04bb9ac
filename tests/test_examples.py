"""The examples: every study parses and asks for what it says; the driver runs."""

import os
from pathlib import Path

import pytest

from projektor_ray.designs.drawing import simplex_lattice
from projektor_ray.study import StudyConfig, read_study

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


@pytest.mark.ray
def test_the_driver_runs_on_arrays_and_a_data_frame(tmp_path: Path) -> None:
    from examples.driver import main

    plan = main(str(tmp_path), lattice=2).selected
    assert plan.size == 400
    assert plan.cost <= 14 + 1e-9
    assert (tmp_path / "plans.parquet").exists()


@pytest.mark.ray
@pytest.mark.slow
def test_the_photographs_study_runs(tmp_path: Path) -> None:
    if "PROJEKTOR_DATA" not in os.environ:
        pytest.skip("set PROJEKTOR_DATA to the folder of the CIFAR-10 Parquet files")
    from jobs.study import run_study

    plans = run_study(load("cifar10"), str(tmp_path)).plans
    assert plans["selected"].predicted >= plans["uniform"].predicted
