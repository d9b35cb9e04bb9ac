"""The reference of the rooms of the package, from their docstrings and exported names."""

import ast
from pathlib import Path

import projektor_ray

PACKAGE = Path(projektor_ray.__file__).parent


def rooms() -> str:
    """A section per room with its exported names."""
    folders = sorted(path.parent for path in PACKAGE.glob("*/__init__.py"))
    return "\n\n".join(_section(folder) for folder in folders) + "\n"


def _section(folder: Path) -> str:
    exported = exported_names(folder / "__init__.py")
    public = sorted(set(exported) & set(projektor_ray.__all__))
    lines = [f".. automodule:: projektor_ray.{folder.name}"]
    if private := [name for name in exported if name not in public]:
        lines.append(f"   :members: {', '.join(private)}")
    if public:
        links = ", ".join(f":py:obj:`~projektor_ray.{name}`" for name in public)
        lines += ["", f"Public: {links}."]
    return "\n".join([f"## `projektor_ray.{folder.name}`\n\n```{{eval-rst}}", *lines, "```"])


def exported_names(path: Path) -> list[str]:
    """The names of `__all__` in a file; none where the file has no `__all__`."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return list(ast.literal_eval(node.value))
    return []
