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
