"""Folders of images by class: classes by folder, what is no class, and what is left out."""

from pathlib import Path

import numpy as np
import pytest

from projektor_ray.data import Note, Samples, SourceConfig, read_source
from projektor_ray.errors import InputError
from tests.helpers.encoded_images import deep_png, encode

DARK, BRIGHT = np.full((4, 3, 3), 20, np.uint8), np.full((4, 3, 3), 230, np.uint8)


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def read(folder: Path, **options: object) -> Samples:
    return read_source(SourceConfig(path=str(folder), **options))


def test_sixteen_bit_images_by_class(tmp_path: Path) -> None:
    levels = {"dark/0.png": 5000, "dark/1.png": 8000, "bright/0.png": 60000}
    files = {name: deep_png(np.full((4, 4), level)) for name, level in levels.items()}
    samples = read(write(tmp_path, files))
    assert samples.class_names == ("bright", "dark")
    assert samples.inputs[:, 0, 0, 0].tolist() == [round(v / 257) for v in (60000, 5000, 8000)]
    assert samples.reading.label_rule == "by folder"
    assert samples.reading.notes == (Note("deep", 3),)


@pytest.mark.parametrize(
    "names",
    [
        *(("train", "val"), ("Train", "Test"), ("test",), ("train_images", "val_images")),
        *(("training_set", "test_set"), ("images", "labels"), ("imgs",), ("fold1", "fold2")),
        *(("bus", "test", "train"), ("bus/train", "bus/val", "car/train"), ("imgs/cat",)),
    ],
)
@pytest.mark.parametrize("inner", ["cat/a.png", "a.png"])
def test_splits_are_no_classes(names: tuple[str, ...], inner: str, tmp_path: Path) -> None:
    write(tmp_path, {f"{name}/{inner}": encode(DARK) for name in names})
    with pytest.raises(InputError, match=f"rather than classes. .* example {tmp_path}/"):
        read(tmp_path)


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    write(tmp_path, {"train/a.png": encode(DARK), "bus/b.png": encode(BRIGHT)})
    assert read(tmp_path).class_names == ("bus", "train")
    write(tmp_path, {"images/c.png": encode(DARK)})
    assert read(tmp_path).class_names == ("bus", "images", "train")


def test_files_that_are_left_out_are_counted(tmp_path: Path) -> None:
    files = {
        "cat/a.png": encode(DARK),
        "dog/b.png": encode(BRIGHT),
        "dog/c.heic": b"?",
        "cat/d.HEIC": b"?",
        "notes.txt": b"?",
        "labels.csv": b"a,b\n1,2\n",
        "LICENSE": b"?",
    }
    samples = read(write(tmp_path, files))
    assert len(samples) == 2
    assert samples.reading.notes == (
        Note("files left out", 5, "1 .csv, 2 .heic, 1 .txt and 1 no ending"),
    )


def test_a_pilot_has_the_size_of_the_validation_set(tmp_path: Path) -> None:
    first = write(tmp_path / "a", {"x/a.png": encode(DARK), "y/b.png": encode(BRIGHT)})
    large = np.full((8, 8, 3), 9, np.uint8)
    second = write(tmp_path / "b", {"x/a.png": encode(large), "y/b.png": encode(BRIGHT)})
    validation = read(first)
    pilot = read_source(SourceConfig(path=str(second)), schema=validation.schema)
    assert pilot.inputs.shape == (2, 4, 3, 3)
    assert pilot.reading.notes == (Note("resized", 1, "3×4"),)
    assert read(second, image_size=(5, 6)).inputs.shape == (2, 5, 6, 3)


def test_all_broken_images_of_a_folder_are_named(tmp_path: Path) -> None:
    files = {f"cat/{name}.png": content for name, content in {"a": b"?", "b": b""}.items()}
    with pytest.raises(InputError, match=r"(?s)2 of 3.*a\.png.*b\.png"):
        read(write(tmp_path, {**files, "dog/c.png": encode(DARK)}))
