"""Fingerprints of sources, which tell without reading samples whether a source has changed."""

import hashlib
from collections.abc import Mapping
from importlib.metadata import version

import pyarrow.fs as pafs

from projektor_ray.data.source_config import SourceConfig
from projektor_ray.errors import InputError
from projektor_ray.storage.hashing import digest
from projektor_ray.storage.locations import Location, locate

CHEAP = 8 * 2**20
"""Bytes of a source whose content is hashed; of more, sizes and times of change are compared."""


def fingerprint(source: SourceConfig) -> str:
    """Hash of the options of a source and of the state of its files.

    Local files of at most `CHEAP` bytes in all are hashed; of others the names, sizes and times of
    change are. A set that a library bundles has the version of the library.

    Raises
    ------
    InputError
        If there is no such file or folder, or it cannot be reached.
    """
    options = source.model_dump(mode="json")
    return digest("source", options, _state(source))


def _state(source: SourceConfig) -> object:
    if source.sklearn is not None:
        return version("scikit-learn")
    place = source.path if source.path is not None else source.root
    assert place is not None
    location = locate(place)
    try:
        return _files(location)
    except OSError as failure:
        raise InputError(f"cannot read {location.where}: {failure}") from None


def _files(location: Location) -> object:
    infos = location.filesystem.get_file_info(list(location.files))
    names = [info.path.removeprefix(location.path) for info in infos]
    sizes = [int(info.size or 0) for info in infos]
    if isinstance(location.filesystem, pafs.LocalFileSystem) and sum(sizes) <= CHEAP:
        return [names, [_content(location, info.path) for info in infos]]
    return [names, sizes, [int(info.mtime_ns or 0) for info in infos]]


def _content(location: Location, path: str) -> str:
    return hashlib.sha256(location.read(path)).hexdigest()


def fingerprints(sources: Mapping[str, SourceConfig]) -> dict[str, str]:
    """The fingerprint of each source by its name."""
    return {name: fingerprint(source) for name, source in sources.items()}
