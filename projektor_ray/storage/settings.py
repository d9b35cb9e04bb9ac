"""What all configuration shares: strict keys, expanded variables, errors a person can act on."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from projektor_ray.errors import InputError, nearest
from projektor_ray.storage.yaml_files import read_yaml

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
FAULTS = ("type", "parsing", "parsing_size", "from_float", "number")
"""Pydantic names an error by what was expected and by the fault: `int_parsing`."""

MAX_SAMPLES = 10**15
"""Samples, or tokens, that a field may ask for: floats still tell each of so many apart."""
MAX_MONEY = 1e15
"""Money that a field of the configuration may name."""
LARGEST_INTEGER = 2**63
LOG10_2 = 0.30103
CANNOT_USE = "the configuration cannot be used:"
LONGEST_QUOTE, LONGEST_LINE, MOST_LINES = 120, 400, 20
RECOGNISABLE = 4
"""Values of environment variables with fewer letters are hidden only where they are quoted."""


class Config(BaseModel):
    """Base of all configuration: immutable, and no unknown keys.

    Attributes
    ----------
    former_keys : the name of each key by its former name, which errors name.
    former_values : the same for values of a key, by the key.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    former_keys: ClassVar[Mapping[str, str]] = {}
    former_values: ClassVar[Mapping[str, Mapping[str, str]]] = {}


ConfigT = TypeVar("ConfigT", bound=Config)


def parse(kind: type[ConfigT], values: Any, written: Any = None) -> ConfigT:
    """Configuration from plain values.

    Parameters
    ----------
    written : the values as errors quote them; absent: `values` themselves.

    Raises
    ------
    InputError
        With one line for each field that is wrong: where it is, what was expected, what came.
    """
    try:
        _check_integers(values)
        return kind.model_validate(values)
    except ValidationError as failure:
        lines = error_lines(failure.errors(), values if written is None else written, kind)
        raise InputError("\n  ".join([CANNOT_USE, *lines])) from None


def error_lines(
    errors: Sequence[Any], values: Any, kind: type[BaseModel] | None = None
) -> list[str]:
    """Errors of pydantic in words, a line for each: where it is, what was expected, what came.

    Parameters
    ----------
    values : what the errors are of, which is quoted.
    kind : the model of the values, whose fields are named where one is unknown.
    """
    outer = {error["loc"][:end] for error in errors for end in range(len(error["loc"]))}
    renamed = {
        (*error["loc"][:-1], _former_keys(_owner(kind, error["loc"][:-1]))[error["loc"][-1]])
        for error in errors
        if _is_former_key(kind, error)
    }
    inner = [
        error
        for error in errors
        if error["loc"] not in outer
        and not (error["type"] == "missing" and error["loc"] in renamed)
    ]
    lines = list(dict.fromkeys(_line(kind, error, values) for error in inner))
    shown = [_shortened(line, LONGEST_LINE) for line in lines[:MOST_LINES]]
    more = [f"and {len(lines) - MOST_LINES:,} more"] if len(lines) > MOST_LINES else []
    return [*shown, *more]


def read_config(kind: type[ConfigT], path: str | Path) -> ConfigT:
    """Configuration from a YAML file, with `${NAME}` and `${NAME:-default}` replaced.

    Values of environment variables are never shown: errors quote the file as it is written.

    Raises
    ------
    InputError
        If the file cannot be read, or its values cannot be used; a variable without a default is
        not set.
    """
    written = read_yaml(path)
    replaced: dict[str, str] = {}
    values = _expand(written, str(path), replaced)
    try:
        return parse(kind, values, written)
    except InputError as failure:
        raise InputError(_hidden(str(failure), replaced)) from None


def _hidden(message: str, replaced: Mapping[str, str]) -> str:
    """The message with the values of environment variables as they are written in the file."""
    for value, written in sorted(replaced.items(), key=lambda pair: -len(pair[0])):
        message = message.replace(repr(value), repr(written))
        if len(value) >= RECOGNISABLE:
            message = message.replace(value, written)
    return message


def _expand(value: Any, path: str, replaced: dict[str, str]) -> Any:
    """Values with variables replaced; `replaced` gets the new texts and what is written."""
    if isinstance(value, dict):
        return {key: _expand(item, path, replaced) for key, item in value.items()}
    if isinstance(value, list):
        return [_expand(item, path, replaced) for item in value]
    if not isinstance(value, str):
        return value
    try:
        expanded = expand_variables(value)
    except ValueError as failure:
        raise InputError(f"{path} uses {value}, but {failure}") from None
    if expanded not in (value, ""):
        replaced[expanded] = value
    return expanded


def expand_variables(text: str) -> str:
    """A text with `${NAME}` and `${NAME:-default}` replaced from the environment.

    Raises
    ------
    ValueError
        If a variable without a default is not set.
    """

    def variable(match: re.Match[str]) -> str:
        name, default = match.group(1), match.group(2)
        value = os.environ.get(name, default)
        if value is None:
            raise ValueError(
                f"the environment variable {name} is not set; set it, for example: "
                f"export {name}=/data"
            )
        return value

    return re.sub(r"\$\{(\w+)(?::-([^}]*))?\}", variable, text)


def expand_path(path: str) -> str:
    """A path with `~` and `$NAME` replaced too, as a shell does.

    Raises
    ------
    ValueError
        If a variable without a default is not set.
    """
    return os.path.expanduser(expand_variables(re.sub(r"\$([A-Za-z_]\w*)", r"${\1}", path)))  # noqa: PTH111


def absolute_path(path: str) -> str:
    """A local path as processes with another current folder find it; a URI as it is."""
    return path if "://" in path else str(Path(path).absolute())


def _line(kind: type[BaseModel] | None, error: Any, values: Any) -> str:
    place = ".".join(_named(error["loc"], values)) or "(top)"
    if error["type"] == "extra_forbidden":
        *parents, key = error["loc"]
        owner = _owner(kind, parents)
        if name := _former_keys(owner).get(key):
            return f"{_shortened(place, LONGEST_QUOTE)} is now called {name}"
        known = list(owner.model_fields)
        return f"{_shortened(place, LONGEST_QUOTE)}: unknown key; {nearest(str(key), known)}"
    if error["type"] == "missing":
        return f"{place}: required, but absent"
    given = _at(error["loc"], values, error["input"])
    if error["type"] == "literal_error" and isinstance(given, str):
        *parents, key = error["loc"]
        names = getattr(_owner(kind, parents), "former_values", {}).get(str(key), {})
        if given in names:
            return f"{place}: {given} is now called {names[given]}"
    expected = _expected(error)
    says_what = isinstance(given, dict | list) or "; got " in expected
    return f"{place}: {expected}{'' if says_what else f'; got {_quoted(given)}'}"


def _at(place: tuple[int | str, ...], values: Any, otherwise: Any) -> Any:
    """What is written at a place."""
    for part in place:
        try:
            values = values[part]
        except (KeyError, IndexError, TypeError):
            return otherwise
    return values


def _quoted(value: Any) -> str:
    """A value as a short text."""
    return _shortened(repr(value), LONGEST_QUOTE)


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} letters)"


def _check_integers(values: Any, place: tuple[str, ...] = ()) -> None:
    """Refuse whole numbers that tables, in 64 bits, cannot hold."""
    if isinstance(values, dict | list | tuple):
        pairs = values.items() if isinstance(values, dict) else enumerate(values)
        for part, value in pairs:
            _check_integers(value, (*place, str(part)))
    elif isinstance(values, int) and not -LARGEST_INTEGER <= values < LARGEST_INTEGER:
        raise InputError(
            f"{CANNOT_USE}\n  {'.'.join(place)}: must be a whole number that fits into "
            f"64 bits; got one of {int(values.bit_length() * LOG10_2) + 1} digits"
        )


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
        yield _shortened(str((values.get("name") or part) if item else part), LONGEST_QUOTE)


def _is_former_key(kind: type[BaseModel] | None, error: Any) -> bool:
    *parents, key = error["loc"] or ("",)
    return error["type"] == "extra_forbidden" and key in _former_keys(_owner(kind, parents))


def _former_keys(owner: type[BaseModel]) -> Mapping[str, str]:
    """Of settings that another room defines, none."""
    return getattr(owner, "former_keys", {})


def _owner(kind: type[BaseModel] | None, parents: Sequence[Any]) -> Any:
    """The configuration class nested at `parents`; `Config` where none is known."""
    owner = _nested(kind)
    for part in parents:
        if owner is not None and isinstance(part, str) and part in owner.model_fields:
            owner = _nested(owner.model_fields[part].annotation) or owner
    return owner or Config


def _nested(annotation: Any) -> type[BaseModel] | None:
    """The configuration class inside an annotation such as `list[X]` or `X | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if nested := _nested(argument):
            return nested
    return None
