"""Images encoded in the formats and modes that people have."""

import io
import struct
import zlib
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


def png_of(rows: bytes, width: int, height: int, depth: int = 8, colour_type: int = 0) -> bytes:
    """A PNG of any depth and colour type, whose rows are as the format stores them."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
