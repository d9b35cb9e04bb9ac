"""Arrays as inputs: features, or images as all rooms expect them, uint8 with channels last."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data.origin import Inputs
from projektor_ray.data.samples import ImageSize
from projektor_ray.data.source_reading import Note
from projektor_ray.errors import InputError

CHANNELS = (1, 3, 4)
TWELVE_BITS = 4095
DEEP = 257
"""16-bit brightness is 257 times that of 8 bits: 65,535 becomes 255."""


def as_inputs(array: NDArray[Any], where: str, image_size: ImageSize | None = None) -> Inputs:
    """An array as `Samples` has inputs: features (n, d) floating, images (n, h, w, c) uint8.

    Parameters
    ----------
    image_size : that images are resized to.

    Raises
    ------
    InputError
        If it has another form.
    """
    array = np.asarray(array)
    if array.dtype.kind not in "fbiu" or array.ndim not in (2, 3, 4) or not all(array.shape[1:]):
        raise InputError(
            f"{where}: expected features of shape (n, d) or images of shape (n, h, w, c); got "
            f"{array.dtype}, shape {array.shape}"
        )
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if array.ndim == 2:
        wide = np.float64 if array.dtype.itemsize > 8 else array.dtype
        return array.astype(np.result_type(wide, np.float32), copy=False), ()
    images, moved = _channels_last(array, where)
    images, converted = _as_bytes(images, where)
    notes = (*moved, *converted)
    if image_size is not None and images.shape[1:3] != tuple(image_size):
        size = f"{image_size[1]}×{image_size[0]}"
        notes = (*notes, Note("resized", len(images), size))
        images = np.stack([resize(image, image_size) for image in images])
    return images, notes


def resize(image: NDArray[np.uint8], size: ImageSize) -> NDArray[np.uint8]:
    """An image (h, w, c) in another size, by bilinear interpolation over the pixels it covers."""
    from PIL import Image

    height, width = size
    channels = image.shape[2]
    if channels == 3:
        return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))
    planes = [
        Image.fromarray(image[..., channel]).resize((width, height), Image.Resampling.BILINEAR)
        for channel in range(channels)
    ]
    return np.stack([np.asarray(plane) for plane in planes], axis=-1)


def _channels_last(array: NDArray[Any], where: str) -> tuple[NDArray[Any], tuple[Note, ...]]:
    """Images (n, h, w, c); channels that come first, as PyTorch has them, are moved."""
    if array.ndim == 3:
        return array[..., np.newaxis], ()
    first, middle, last = array.shape[1:]
    if last in CHANNELS or (first > last and middle != last):
        return array, ()
    if first in CHANNELS:
        return np.moveaxis(array, 1, 3), (Note("channels first", len(array)),)
    raise InputError(
        f"{where}: expected images of shape (n, h, w, c); got {array.shape}, whose channels may be "
        f"the {first} in the second place or the {last} in the last. Put them last"
    )


def _as_bytes(images: NDArray[Any], where: str) -> tuple[NDArray[np.uint8], tuple[Note, ...]]:
    """Brightness 0 to 255 of images in any type, where their values say which is white."""
    kind = images.dtype.kind
    if images.dtype == np.uint8:
        return images, ()
    if kind == "b":
        return images.astype(np.uint8) * np.uint8(255), ()
    low, high = (images.min(), images.max()) if images.size else (0, 0)
    if images.dtype == np.uint16 and 0 < high <= TWELVE_BITS:
        raise InputError(
            f"{where}: the brightest value of these uint16 images is {high}: they may be dark "
            "images of 16 bits, or images of 8 to 12 bits. Convert them to uint8"
        )
    if kind in "iu" and low >= 0 and high <= 255:
        return images.astype(np.uint8), ()
    if images.dtype == np.uint16:
        return np.rint(images / np.float32(DEEP)).astype(np.uint8), (Note("deep", len(images)),)
    if kind == "f" and images.shape[3] in CHANNELS and low >= 0:  # false where a value is NaN
        if high <= 1:
            scaled = np.rint(images * np.asarray(255, images.dtype)).astype(np.uint8)
            return scaled, (Note("float images", len(images)),)
        if high <= 255 and bool((images == np.rint(images)).all()):
            return images.astype(np.uint8), ()
    raise InputError(
        f"{where}: images must be of uint8, 0 to 255, of uint16, 0 to 65,535, or real numbers from "
        f"0 to 1; got {images.dtype} from {low} to {high}, shape {images.shape}. Convert them, or "
        "flatten them to features of shape (n, d)"
    )
