"""Labels as sources have them: of one kind, none missing."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projektor_ray.data.raw_labels import RawLabels
from projektor_ray.errors import InputError

TEXTS = ["nut", "bolt", "NA"]
VIEW = pa.array(TEXTS, pa.string_view())


def values(raw: RawLabels) -> list[Any]:
    return [raw.texts[i] for i in raw.values] if raw.texts else raw.values.tolist()


@pytest.mark.parametrize(
    "column",
    [
        pa.array(TEXTS),
        pa.array(TEXTS, pa.large_string()),
        VIEW,
        pa.array(TEXTS).dictionary_encode(),
        pa.DictionaryArray.from_arrays([0, 1, 2], VIEW),
        pa.array([text.encode() for text in TEXTS]),
        pa.array([[text] for text in TEXTS]),
        pa.array([[text] for text in TEXTS], pa.list_(pa.string(), 1)),
        pa.RunEndEncodedArray.from_arrays([1, 2, 3], TEXTS),
        pa.chunked_array([TEXTS[:1], TEXTS[1:]]),
    ],
)
def test_texts_of_every_arrow_type(column: pa.Array) -> None:
    assert values(RawLabels.of_column(column, "pilot")) == TEXTS


@pytest.mark.parametrize(
    "array",
    [
        TEXTS,
        np.array(TEXTS),
        np.array(TEXTS, dtype=object),
        np.array(TEXTS, dtype="S4"),
        np.array(TEXTS)[:, None],
        pd.Series(TEXTS),
        pd.Series(TEXTS, dtype="category"),
        pd.Series(TEXTS, dtype="string"),
    ],
)
def test_texts_of_every_kind_of_array(array: Any) -> None:
    assert values(RawLabels.of_array(array, "pilot")) == TEXTS


@pytest.mark.parametrize("kind", ["i1", "u2", ">i4", "<u8", "?", "f2", "f4", ">f8", "longdouble"])
def test_numbers_of_every_type(kind: str) -> None:
    raw = RawLabels.of_array(np.array([1, 0, 1]).astype(kind), "pilot")
    assert values(raw) == [1, 0, 1]
    assert raw.texts == ()


@pytest.mark.parametrize(
    ("column", "count"),
    [
        (["a", None, "b"], 1),
        (["a", "", " "], 2),
        ([1, None], 1),
        ([1.5, float("nan"), None], 2),
        (["a", float("nan")], 1),
        (pd.Series(["a", pd.NA], dtype="string"), 1),
        (pd.Series([1, pd.NA], dtype="Int64"), 1),
        (pd.Series(["a", None], dtype="category"), 1),
        (np.array(["a", None, np.nan], dtype=object), 2),
        (np.array([1.0, np.nan]), 1),
        ([None, None], 2),
    ],
)
def test_missing_labels_are_counted(column: Any, count: int) -> None:
    with pytest.raises(InputError, match=rf"{count} of \d labels are missing"):
        RawLabels.of_array(column, "pilot")


@pytest.mark.parametrize(
    "array",
    [
        np.array([1 + 2j]),
        np.array(["2020-01-01"], dtype="M8[D]"),
        np.zeros((3, 2)),
        np.array(3),
        np.array([(1, 2)], dtype=[("a", int), ("b", int)]),
        [[1, 2], [3, 4]],
        ["a", 1.5],
        [{}],
        [2**70],
        np.array([2**63], dtype=np.uint64),
        [b"\xff"],
    ],
)
def test_what_is_no_label_is_refused(array: Any) -> None:
    with pytest.raises(InputError, match="pilot"):
        RawLabels.of_array(array, "pilot")


def test_names_belong_to_whole_numbers_that_they_cover() -> None:
    assert RawLabels.of_array([1, 0], "pilot", ("nut", "bolt")).names == ("nut", "bolt")
    assert RawLabels.of_array(["b", "a"], "pilot", ("nut", "bolt")).names == ()
    with pytest.raises(InputError, match="a label is 2"):
        RawLabels.of_array([0, 2], "pilot", ("nut", "bolt"))
    with pytest.raises(InputError, match="1 of 2 labels"):
        RawLabels.of_array([0, -1], "pilot", ("nut", "bolt"))


@given(st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_texts_come_back(texts: list[str]) -> None:
    encodable = [text.encode("utf-8", "replace").decode() for text in texts]
    assert values(RawLabels.of_array(encodable, "pilot")) == encodable
