"""What `import projektor_ray` offers: few names, imported when used, each with an example."""

import doctest
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import projektor_ray

ROOT = Path(__file__).resolve().parent.parent
ROOMS = (ROOT / "projektor_ray").glob("*/__init__.py")
HEAVY = {"numpy", "pandas", "pyarrow", "pydantic", "scipy", "sklearn", "torch", "ray"}


def test_every_public_name_can_be_imported_and_is_listed() -> None:
    assert projektor_ray.__all__ == sorted(projektor_ray.__all__)
    for name in projektor_ray.__all__:
        assert getattr(projektor_ray, name).__name__ == name
    assert set(projektor_ray.__all__) <= set(dir(projektor_ray))


def test_an_unknown_name_is_an_attribute_error_that_names_it() -> None:
    with pytest.raises(AttributeError, match="Markt"):
        _ = projektor_ray.Markt


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, projektor_ray; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert not HEAVY & set(result.stdout.split())


@pytest.mark.parametrize("name", projektor_ray.__all__)
def test_the_example_of_a_public_name_runs(name: str) -> None:
    public = getattr(projektor_ray, name)
    (example,) = doctest.DocTestFinder(recurse=False).find(public, name, globs={})
    assert f"pr.{name}" in example.docstring
    outcome = doctest.DocTestRunner().run(example)
    assert outcome.attempted
    assert not outcome.failed


@pytest.mark.parametrize("room", sorted(path.parent.name for path in ROOMS))
def test_every_room_lists_what_it_exports(room: str) -> None:
    module = importlib.import_module(f"projektor_ray.{room}")
    assert set(getattr(module, "__all__", ())) <= set(dir(module))
