"""Files and folders as origins, by the kind that their name says they are."""

import io
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data.columns import table_origin
from projektor_ray.data.images import image_folder
from projektor_ray.data.memory_limit import MemoryLimit
from projektor_ray.data.origin import Origin
from projektor_ray.data.source_config import SourceConfig
from projektor_ray.data.tables import open_location, relative_paths, table_parts
from projektor_ray.errors import InputError
from projektor_ray.storage.locations import Location

INPUT_ARRAYS = ("inputs", "features", "images", "x", "X")
LABEL_ARRAYS = ("labels", "label", "target", "y", "Y")


def read_files(source: SourceConfig, location: Location) -> Origin:
    """The origin of a `path` source.

    Raises
    ------
    InputError
        If the kind is unknown or the content cannot be read as it.
    """
    if location.is_folder and not table_parts(relative_paths(location)):
        if source.features is not None or source.label is not None:
            raise InputError(
                f"{location.where} has no tables; a folder of images by class takes neither "
                "`features` nor `label`"
            )
        return image_folder(location)
    if not location.is_folder and location.path.lower().endswith(".npz"):
        return _arrays(source, location)
    table = open_location(location, limit=MemoryLimit())
    if not table.rows:
        raise InputError(f"{location.where} has no rows")
    return table_origin(table.table(), location.where, source.features, source.label, source.target)


def _arrays(source: SourceConfig, location: Location) -> Origin:
    """Arrays of a `.npz` file: inputs, labels and, beside integer labels, class_names."""
    content = io.BytesIO(location.read())
    if not zipfile.is_zipfile(content):
        raise InputError(f"{location.where} cannot be read as npz. Is the file whole?")
    try:
        with np.load(content, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as failure:
        raise InputError(f"{location.where} cannot be read as npz: {failure}") from None
    if isinstance(source.features, tuple):
        raise InputError(
            f"{location.where}: `features` of a .npz file is the name of one array; got "
            f"{', '.join(source.features)}"
        )
    wanted = INPUT_ARRAYS if source.features is None else (source.features,)
    inputs = _array(arrays, location.where, "inputs", wanted)
    prepared = as_inputs(inputs, location.where)
    labels = None
    if source.target != "none":
        wanted = LABEL_ARRAYS if source.label is None else (source.label,)
        labels = _array(arrays, location.where, "labels", wanted)
        if labels.shape != inputs.shape[:1]:
            raise InputError(
                f"{location.where}: expected one label for each of {len(inputs)} samples; got "
                f"labels of shape {labels.shape}"
            )
    names = tuple(str(name) for name in arrays.get("class_names", ()))
    return Origin(location.where, len(inputs), labels, prepared.__getitem__, names=names)


def _array(
    arrays: dict[str, NDArray[Any]], where: str, what: str, wanted: tuple[str, ...]
) -> NDArray[Any]:
    for name in wanted:
        if name in arrays:
            return arrays[name]
    raise InputError(
        f"{where} has no array of {what}: expected {', '.join(wanted)}; it has {', '.join(arrays)}."
        + (" Set target: none if the samples have no labels" if what == "labels" else "")
    )


def as_inputs(array: NDArray[Any], where: str) -> NDArray[Any]:
    """An array as `Samples` has inputs: features (n, d) floating, images (n, h, w, c) uint8.

    Raises
    ------
    InputError
        If it has another form.
    """
    array = np.asarray(array)
    if array.ndim in (3, 4):
        if array.dtype != np.uint8:
            raise InputError(
                f"{where}: images must be of uint8, 0 to 255; got {array.dtype}, shape "
                f"{array.shape}. Convert them, or flatten them to features of shape (n, d)"
            )
        return array if array.ndim == 4 else array[..., np.newaxis]
    if array.ndim != 2 or array.dtype.kind not in "fbiu" or not array.shape[1]:
        raise InputError(
            f"{where}: expected features of shape (n, d) or images of shape (n, h, w, c); got "
            f"{array.dtype}, shape {array.shape}"
        )
    return array.astype(np.result_type(array.dtype, np.float32), copy=False)
