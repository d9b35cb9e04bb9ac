"""The house: floors and rooms, file names and lengths, cycles; light imports stay light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEST_CODE = {"tests", "benchmarks", "examples"}
FORBIDDEN = {
    "projektor_ray": {"ray", "actors", "jobs", *TEST_CODE},
    "actors": {"jobs", *TEST_CODE},
    "jobs": TEST_CODE,
}
ROOMS = {
    *("data", "designs", "transport", "learners", "probes", "predictors", "projection"),
    *("selection", "profiles", "runs", "study", "storage", "explain", "report", "service"),
    "cli",
}
LONGEST = 350
MEANT_TWICE = {"registry.py"}
"""Names with the same meaning in two rooms."""
SOURCES = sorted(path for floor in FORBIDDEN for path in (ROOT / floor).rglob("*.py"))


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


def test_a_floor_that_imports_what_it_may_not_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    for floor, forbidden in FORBIDDEN.items():
        assert forbidden, floor
        for name in forbidden:
            path.write_text(f"def f():\n    from {name}.x import y\n")
            assert imported(path) & forbidden == {name}


def test_the_root_of_the_package_holds_the_rooms_and_nothing_else() -> None:
    root = ROOT / "projektor_ray"
    files = {path.name for path in root.iterdir() if path.is_file()}
    assert files == {"__init__.py", "__main__.py", "errors.py", "py.typed"}
    folders = {path.name for path in root.iterdir() if path.is_dir()}
    assert folders - {"__pycache__"} == ROOMS


def test_no_two_modules_of_the_package_have_one_name() -> None:
    names = [path.name for path in SOURCES if path.is_relative_to(ROOT / "projektor_ray")]
    twice = {name for name in names if names.count(name) > 1}
    assert twice <= {"__init__.py", *MEANT_TWICE}


def test_no_module_is_too_long() -> None:
    for path in SOURCES:
        length = len(path.read_text(encoding="utf-8").splitlines())
        assert length <= LONGEST, f"{path.relative_to(ROOT)} has {length} lines"


def test_no_test_module_imports_another() -> None:
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                assert ".test_" not in node.module, f"{path.relative_to(ROOT)}: {node.module}"


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_no_module_imports_itself_through_others() -> None:
    """Cycles between files, whether imports are at the top or within a function.

    What a file does as a program, below `if __name__ == "__main__"`, is no import of it.
    """
    modules = {module_of(path): path for path in SOURCES}
    arrows: dict[str, set[str]] = {}
    for name, path in modules.items():
        found = set()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        tree.body = [node for node in tree.body if "__main__" not in ast.unparse(node)[:30]]
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                named = {f"{node.module}.{one.name}" for one in node.names} & modules.keys()
                found |= named or ({node.module} & modules.keys())
        arrows[name] = found - {name}
    while leaves := [name for name, to in arrows.items() if not to & arrows.keys()]:
        for name in leaves:
            del arrows[name]
    assert not arrows, sorted(arrows)


Step = tuple[str | None, list[str]]
"""Of a module: another one and the names wanted of it; or None and the names that get a value."""


def steps_of(body: list[ast.stmt]) -> list[Step]:
    """What a module does when it is imported, without functions, type checks and programs."""
    steps: list[Step] = []
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            steps.append((None, [node.name]))
        elif isinstance(node, ast.Import):
            steps += [(alias.name, []) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            steps.append((node.module, [alias.name for alias in node.names]))
            steps.append((None, [alias.asname or alias.name for alias in node.names]))
        elif isinstance(node, ast.If) and "__main__" not in ast.unparse(node.test):
            checked = ast.unparse(node.test) == "TYPE_CHECKING"
            steps += steps_of([*([] if checked else node.body), *node.orelse])
        elif isinstance(node, ast.Try):
            steps += steps_of([*node.body, *node.orelse, *node.finalbody])
        else:
            names = [one for one in ast.walk(node) if isinstance(one, ast.Name)]
            steps.append((None, [one.id for one in names if isinstance(one.ctx, ast.Store)]))
    return steps


def absent_names(modules: dict[str, list[Step]], first: str) -> list[str]:
    """Names that are imported before they have a value, if one module is imported first.

    What Python does: a room's `__init__` runs before any of its files, and a module that is
    running already is not run again.
    """
    values: dict[str, set[str]] = {}
    running: set[str] = set()
    absent = []

    def load(module: str) -> None:
        for end in (place for place, letter in enumerate(f"{module}.") if letter == "."):
            name = module[:end]
            if name in modules and name not in values:
                values[name] = set()
                running.add(name)
                run(name)
                running.remove(name)

    def run(module: str) -> None:
        for other, names in modules[module]:
            if other is None:
                values[module].update(names)
            elif other.split(".")[0] in modules:
                load(other)
                for name in names:
                    if f"{other}.{name}" in modules:
                        load(f"{other}.{name}")
                    elif other in running and name not in values[other]:
                        absent.append(f"{module} needs {name} of {other}")

    load(first)
    return absent


def test_every_module_can_be_the_first_that_is_imported() -> None:
    modules = {module_of(path): steps_of(ast.parse(path.read_text()).body) for path in SOURCES}
    for first in modules:
        assert not absent_names(modules, first), first


def test_a_module_that_cannot_be_imported_first_is_noticed(tmp_path: Path) -> None:
    texts = {
        "a": "",
        "a.place": "from a.b.config import Config\ndef place(): pass\n",
        "a.b": "from a.b.checks import check\nfrom a.b.config import Config\n",
        "a.b.checks": "from a.place import place\ndef check(): pass\n",
        "a.b.config": "class Config: pass\n",
    }
    modules = {name: steps_of(ast.parse(text).body) for name, text in texts.items()}
    for name, text in texts.items():
        package = any(other.startswith(f"{name}.") for other in texts)
        path = tmp_path / name.replace(".", "/") / "__init__.py" if package else None
        path = path or tmp_path / f"{name.replace('.', '/')}.py"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
    for first in texts:
        code = f"import {first}"
        result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True)
        assert bool(absent_names(modules, first)) == bool(result.returncode), first
    assert absent_names(modules, "a.place") == ["a.b.checks needs place of a.place"]


def test_no_module_of_jobs_or_actors_hides_one_of_the_standard_library() -> None:
    for path in [*(ROOT / "jobs").glob("*.py"), *(ROOT / "actors").glob("*.py")]:
        assert path.stem == "__init__" or path.stem not in sys.stdlib_module_names, path


def test_projektor_ray_does_not_print() -> None:
    for path in (ROOT / "projektor_ray").rglob("*.py"):
        calls = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
        assert not [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"], path


@pytest.mark.parametrize(
    "module", ["projektor_ray", "projektor_ray.service", "projektor_ray.storage.schemas"]
)
def test_reading_and_serving_a_study_do_not_import_what_is_slow(module: str) -> None:
    slow = {"torch", "sklearn", "ray", "pandas", "scipy.stats", "scipy.optimize", "scipy.cluster"}
    code = f"import sys, {module}; print(sorted({slow} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert result.stdout.strip() == "[]"


METHOD = {
    "Algorithm 1": "jobs/study.py",
    "Algorithm 2": "projektor_ray/selection/algorithm_2.py",
    "D(N, p)": "projektor_ray/designs/drawing.py",
    "Eq. 1": "projektor_ray/predictors/center_scaling.py",
    "Eq. 2": "projektor_ray/predictors/pseudo_quadratic_transport.py",
    "Eq. 3": "projektor_ray/projection/log_linear.py",
    "ground cost": "projektor_ray/transport/ground_cost.py",
    "Sinkhorn iteration": "projektor_ray/transport/sinkhorn_iterations.py",
}
"""Parts of the method, and the one file of each."""


@pytest.mark.parametrize("term", METHOD)
def test_each_part_of_the_method_has_one_file_that_the_documentation_names(term: str) -> None:
    headings = {
        str(path.relative_to(ROOT)): (ast.get_docstring(ast.parse(path.read_text())) or "\n")
        for path in SOURCES
    }
    named = [path for path, text in headings.items() if term in text.splitlines()[0]]
    assert named == [METHOD[term]]
    rows = (ROOT / "docs/method.md").read_text(encoding="utf-8").splitlines()
    assert any(term in row and f"`{METHOD[term]}`" in row for row in rows if row.startswith("|"))
