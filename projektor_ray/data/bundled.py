"""Data sets by name: scikit-learn's bundled ones and torchvision's."""

import inspect
import logging
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data.images import stack_images
from projektor_ray.data.origin import Index, Origin
from projektor_ray.data.source_config import SourceConfig
from projektor_ray.errors import InputError, nearest, row_named

SKLEARN_SETS = ("breast_cancer", "diabetes", "digits", "iris", "wine")

log = logging.getLogger(__name__)


def sklearn_origin(name: str) -> Origin:
    """A data set bundled with scikit-learn, as features (digits: (n, 64), values 0 to 16).

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if name not in SKLEARN_SETS:
        raise InputError(f"scikit-learn bundles no set {name!r}; {nearest(name, SKLEARN_SETS)}")
    import sklearn.datasets

    bunch = getattr(sklearn.datasets, f"load_{name}")()
    inputs = np.ascontiguousarray(bunch.data, dtype=np.float64)
    regression = name == "diabetes"
    return Origin(
        f"scikit-learn's {name}", len(inputs), bunch.target, inputs.__getitem__, regression
    )


def torchvision_origin(source: SourceConfig) -> Origin:
    """A torchvision classification data set, as RGB images; downloaded where it is absent.

    Raises
    ------
    InputError
        If there is none of that name or split, or it is absent and cannot be downloaded.
    """
    where = str(source)
    data = _dataset(source, where)
    labels = next(
        (getattr(data, n) for n in ("targets", "labels", "_labels") if hasattr(data, n)), None
    )
    if labels is None:
        labels = [label for _, label in data]

    def inputs(index: Index) -> NDArray[np.uint8]:
        names = [f"{where}, {row_named(row)}" for row in index]
        return stack_images([np.asarray(data[row][0].convert("RGB")) for row in index], names)

    return Origin(where, len(data), np.asarray(labels), inputs)


def _dataset(source: SourceConfig, where: str) -> Any:
    import torchvision.datasets

    name, split = str(source.torchvision), source.split or "train"
    known = {
        kind: parameters
        for kind in torchvision.datasets.__all__
        if isinstance(getattr(torchvision.datasets, kind), type)
        and (parameters := inspect.signature(getattr(torchvision.datasets, kind)).parameters)
        and "download" in parameters
        and ("train" in parameters or "split" in parameters)
    }
    if name not in known:
        raise InputError(f"torchvision has no data set {name!r}; {nearest(name, known)}")
    if "train" in known[name]:
        if split not in ("train", "test"):
            raise InputError(f"{where}: split must be train or test; got {split!r}")
        part: dict[str, Any] = {"train": split == "train"}
    else:
        part = {"split": split}
    return _load(getattr(torchvision.datasets, name), Path(str(source.root)), part, where)


def _load(kind: Any, root: Path, part: dict[str, Any], where: str) -> Any:
    try:
        return kind(root, download=False, **part)
    except ValueError as failure:
        raise InputError(f"{where}: {failure}") from None
    except (RuntimeError, OSError):
        log.info("%s is absent or not whole; downloading it", where)
    try:
        root.mkdir(parents=True, exist_ok=True)
        return kind(root, download=True, **part)
    except (RuntimeError, OSError) as failure:
        raise InputError(
            f"{where} is absent or not whole, and cannot be downloaded: {failure}. Put the data "
            "set's files into this folder, or run where there is a network"
        ) from None
