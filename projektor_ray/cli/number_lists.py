"""Numbers as options take them: one, a,b,c or NAME=NUMBER."""

import math
from collections.abc import Iterable
from decimal import Decimal

import typer

from projektor_ray.errors import InputError
from projektor_ray.storage.number_texts import plain_number

INFINITE = ("inf", "-inf")
SEPARATORS = ",_' \u202f"
"""Characters between groups of digits, which no option takes."""


def is_number(text: str) -> bool:
    """Whether a text is a finite number."""
    return plain_number(text) is not None


def whole_number(text: str) -> int:
    """The whole number of an option, such as samples: `1000000000` or `1e9`."""
    value = plain_number(text)
    if value is None or value != int(value):
        raise typer.BadParameter(f"expected a whole number; got {text!r}.{_hint(text)}")
    return int(Decimal(text.strip()))


def money(text: str) -> float:
    """The number of an option, such as money."""
    if not is_number(text):
        raise typer.BadParameter(f"expected a number; got {text!r}.{_hint(text)}")
    return float(text)


def _hint(text: str) -> str:
    """How to write a number with separators, such as 20,000."""
    bare = text.translate(dict.fromkeys(map(ord, SEPARATORS)))
    if not is_number(bare):
        return ""
    value = float(bare)
    if value == int(value):
        return f" Write {value:.0f}"
    return "" if bare == text else f" Write {bare}"


def assigned(option: str, given: Iterable[str], example: str = "alpha=10") -> dict[str, float]:
    """Numbers by name, from texts NAME=NUMBER.

    Raises
    ------
    InputError
        If a text is not of that form.
    """
    by_name = {}
    for text in given:
        name, _, number = text.strip().rpartition("=")
        if not name or not is_number(number):
            raise InputError(
                f"{option} takes NAME=NUMBER, such as {example}; got {text!r}.{_hint(number)}"
            )
        by_name[name] = float(number)
    return by_name


def numbers(option: str, text: str) -> list[float]:
    """The numbers of an option that takes several, a,b,c.

    Raises
    ------
    InputError
        If one is no number.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(is_number(part) for part in parts):
        raise InputError(f"{option} takes numbers, such as {option} 100,200,400; got {text!r}")
    return [float(part) for part in parts]


def bounds_of(text: str | None) -> tuple[float, float] | None:
    """The metric's bounds, where they are given.

    Raises
    ------
    InputError
        If they are not two ascending numbers; one of them may be infinite.
    """
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    known = all(is_number(part) or part in INFINITE for part in parts)
    bounds = [float(part) for part in parts] if known else []
    if len(bounds) != 2 or bounds[0] >= bounds[1] or all(map(math.isinf, bounds)):
        raise InputError(
            "--bounds takes the lowest and the highest value of the metric, such as --bounds 0,1 "
            f"for an accuracy and --bounds 0,inf for a loss; got {text!r}"
        )
    return bounds[0], bounds[1]
