"""Encoded images as arrays of one size, whatever their depth, colours, orientation and frames."""

import io
import warnings
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data.image_arrays import DEEP, TWELVE_BITS, resize
from projektor_ray.data.origin import Inputs
from projektor_ray.data.samples import ImageSize
from projektor_ray.data.source_reading import Note
from projektor_ray.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image

IMAGE_ENDINGS = (
    *(".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp"),
    *(".gif", ".jfif", ".avif"),
)
"""torchvision's, of `ImageFolder`, and others that Pillow reads."""
MOST_PIXELS = 2**26
"""Of one image: 8192 × 8192."""
ORIENTATION = 0x0112
"""EXIF's tag of it; 1 is upright."""
TIFF_WIDTH, TIFF_HEIGHT = 0x0100, 0x0101
DARK = TWELVE_BITS // DEEP + 1
"""Brightness of the brightest pixel up to which images of 16 bits may be of 12 bits or less."""
SHOWN = 5

Encoded = bytes | InputError | None


def decode_images(
    encoded: Sequence[Encoded], names: Sequence[str], size: ImageSize | None = None
) -> Inputs:
    """Images as RGB, shape (n, h, w, 3).

    16-bit images are divided by 257, transparent ones laid on white, rotated ones turned upright;
    of animated ones the first frame is taken.

    Parameters
    ----------
    encoded : PNG, JPEG, … as bytes; None where a cell is empty, an error where a file is absent.
    names : what a message calls each image.
    size : that all are resized to; None: the most frequent size among them.

    Raises
    ------
    InputError
        Names all images that cannot be decoded, or have too many pixels.
    """
    faults: dict[str, str] = {}
    sizes = [_size(content, name, faults) for content, name in zip(encoded, names, strict=True)]
    _refuse(faults, len(names))
    size = size or Counter(sizes).most_common(1)[0][0]
    decoded = np.empty((len(encoded), *size, 3), dtype=np.uint8)
    kinds: Counter[Any] = Counter()
    brightest = 0
    for place, (content, name) in enumerate(zip(encoded, names, strict=True)):
        try:
            with _opened(content) as image:
                pixels, seen = rgb(image)
        except Exception as failure:  # Pillow passes on whatever a broken file raises
            faults[name] = _cause(failure)
            continue
        if pixels.shape[:2] != size:
            pixels = resize(pixels, size)
            seen.add("resized")
        decoded[place] = pixels
        kinds.update(seen)
        if "deep" in seen:
            brightest = max(brightest, int(pixels.max()))
    _refuse(faults, len(names))
    if kinds["deep"] and brightest <= DARK:
        raise InputError(
            f"{kinds['deep']} images of 16 bits, such as {names[0]}, reach {brightest} of 255 once "
            "divided by 257: they may be dark, or hold 12 bits or less. Scale them to white at "
            "65,535, or convert them to 8 bits"
        )
    return decoded, image_notes(kinds, size)


def stack_images(images: Sequence[NDArray[np.uint8]], size: ImageSize | None) -> Inputs:
    """Decoded images as one array, resized where they differ in size."""
    sizes = Counter((image.shape[0], image.shape[1]) for image in images)
    size = size or sizes.most_common(1)[0][0]
    resized = len(images) - sizes[size]
    scaled = [image if image.shape[:2] == size else resize(image, size) for image in images]
    return np.stack(scaled), image_notes({"resized": resized}, size)


def image_notes(counts: "dict[Any, int] | Counter[Any]", size: ImageSize) -> tuple[Note, ...]:
    """Notes of how many images needed what."""
    return tuple(
        Note(kind, count, f"{size[1]}×{size[0]}" if kind == "resized" else "")
        for kind, count in sorted(counts.items())
        if count
    )


def rgb(image: "Image") -> tuple[NDArray[np.uint8], set[str]]:
    """The first frame of an image as RGB, (h, w, 3), and what it needed beyond decoding.

    Raises
    ------
    ValueError
        If its mode says nothing of what is white.
    """
    from PIL import Image, ImageOps

    seen: set[str] = set()
    if getattr(image, "is_animated", False):
        image.seek(0)
        seen.add("animated")
    kind = image.format
    if ";16" in str(getattr(image, "tile", "")):
        seen.add("deep")
    if _orientation(image) in range(2, 9):
        image = ImageOps.exif_transpose(image)
        seen.add("rotated")
    if image.mode.startswith("I;16") or (image.mode == "I" and kind in ("PNG", "PPM")):
        seen.add("deep")
        return _grey(np.rint(np.asarray(image) / np.float32(DEEP))), seen
    if image.mode == "F":
        values = np.asarray(image)
        if not (values.min() >= 0 and values.max() <= 1):
            raise ValueError("its real numbers (mode F) are not from 0 to 1")
        seen.add("float images")
        return _grey(np.rint(values * 255)), seen
    if image.mode == "I":
        raise ValueError("its 32-bit integers (mode I) do not say which is white")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        clear = image.convert("RGBA")
        if np.asarray(clear)[..., 3].min() < 255:
            seen.add("alpha")
            white = Image.new("RGBA", clear.size, "white")
            return np.asarray(Image.alpha_composite(white, clear).convert("RGB")), seen
    return np.asarray(image.convert("RGB")), seen


def _grey(values: NDArray[Any]) -> NDArray[np.uint8]:
    return np.repeat(values.astype(np.uint8)[..., np.newaxis], 3, axis=2)


def _opened(content: Encoded) -> "Image":
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(io.BytesIO(content if isinstance(content, bytes) else b""))


def _size(content: Encoded, name: str, faults: dict[str, str]) -> ImageSize:
    """Height and width once upright; without decoding any pixel."""
    if isinstance(content, InputError):
        faults[name] = str(content)
        return (0, 0)
    if not content:
        faults[name] = "it is empty"
        return (0, 0)
    try:
        with _opened(content) as image:
            width, height = _stored_size(image)
            if width * height > MOST_PIXELS:
                faults[name] = f"it has {width}×{height} pixels; at most {MOST_PIXELS:,} are read"
            turned = _orientation(image) in (5, 6, 7, 8)
            return (width, height) if turned else (height, width)
    except Exception as failure:  # Pillow passes on whatever a broken file raises
        faults[name] = _cause(failure)
        return (0, 0)


def _stored_size(image: Any) -> tuple[int, int]:
    """Width and height before it is turned upright; of a TIFF Pillow says them turned already."""
    if image.format != "TIFF":
        return int(image.size[0]), int(image.size[1])
    return int(image.tag_v2[TIFF_WIDTH]), int(image.tag_v2[TIFF_HEIGHT])


def _orientation(image: "Image") -> int:
    """EXIF's orientation, without decoding a pixel: a PNG is asked only if it begins with EXIF."""
    if "exif" not in image.info and image.format != "TIFF":
        return 1
    return int(image.getexif().get(ORIENTATION, 1))


def _cause(failure: Exception) -> str:
    from PIL import UnidentifiedImageError

    if isinstance(failure, UnidentifiedImageError):
        return "it is no image that Pillow knows"
    return str(failure) or type(failure).__name__


def _refuse(faults: dict[str, str], count: int) -> None:
    if not faults:
        return
    shown = "; ".join(f"{name}: {cause}" for name, cause in list(faults.items())[:SHOWN])
    more = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
    raise InputError(
        f"{len(faults)} of {count} images cannot be decoded, expected PNG, JPEG, …: {shown}{more}. "
        "Replace or remove them"
    )
