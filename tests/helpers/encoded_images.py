"""Images encoded in the formats and modes that people have."""

import io
from typing import Any

import numpy as np
from PIL import Image


def encode(image: Any, kind: str = "PNG", **options: Any) -> bytes:
    """An array, or an image of Pillow's, as the bytes of a file."""
    content = io.BytesIO()
    opened = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    opened.save(content, format=kind, **options)
    return content.getvalue()


def deep_png(values: np.ndarray) -> bytes:
    """A grey PNG of 16 bits, (h, w) uint16."""
    return encode(Image.fromarray(values.astype(np.uint16)))
