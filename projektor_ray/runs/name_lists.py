"""Lists of names as options take them, a,b,c, where names may hold commas themselves."""

import csv
from collections.abc import Sequence

from projektor_ray.errors import InputError, listed
from projektor_ray.runs.column_names import find_name, require

SHOWN = 3


def split_names(
    text: str, known: Sequence[str], option: str, absent: str = "the table has no column"
) -> tuple[str, ...]:
    """The names in a list that commas divide: `acc,none,f1` is two if `acc,none` is a name.

    A name in double quotes holds its commas. Otherwise the list is divided wherever its parts are
    known names, alike as `find_name` says.

    Parameters
    ----------
    known : names that there are.
    option : where the list is from, for messages.
    absent : what to say before a part that is no known name.

    Raises
    ------
    InputError
        If a part is no known name, or the list can be divided in several ways.
    """
    quoted = '"' in text
    parts = next(csv.reader([text], skipinitialspace=True), []) if quoted else text.split(",")
    parts = [part.strip() for part in parts]
    if quoted:
        return tuple(require(part, known, absent) for part in parts)
    ways = _ways(parts, known, 0, {})
    if len(ways) == 1:
        return ways[0]
    if not ways:
        return tuple(require(part, known, absent) for part in parts)
    readings = " or ".join(listed([repr(name) for name in way]) for way in ways[:SHOWN])
    whole = ",".join(f'"{name}"' if "," in name else name for name in ways[0])
    raise InputError(
        f"{option} {text} can be read as {readings}. Put names that hold commas in double quotes, "
        f"such as {option} '{whole}'"
    )


def _ways(
    parts: Sequence[str],
    known: Sequence[str],
    first: int,
    memo: dict[int, list[tuple[str, ...]]],
) -> list[tuple[str, ...]]:
    """The ways to join parts, from the first on, into known names; two are enough to ask."""
    if first == len(parts):
        return [()]
    if first not in memo:
        ways = []
        for end in range(first + 1, len(parts) + 1):
            if (name := _known(",".join(parts[first:end]), known)) is not None:
                ways += [(name, *rest) for rest in _ways(parts, known, end, memo)]
        memo[first] = ways[:SHOWN]
    return memo[first]


def _known(name: str, known: Sequence[str]) -> str | None:
    """The known name that is the same but for spaces; without commas, also one alike."""
    plain = "".join(name.split())
    same = [other for other in known if "".join(other.split()) == plain]
    if same or "," in name:
        return same[0] if len(same) == 1 else None
    return find_name(name, known)
