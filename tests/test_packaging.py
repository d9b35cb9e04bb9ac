"""The wheel holds `projektor_ray` alone, and says truly what it is."""

import os
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ("page.html", "parts.html", "style.css")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    (found,) = folder.glob("*.whl")
    return zipfile.Path(found)


def test_it_holds_the_method_alone_and_all_of_it(wheel: zipfile.Path) -> None:
    names = set(wheel.root.namelist())
    assert {name.split("/")[0] for name in names} == {"projektor_ray", about_folder(wheel)}
    templates = {f"projektor_ray/report/templates/{name}" for name in TEMPLATES}
    assert {"projektor_ray/py.typed", *templates} <= names
    sources = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("projektor_ray/**/*.py")}
    assert sources == {name for name in names if name.endswith(".py")}


def about_folder(wheel: zipfile.Path) -> str:
    name, version, *_ = Path(wheel.root.filename or "").name.split("-")
    return f"{name}-{version}.dist-info"


def test_its_metadata(wheel: zipfile.Path) -> None:
    about = Parser().parsestr((wheel / about_folder(wheel) / "METADATA").read_text())
    assert about["Name"] == "projektor-ray"
    assert about["Requires-Python"] == ">=3.10"
    assert about["License-Expression"] == "Apache-2.0"
    needs = about.get_all("Requires-Dist", [])
    plain = {need.split(">")[0] for need in needs if "extra ==" not in need}
    assert "torch" in plain
    assert not {"ray", "pandas", "pytest"} & plain, "the library needs no Ray"
    assert not {"fastapi", "uvicorn", "prometheus-client"} & plain, "nor the service"
    assert set(about.get_all("Provides-Extra", [])) == {"ray", "service", "dev", "docs", "excel"}
    assert "LICENSE" in about.get_all("License-File", [])


LOAD_SCRIPTS = """
import importlib.metadata
import sys

(found,) = importlib.metadata.distributions(name="projektor-ray", path=[sys.argv[1]])
for script in found.entry_points.select(group="console_scripts"):
    command = script.load()
    assert callable(command)
    assert sys.modules[script.module].__file__.startswith(sys.argv[1])
    print(script.name)
"""


def test_its_commands_can_be_loaded(wheel: zipfile.Path, tmp_path: Path) -> None:
    wheel.root.extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", LOAD_SCRIPTS, tmp_path],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["projektor"]
