"""Samples of a source: where its rows are, their labels, and the view of them."""

import pyarrow.fs as pafs

from projektor_ray.data.bundled import sklearn_origin, torchvision_origin
from projektor_ray.data.labels import resolve_labels
from projektor_ray.data.origin import Origin, samples_of
from projektor_ray.data.readers import read_files
from projektor_ray.data.samples import Samples
from projektor_ray.data.source_config import SourceConfig
from projektor_ray.data.views import take_view
from projektor_ray.storage.locations import locate


def read_source(
    source: SourceConfig,
    filesystem: pafs.FileSystem | None = None,
    *,
    class_names: tuple[str, ...] | None = None,
) -> Samples:
    """The samples that a source's view keeps.

    Parameters
    ----------
    filesystem : the filesystem that the source's `path` is a path in; absent: by its URI.
    class_names : for a pilot, `class_names` of the validation set, so that equal names get equal
        numbers everywhere (`()` where its classes are numbers); None for the validation set
        itself, whose sorted class names become the numbering.

    Raises
    ------
    InputError
        If the source is absent or unreadable, lacks features or labels, has features that are not
        finite or samples that differ in shape, or no row remains.
    """
    origin = _origin(source, filesystem)
    labels = resolve_labels(origin, source.target, class_names)
    view = take_view(source, origin, labels)
    return samples_of(origin, view.index, view.labels, labels.class_names, labels.other_names)


def _origin(source: SourceConfig, filesystem: pafs.FileSystem | None) -> Origin:
    if source.path is not None:
        return read_files(source, locate(source.path, filesystem))
    if source.sklearn is not None:
        return sklearn_origin(source.sklearn)
    return torchvision_origin(source)
