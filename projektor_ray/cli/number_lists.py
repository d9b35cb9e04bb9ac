"""Numbers as options take them, one or a,b,c."""

import numpy as np

from projektor_ray.errors import InputError


def is_number(text: str) -> bool:
    """Whether a text is a finite number."""
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


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
        If they are not two ascending numbers.
    """
    if text is None:
        return None
    bounds = numbers("--bounds", text)
    if len(bounds) != 2 or bounds[0] >= bounds[1]:
        raise InputError(
            "--bounds takes the lowest and the highest value of the metric, such as "
            f"--bounds 0,1; got {text!r}"
        )
    return bounds[0], bounds[1]
