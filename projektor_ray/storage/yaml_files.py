"""Reading YAML files that may be hostile: bounded size, depth and aliases; no key twice."""

import stat
from pathlib import Path
from typing import Any, ClassVar

import yaml

from projektor_ray.errors import InputError

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader of libyaml where PyYAML has it: ten times as fast."""

MOST_BYTES = 2**24
MOST_DEPTH = 50
MOST_VALUES = 500_000
"""Values in a file after its aliases are expanded: an alias bomb has billions."""


class _StrictLoader(Loader):  # type: ignore[misc]
    """A safe loader that refuses a key given twice and leaves dates as they are written."""

    yaml_implicit_resolvers: ClassVar[dict[Any, Any]] = {
        first: [pair for pair in resolvers if pair[0] != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in Loader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """Check the keys as they are written, before `<<` merges others into them."""
        seen: set[str] = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise InputError(f"{_place(key.start_mark)}the key {key.value!r} is given twice")
            if isinstance(key, yaml.ScalarNode):
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(path: str | Path) -> Any:
    """The values of a YAML file.

    Raises
    ------
    InputError
        In one line, if the file cannot be read, is no YAML, is too large, too deep, refers to
        itself, or gives a key twice.
    """
    text = _text(Path(path))
    try:
        _check_extent(text)
        return yaml.load(text, Loader=_StrictLoader)
    except InputError as failure:
        raise InputError(f"{path}: {failure}. Correct the file") from None
    except yaml.MarkedYAMLError as failure:
        where = _place(failure.problem_mark or failure.context_mark)
        says = ": ".join(filter(None, (failure.context, failure.problem)))
        raise InputError(f"{path} is not valid YAML: {where}{_one_line(says)}") from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as failure:
        raise InputError(f"{path} is not valid YAML: {_one_line(str(failure))}") from None


def _text(path: Path) -> str:
    """The text of a regular file of bounded size."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"cannot read the study file {path}: it is no regular file")
        if status.st_size > MOST_BYTES:
            raise InputError(
                f"cannot read the study file {path}: expected at most {MOST_BYTES:,} bytes; got "
                f"{status.st_size:,}"
            )
        return path.read_bytes().decode()
    except UnicodeDecodeError as failure:
        raise InputError(f"{path} is not valid YAML: {failure}. Save it as UTF-8") from None
    except (OSError, ValueError) as failure:
        if isinstance(failure, InputError):
            raise
        says = getattr(failure, "strerror", None) or failure
        raise InputError(f"cannot read the study file {path}: {says}") from None


def _check_extent(text: str) -> None:
    """Refuse nesting, self-reference and aliases before any value is built.

    Each collection on the stack is (its anchor, its number of values with aliases expanded).
    """
    stack: list[tuple[str | None, int]] = [(None, 0)]
    sizes: dict[str, int] = {}
    for event in yaml.parse(text, Loader=Loader):
        count = 0
        if isinstance(event, yaml.CollectionStartEvent):
            stack.append((event.anchor, 1))
            if len(stack) > MOST_DEPTH:
                raise InputError(
                    f"{_place(event.start_mark)}expected at most {MOST_DEPTH} levels of nesting"
                )
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, count = stack.pop()
            if anchor:
                sizes[anchor] = count
        elif isinstance(event, yaml.ScalarEvent):
            count = 1
            if event.anchor:
                sizes[event.anchor] = 1
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor in [anchor for anchor, _ in stack]:
                raise InputError(f"{_place(event.start_mark)}*{event.anchor} refers to itself")
            count = sizes.get(event.anchor or "", 1)
        anchor, total = stack[-1]
        if total + count > MOST_VALUES:
            raise InputError(
                f"{_place(event.start_mark)}expected at most {MOST_VALUES:,} values, aliases "
                "expanded; got more"
            )
        stack[-1] = (anchor, total + count)


def _place(mark: Any) -> str:
    return "" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: "


def _one_line(text: str) -> str:
    return " ".join(text.split())
