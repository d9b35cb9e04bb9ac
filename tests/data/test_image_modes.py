"""Images of any mode, size and EXIF orientation look as Pillow shows them upright."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from projektor_ray.data.images import decode_images
from tests.helpers.encoded_images import encode

LOSSLESS = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA"),
    "TIFF": ("1", "L", "P", "RGB", "RGBA", "CMYK", "YCbCr"),
}


@given(
    st.sampled_from([(kind, mode) for kind, modes in LOSSLESS.items() for mode in modes]),
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.integers(1, 8),
    st.integers(0, 2**16),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_mode_size_and_orientation(
    written: tuple[str, str], size: tuple[int, int], orientation: int, seed: int
) -> None:
    kind, mode = written
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    image = Image.fromarray(pixels).convert(mode)
    exif = Image.Exif()
    exif[0x0112] = orientation
    images, notes = decode_images([encode(image, kind, exif=exif)], ["a"])
    image.getexif()[0x0112] = orientation
    upright = ImageOps.exif_transpose(image).convert("RGB")
    np.testing.assert_allclose(images[0].astype(int), np.asarray(upright).astype(int), atol=2)
    turned = [note.count for note in notes if note.kind == "rotated"]
    assert turned == ([1] if orientation > 1 else [])
