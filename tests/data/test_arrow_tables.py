"""Parquet and Arrow files: what is not needed is not read, what is hostile takes no memory."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projektor_ray.data import SourceConfig, read_source, read_table
from projektor_ray.errors import InputError


def test_a_million_equal_texts_of_a_kilobyte_are_refused(tmp_path: Path) -> None:
    text = "x" * 2000
    column = pa.DictionaryArray.from_arrays(np.zeros(10**6, np.int32), pa.array([text]))
    pq.write_table(pa.table({"f": np.zeros(10**6), "label": column}), tmp_path / "a.parquet")
    assert (tmp_path / "a.parquet").stat().st_size < 10**6
    before = pa.total_allocated_bytes()
    with pytest.raises(InputError, match="memory_limit_gb"):
        read_source(SourceConfig(path=str(tmp_path / "a.parquet")))
    assert pa.total_allocated_bytes() - before < 2**26


@pytest.mark.parametrize("layout", ["columns", "lists"])
def test_numbers_that_repeat_a_thousandfold_are_refused(layout: str, tmp_path: Path) -> None:
    rows, width = 2**16, 20
    columns: dict[str, Any] = {f"f{i}": np.zeros(rows) for i in range(width)}
    if layout == "lists":
        flat = pa.array(np.zeros(rows * width))
        columns = {"features": pa.FixedSizeListArray.from_arrays(flat, width)}
    table = pa.table({**columns, "label": np.zeros(rows, np.int8)})
    pq.write_table(table, tmp_path / "a.parquet")
    source = SourceConfig(path=str(tmp_path / "a.parquet"), memory_limit_gb=0.005)
    with pytest.raises(InputError, match="memory_limit_gb"):
        read_source(source)


def test_columns_that_are_not_needed_are_not_read(tmp_path: Path) -> None:
    rows = 1000
    table = pa.table(
        {
            "f": np.arange(rows) / 3,
            "label": np.arange(rows) % 2,
            "page": [f"{i}" * 5000 for i in range(rows)],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    peak = pa.default_memory_pool().max_memory()
    samples = read_source(SourceConfig(path=str(tmp_path / "a.parquet")))
    assert len(samples) == rows
    assert pa.default_memory_pool().max_memory() - peak < 2**22


def test_names_with_dots(tmp_path: Path) -> None:
    table = pa.table({"a.b": [0.5, 1.5], "a": [2.5, 3.5], "label": [0, 1]})
    pq.write_table(table, tmp_path / "a.parquet")
    samples = read_source(SourceConfig(path=str(tmp_path / "a.parquet"), features=["a", "a.b"]))
    assert samples.inputs.tolist() == [[2.5, 0.5], [3.5, 1.5]]


@given(st.integers(0, 4000), st.binary(min_size=1, max_size=16), st.sampled_from(["pq", "arrow"]))
@settings(max_examples=120, deadline=None, derandomize=True)
def test_damage_is_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, at: int, damage: bytes, kind: str
) -> None:
    path = tmp_path_factory.mktemp("damage") / f"a.{kind}"
    table = pa.table({"f": np.arange(50) / 3, "label": ["a", "b"] * 25, "n": [[1.0, 2.0]] * 50})
    if kind == "pq":
        pq.write_table(table, path)
    else:
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
    content = bytearray(path.read_bytes())
    at %= len(content)
    content[at : at + len(damage)] = damage
    path.write_bytes(content)
    tracemalloc.start()
    try:
        read_table(path)
    except InputError as failure:
        assert path.name in str(failure)  # noqa: PT017
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 2**26
