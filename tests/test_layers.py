"""The three floors: imports point down only; light imports stay light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FORBIDDEN = {"projektor_ray": {"ray", "actors", "jobs"}, "actors": {"jobs"}, "jobs": set()}


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("floor", FORBIDDEN)
def test_imports_point_down(floor: str) -> None:
    files = sorted((ROOT / floor).rglob("*.py"))
    assert files
    for path in files:
        assert not imported(path) & FORBIDDEN[floor], path


def test_no_module_of_jobs_or_actors_hides_one_of_the_standard_library() -> None:
    for path in [*(ROOT / "jobs").glob("*.py"), *(ROOT / "actors").glob("*.py")]:
        assert path.stem == "__init__" or path.stem not in sys.stdlib_module_names, path


def test_projektor_ray_does_not_print() -> None:
    for path in (ROOT / "projektor_ray").rglob("*.py"):
        calls = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
        assert not [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"], path


@pytest.mark.parametrize(
    "module", ["projektor_ray", "projektor_ray.study", "projektor_ray.storage.schemas"]
)
def test_reading_a_study_does_not_import_what_is_slow(module: str) -> None:
    slow = {"torch", "sklearn", "ray", "scipy.stats"}
    code = f"import sys, {module}; print(sorted({slow} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert result.stdout.strip() == "[]"
