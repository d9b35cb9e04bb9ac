"""Sources: files and folders give the samples that were written, or an error that names them."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.fs as pafs
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
from PIL import Image

from projektor_ray.data import Samples, SourceConfig, read_source
from projektor_ray.errors import InputError
from tests.helpers.table_files import TABLE_WRITERS

FEATURES = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
LABELS = np.arange(12) % 3
IMAGES = np.random.default_rng(1).integers(0, 256, size=(6, 5, 4, 3), dtype=np.uint8)


def png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="PNG")
    return buffer.getvalue()


def columns(**extra: Any) -> pa.Table:
    named = {f"f{i}": FEATURES[:, i] for i in range(3)}
    return pa.table({**named, "label": LABELS, **extra})


def written(table: pa.Table, tmp_path: Path, name: str = "a.parquet") -> str:
    path = str(tmp_path / name)
    TABLE_WRITERS[name.rpartition(".")[2]](table, path)
    return path


@pytest.mark.parametrize("kind", ["parquet", "arrow", "feather", "arrows"])
@pytest.mark.parametrize("layout", ["list", "fixed", "columns"])
def test_tables(kind: str, layout: str, tmp_path: Path) -> None:
    lists = {
        "list": pa.array(FEATURES.tolist(), pa.list_(pa.float32())),
        "fixed": pa.FixedSizeListArray.from_arrays(pa.array(FEATURES.ravel()), 3),
    }
    table = columns() if layout == "columns" else pa.table({"features": lists[layout], "y": LABELS})
    samples = read_source(SourceConfig(path=written(table, tmp_path, f"a.{kind}")))
    assert samples.inputs.dtype == np.float32
    np.testing.assert_array_equal(samples.inputs, FEATURES)
    np.testing.assert_array_equal(samples.labels, LABELS)


def test_a_view_of_a_table_in_many_chunks(tmp_path: Path) -> None:
    table = pa.table({"features": FEATURES.tolist(), "label": LABELS})
    path = str(tmp_path / "a.parquet")
    pq.write_table(table, path, row_group_size=5)
    samples = read_source(SourceConfig(path=path, rows=(3, 11), classes=(0, 2)))
    kept = [row for row in range(3, 11) if LABELS[row] in (0, 2)]
    np.testing.assert_array_equal(samples.inputs, FEATURES[kept])


def test_a_shuffle_keeps_inputs_and_labels_together(tmp_path: Path) -> None:
    features = np.arange(12.0)[:, None] * [1, 10]
    for table in (
        pa.table({"features": features.tolist(), "label": np.arange(12)}),
        pa.table({"a": features[:, 0], "b": features[:, 1], "label": np.arange(12)}),
    ):
        samples = read_source(SourceConfig(path=written(table, tmp_path), shuffle=0, limit=7))
        np.testing.assert_array_equal(samples.inputs[:, 0], samples.labels)


def test_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("city,x,n,label\nUlm,0.5,1,dog\nBonn,1.5,2,cat\n")
    samples = read_source(SourceConfig(path=str(path)))
    assert samples.inputs.tolist() == [[0.5, 1.0], [1.5, 2.0]]
    assert samples.class_names == ("cat", "dog")


def test_an_index_that_pandas_wrote_is_no_feature(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(",x,label\n0,0.5,1\n1,1.5,0\n")
    assert read_source(SourceConfig(path=str(path))).inputs.tolist() == [[0.5], [1.5]]


def test_named_columns(tmp_path: Path) -> None:
    path = written(columns(extra=LABELS * 0.5), tmp_path)
    samples = read_source(SourceConfig(path=path, features=("f2", "f0"), label="extra"))
    np.testing.assert_array_equal(samples.inputs, FEATURES[:, [2, 0]])
    assert samples.target == "regression"


def test_columns_have_names_and_lists_of_features_none(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("b,label,a\n1,no,2\n3,yes,4\n", encoding="utf-8")
    found = read_source(SourceConfig(path=str(path), limit=1))
    assert found.feature_names == found.take(np.array([0])).feature_names == ("b", "a")
    chosen = read_source(SourceConfig(path=str(path), features=["a", "b"]))
    assert chosen.feature_names == Samples.concatenate([chosen, found]).feature_names == ("a", "b")
    assert read_source(SourceConfig(path=str(path), features="a")).feature_names == ("a",)
    lists = pa.table({"features": [[1.0, 2.0], [3.0, 4.0]], "label": [0, 1]})
    pq.write_table(lists, tmp_path / "lists.parquet")
    assert read_source(SourceConfig(path=str(tmp_path / "lists.parquet"))).feature_names == ()


def test_unlabelled_samples_keep_a_label_column_out_of_the_features(tmp_path: Path) -> None:
    samples = read_source(SourceConfig(path=written(columns(), tmp_path), target="none"))
    assert samples.labels is None
    np.testing.assert_array_equal(samples.inputs, FEATURES)


def test_a_folder_of_parquet_files(tmp_path: Path) -> None:
    whole = columns()
    for part, start in enumerate(range(0, 12, 4)):
        pq.write_table(whole.slice(start, 4), tmp_path / f"part-{part}.parquet")
    samples = read_source(SourceConfig(path=str(tmp_path)))
    np.testing.assert_array_equal(samples.inputs, FEATURES)


@pytest.mark.parametrize("struct", [False, True])
def test_encoded_images(struct: bool, tmp_path: Path) -> None:
    encoded: list[Any] = [png(image) for image in IMAGES]
    column = [{"bytes": e, "path": None} for e in encoded] if struct else encoded
    path = written(pa.table({"image": column, "label": LABELS[:6]}), tmp_path)
    samples = read_source(SourceConfig(path=path))
    assert samples.inputs.dtype == np.uint8
    np.testing.assert_array_equal(samples.inputs, IMAGES)


def test_a_folder_of_images_by_class_as_torchvision_reads_it(tmp_path: Path) -> None:
    from torchvision.datasets import ImageFolder

    for name, image in zip(["dog/b", "cat/a", "dog/a", "cat/deep/c"], IMAGES, strict=False):
        path = tmp_path / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / "cat" / ".ipynb_checkpoints").mkdir()
    samples = read_source(SourceConfig(path=str(tmp_path)))
    assert samples.class_names == ("cat", "dog")
    assert samples.labels is not None
    found = {
        image.tobytes(): int(label)
        for image, label in zip(samples.inputs, samples.labels, strict=True)
    }
    expected = {np.asarray(image).tobytes(): label for image, label in ImageFolder(str(tmp_path))}
    assert found == expected


@pytest.mark.parametrize("names", [("inputs", "labels"), ("x", "y"), ("features", "labels")])
def test_npz(names: tuple[str, str], tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **{names[0]: FEATURES, names[1]: LABELS})
    samples = read_source(SourceConfig(path=str(tmp_path / "a.npz")))
    np.testing.assert_array_equal(samples.inputs, FEATURES)
    np.testing.assert_array_equal(samples.labels, LABELS)


def test_npz_of_grey_images(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=IMAGES[..., 0], labels=LABELS[:6])
    samples = read_source(SourceConfig(path=str(tmp_path / "a.npz")))
    np.testing.assert_array_equal(samples.inputs, IMAGES[..., :1])


def test_a_uri_and_a_given_filesystem(tmp_path: Path) -> None:
    path = written(columns(), tmp_path)
    by_uri = read_source(SourceConfig(path=f"file://{path}"))
    within = pafs.SubTreeFileSystem(str(tmp_path), pafs.LocalFileSystem())
    by_filesystem = read_source(SourceConfig(path="a.parquet"), within)
    assert by_uri.content_hash == by_filesystem.content_hash


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("trian.csv", "did you mean .*/train.csv"),
        ("zzz", "holds other.parquet, train.csv"),
        ("absent/deeper/train.csv", "holds other.parquet, train.csv"),
    ],
)
def test_a_missing_file_says_what_is_near(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "train.csv").touch()
    (tmp_path / "other.parquet").touch()
    with pytest.raises(InputError, match=f"{name}; .*{message}"):
        read_source(SourceConfig(path=str(tmp_path / name)))


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(InputError, match="cannot reach gopher://hole"):
        read_source(SourceConfig(path="gopher://hole/a.csv"))


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow", "a.npz", "a.csv"])
def test_a_damaged_file_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b'PAR1 nothing, "of the kind')
    with pytest.raises(InputError, match=name):
        read_source(SourceConfig(path=str(tmp_path / name)))


def test_a_truncated_parquet_file_is_refused(tmp_path: Path) -> None:
    path = Path(written(columns(), tmp_path))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read_source(SourceConfig(path=str(path)))


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.parqet").touch()
    with pytest.raises(InputError, match=r"did you mean '.parquet'"):
        read_source(SourceConfig(path=str(tmp_path / "a.parqet")))


def encoded(*contents: bytes) -> pa.Table:
    return pa.table({"image": list(contents), "label": [0] * len(contents)})


def spoiled(*rows: int, value: float = np.nan) -> pa.Table:
    features = FEATURES.copy()
    features[list(rows), 1] = value
    return pa.table({"features": features.tolist(), "label": LABELS})


EMPTY_LISTS = pa.table({"features": pa.array([[], []], pa.list_(pa.float64())), "label": [0, 1]})
RAGGED = pa.table({"features": [[1.0, 2.0], [1.0], [3.0, 4.0]], "label": [0, 1, 0]})


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (columns().drop_columns("label"), {}, "no label column: .* it has f0, f1, f2"),
        (columns(), {"label": "lable"}, "no column 'lable'; did you mean 'label'"),
        (columns(), {"features": ("f0", "f9")}, "no column 'f9'"),
        (pa.table({"city": ["Ulm"], "label": [1]}), {}, "no feature columns: .* city, label"),
        (columns(city=["Ulm"] * 12), {"features": ("f0", "city")}, "'city' holds string"),
        (
            pa.table({"features": ["a"], "label": [1]}),
            {"features": "features"},
            "1 of 1 images",
        ),
        (pa.table({"x": [1.0], "label": [[1, 2]]}), {}, "got lists"),
        (RAGGED, {}, "1 do not, the first 1 in row 2"),
        (EMPTY_LISTS, {}, "are empty"),
        (spoiled(4, 2), {}, r"2 of 12 samples .* rows 3 and 5 \("),
        (spoiled(7, value=np.inf), {}, r"1 of 12 samples .* row 8 \("),
        (pa.table({"x": [1.0, None], "label": [0, 1]}), {}, r"missing, .* row 2 \("),
        (pa.table({"x": [1.0, 2.0], "label": [0, None]}), {}, r"1 of 2 labels are missing"),
        (pa.table({"x": [1.0, 2.0], "label": [0.0, 1.0]}), {}, "target: classes or"),
        (pa.table({"x": pa.array([], pa.float64())}), {}, "has no rows"),
        (encoded(b"no image"), {}, "1 of 1 images .* row 1 "),
        (encoded(png(IMAGES[0]), png(IMAGES[0])[:60]), {}, "1 of 2 images .* row 2 "),
        (encoded(b""), {}, "row 1 .* empty"),
    ],
)
def test_bad_tables(table: pa.Table, options: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = written(table, tmp_path)
    with pytest.raises(InputError, match=message) as raised:
        read_source(SourceConfig(path=path, **options))
    assert path in str(raised.value)


def test_rows_are_named_as_the_file_has_them(tmp_path: Path) -> None:
    path = written(spoiled(8), tmp_path)
    assert len(read_source(SourceConfig(path=path, rows=(0, 8)))) == 8
    with pytest.raises(InputError, match=r"in row 9 \("):
        read_source(SourceConfig(path=path, rows=(5, 12)))


@pytest.mark.parametrize(
    ("arrays", "options", "message"),
    [
        ({"z": FEATURES}, {}, "no array of inputs: .* it has z"),
        ({"x": FEATURES}, {}, "no array of labels: .* Set target: none"),
        ({"x": FEATURES, "y": LABELS[:3]}, {}, "each of 12 samples; got 3 labels"),
        ({"x": FEATURES[0], "y": LABELS[:3]}, {}, r"features of shape \(n, d\)"),
        ({"x": IMAGES - 128.5, "y": LABELS[:6]}, {}, "images must be of uint8"),
        ({"x": np.array([{}], dtype=object), "y": [1]}, {}, "Python objects"),
        ({"x": FEATURES, "y": LABELS}, {"features": ("x", "y")}, "name of one array; got x, y"),
    ],
)
def test_bad_arrays(
    arrays: dict[str, Any], options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(InputError, match=message):
        read_source(SourceConfig(path=str(tmp_path / "a.npz"), **options))


def test_a_folder_of_neither_is_refused(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").touch()
    with pytest.raises(InputError, match=r"subfolder.*got 1 other"):
        read_source(SourceConfig(path=str(tmp_path)))
    Image.fromarray(IMAGES[0]).save(tmp_path / "loose.png")
    with pytest.raises(InputError, match=r"loose\.png outside"):
        read_source(SourceConfig(path=str(tmp_path)))
    with pytest.raises(InputError, match="neither `features` nor `label`"):
        read_source(SourceConfig(path=str(tmp_path), label="label"))
