"""Data sets by name: scikit-learn's bundled ones and torchvision's."""

import inspect
import logging
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from projektor_ray.data.images import image_notes, rgb, stack_images
from projektor_ray.data.origin import Index, Inputs, Origin
from projektor_ray.data.raw_labels import RawLabels
from projektor_ray.data.samples import ImageSize
from projektor_ray.data.source_config import SourceConfig
from projektor_ray.data.source_reading import SourceReading
from projektor_ray.errors import InputError, nearest

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
    names = () if regression or name == "digits" else tuple(map(str, bunch.target_names))
    where = f"scikit-learn's {name}"
    return Origin(
        where,
        len(inputs),
        RawLabels.of_array(bunch.target, where, names),
        lambda index, _: (inputs[index], ()),
        regression,
        reading=SourceReading("arrays", class_names=names),
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

    names = tuple(map(str, getattr(data, "classes", ())))
    raw = RawLabels.of_array(np.asarray(labels), where, names)

    def inputs(index: Index, image_size: ImageSize | None) -> Inputs:
        images, kinds = zip(*(rgb(data[int(row)][0]) for row in index), strict=True)
        stacked, notes = stack_images(images, image_size)
        counts = Counter(kind for each in kinds for kind in each)
        return stacked, (*notes, *image_notes(counts, stacked.shape[1:3]))

    reading = SourceReading("images", class_names=raw.names)
    return Origin(where, len(data), raw, inputs, reading=reading)


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
