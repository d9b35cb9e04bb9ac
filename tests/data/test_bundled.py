"""Data sets by name."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from projektor_ray.data import SourceConfig, read_source
from projektor_ray.data.bundled import SKLEARN_SETS
from projektor_ray.errors import InputError


@pytest.mark.parametrize("name", SKLEARN_SETS)
def test_scikit_learn_sets(name: str) -> None:
    samples = read_source(SourceConfig(sklearn=name))
    assert samples.target == ("regression" if name == "diabetes" else "classes")
    assert samples.inputs.ndim == 2
    if name == "digits":
        assert samples.inputs.shape == (1797, 64)


def test_an_unknown_scikit_learn_set() -> None:
    with pytest.raises(InputError, match="did you mean 'digits'"):
        read_source(SourceConfig(sklearn="digit"))


def write_mnist(root: Path, part: str, images: np.ndarray, labels: np.ndarray) -> None:
    """The files that torchvision keeps of MNIST."""
    folder = root / "MNIST" / "raw"
    folder.mkdir(parents=True, exist_ok=True)
    header = struct.pack(">IIII", 0x803, *images.shape)
    (folder / f"{part}-images-idx3-ubyte").write_bytes(header + images.tobytes())
    header = struct.pack(">II", 0x801, len(labels))
    (folder / f"{part}-labels-idx1-ubyte").write_bytes(header + labels.tobytes())


@pytest.fixture
def mnist(tmp_path: Path) -> tuple[str, dict[str, tuple[np.ndarray, np.ndarray]]]:
    random = np.random.default_rng(0)
    parts = {}
    for part, name, count in [("train", "train", 9), ("test", "t10k", 5)]:
        images = random.integers(0, 256, size=(count, 28, 28), dtype=np.uint8)
        labels = random.integers(0, 10, size=count).astype(np.uint8)
        parts[part] = (images, labels)
        write_mnist(tmp_path, name, images, labels)
    return str(tmp_path), parts


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_torchvision_set_in_its_own_format(split: str, mnist: Any) -> None:
    root, parts = mnist
    samples = read_source(SourceConfig(torchvision="MNIST", root=root, split=split, shuffle=0))
    plain = read_source(SourceConfig(torchvision="MNIST", root=root, split=split))
    images, labels = parts[split]
    np.testing.assert_array_equal(plain.inputs, np.repeat(images[..., None], 3, axis=3))
    np.testing.assert_array_equal(plain.labels, labels)
    assert sorted(map(bytes, samples.inputs)) == sorted(map(bytes, plain.inputs))


def test_an_absent_set_that_cannot_be_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision.datasets import MNIST

    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/"])
    with pytest.raises(InputError, match=r"MNIST.*cannot be downloaded"):
        read_source(SourceConfig(torchvision="MNIST", root=str(tmp_path)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"torchvision": "MNITS"}, "did you mean 'MNIST'"),
        ({"torchvision": "MNIST", "split": "val"}, "train or test; got 'val'"),
        ({"torchvision": "SVHN", "split": "val"}, "val"),
    ],
)
def test_bad_names(options: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        read_source(SourceConfig(root=str(tmp_path), **options))
