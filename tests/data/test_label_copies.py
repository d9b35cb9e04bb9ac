"""A column of numbers that is the label in another code is found wherever its rows lie."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from projektor_ray.data import SourceConfig, read_source


def left_out(tmp_path: Path, labels: NDArray[np.str_], code: NDArray[np.int64]) -> list[str]:
    table = pa.table({"a": np.random.default_rng(0).normal(size=len(labels)), "code": code})
    pq.write_table(table.append_column("label", pa.array(labels)), tmp_path / "pilot.parquet")
    reading = read_source(SourceConfig(path=str(tmp_path / "pilot.parquet"))).reading
    assert reading is not None
    return [one.name for one in reading.left_out]


@pytest.mark.parametrize("order", ["sorted", "shuffled"])
def test_in_any_order_of_rows(tmp_path: Path, order: str) -> None:
    classes = np.repeat([0, 1], 2000)
    if order == "shuffled":
        classes = np.random.default_rng(1).permutation(classes)
    labels = np.where(classes == 1, "yes", "no")
    assert left_out(tmp_path, labels, 3 + 4 * classes) == ["code"]
    code = 3 + 4 * classes
    code[-1] = 10 - code[-1]
    assert not left_out(tmp_path, labels, code)
