"""NumPy's `.npz` archives: the arrays that are used, once their sizes are checked."""

import math
import zipfile
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data.image_arrays import as_inputs
from projektor_ray.data.memory_limit import MemoryLimit
from projektor_ray.data.origin import Index, Inputs, Origin
from projektor_ray.data.raw_labels import RawLabels
from projektor_ray.data.samples import ImageSize
from projektor_ray.data.source_config import SourceConfig
from projektor_ray.data.source_reading import LeftOut, SourceReading
from projektor_ray.errors import InputError
from projektor_ray.storage.locations import Location

INPUT_ARRAYS = ("inputs", "features", "images", "x", "X")
LABEL_ARRAYS = ("labels", "label", "target", "y", "Y")
NAMES_ARRAY = "class_names"
ENCRYPTED = 1
"""The bit of a member's flags that says so."""


def npz_origin(source: SourceConfig, location: Location) -> Origin:
    """Inputs and labels of a `.npz` file; `class_names` names the classes 0, 1, ….

    Raises
    ------
    InputError
        If it is no archive of arrays, or lacks inputs or labels.
    """
    where = location.where
    if isinstance(source.features, tuple):
        raise InputError(
            f"{where}: `features` of a .npz file is the name of one array; got "
            f"{', '.join(source.features)}"
        )
    limit = MemoryLimit(source.memory_limit_gb)
    archive = _Archive(location, limit)
    name = archive.choose("inputs", INPUT_ARRAYS, source.features)
    array = archive.read(name)
    if not array.ndim:
        raise InputError(f"{where}: {name!r} is a single value; expected one row for each sample")
    labels, label_name = None, ""
    if source.target != "none":
        label_name = archive.choose("labels", LABEL_ARRAYS, source.label)
        labels = _labels(archive, label_name, len(array), where)
    used = (name, label_name, NAMES_ARRAY)
    reading = SourceReading(
        "arrays",
        label_name,
        ("named" if source.label else "only candidate") if label_name else "",
        (name,),
        tuple(LeftOut(other, "not listed") for other in archive.names if other not in used),
        () if labels is None else labels.names,
    )
    prepared, notes = as_inputs(array, f"{where}, array {name!r}", None)

    def inputs(index: Index, image_size: ImageSize | None) -> Inputs:
        every = len(index) == len(prepared) and bool((index == np.arange(len(index))).all())
        return as_inputs(prepared if every else prepared[index], where, image_size)

    return Origin(where, len(array), labels, inputs, reading=reading.noting(*notes))


def _labels(archive: "_Archive", name: str, count: int, where: str) -> RawLabels:
    """The labels in an array, one for each of `count` samples, and the names of the classes."""
    names = archive.read(NAMES_ARRAY) if NAMES_ARRAY in archive.names else np.array([], "U1")
    if names.ndim != 1 or names.dtype.kind not in "US":
        raise InputError(
            f"{where}: `class_names` must be a list of names, shape (k,); got {names.dtype}, "
            f"shape {names.shape}"
        )
    named = f"{where}, array {name!r}"
    labels = RawLabels.of_array(archive.read(name), named, tuple(map(_text, names)))
    if len(labels) != count:
        raise InputError(
            f"{where}: expected one label for each of {count} samples; got {len(labels)} labels"
        )
    return labels


class _Archive:
    """The members of an archive, each read when it is needed.

    Attributes
    ----------
    names : of the arrays.
    """

    def __init__(self, location: Location, limit: MemoryLimit) -> None:
        self._location, self._limit = location, limit
        self._where, self._size = location.where, location.size(location.path)
        try:
            with closing(location.open(location.path)) as file, zipfile.ZipFile(file) as archive:
                members = archive.infolist()
        except InputError:
            raise
        except Exception as failure:  # zipfile passes on whatever broken bytes raise
            raise InputError(
                f"{self._where} cannot be read as npz: {failure}. Is the file whole?"
            ) from None
        self._members = {
            member.filename.removesuffix(".npy"): member
            for member in members
            if member.filename.endswith(".npy")
        }
        self.names = tuple(self._members)

    def choose(self, what: str, usual: Sequence[str], named: str | None) -> str:
        """The name of the array of inputs or labels.

        Raises
        ------
        InputError
            If there is none, or several could be it.
        """
        wanted = usual if named is None else (named,)
        present = [name for name in wanted if name in self.names]
        option = "features" if what == "inputs" else "label"
        if len(present) > 1:
            raise InputError(
                f"{self._where}: several arrays could be the {what}: {', '.join(present)}. Say "
                f"which in the source, for example {option}: {present[0]}"
            )
        if not present:
            raise InputError(
                f"{self._where} has no array of {what}: expected {', '.join(wanted)}; it has "
                f"{', '.join(self.names) or 'none'}."
                + (" Set target: none if the samples have no labels" if what == "labels" else "")
            )
        return present[0]

    def read(self, name: str) -> NDArray[Any]:
        """An array.

        Raises
        ------
        InputError
            If it is broken, encrypted, of objects, or larger than the file can hold.
        """
        member, where = self._members[name], f"{self._where}, array {name!r}"
        if member.flag_bits & ENCRYPTED:
            raise InputError(f"{where} is encrypted. Save it without a password")
        self._limit.check(member.file_size, self._size, where)
        try:
            with (
                closing(self._location.open(self._location.path)) as file,
                zipfile.ZipFile(file) as archive,
                archive.open(member) as content,
            ):
                _check_header(content, member.file_size)
            with (
                closing(self._location.open(self._location.path)) as file,
                zipfile.ZipFile(file) as archive,
                archive.open(member) as content,
            ):
                return np.asarray(np.lib.format.read_array(content, allow_pickle=False))
        except InputError:
            raise
        except Exception as failure:  # NumPy and zipfile pass on whatever broken bytes raise
            raise InputError(f"{where} cannot be read: {failure}. Is the file whole?") from None


def _check_header(content: Any, size: int) -> None:
    """Refuse an array whose shape needs other than the bytes that are there."""
    version = np.lib.format.read_magic(content)
    reader = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if reader is None:
        raise ValueError(f"its format has the version {version}")
    shape, _, kind = reader(content)
    if kind.hasobject:
        raise ValueError("it holds Python objects, which are not read since they may run code")
    needed = content.tell() + math.prod(shape) * kind.itemsize
    if min(shape, default=0) < 0 or needed != size:
        raise ValueError(f"its shape {shape} needs {needed} bytes, but it has {size}")


def _text(name: Any) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else str(name)
