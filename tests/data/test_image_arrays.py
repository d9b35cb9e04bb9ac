"""Arrays of images in every type and order of axes; features as floats."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projektor_ray.data.image_arrays import as_inputs
from projektor_ray.errors import InputError

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 6, 5, 3), dtype=np.uint8)


def kinds(array: np.ndarray) -> list[str]:
    return [note.kind for note in as_inputs(array, "a")[1]]


@pytest.mark.parametrize("kind", ["u1", "i2", "i8", "u4", "f4", "f8", ">i4"])
def test_brightness_from_0_to_255_in_any_type(kind: str) -> None:
    found, _ = as_inputs(IMAGES.astype(kind), "a")
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, IMAGES)


def test_brightness_of_16_bits_that_may_be_of_8_is_refused() -> None:
    """Else a dark pilot would be scaled otherwise than a bright one."""
    with pytest.raises(InputError, match="Convert them to uint8"):
        as_inputs(IMAGES.astype("u2"), "a")
    with pytest.raises(InputError, match="8 to 12 bits"):
        as_inputs(16 * IMAGES.astype("u2"), "a")
    assert not as_inputs(0 * IMAGES.astype("u2"), "a")[0].any()


def test_brightness_in_other_units() -> None:
    for array, kind in [(IMAGES / 255, "float images"), (IMAGES.astype("u2") * 257, "deep")]:
        np.testing.assert_array_equal(as_inputs(array, "a")[0], IMAGES)
        assert kinds(array) == [kind]
    truth = IMAGES > 128
    np.testing.assert_array_equal(as_inputs(truth, "a")[0], truth * np.uint8(255))


@pytest.mark.parametrize(
    "array",
    [
        IMAGES - 300.0,
        IMAGES / 2 + 0.25,
        IMAGES.astype("i4") * 1000,
        np.full((2, 4, 4, 3), np.nan),
        np.full((2, 4, 4, 3), np.inf),
    ],
)
def test_units_that_nobody_can_tell_are_refused(array: np.ndarray) -> None:
    with pytest.raises(InputError, match="0 to 255"):
        as_inputs(array, "a")


@given(st.integers(2, 9), st.integers(5, 9), st.integers(5, 9), st.sampled_from([1, 3, 4]))
@settings(max_examples=30, deadline=None)
def test_channels_first_are_told_from_channels_last(n: int, h: int, w: int, c: int) -> None:
    last = np.arange(n * h * w * c, dtype=np.uint8).reshape(n, h, w, c)
    np.testing.assert_array_equal(as_inputs(last, "a")[0], last)
    first = np.moveaxis(last, 3, 1)
    np.testing.assert_array_equal(as_inputs(first, "a")[0], last)
    assert kinds(first) == ["channels first"]
    assert kinds(last) == []


def test_many_channels_last_are_kept_and_first_are_asked_about() -> None:
    spectral = np.zeros((2, 9, 8, 6), np.uint8)
    assert as_inputs(spectral, "a")[0].shape == spectral.shape
    with pytest.raises(InputError, match="Put them last"):
        as_inputs(np.moveaxis(spectral, 3, 1), "a")
    with pytest.raises(InputError, match="Put them last"):
        as_inputs(np.zeros((2, 13, 8, 8), np.uint8), "a")


def test_grey_images_have_one_channel() -> None:
    np.testing.assert_array_equal(as_inputs(IMAGES[..., 0], "a")[0], IMAGES[..., :1])


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_images_are_resized(channels: int) -> None:
    images = np.full((3, 6, 5, channels), 7, np.uint8)
    found, notes = as_inputs(images, "a", (4, 8))
    assert found.shape == (3, 4, 8, channels)
    assert (found == 7).all()
    assert [(note.kind, note.count, note.detail) for note in notes] == [("resized", 3, "8×4")]
    assert as_inputs(images, "a", (6, 5))[1] == ()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("i1", "f4"), ("?", "f4"), ("f2", "f4"), ("i8", "f8"), ("f8", "f8"), ("longdouble", "f8")],
)
def test_features_are_floats(kind: str, expected: str) -> None:
    found, _ = as_inputs(np.ones((2, 3)).astype(kind), "a")
    assert found.dtype == np.dtype(expected)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(3),
        np.zeros((3, 0)),
        np.zeros((1, 2, 3, 4, 5)),
        np.array([["a"]]),
        np.zeros((2, 2), complex),
        np.array(3),
        np.zeros((2, 2), "M8[s]"),
    ],
)
def test_what_is_neither_is_refused(array: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"features of shape \(n, d\)"):
        as_inputs(array, "a")
