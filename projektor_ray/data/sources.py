"""Samples of a source: where its rows are, their labels, and the view of them."""

import pyarrow.fs as pafs

from projektor_ray.data.bundled import sklearn_origin, torchvision_origin
from projektor_ray.data.image_folders import image_folder
from projektor_ray.data.labels import resolve_labels
from projektor_ray.data.memory_limit import MemoryLimit
from projektor_ray.data.npz_files import npz_origin
from projektor_ray.data.origin import Origin, samples_of
from projektor_ray.data.samples import Samples, SampleSchema
from projektor_ray.data.source_config import SourceConfig
from projektor_ray.data.table_inputs import table_origin
from projektor_ray.data.tables import open_location, relative_paths, table_parts
from projektor_ray.data.views import take_view
from projektor_ray.errors import InputError
from projektor_ray.storage.locations import locate

SMALL_BYTES = 8 * 2**20
"""Of a file that is opened before it is read where it is held: this takes no noticeable time."""


def read_source(
    source: SourceConfig,
    filesystem: pafs.FileSystem | None = None,
    *,
    schema: SampleSchema | None = None,
) -> Samples:
    """The samples that a source's view keeps.

    Parameters
    ----------
    filesystem : the filesystem that the source's `path` is a path in; absent: by its URI.
    schema : for a pilot, `schema` of the validation set, so that equal names get equal numbers
        everywhere, the same columns are the features, and images have the same size; None for the
        validation set itself.

    Raises
    ------
    InputError
        If the source is absent or unreadable, lacks features or labels, has features that are not
        finite or samples that differ in shape, or no row remains.
    """
    origin = _origin(source, filesystem, schema)
    labels = resolve_labels(origin, source.target, schema)
    view = take_view(source, origin, labels)
    image_size = source.image_shape
    if image_size is None and schema is not None:
        image_size = schema.image_size
    return samples_of(origin, view.index, view.labels, labels, image_size)


def check_source(source: SourceConfig) -> None:
    """Refuse a local file that is absent, and a small one whose table cannot be opened.

    Sources elsewhere, folders and large files are left to `read_source`.

    Raises
    ------
    InputError
        As `read_source`.
    """
    if source.path is None or "://" in source.path:
        return
    location = locate(source.path)
    if location.is_folder or location.path.lower().endswith(".npz"):
        return
    if location.filesystem.get_file_info(location.path).size <= SMALL_BYTES:
        limit = MemoryLimit(source.memory_limit_gb)
        open_location(location, encoding=source.encoding or "", limit=limit)


def _origin(
    source: SourceConfig, filesystem: pafs.FileSystem | None, schema: SampleSchema | None
) -> Origin:
    if source.sklearn is not None:
        return sklearn_origin(source.sklearn)
    if source.path is None:
        return torchvision_origin(source)
    location = locate(source.path, filesystem)
    if location.is_folder and not table_parts(relative_paths(location)):
        if source.column_options:
            raise InputError(
                f"{location.where} has no tables; a folder of images by class takes neither "
                f"`features` nor `label`. Remove {' and '.join(source.column_options)}"
            )
        return image_folder(location)
    if not location.is_folder and location.path.lower().endswith(".npz"):
        return npz_origin(source, location)
    limit = MemoryLimit(source.memory_limit_gb)
    table = open_location(location, encoding=source.encoding or "", limit=limit)
    return table_origin(table, source.features, source.label, source.target, schema)
