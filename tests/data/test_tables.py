"""Every format reads back what was written, by a path, a URI, standard input or an object."""

import contextlib
import gzip
import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from projektor_ray.data import read_table, samples_from_frame
from projektor_ray.errors import InputError
from tests.helpers.table_files import TABLE_WRITERS

TABLE = pa.table({"share": [0.25, 0.5, 0.75], "size": [10, 20, 30], "name": ["a", "NA", "ü, b"]})


@pytest.mark.parametrize("kind", TABLE_WRITERS)
def test_what_was_written_is_read(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    TABLE_WRITERS[kind](TABLE, str(path))
    assert read_table(path).to_pydict() == TABLE.to_pydict()
    assert read_table(f"file://{path}").to_pydict() == TABLE.to_pydict()


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_compressed_texts(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    TABLE_WRITERS[kind](TABLE, str(path))
    packed = tmp_path / f"a.{kind}.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read_table(packed).to_pydict() == TABLE.to_pydict()


@pytest.mark.parametrize("kind", ["parquet", "arrow", "arrows", "csv", "jsonl", "xlsx"])
def test_standard_input(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"a.{kind}"
    TABLE_WRITERS[kind](TABLE, str(path))
    content = io.TextIOWrapper(io.BytesIO(path.read_bytes()))
    monkeypatch.setattr(sys, "stdin", content)
    assert read_table("-").to_pydict() == TABLE.to_pydict()


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow", "dict"])
def test_objects(library: str) -> None:
    columns = TABLE.to_pydict()
    made: Any = TABLE if library == "pyarrow" else columns
    if library in ("pandas", "polars"):
        made = pytest.importorskip(library).DataFrame(columns)
    assert read_table(made).to_pydict() == columns


def test_levels_of_an_index_with_names_are_columns_of_a_table_and_no_features() -> None:
    frame = pd.DataFrame({"f": [0.5, 1.5], "label": ["a", "b"]})
    levels = [[10, 20], [3, 4], [5, 6]]
    indexed = frame.set_index(pd.MultiIndex.from_arrays(levels, names=["size", None, "f"]))
    assert read_table(indexed).to_pydict() == {**frame.to_dict("list"), "size": [10, 20]}
    assert read_table(frame.set_index(pd.Index([7, 8]))).column_names == ["f", "label"]
    assert samples_from_frame(indexed).feature_names == ("f",)


@pytest.mark.parametrize(
    ("source", "key"),
    [(object(), "object"), ({"a": [1, 2], "b": [1]}, "dict"), ({"a": []}, "no rows")],
)
def test_what_is_no_table_is_refused(source: Any, key: str) -> None:
    with pytest.raises(InputError, match=key):
        read_table(source)


def test_two_columns_of_one_name_are_refused() -> None:
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(InputError, match="'a'"):
        read_table(twice)


@pytest.mark.parametrize("kind", TABLE_WRITERS)
@pytest.mark.parametrize("content", [b"", b"\x00", b'PAR1 nothing, "of the kind', b"\xff" * 99])
def test_a_broken_file_is_named(kind: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    path.write_bytes(content)
    with pytest.raises(InputError, match=path.name):
        read_table(path)


@pytest.mark.parametrize("kind", TABLE_WRITERS)
def test_a_file_cut_short_is_named_or_reads_its_first_rows(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    table = pa.table({"a": np.arange(300), "b": [f"text {i}" for i in range(300)]})
    TABLE_WRITERS[kind](table, str(path))
    whole = path.read_bytes()
    refused = 0
    for length in range(0, len(whole), max(1, len(whole) // 40)):
        path.write_bytes(whole[:length])
        with contextlib.suppress(InputError):
            assert read_table(path).num_rows <= 300
            continue
        refused += 1
    assert refused


@pytest.mark.parametrize("name", ["a.parqet", "a", "a.pkl", "a.parquet.gz"])
def test_an_unknown_ending_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InputError, match=r"\.parquet"):
        read_table(tmp_path / name)


@pytest.mark.parametrize(("head", "rest", "times"), [("a", "0", 2**30), ("a,b", "1,1\n", 2**24)])
def test_a_content_that_grows_a_thousandfold_is_refused(
    head: str, rest: str, times: int, tmp_path: Path
) -> None:
    """Also where the text fits into memory, but not the columns that are read from it."""
    block = rest.encode() * 2**20
    with gzip.open(tmp_path / "a.csv.gz", "wb") as file:
        file.write(f"{head}\n".encode())
        for _ in range(times // 2**20):
            file.write(block)
    with pytest.raises(InputError, match="memory_limit_gb"):
        read_table(tmp_path / "a.csv.gz")
