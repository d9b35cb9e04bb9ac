"""Inputs of tables, whatever library wrote their types."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projektor_ray.data import (
    Samples,
    SourceConfig,
    read_source,
    samples_from_frame,
    table_inputs,
)
from projektor_ray.errors import InputError
from tests.helpers.encoded_images import encode
from tests.helpers.table_files import TABLE_WRITERS

FEATURES = np.random.default_rng(0).integers(0, 100, (6, 4)).astype(np.float32)
LABELS = [0, 1] * 3
IMAGES = np.random.default_rng(1).integers(0, 256, (6, 4, 3, 3), dtype=np.uint8)
FLAT = pa.array(FEATURES.ravel())


def lists(kind: Callable[[pa.DataType], pa.DataType], inner: pa.DataType) -> pa.Array:
    return pa.array(FEATURES.tolist(), kind(inner))


def extension(name: str, shape: Any) -> dict[str, str]:
    return {"ARROW:extension:name": name, "ARROW:extension:metadata": json.dumps(shape)}


def spark_vector(row: np.ndarray, sparse: bool) -> dict[str, Any]:
    if not sparse:
        return {"type": 1, "size": None, "indices": None, "values": row.tolist()}
    at = np.flatnonzero(row)
    return {"type": 0, "size": len(row), "indices": at.tolist(), "values": row[at].tolist()}


def table(column: pa.Array, **metadata: str) -> pa.Table:
    field = pa.field("features", column.type, metadata=metadata or None)
    schema = pa.schema([field, ("label", pa.int64())])
    return pa.Table.from_arrays([column, pa.array(LABELS)], schema=schema)


COLUMNS = {
    "list": lists(pa.list_, pa.float32()),
    "large list": lists(pa.large_list, pa.float64()),
    "list view": lists(pa.list_view, pa.float64()),
    "large list view": lists(pa.large_list_view, pa.float32()),
    "fixed-size list": pa.FixedSizeListArray.from_arrays(FLAT, 4),
    "half floats": pa.array([r.astype(np.float16) for r in FEATURES], pa.list_(pa.float16())),
    "integers": lists(pa.list_, pa.int8()),
    "decimals": pa.array([[int(x) for x in row] for row in FEATURES], pa.list_(pa.decimal128(5))),
    "tensors": pa.ExtensionArray.from_storage(
        pa.fixed_shape_tensor(pa.float32(), (4,)), pa.FixedSizeListArray.from_arrays(FLAT, 4)
    ),
    "dense vectors of Spark": pa.array([spark_vector(row, False) for row in FEATURES]),
    "vectors of Spark": pa.array([spark_vector(r, i % 2 == 0) for i, r in enumerate(FEATURES)]),
    "dictionary": pa.DictionaryArray.from_arrays(
        list(range(6)), pa.array(FEATURES.tolist(), pa.list_(pa.float32()))
    ),
}


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("kind", ["object", "parquet", "arrow"])
def test_lists_of_every_type(name: str, kind: str, tmp_path: Path) -> None:
    column = COLUMNS[name]
    if kind == "object":
        samples = samples_from_frame(table(column))
    else:
        try:
            TABLE_WRITERS[kind](table(column), str(tmp_path / f"a.{kind}"))
        except pa.ArrowNotImplementedError:
            pytest.skip("this pyarrow writes no such column")
        samples = read_source(SourceConfig(path=str(tmp_path / f"a.{kind}")))
    np.testing.assert_array_equal(samples.inputs, FEATURES)
    np.testing.assert_array_equal(samples.labels, LABELS)


NUMBERS = pa.array([3, 1, 2, 9, 8, 7])


@pytest.mark.parametrize(
    "column",
    [
        NUMBERS.cast(pa.int8()),
        NUMBERS.cast(pa.float16()),
        NUMBERS.cast(pa.decimal128(21, 2)),
        NUMBERS.dictionary_encode(),
        pa.RunEndEncodedArray.from_arrays([1, 2, 3, 4, 5, 6], NUMBERS.cast(pa.float64())),
    ],
)
def test_numbers_of_every_type(column: pa.Array) -> None:
    samples = samples_from_frame(pa.table({"a": column, "label": LABELS}), features=["a"])
    assert samples.inputs[:, 0].tolist() == NUMBERS.to_pylist()


def test_tensors_of_images_with_and_without_their_extension_types(tmp_path: Path) -> None:
    flat = pa.FixedSizeListArray.from_arrays(pa.array(IMAGES.ravel()), 36)
    nested = pa.array(IMAGES.tolist(), pa.list_(pa.list_(pa.list_(pa.uint8()))))
    first = np.ascontiguousarray(np.moveaxis(IMAGES, 3, 1))
    stored = pa.FixedSizeListArray.from_arrays(pa.array(first.ravel()), 36)
    kind = pa.fixed_shape_tensor(pa.uint8(), (3, 4, 3), permutation=(1, 2, 0))
    cases = [
        table(flat, **extension("ray.data.arrow_tensor_v2", [4, 3, 3])),
        table(flat, **extension("anybody.tensor", {"shape": [4, 3, 3]})),
        table(nested),
        table(pa.ExtensionArray.from_storage(pa.fixed_shape_tensor(pa.uint8(), (4, 3, 3)), flat)),
        table(pa.array([{"data": i.ravel().tolist(), "shape": list(i.shape)} for i in IMAGES])),
    ]
    for each in cases:
        np.testing.assert_array_equal(samples_from_frame(each).inputs, IMAGES)
        pq.write_table(each, tmp_path / "a.parquet")
        read = read_source(SourceConfig(path=str(tmp_path / "a.parquet")))
        np.testing.assert_array_equal(read.inputs, IMAGES)
    turned = samples_from_frame(table(pa.ExtensionArray.from_storage(kind, stored)))
    np.testing.assert_array_equal(turned.inputs, IMAGES)


def test_files_of_polars(tmp_path: Path) -> None:
    kinds = pl.Enum(["nut", "bolt"])
    labels = pl.Series(["nut", "bolt"] * 3, dtype=kinds)
    frame = pl.DataFrame({"features": FEATURES, "label": labels})
    frame.write_parquet(tmp_path / "a.parquet")
    frame.write_ipc(tmp_path / "a.arrow", compat_level=pl.CompatLevel.newest())
    for source in ("a.parquet", "a.arrow"):
        samples = read_source(SourceConfig(path=str(tmp_path / source)))
        np.testing.assert_array_equal(samples.inputs, FEATURES)
        assert samples.class_names == ("bolt", "nut")
    assert samples_from_frame(frame).content_hash == samples.content_hash


def test_data_sets_of_hugging_face(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {
            "img": datasets.Image(),
            "label": datasets.ClassLabel(names=["nut", "bolt"]),
            "array": datasets.Array2D((4, 3), "uint8"),
        }
    )
    rows = {
        "img": [{"bytes": encode(image), "path": None} for image in IMAGES],
        "label": LABELS,
        "array": IMAGES[..., 0].tolist(),
    }
    data = datasets.Dataset.from_dict(rows, features=features)
    data.to_parquet(str(tmp_path / "a.parquet"))
    data.save_to_disk(str(tmp_path / "disk"))
    for place in ("a.parquet", "disk"):
        source = SourceConfig(path=str(tmp_path / place), features="img")
        samples = read_source(source)
        np.testing.assert_array_equal(samples.inputs, IMAGES)
        assert samples.class_names == ("nut", "bolt")
        grey = read_source(SourceConfig(path=str(tmp_path / place), features="array"))
        np.testing.assert_array_equal(grey.inputs, IMAGES[..., :1])


@pytest.mark.parametrize("how", ["text", "struct", "absolute"])
def test_images_by_their_paths(how: str, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    names = [f"deep/{i}.png" for i in range(6)]
    for name, image in zip(names, IMAGES, strict=True):
        (tmp_path / name).write_bytes(encode(image))
    cells: list[Any] = [str(tmp_path / n) for n in names] if how == "absolute" else names
    if how == "struct":
        cells = [{"bytes": None, "path": name} for name in names]
    column = "image" if how == "struct" else "file_name"
    pq.write_table(pa.table({column: cells, "label": LABELS}), tmp_path / "a.parquet")
    samples = read_source(SourceConfig(path=str(tmp_path / "a.parquet")))
    np.testing.assert_array_equal(samples.inputs, IMAGES)
    for name in names[1:3]:
        (tmp_path / name).unlink()
    with pytest.raises(InputError, match=r"(?s)2 of 6.*row 2.*row 3"):
        read_source(SourceConfig(path=str(tmp_path / "a.parquet")))


def test_a_path_of_a_pipe_or_device_is_named_and_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    (tmp_path / "pilot.csv").write_text("image,label\npipe.png,0\nzero.png,1\n")
    with pytest.raises(InputError, match=r"2 of 2 images.*pipe\.png.*device.*zero\.png"):
        read_source(SourceConfig(path=str(tmp_path / "pilot.csv")))


def test_a_storage_that_fails_slowly_is_asked_for_few_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pilot.csv").write_text("image,label\n" + "absent.png,0\n" * 20)
    with pytest.raises(InputError, match="20 of 20 images"):
        read_source(SourceConfig(path=str(tmp_path / "pilot.csv")))
    monkeypatch.setattr(table_inputs, "FAILING_SECONDS", 0.0)
    with pytest.raises(InputError, match=r"row 1 .*absent\.png: cannot read"):
        read_source(SourceConfig(path=str(tmp_path / "pilot.csv")))


def test_a_view_reads_the_rows_that_it_names_in_its_order(tmp_path: Path) -> None:
    rows = 40
    columns = {"a": np.arange(rows) / 2, "b": -np.arange(rows) / 2, "label": np.arange(rows) % 3}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet", row_group_size=7)
    source = {"path": str(tmp_path / "a.parquet"), "features": ["b", "a"]}
    whole = read_source(SourceConfig(**source))
    order = read_source(SourceConfig(**source, shuffle=3))
    part = read_source(SourceConfig(**source, rows=(10, 20)))
    np.testing.assert_array_equal(part.inputs, whole.inputs[10:20])
    at = (order.inputs[:, 1] * 2).astype(int)
    assert sorted(at) == list(range(rows))
    np.testing.assert_array_equal(order.inputs, whole.inputs[at])
    np.testing.assert_array_equal(order.labels, np.asarray(whole.labels)[at])


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
    st.sampled_from(["parquet", "arrow", "orc", "jsonl"]),
    st.booleans(),
    st.integers(1, 30),
)
@settings(max_examples=40, deadline=None)
def test_features_come_back_from_every_format(
    tmp_path_factory: pytest.TempPathFactory,
    widths: list[int],
    kind: str,
    as_lists: bool,
    rows: int,
) -> None:
    folder = tmp_path_factory.mktemp("formats")
    values = np.random.default_rng(sum(widths)).normal(size=(rows, sum(widths)))
    names = [f"f{i}" for i in range(values.shape[1])]
    columns: dict[str, Any] = dict(zip(names, values.T, strict=True))
    if as_lists:
        columns = {"features": values.tolist()}
    columns["label"] = [f"class {i % 3}" for i in range(rows)]
    path = folder / f"a.{kind}"
    TABLE_WRITERS[kind](pa.table(columns), str(path))
    samples: Samples = read_source(SourceConfig(path=str(path)))
    np.testing.assert_array_equal(samples.inputs, values)
    assert samples.labels is not None
    found = [samples.class_names[i] for i in samples.labels]
    assert found == columns["label"]
