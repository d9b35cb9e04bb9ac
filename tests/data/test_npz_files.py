"""`.npz` archives: what is used is read; what is broken, hostile or ambiguous is refused."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projektor_ray.data import Samples, SourceConfig, read_source
from projektor_ray.errors import InputError

FEATURES = np.random.default_rng(0).normal(size=(6, 3))
LABELS = np.arange(6) % 2


def read(path: Path, **options: Any) -> Samples:
    return read_source(SourceConfig(path=str(path), **options))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.npz"


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_reads_back_bit_for_bit(save: Any, path: Path) -> None:
    save(path, inputs=FEATURES, labels=LABELS, class_names=["nut", "bolt"])
    samples = read(path)
    np.testing.assert_array_equal(samples.inputs, FEATURES)
    np.testing.assert_array_equal(samples.labels, LABELS)
    assert samples.class_names == ("nut", "bolt")
    assert samples.reading.label == "labels"


def test_labels_in_a_column_of_their_own(path: Path) -> None:
    np.savez(path, x=FEATURES, y=LABELS[:, None])
    np.testing.assert_array_equal(read(path).labels, LABELS)


def test_images_of_pytorch(path: Path) -> None:
    images = np.random.default_rng(1).integers(0, 256, (6, 5, 7, 3), dtype=np.uint8)
    np.savez(path, images=np.moveaxis(images, 3, 1) / np.float32(255), y=LABELS)
    samples = read(path)
    np.testing.assert_array_equal(samples.inputs, images)
    assert {note.kind for note in samples.reading.notes} == {"channels first", "float images"}
    assert read(path, image_size=8).inputs.shape == (6, 8, 8, 3)


def test_arrays_that_are_not_used_are_not_read(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in {"x": FEATURES, "y": LABELS}.items():
            content = io.BytesIO()
            np.save(content, array)
            archive.writestr(f"{name}.npy", content.getvalue())
        archive.writestr("extra.npy", b"broken")
        archive.writestr("readme.txt", b"no array")
    samples = read(path)
    np.testing.assert_array_equal(samples.inputs, FEATURES)
    assert [each.name for each in samples.reading.left_out] == ["extra"]


def member(header: bytes, body: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + body


def shape(text: str, kind: str = "'<f8'") -> bytes:
    return f"{{'descr': {kind}, 'fortran_order': False, 'shape': {text}, }}\n".encode()


BROKEN = {
    "huge": member(shape("(10**12, 3)".replace("10**12", "1000000000000")), b"\0" * 99),
    "overflow": member(shape("(9223372036854775807, 9223372036854775807)")),
    "negative": member(shape("(-1, 3)"), b"\0" * 99),
    "short": member(shape("(6, 3)"), b"\0" * 5),
    "long": member(shape("(1, 3)"), b"\0" * 999),
    "no shape": member(b"{'descr': '<f8'}\n"),
    "code": member(b"__import__('os').getcwd()\n"),
    "nested": member(b"(" * 5000 + b"\n"),
    "long header": member(shape("(6, 3)") + b" " * 20000),
    "unknown type": member(shape("(6, 3)", "'q9'")),
    "objects": member(shape("(6,)", "'|O'"), b"\0" * 48),
    "a text": b"hello",
    "nothing": b"",
    "future version": b"\x93NUMPY\x09\x00" + b"\0" * 99,
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_array_is_refused_by_name(name: str, path: Path) -> None:
    labels = io.BytesIO()
    np.save(labels, LABELS)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", BROKEN[name])
        archive.writestr("y.npy", labels.getvalue())
    with pytest.raises(InputError, match="array 'x'"):
        read(path)


@pytest.mark.parametrize(
    ("arrays", "key"),
    [
        ({"x": FEATURES, "y": np.array(3)}, "'y'"),
        ({"x": np.array(3.0), "y": LABELS}, "'x'"),
        ({"x": FEATURES, "y": np.eye(6)}, r"\(6, 6\)"),
        ({"x": FEATURES, "y": LABELS, "class_names": np.array("nut")}, "class_names"),
        ({"x": FEATURES, "y": LABELS, "class_names": np.array([1, 2])}, "class_names"),
        ({"x": FEATURES, "y": LABELS, "class_names": np.array(["nut"])}, "a label is 1"),
        ({"x": FEATURES, "y": LABELS, "inputs": FEATURES}, "features: inputs"),
        ({"x": FEATURES, "y": LABELS, "label": LABELS}, "label: label"),
        ({"x": FEATURES, "y": LABELS.astype("M8[D]")}, "'y'"),
        ({"x": FEATURES.astype("U5"), "y": LABELS}, r"\(n, d\)"),
        ({"x": FEATURES, "y": np.array(["a", "", "b"] * 2)}, "2 of 6 labels are missing"),
    ],
)
def test_arrays_of_another_form_are_refused(
    arrays: dict[str, np.ndarray], key: str, path: Path
) -> None:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=key):
        read(path)


def test_what_grows_a_thousandfold_is_refused_unless_it_is_allowed(path: Path) -> None:
    np.savez_compressed(path, x=np.zeros((2**22, 20), np.float64), y=np.zeros(2**22, np.int8))
    with pytest.raises(InputError, match="memory_limit_gb"):
        read(path)


def test_a_limit_of_one_s_own(path: Path) -> None:
    np.savez_compressed(path, x=np.zeros((2**14, 20)), y=np.zeros(2**14, np.int8))
    assert len(read(path, memory_limit_gb=0.01)) == 2**14
    with pytest.raises(InputError, match="memory_limit_gb"):
        read(path, memory_limit_gb=0.001)


def test_encryption_and_odd_compression_are_named(path: Path) -> None:
    np.savez_compressed(path, x=FEATURES, y=LABELS)
    content = bytearray(path.read_bytes())
    for flag_at, value in ((6, 1), (8, 99)):
        changed = bytearray(content)
        for begin, offset in ((b"PK\x03\x04", flag_at), (b"PK\x01\x02", flag_at + 2)):
            at = changed.find(begin)
            while at >= 0:
                changed[at + offset] = value
                at = changed.find(begin, at + 4)
        path.write_bytes(changed)
        with pytest.raises(InputError, match="encrypted" if value == 1 else "cannot be read"):
            read(path)


@given(st.integers(0, 2000), st.binary(min_size=1, max_size=20))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_damage_is_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, at: int, damage: bytes
) -> None:
    path = tmp_path_factory.mktemp("npz") / "a.npz"
    np.savez(path, x=FEATURES, y=LABELS)
    content = bytearray(path.read_bytes())
    at %= len(content)
    content[at : at + len(damage)] = damage
    path.write_bytes(content)
    try:
        assert len(read(path)) == 6
    except InputError as failure:
        assert "a.npz" in str(failure)  # noqa: PT017
