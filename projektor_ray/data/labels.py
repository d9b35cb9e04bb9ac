"""One numbering of the classes of all providers, from labels as each source has them.

Named classes are numbered by the validation set's vocabulary, its sorted class names. A name that
the vocabulary lacks gets a number that follows from the name alone, so that two providers agree on
it without knowing of each other; it is 2³² or more, and never taken for an index.
"""

import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data.origin import Labels, Origin
from projektor_ray.data.raw_labels import RawLabels
from projektor_ray.data.samples import SampleSchema
from projektor_ray.data.source_config import TargetSetting
from projektor_ray.data.source_reading import Note
from projektor_ray.errors import InputError, listed
from projektor_ray.storage.array_types import Floats

UNKNOWN_FROM = 2**32
SHOWN = 5


def class_number(name: str, vocabulary: tuple[str, ...]) -> int:
    """Index of a class in the vocabulary, or the number that follows from its name alone."""
    if name in vocabulary:
        return vocabulary.index(name)
    return UNKNOWN_FROM + int.from_bytes(hashlib.sha256(name.encode()).digest()[:7], "big")


def resolve_labels(origin: Origin, target: TargetSetting, schema: SampleSchema | None) -> Labels:
    """Labels in the form that `Samples` has.

    Parameters
    ----------
    target : what the labels are; auto: judged by their values.
    schema : of the validation set; None if this is the validation set.

    Raises
    ------
    InputError
        If labels are ambiguous, or not of the kind that was asked for.
    """
    raw = origin.labels
    if raw is None or target == "none":
        return Labels(None)
    if raw.texts:
        return _named(origin, raw, target, schema)
    if raw.values.dtype.kind == "f":
        return Labels(_real(origin, raw.values, target))
    if target == "regression" or (target == "auto" and origin.regression):
        return Labels(raw.values.astype(np.float64))
    values = raw.values.astype(np.int64)
    if raw.names:
        return _renumbered(origin, values, raw.names, schema)
    return _whole(origin, values, schema)


def _real(origin: Origin, raw: Floats, target: TargetSetting) -> NDArray[np.int64] | Floats:
    infinite = np.flatnonzero(~np.isfinite(raw))
    if infinite.size:
        raise InputError(f"{origin.where}: {infinite.size} of {raw.size} labels are infinite")
    whole = bool(np.all(raw == np.round(raw)))
    if target == "classes":
        if not whole:
            raise InputError(
                f"{origin.where}: the labels must be classes, but are real numbers such as "
                f"{raw[raw != np.round(raw)][0]}. Give whole numbers or "
                "names, or a study file with a regression's target and metric"
            )
        return raw.astype(np.int64)
    if whole and target == "auto" and not origin.regression and raw.size:
        raise InputError(
            f"{origin.where}: the labels are real numbers that are all whole, such as {raw[0]}; "
            "say what they are with target: classes or target: regression"
        )
    return raw.astype(np.float64)


def _whole(origin: Origin, values: NDArray[np.int64], schema: SampleSchema | None) -> Labels:
    """Classes that are numbers: positions in the validation set's names, where it numbers them."""
    names = () if schema is None else schema.class_names
    if schema is None or not names:
        return Labels(values)
    outside = values[(values < 0) | (values >= len(names))]
    if not schema.numbered or outside.size:
        odd = outside[0] if outside.size else values[0]
        raise InputError(
            f"{origin.where}: the classes are numbers such as {odd}, but the validation set's are "
            f"{len(names)} names such as {names[0]!r}; give both the same labels"
        )
    return Labels(values, names, notes=(Note("class positions", len(names), listed(names, SHOWN)),))


def _named(
    origin: Origin, raw: RawLabels, target: TargetSetting, schema: SampleSchema | None
) -> Labels:
    if target == "regression":
        raise InputError(
            f"{origin.where}: the labels must be numbers for a regression, but are names such "
            f"as {raw.texts[0]!r}. Give numbers"
        )
    vocabulary = None if schema is None else schema.class_names
    names = sorted(raw.texts)
    if not vocabulary and (numbers := _as_numbers(raw.texts)):
        return Labels(np.array(numbers, dtype=np.int64)[raw.values])
    _check_names_are_expected(origin, names[0], vocabulary)
    vocabulary = tuple(names) if vocabulary is None else vocabulary
    known = np.array([class_number(name, vocabulary) for name in raw.texts], dtype=np.int64)
    return Labels(known[raw.values], vocabulary, _beyond(vocabulary, names), _alike(names))


def _as_numbers(texts: Sequence[str]) -> list[int]:
    """Texts as whole numbers, where all are and no two are of the same number."""
    if not all(re.fullmatch(r"-?\d{1,18}", text) for text in texts):
        return []
    numbers = [int(text) for text in texts]
    return numbers if len(set(numbers)) == len(numbers) else []


def _alike(names: Sequence[str]) -> tuple[Note, ...]:
    """A note of names that are the same but for case and spaces."""
    same: dict[str, list[str]] = {}
    for name in names:
        same.setdefault("".join(name.casefold().split()), []).append(name)
    groups = [" and ".join(map(repr, group)) for group in same.values() if len(group) > 1]
    return (Note("alike classes", len(groups), listed(groups, SHOWN)),) if groups else ()


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
    origin: Origin,
    values: NDArray[np.int64],
    names: tuple[str, ...],
    schema: SampleSchema | None,
) -> Labels:
    """Indices into the source's own names as indices into the vocabulary.

    Where the validation set has numbers without names, the numbers are taken as they are: a later
    check compares the names of all sources.
    """
    if schema is None or schema.class_names == names:
        return Labels(values, names)
    vocabulary = schema.class_names
    if not vocabulary:
        return Labels(values, notes=(Note("compared by number", len(names), listed(names, SHOWN)),))
    numbers = np.array([class_number(name, vocabulary) for name in names], dtype=np.int64)
    return Labels(numbers[values], vocabulary, _beyond(vocabulary, names))
