"""Columns that hold the label in another code."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from projektor_ray.data.label_copies import FEWEST, PER_CLASS, label_copies
from projektor_ray.data.open_table import OpenTable


@given(
    st.integers(2, 6),
    st.integers(0, 40),
    st.sampled_from([np.int64, np.float32]),
    st.booleans(),
    st.integers(0, 2**16),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_another_code_of_the_label_is_a_copy_and_one_other_cell_makes_it_none(
    classes: int, more: int, kind: type, is_sorted: bool, seed: int
) -> None:
    stream = np.random.default_rng(seed)
    rows = max(FEWEST, PER_CLASS * classes) + more
    label = np.concatenate([np.arange(classes), stream.integers(0, classes, rows - classes)])
    label = np.sort(label) if is_sorted else stream.permutation(label)
    code = stream.permutation(100)[:classes].astype(kind)
    copy, changed = code[label], code[label]
    row = stream.integers(rows)
    changed[row] = code[(label[row] + 1) % classes]
    columns = {"label": label.astype(str), "copy": copy, "changed": changed}
    table = OpenTable.of(pa.table(columns | {"x": stream.normal(size=rows)}), "the table")
    assert label_copies(table, "label", ["copy", "changed", "x"]) == ["copy"]
