"""Images as small PNG files, for a page to show."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data.image_arrays import resize
from projektor_ray.data.samples import Samples

MAX_SIDE = 48
"""Pixels of a thumbnail's longer side, at most."""
MODES = {3: "RGB", 4: "RGBA"}
"""Pillow's mode by the number of channels; others are shown as the mean of their channels."""

Picture = tuple[Any, bytes]
"""The label of a sample, None where it has none, and its image as PNG."""


def pictures(samples: Samples, positions: list[int]) -> dict[int, Picture]:
    """Of the samples at these positions; none where inputs are features."""
    if samples.inputs.ndim != 4:
        return {}
    labels = samples.labels
    return {
        x: (None if labels is None else labels[x].item(), thumbnail(samples.inputs[x]))
        for x in positions
    }


def thumbnail(image: NDArray[np.uint8]) -> bytes:
    """An image (h, w, c) as PNG, no larger than `MAX_SIDE`; smaller ones keep their pixels."""
    from PIL import Image

    height, width, channels = image.shape
    scale = MAX_SIDE / max(height, width)
    if scale < 1:
        image = resize(image, (max(1, round(scale * height)), max(1, round(scale * width))))
    pixels = image if channels in MODES else np.rint(image.mean(axis=2)).astype(np.uint8)
    target = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels), MODES.get(channels, "L")).save(target, "PNG")
    return target.getvalue()
