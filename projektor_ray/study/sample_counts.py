"""Checks of numbers of samples that a person or a program gives."""

from collections.abc import Mapping
from numbers import Real
from typing import Any

from projektor_ray.errors import InputError


def check_size(size: Any) -> int:
    """A size as an integer.

    Raises
    ------
    InputError
        Unless it is a whole number, 1 or more.
    """
    if not _is_whole(size) or size < 1:
        raise InputError(f"a size must be a whole number of samples, 1 or more; got {size!r}")
    return int(size)


def check_counts(samples: Mapping[str, Any]) -> dict[str, int]:
    """Samples by provider as integers.

    Raises
    ------
    InputError
        Unless each is a whole number, 0 or more.
    """
    for name, number in samples.items():
        if not _is_whole(number) or number < 0:
            raise InputError(
                "a purchase has a whole number of samples, 0 or more, of each provider; got "
                f"{number!r} of {name!r}"
            )
    return {name: int(number) for name, number in samples.items()}


def _is_whole(number: Any) -> bool:
    return isinstance(number, Real) and float(number).is_integer()
