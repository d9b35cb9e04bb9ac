"""Encoded images of every depth, mode, orientation and size become RGB of one size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from projektor_ray.data import Note
from projektor_ray.data.images import MOST_PIXELS, decode_images
from projektor_ray.errors import InputError
from tests.helpers.encoded_images import deep_png, encode, png_of

RANDOM = np.random.default_rng(0)
COLOURS = RANDOM.integers(0, 256, (6, 5, 3), dtype=np.uint8)
GREY = COLOURS[..., 0]


def decoded(content: bytes) -> tuple[np.ndarray, dict[str, int]]:
    images, notes = decode_images([content], ["a"])
    return images[0], {note.kind: note.count for note in notes}


def test_sixteen_bits_are_divided_by_257() -> None:
    values = RANDOM.integers(0, 2**16, (4, 3)).astype(np.uint16)
    found, notes = decoded(deep_png(values))
    np.testing.assert_array_equal(found, np.rint(values / 257)[..., None].repeat(3, axis=2))
    assert notes == {"deep": 1}
    assert decoded(deep_png(np.full((2, 2), 65535)))[0].min() == 255


def test_sixteen_bits_of_a_tiff() -> None:
    values = np.array([[0, 257], [65535, 32896]], dtype=np.uint16)
    found, notes = decoded(encode(Image.fromarray(values), "TIFF"))
    assert found[..., 0].tolist() == [[0, 1], [255, 128]]
    assert notes == {"deep": 1}


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "1", "LA", "RGBA", "CMYK", "YCbCr"])
def test_opaque_modes_look_as_pillow_shows_them(mode: str) -> None:
    image = Image.fromarray(COLOURS).convert(mode)
    found, notes = decoded(encode(image, "PNG" if mode not in ("CMYK", "YCbCr") else "TIFF"))
    expected = np.asarray(image.convert("RGB"))
    np.testing.assert_allclose(found.astype(int), expected.astype(int), atol=2)
    assert notes == {}


def test_clear_pixels_are_laid_on_white() -> None:
    clear = np.dstack([COLOURS, np.zeros((6, 5), np.uint8)])
    clear[0, 0, 3] = 255
    found, notes = decoded(encode(clear))
    assert found[0, 0].tolist() == COLOURS[0, 0].tolist()
    assert found[1:].min() == 255
    assert notes == {"alpha": 1}


def test_sixteen_bits_in_colours_and_in_other_formats() -> None:
    colours = b"".join(b"\0" + (row.astype(">u2") * 257).astype(">u2").tobytes() for row in COLOURS)
    found, notes = decoded(png_of(colours, 5, 6, depth=16, colour_type=2))
    np.testing.assert_array_equal(found, COLOURS)
    assert notes == {"deep": 1}
    for white in (1023, 4095, 65535):
        grey = np.rint(GREY / 255 * white).astype(">u2")
        found, notes = decoded(b"P5\n5 6\n%d\n" % white + grey.tobytes())
        np.testing.assert_allclose(found[..., 0].astype(int), GREY.astype(int), atol=1)
        assert notes == {"deep": 1}


def test_twelve_bits_in_sixteen_are_asked_about() -> None:
    dark, bright = (deep_png(np.full((2, 2), level)) for level in (4095, 40000))
    with pytest.raises(InputError, match="2 images of 16 bits"):
        decode_images([dark, dark], ["a", "b"])
    assert decode_images([dark, bright], ["a", "b"])[0].max() == round(40000 / 257)


def test_real_numbers_from_0_to_1() -> None:
    values = np.array([[0.0, 1.0], [0.5, 0.2]], dtype=np.float32)
    found, notes = decoded(encode(Image.fromarray(values), "TIFF"))
    assert found[..., 1].tolist() == [[0, 255], [128, 51]]
    assert notes == {"float images": 1}
    with pytest.raises(InputError, match="mode F"):
        decoded(encode(Image.fromarray(values * 300), "TIFF"))


def test_integers_of_32_bits_are_refused_by_their_mode() -> None:
    with pytest.raises(InputError, match="mode I"):
        decoded(encode(Image.fromarray(np.full((2, 2), 70000, np.int32)), "TIFF"))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_turned_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(COLOURS)
    for kind in ("PNG", "JPEG", "TIFF", "WEBP"):
        content = encode(image, kind, exif=exif)
        plain, _ = decoded(encode(image, kind))
        found, notes = decoded(content)
        turn = {2: 0, 3: 1, 4: 2, 5: 3, 6: 4, 7: 5, 8: 6}.get(orientation)
        ways = [
            lambda a: a[:, ::-1],
            lambda a: a[::-1, ::-1],
            lambda a: a[::-1],
            lambda a: a.transpose(1, 0, 2),
            lambda a: np.rot90(a, -1),
            lambda a: a[::-1, ::-1].transpose(1, 0, 2),
            lambda a: np.rot90(a, 1),
        ]
        np.testing.assert_array_equal(found, plain if turn is None else ways[turn](plain))
        assert notes == ({} if turn is None else {"rotated": 1})


def test_the_first_frame_of_an_animation() -> None:
    frames = [Image.fromarray(np.full((4, 4), level, np.uint8)) for level in (0, 255)]
    found, notes = decoded(encode(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert found.max() == 0
    assert notes == {"animated": 1}


def test_sizes_that_differ_become_the_most_frequent_or_the_one_that_is_given() -> None:
    contents = [encode(COLOURS), encode(COLOURS), encode(COLOURS[:3]), encode(COLOURS[:, :2])]
    images, notes = decode_images(contents, list("abcd"))
    assert images.shape == (4, 6, 5, 3)
    assert notes == (Note("resized", 2, "5×6"),)
    np.testing.assert_array_equal(images[0], COLOURS)
    images, notes = decode_images(contents, list("abcd"), (7, 9))
    assert images.shape == (4, 7, 9, 3)
    assert notes == (Note("resized", 4, "9×7"),)


def test_an_image_of_one_colour_keeps_it_when_resized() -> None:
    flat = np.full((6, 5, 3), 37, np.uint8)
    images, _ = decode_images([encode(flat)], ["a"], (3, 11))
    assert (images == 37).all()


def test_all_broken_images_are_named_at_once() -> None:
    good = encode(COLOURS)
    contents = [good, b"", good[:60], b"nonsense", None, InputError("no such file")]
    with pytest.raises(InputError) as raised:
        decode_images(contents, [f"image {i}" for i in range(6)])
    message = str(raised.value)
    assert "4 of 6" in message, "whose first bytes are no image's"
    assert all(f"image {i}" in message for i in (1, 3, 4, 5))
    with pytest.raises(InputError, match=r"1 of 2 .*image 1"):
        decode_images([good, good[:60]], ["image 0", "image 1"])


def test_too_many_pixels_are_refused_before_they_take_memory() -> None:
    side = int(MOST_PIXELS**0.5) + 1
    content = png_of(b"\0" * 100, side, side)
    with pytest.raises(InputError, match=f"{side}×{side}"):
        decoded(content)


@given(st.binary(max_size=80), st.sampled_from(["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP"]))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_damaged_images_are_refused_or_read(damage: bytes, kind: str) -> None:
    content = bytearray(encode(COLOURS, kind))
    at = len(content) // 3
    content[at : at + len(damage)] = damage
    try:
        assert decoded(bytes(content))[0].ndim == 3
    except InputError as failure:
        assert "1 of 1 images" in str(failure)  # noqa: PT017
