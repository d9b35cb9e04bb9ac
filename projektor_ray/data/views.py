"""The view of a source: shuffle, rows, classes, limit, then wrong labels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data.labels import class_number
from projektor_ray.data.origin import Index, Labels, Origin
from projektor_ray.data.source_config import SourceConfig
from projektor_ray.errors import InputError, nearest
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.hashing import generator


@dataclass(frozen=True, eq=False)
class View:
    """The rows that are kept, in order, and their labels; both of length n."""

    index: Index
    labels: NDArray[np.int64] | Floats | None


def take_view(source: SourceConfig, origin: Origin, labels: Labels) -> View:
    """Apply a source's view to the rows of its origin.

    Raises
    ------
    InputError
        If rows are asked for that do not exist, a class is unknown, no row remains, or classes
        are asked of labels that are none.
    """
    index = np.arange(origin.size, dtype=np.int64)
    if source.shuffle is not None:
        index = generator("shuffle", source.shuffle).permutation(index)
    if source.rows is not None:
        start, stop = source.rows
        if stop > origin.size:
            raise InputError(
                f"{origin.where} has {origin.size} rows, but rows [{start}, {stop}] were given"
            )
        index = index[start:stop]
    if source.classes is not None:
        index = index[
            np.isin(_classes(origin, labels)[index], _chosen_classes(source, origin, labels))
        ]
    index = index[: source.limit]
    if not index.size:
        raise InputError(
            f"no samples remain of the {origin.size} rows of {origin.where}; check rows and classes"
        )
    values = None if labels.values is None else labels.values[index]
    if source.wrong_labels > 0:
        classes = _classes(origin, labels)
        values = _with_wrong_labels(source, origin, classes[index], np.unique(classes))
    return View(index, values)


def _classes(origin: Origin, labels: Labels) -> NDArray[np.int64]:
    if labels.values is None or not np.issubdtype(labels.values.dtype, np.integer):
        raise InputError(
            f"{origin.where}: `classes` and `wrong_labels` need labels that are classes; these "
            f"are {'absent' if labels.values is None else 'a regression target'}"
        )
    return labels.values.astype(np.int64, copy=False)


def _chosen_classes(source: SourceConfig, origin: Origin, labels: Labels) -> list[int]:
    """Numbers of the classes that are kept; each must occur in the source."""
    present = np.unique(_classes(origin, labels)).tolist()
    chosen = []
    for name in source.classes or ():
        numbered = labels.class_names == origin.reading.class_names  # both empty, or the data's own
        is_number = numbered and isinstance(name, int) and str(name) not in labels.class_names
        by_name = bool(labels.class_names) and not is_number
        number = class_number(str(name), labels.class_names) if by_name else name
        if number not in present:
            known = [
                n for n in labels.class_names if class_number(n, labels.class_names) in present
            ]
            hint = nearest(str(name), known or map(str, present))
            raise InputError(f"{origin.where} has no samples of class {name!r}; {hint}")
        chosen.append(int(number))
    return chosen


def _with_wrong_labels(
    source: SourceConfig, origin: Origin, labels: NDArray[np.int64], classes: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Labels of which round(share · n) are replaced by another class, uniformly drawn."""
    if len(classes) < 2:
        raise InputError(
            f"{origin.where}: wrong labels need two or more classes; all labels are {classes[0]}"
        )
    random = generator("wrong labels", source.wrong_labels_seed)
    wrong = random.permutation(len(labels))[: round(source.wrong_labels * len(labels))]
    places = np.searchsorted(classes, labels[wrong])
    shifts = random.integers(1, len(classes), size=len(wrong))
    replaced: NDArray[np.int64] = labels.copy()
    replaced[wrong] = classes[(places + shifts) % len(classes)]
    return replaced
