"""Labels: what they are, and one numbering of named classes for all providers.

Named classes are numbered by the validation set's vocabulary, its sorted class names. A name that
the vocabulary lacks gets a number that follows from the name alone, so that two providers agree on
it without knowing of each other; it is 2³² or more, and never taken for an index.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data.origin import Origin
from projektor_ray.data.source_config import AskedTarget
from projektor_ray.errors import InputError, rows_named
from projektor_ray.storage.arrays import Floats

UNKNOWN_FROM = 2**32


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of all rows: int64 classes, a float64 regression target, or None; and the names.

    `other_names` are of classes that `class_names`, which number the classes, lack.
    """

    values: NDArray[np.int64] | Floats | None
    class_names: tuple[str, ...] = ()
    other_names: tuple[str, ...] = ()


def class_number(name: str, vocabulary: tuple[str, ...]) -> int:
    """Index of a class in the vocabulary, or the number that follows from its name alone."""
    if name in vocabulary:
        return vocabulary.index(name)
    return UNKNOWN_FROM + int.from_bytes(hashlib.sha256(name.encode()).digest()[:7], "big")


def resolve_labels(
    origin: Origin, target: AskedTarget, vocabulary: tuple[str, ...] | None
) -> Labels:
    """Labels in the form that `Samples` has.

    Parameters
    ----------
    target : what the labels are; auto: told from their values.
    vocabulary : the class names of the validation set: `()` if its classes are numbers; None if
        this is the validation set.

    Raises
    ------
    InputError
        If labels are missing, ambiguous, or not of the kind that was asked for.
    """
    raw = origin.labels
    if raw is None or target == "none":
        return Labels(None)
    if raw.dtype.kind in "US":
        return _named(origin, raw.astype(str), target, vocabulary)
    if raw.dtype.kind == "f":
        return _real(origin, raw, target)
    if raw.dtype.kind not in "biu":
        raise InputError(
            f"{origin.where}: expected labels that are whole numbers, real numbers or names; got "
            f"{raw.dtype}"
        )
    if target == "regression" or (target == "auto" and origin.regression):
        return Labels(raw.astype(np.float64))
    if origin.names:
        values, known = _renumbered(origin, raw.astype(np.int64), vocabulary)
        return Labels(values, known, _beyond(known, origin.names))
    return _whole(origin, raw.astype(np.int64), vocabulary)


def _real(origin: Origin, raw: Floats, target: AskedTarget) -> Labels:
    missing = np.flatnonzero(~np.isfinite(raw))
    if missing.size:
        raise InputError(
            f"{origin.where}: {missing.size} of {raw.size} labels are missing or not finite, in "
            f"{rows_named(missing)}; drop these rows"
        )
    whole = bool(np.all(raw == np.round(raw)))
    if target == "classes":
        if not whole:
            raise InputError(
                f"{origin.where}: target is classes, but the labels are real numbers such as "
                f"{raw[raw != np.round(raw)][0]!r}; set target: regression"
            )
        return Labels(raw.astype(np.int64))
    if whole and target == "auto" and not origin.regression and raw.size:
        raise InputError(
            f"{origin.where}: the labels are real numbers that are all whole, such as {raw[0]}; "
            "say what they are with target: classes or target: regression"
        )
    return Labels(raw.astype(np.float64))


def _whole(origin: Origin, values: NDArray[np.int64], vocabulary: tuple[str, ...] | None) -> Labels:
    if vocabulary:
        raise InputError(
            f"{origin.where}: the classes are numbers such as {values[0]}, but the validation "
            f"set's are names such as {vocabulary[0]!r}; give both the same labels"
        )
    return Labels(values)


def _named(
    origin: Origin,
    raw: NDArray[np.str_],
    target: AskedTarget,
    vocabulary: tuple[str, ...] | None,
) -> Labels:
    if target == "regression":
        raise InputError(
            f"{origin.where}: target is regression, but labels are names such as {str(raw[0])!r}"
        )
    names = [str(name) for name in np.unique(raw)]
    if not vocabulary and all(re.fullmatch(r"-?\d{1,18}", name) for name in names):
        return Labels(raw.astype(np.int64))
    _check_names_are_expected(origin, names[0], vocabulary)
    vocabulary = tuple(names) if vocabulary is None else vocabulary
    numbers = np.array([class_number(name, vocabulary) for name in names], dtype=np.int64)
    return Labels(numbers[np.searchsorted(names, raw)], vocabulary, _beyond(vocabulary, names))


def _beyond(vocabulary: tuple[str, ...], names: Sequence[str]) -> tuple[str, ...]:
    known = set(vocabulary)
    return tuple(name for name in names if name not in known)


def _check_names_are_expected(
    origin: Origin, name: str, vocabulary: tuple[str, ...] | None
) -> None:
    if vocabulary == ():
        raise InputError(
            f"{origin.where}: the classes are names such as {name!r}, but the validation set's "
            "are numbers; give both the same labels"
        )


def _renumbered(
    origin: Origin, values: NDArray[np.int64], vocabulary: tuple[str, ...] | None
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Indices into the source's own names as indices into the vocabulary."""
    _check_names_are_expected(origin, origin.names[0], vocabulary)
    if vocabulary is None or vocabulary == origin.names:
        return values, origin.names
    known = {class_number(name, origin.names): name for name in (*origin.names, *vocabulary)}
    numbers, inverse = np.unique(values, return_inverse=True)
    named = [known.get(int(number)) for number in numbers]
    renumbered = [
        int(number) if name is None else class_number(name, vocabulary)
        for number, name in zip(numbers, named, strict=True)
    ]
    return np.array(renumbered, dtype=np.int64)[inverse], vocabulary
