"""Files and folders as origins, by the kind that their name says they are."""

import io
import zipfile
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq
from numpy.typing import NDArray

from projektor_ray.data.columns import table_origin
from projektor_ray.data.images import image_folder
from projektor_ray.data.origin import Origin
from projektor_ray.data.source_config import SourceConfig
from projektor_ray.errors import InputError, nearest
from projektor_ray.storage.locations import Location

CSV_OPTIONS = pyarrow.csv.ConvertOptions(strings_can_be_null=True)
TABLES: dict[str, Callable[[pa.NativeFile], pa.Table]] = {
    ".parquet": pq.read_table,
    ".arrow": pa.feather.read_table,
    ".feather": pa.feather.read_table,
    ".ipc": pa.feather.read_table,
    ".arrows": lambda buffer: pa.ipc.open_stream(buffer).read_all(),
    ".csv": lambda buffer: pyarrow.csv.read_csv(buffer, convert_options=CSV_OPTIONS),
}
KINDS = (*TABLES, ".npz")
INPUT_ARRAYS = ("inputs", "features", "images", "x", "X")
LABEL_ARRAYS = ("labels", "label", "target", "y", "Y")


def read_files(source: SourceConfig, location: Location) -> Origin:
    """The origin of a `path` source.

    Raises
    ------
    InputError
        If the kind is unknown or the content cannot be read as it.
    """
    if location.is_folder:
        parquet = [path for path in location.files if path.endswith(".parquet")]
        if not parquet:
            if source.features is not None or source.label is not None:
                raise InputError(
                    f"{location.where} has no Parquet files; a folder of images by class takes "
                    "neither `features` nor `label`"
                )
            return image_folder(location)
        table = _joined([_table(location, path, ".parquet") for path in parquet], location.where)
        return table_origin(table, location.where, source.features, source.label, source.target)
    kind = PurePosixPath(location.path).suffix.lower()
    if kind not in KINDS:
        raise InputError(
            f"{location.where}: expected a file of the kind {', '.join(KINDS)} or a folder; "
            f"{nearest(kind, KINDS)}"
        )
    if kind == ".npz":
        return _arrays(source, location)
    table = _table(location, location.path, kind)
    return table_origin(table, location.where, source.features, source.label, source.target)


def _table(location: Location, path: str, kind: str) -> pa.Table:
    where = path if location.is_folder else location.where
    content = pa.BufferReader(location.buffer(path))
    try:
        table = TABLES[kind](content)
    except (pa.ArrowException, OSError) as failure:
        raise InputError(
            f"{where} cannot be read as {kind.removeprefix('.')}: {failure}. Is the file whole?"
        ) from None
    if not table.num_rows:
        raise InputError(f"{where} has no rows")
    return table


def _joined(tables: list[pa.Table], where: str) -> pa.Table:
    try:
        return pa.concat_tables(tables)
    except pa.ArrowException as failure:
        raise InputError(
            f"the Parquet files of {where} differ in their columns: {failure}"
        ) from None


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
