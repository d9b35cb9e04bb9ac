"""Folders of tables as Spark, Hive, pyarrow and others write them."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.dataset as ds
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projektor_ray.data import Note, SourceConfig, read_source, read_table
from projektor_ray.errors import InputError

WHOLE = pa.table(
    {"f1": np.arange(8) / 4, "f2": np.arange(8)[::-1] / 8, "label": ["nut", "bolt"] * 4}
)


def write(folder: Path, parts: dict[str, pa.Table]) -> Path:
    for name, part in parts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(part, path)
    return folder


def test_spark_with_an_empty_part_and_its_own_files(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "part-00000.snappy.parquet": WHOLE.slice(0, 4),
            "part-00001.snappy.parquet": WHOLE.slice(4, 0),
            "part-00002.snappy.parquet": WHOLE.slice(4),
            "_temporary/0/part-00003.parquet": WHOLE,
            ".hidden.parquet": WHOLE,
        },
    )
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / ".part-00000.snappy.parquet.crc").touch()
    assert read_table(tmp_path).to_pydict() == WHOLE.to_pydict()
    samples = read_source(SourceConfig(path=str(tmp_path)))
    assert len(samples) == 8
    assert samples.reading.notes == (Note("empty parts", 1),)


def test_a_folder_of_empty_parts_has_no_rows(tmp_path: Path) -> None:
    write(tmp_path, {"a.parquet": WHOLE.slice(0, 0)})
    with pytest.raises(InputError, match="no rows"):
        read_source(SourceConfig(path=str(tmp_path)))


def test_columns_in_another_order_and_of_wider_types(tmp_path: Path) -> None:
    narrow = pa.table({"a": pa.array([1, 2], pa.int16()), "s": ["x", "y"]})
    wide = pa.table({"s": pa.array(["z"]).dictionary_encode(), "a": [2**40]})
    half = pa.table({"a": pa.array([0.5]), "s": pa.array(["v"], pa.string_view())})
    empty = pa.table({"other": pa.array([], pa.float64())})
    folder = write(tmp_path, {f"{i}.parquet": t for i, t in enumerate((narrow, wide, half, empty))})
    assert read_table(folder).to_pydict() == {
        "a": [1.0, 2.0, 2.0**40, 0.5],
        "s": ["x", "y", "z", "v"],
    }


@pytest.mark.parametrize(
    ("other", "key"),
    [
        (pa.table({"f1": [1.0], "label": ["a"]}), "'f2'"),
        (pa.table({"f1": [1.0], "f2": ["x"], "label": ["a"]}), "'f2'"),
        (pa.table({"f1": [1.0], "f2": [1.0], "label": ["a"], "f3": [1.0]}), "'f3'"),
    ],
)
def test_parts_that_differ_are_named(other: pa.Table, key: str, tmp_path: Path) -> None:
    write(tmp_path, {"a.parquet": WHOLE, "b.parquet": other})
    with pytest.raises(InputError, match=key):
        read_table(tmp_path)


@pytest.mark.parametrize("label", ["label", "class=1"])
def test_partitions_by_folder_names(label: str, tmp_path: Path) -> None:
    if label == "label":
        ds.write_dataset(
            WHOLE, tmp_path, format="parquet", partitioning=["label"], partitioning_flavor="hive"
        )
        samples = read_source(SourceConfig(path=str(tmp_path)))
        assert samples.class_names == ("bolt", "nut")
    else:
        features = WHOLE.drop_columns(["label"])
        parts = {f"class={i}/part.parquet": features.slice(4 * i, 4) for i in range(2)}
        samples = read_source(SourceConfig(path=str(write(tmp_path, parts))))
        assert np.asarray(samples.labels).tolist() == [0] * 4 + [1] * 4
    assert samples.feature_names == ("f1", "f2")
    assert len(samples) == 8


def test_partitions_with_escapes_and_without_a_value(tmp_path: Path) -> None:
    features = WHOLE.drop_columns(["label"])
    names = ("kind=a%20%2F%20b", "kind=__HIVE_DEFAULT_PARTITION__")
    folder = write(tmp_path, {f"{name}/0.parquet": features.slice(0, 1) for name in names})
    assert set(read_table(folder)["kind"].to_pylist()) == {"a / b", None}


def test_partitions_of_real_numbers_are_numbers(tmp_path: Path) -> None:
    names = ("rate=1e-3", "rate=0.5", "rate=__HIVE_DEFAULT_PARTITION__")
    folder = write(tmp_path, {f"{name}/0.parquet": WHOLE.slice(0, 1) for name in names})
    assert read_table(folder)["rate"].to_pylist() == [0.5, 0.001, None]


def test_the_cache_of_a_hugging_face_data_set_is_no_part_of_it(tmp_path: Path) -> None:
    for name in ("data-00000-of-00001.arrow", "cache-1a2b.arrow"):
        feather.write_feather(WHOLE, tmp_path / name)
    assert read_table(tmp_path).num_rows == 16
    (tmp_path / "state.json").write_text("{}")
    assert read_table(tmp_path).num_rows == 8


@pytest.mark.parametrize(
    ("names", "key"),
    [
        (["train-00000-of-00002.parquet", "test-00000-of-00001.parquet"], "test-00000.* and train"),
        (["train/0.parquet", "validation/0.parquet"], "train and validation"),
        (["data/train-0.parquet", "data/test-0.parquet"], "data/test-0.parquet and data/train"),
        (["default/train/0.parquet", "default/test/0.parquet"], "default/test and default/train"),
        (["my_train.parquet", "my_val.parquet"], "my_train.parquet and my_val.parquet"),
        (["split=train/0.parquet", "split=test/0.parquet"], "split=test and split=train"),
    ],
)
def test_splits_are_asked_about(names: list[str], key: str, tmp_path: Path) -> None:
    write(tmp_path, dict.fromkeys(names, WHOLE))
    with pytest.raises(InputError, match=key):
        read_table(tmp_path)


@pytest.mark.parametrize(
    ("log", "kind"),
    [
        ("_delta_log/00000000000000000000.json", "Delta"),
        ("metadata/00000-abc.metadata.json", "Iceberg"),
        ("deep/er/_delta_log/00000000000000000000.json", "Delta"),
    ],
)
def test_tables_with_a_log_are_refused_by_name(log: str, kind: str, tmp_path: Path) -> None:
    write(tmp_path, {"data/a.parquet": WHOLE})
    (tmp_path / log).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / log).write_text("{}")
    with pytest.raises(InputError, match=kind):
        read_source(SourceConfig(path=str(tmp_path)))


def test_a_hudi_table_is_refused_by_its_columns(tmp_path: Path) -> None:
    commit = pa.array(["20260101"] * WHOLE.num_rows)
    write(tmp_path, {"year=1/a.parquet": WHOLE.append_column("_hoodie_commit_time", commit)})
    with pytest.raises(InputError, match="Hudi"):
        read_source(SourceConfig(path=str(tmp_path)))


def test_the_first_format_is_read_and_other_files_are_counted(tmp_path: Path) -> None:
    write(tmp_path, {"a.parquet": WHOLE})
    pacsv.write_csv(WHOLE, tmp_path / "b.csv")
    (tmp_path / "README.md").touch()
    (tmp_path / "c.png").touch()
    samples = read_source(SourceConfig(path=str(tmp_path)))
    assert len(samples) == 8
    assert samples.reading.notes == (Note("files left out", 3, "1 .csv, 1 .md and 1 .png"),)


@pytest.mark.parametrize("kind", ["csv", "feather"])
def test_folders_of_other_formats(kind: str, tmp_path: Path) -> None:
    writer: Any = pacsv.write_csv if kind == "csv" else feather.write_feather
    for part in range(2):
        writer(WHOLE.slice(4 * part, 4), str(tmp_path / f"part-{part}.{kind}"))
    assert read_table(tmp_path).to_pydict() == WHOLE.to_pydict()


def test_parts_that_name_their_classes_differently_are_refused(tmp_path: Path) -> None:
    def part(names: list[str]) -> pa.Table:
        info = {"info": {"features": {"label": {"_type": "ClassLabel", "names": names}}}}
        table = pa.table({"f": [0.5, 1.5], "label": [0, 1]})
        return table.replace_schema_metadata({"huggingface": json.dumps(info)})

    write(tmp_path, {"a.parquet": part(["nut", "bolt"]), "b.parquet": part(["bolt", "nut"])})
    with pytest.raises(InputError, match="'label' bolt, nut"):
        read_table(tmp_path)


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=5).filter(any),
    st.sampled_from(["flat", "deep", "hive"]),
    st.randoms(use_true_random=False),
)
@settings(max_examples=30, deadline=None)
def test_every_row_of_every_part_comes_back(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], layout: str, random: Any
) -> None:
    folder = tmp_path_factory.mktemp("parts")
    start, parts = 0, {}
    for part, size in enumerate(sizes):
        names = ["a", "b"]
        random.shuffle(names)
        rows = {"a": list(range(start, start + size)), "b": ["x"] * size}
        prefix = {"flat": "", "deep": f"{part}/", "hive": f"k={part}/"}[layout]
        types = pa.schema([(n, pa.string() if n == "b" else pa.int64()) for n in names])
        parts[f"{prefix}part-{part}.parquet"] = pa.table({n: rows[n] for n in names}, schema=types)
        start += size
    found = read_table(write(folder, parts))
    assert found["a"].to_pylist() == list(range(start))
    if layout == "hive":
        expected = [part for part, size in enumerate(sizes) for _ in range(size)]
        assert found["k"].to_pylist() == expected
    shutil.rmtree(folder)
