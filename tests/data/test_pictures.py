"""Thumbnails are PNG files that hold the image, no larger than they may be."""

import io

import numpy as np
import pytest
from PIL import Image

from projektor_ray.data import Samples
from projektor_ray.data.pictures import MAX_SIDE, pictures, thumbnail

RANDOM = np.random.default_rng(0)


def image(*shape: int) -> np.ndarray:
    return RANDOM.integers(0, 256, shape, dtype=np.uint8)


def opened(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    assert picture.format == "PNG"
    return picture


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_small_image_keeps_every_pixel(channels: int) -> None:
    original = image(8, 5, channels)
    pixels = np.asarray(opened(thumbnail(original)))
    np.testing.assert_array_equal(pixels, original[..., 0] if channels == 1 else original)


def test_other_channels_are_shown_as_their_mean() -> None:
    original = image(6, 6, 2)
    expected = np.rint(original.astype(float).mean(axis=2))
    np.testing.assert_array_equal(np.asarray(opened(thumbnail(original))), expected)


@pytest.mark.parametrize(("height", "width"), [(480, 240), (49, 7), (1, 4000)])
def test_a_large_image_is_made_small_in_proportion(height: int, width: int) -> None:
    content = thumbnail(image(height, width, 3))
    shown = opened(content)
    assert max(shown.size) == MAX_SIDE
    assert min(shown.size) == max(1, round(MAX_SIDE * min(height, width) / max(height, width)))
    assert len(content) < 10_000


def test_the_brightness_of_a_plain_image_stays() -> None:
    plain = np.full((200, 100, 3), (10, 120, 250), dtype=np.uint8)
    assert opened(thumbnail(plain)).getcolors() == [(48 * 24, (10, 120, 250))]


def test_pictures_of_wanted_samples_come_with_their_labels() -> None:
    images = image(5, 4, 4, 1)
    shown = pictures(Samples(images, np.array([3, 1, 4, 1, 5])), [4, 2])
    assert {x: label for x, (label, _) in shown.items()} == {4: 5, 2: 4}
    np.testing.assert_array_equal(np.asarray(opened(shown[2][1])), images[2, ..., 0])
    assert pictures(Samples(images), [0])[0][0] is None
    assert pictures(Samples(np.zeros((5, 3))), [0, 1]) == {}
