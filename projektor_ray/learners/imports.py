"""Code by name: `package.module:callable` and `package.module.Name`."""

import importlib
import inspect
from types import ModuleType
from typing import Any

from projektor_ray.errors import InputError, nearest
from projektor_ray.storage.hashing import digest


def load_callable(reference: str) -> Any:
    """The callable named `module:callable`.

    Raises
    ------
    InputError
        If the module cannot be imported or has no such callable.
    """
    module_name, _, name = reference.partition(":")
    module = _import(module_name, reference)
    loaded = getattr(module, name, None)
    if not callable(loaded):
        known = [n for n, value in vars(module).items() if callable(value) and n[0] != "_"]
        raise InputError(f"{module_name} has no callable {name!r}; {nearest(name, known)}")
    return loaded


def load_factory(path: str) -> Any:
    """The class or function at an import path, `package.module.Name`.

    Raises
    ------
    InputError
        If the module cannot be imported or has no such class or function.
    """
    module_name, _, name = path.rpartition(".")
    module = _import(module_name, path)
    loaded = getattr(module, name, None)
    if not callable(loaded):
        known = [n for n in dir(module) if n[0] != "_" and callable(getattr(module, n, None))]
        raise InputError(f"{module_name} has no class or function {name!r}; {nearest(name, known)}")
    return loaded


def source_digest(reference: str) -> str:
    """Hash of the source of the module that `module:callable` names: the version of its code."""
    module = inspect.getmodule(load_callable(reference)) or _import(
        reference.partition(":")[0], reference
    )
    try:
        return digest(inspect.getsource(module))
    except (OSError, TypeError):
        return str(getattr(module, "__version__", ""))


def _import(module_name: str, reference: str) -> ModuleType:
    if not module_name:
        raise InputError(f"expected module:callable or package.module.Class; got {reference!r}")
    try:
        return importlib.import_module(module_name)
    except ImportError as failure:
        raise InputError(
            f"cannot import {module_name!r}, which {reference!r} needs: {failure}. Its folder must "
            "be the current one, on PYTHONPATH, or installed"
        ) from None
