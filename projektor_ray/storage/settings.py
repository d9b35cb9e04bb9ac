"""What all configuration shares: strict keys, expanded variables, errors a person can act on."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from projektor_ray.errors import InputError, nearest

RANGES = {
    "greater_than_equal": "must be {ge:g} or more",
    "greater_than": "must be more than {gt:g}",
    "less_than_equal": "must be {le:g} or less",
    "less_than": "must be less than {lt:g}",
}
KINDS = {
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "bool": "true or false",
    "string": "a text",
    "model": "fields with values",
    "dict": "names with values",
    "list": "a list",
    "tuple": "a list",
}
FAULTS = ("type", "parsing", "from_float", "number")
"""Pydantic names an error by what was expected and by the fault: `int_parsing`."""


class Config(BaseModel):
    """Base of all configuration: immutable, and no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


ConfigT = TypeVar("ConfigT", bound=Config)


def parse(kind: type[ConfigT], values: Any) -> ConfigT:
    """Configuration from plain values.

    Raises
    ------
    InputError
        With one line for each field that is wrong: where it is, what was expected, what came.
    """
    try:
        return kind.model_validate(values)
    except ValidationError as failure:
        errors = failure.errors()
        places = {error["loc"] for error in errors}
        inner = [error for error in errors if not _has_inner(error["loc"], places)]
        lines = [_line(kind, error, values) for error in inner]
        raise InputError("the configuration cannot be used:\n  " + "\n  ".join(lines)) from None


def read_yaml(path: str | Path) -> Any:
    """A YAML file's values, with `${NAME}` and `${NAME:-default}` replaced from the environment.

    Raises
    ------
    InputError
        If the file is missing or is not YAML, or a variable without a default is not set.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as failure:
        raise InputError(f"cannot read the study file {path}: {failure.strerror}") from None
    try:
        return _expand(yaml.safe_load(content.decode()), str(path))
    except (yaml.YAMLError, UnicodeDecodeError) as failure:
        raise InputError(f"{path} is not valid YAML: {failure}") from None


def _expand(value: Any, path: str) -> Any:
    if isinstance(value, dict):
        return {key: _expand(item, path) for key, item in value.items()}
    if isinstance(value, list):
        return [_expand(item, path) for item in value]
    try:
        return expand_variables(value) if isinstance(value, str) else value
    except ValueError as failure:
        raise InputError(f"{path} uses {value}, but {failure}") from None


def expand_variables(text: str) -> str:
    """A text with `${NAME}` and `${NAME:-default}` replaced from the environment.

    Raises
    ------
    ValueError
        If a variable without a default is not set.
    """

    def variable(match: re.Match[str]) -> str:
        name, default = match.group(1), match.group(2)
        found = os.environ.get(name, default)
        if found is None:
            raise ValueError(
                f"the environment variable {name} is not set; set it, for example: "
                f"export {name}=/data"
            )
        return found

    return re.sub(r"\$\{(\w+)(?::-([^}]*))?\}", variable, text)


def expand_path(path: str) -> str:
    """A path with `~` and `$NAME` replaced too, as a shell does.

    Raises
    ------
    ValueError
        If a variable without a default is not set.
    """
    return os.path.expanduser(expand_variables(re.sub(r"\$([A-Za-z_]\w*)", r"${\1}", path)))  # noqa: PTH111


def _line(kind: type[Config], error: Any, values: Any) -> str:
    place = ".".join(_named(error["loc"], values)) or "(top)"
    if error["type"] == "extra_forbidden":
        *parents, key = error["loc"]
        return f"{place}: unknown key; {nearest(str(key), _fields(kind, parents))}"
    if error["type"] == "missing":
        return f"{place}: required, but absent"
    came = "" if isinstance(error["input"], dict | list) else f"; got {error['input']!r}"
    return f"{place}: {_expected(error)}{came}"


def _expected(error: Any) -> str:
    """What was expected, in the words of the project's own errors."""
    kind, bounds = error["type"], error.get("ctx", {})
    if kind in RANGES:
        return RANGES[kind].format(**bounds)
    what, _, fault = kind.partition("_")
    if what in KINDS and fault in FAULTS:
        return f"must be {KINDS[what]}"
    message = str(error["msg"]).removeprefix("Value error, ")
    return message.replace("Input should be", "must be", 1)


def _named(place: tuple[int | str, ...], values: Any) -> Iterator[str]:
    """The parts of a place; an item of a list by its `name`, where it has one."""
    for part in place:
        try:
            values = values[part]
        except (KeyError, IndexError, TypeError):  # absent, or of another kind than expected
            values = None
        item = isinstance(part, int) and isinstance(values, dict)
        yield str((values.get("name") or part) if item else part)


def _has_inner(place: tuple[int | str, ...], places: set[tuple[int | str, ...]]) -> bool:
    """Whether something inside this place is wrong as well, and explains it."""
    return any(len(other) > len(place) and other[: len(place)] == place for other in places)


def _fields(kind: type[BaseModel], parents: list[Any]) -> list[str]:
    """Names of the fields of the configuration nested at `parents`."""
    for part in parents:
        if isinstance(part, str) and part in kind.model_fields:
            kind = _nested(kind.model_fields[part].annotation) or kind
    return list(kind.model_fields)


def _nested(annotation: Any) -> type[BaseModel] | None:
    """The configuration class inside an annotation such as `list[X]` or `X | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if found := _nested(argument):
            return found
    return None
