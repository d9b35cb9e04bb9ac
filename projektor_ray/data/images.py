"""Encoded images as arrays, and a folder of images by class."""

import io
import posixpath
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data.origin import Index, Origin
from projektor_ray.errors import InputError
from projektor_ray.storage.locations import Location

IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
"""torchvision's, of `ImageFolder`."""


def decode_images(encoded: Sequence[bytes | None], names: Sequence[str]) -> NDArray[np.uint8]:
    """Images as RGB, shape (n, h, w, 3).

    Parameters
    ----------
    encoded : PNG, JPEG, … as bytes.
    names : what a message calls each image.

    Raises
    ------
    InputError
        If an image cannot be decoded, or they differ in size.
    """
    return stack_images([_decode(e, n) for e, n in zip(encoded, names, strict=True)], names)


def stack_images(images: Sequence[NDArray[np.uint8]], names: Sequence[str]) -> NDArray[np.uint8]:
    """Images of one size as one array, shape (n, h, w, 3); InputError if they differ in size."""
    for image, name in zip(images, names, strict=True):
        if image.shape != images[0].shape:
            (height, width, _), (other_height, other_width, _) = images[0].shape, image.shape
            raise InputError(
                f"images must all have one size, but {names[0]} is {width}×{height} and {name} is "
                f"{other_width}×{other_height}; resize them first"
            )
    return np.stack(images)


def _decode(content: bytes | None, name: str) -> NDArray[np.uint8]:
    from PIL import Image

    if not content:
        raise InputError(f"{name} is empty; expected an encoded image (PNG, JPEG, …)")
    try:
        with Image.open(io.BytesIO(content)) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as failure:
        raise InputError(
            f"{name} cannot be decoded as an image: {failure}; expected PNG, JPEG, …"
        ) from None


def image_folder(location: Location) -> Origin:
    """Images in torchvision's `ImageFolder` layout: FOLDER/CLASS/…/IMAGE, labels are the classes.

    Raises
    ------
    InputError
        If there are no images in subfolders.
    """
    paths = [path for path in location.files if path.lower().endswith(IMAGE_ENDINGS)]
    inside = [posixpath.relpath(path, location.path) for path in paths]
    if not paths or not all("/" in name for name in inside):
        loose = [name for name in inside if "/" not in name]
        came = f"{loose[0]} outside of one" if loose else f"{len(location.files)} other files"
        raise InputError(
            f"{location.where}: expected Parquet files, or images in one subfolder for each "
            f"class; got {came}"
        )

    def inputs(index: Index) -> NDArray[np.uint8]:
        kept = [paths[row] for row in index]
        return decode_images([location.read(path) for path in kept], kept)

    labels = np.array([name.split("/", 1)[0] for name in inside])
    return Origin(location.where, len(paths), labels, inputs)
