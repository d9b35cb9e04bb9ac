"""Names, dictionaries and texts of exported tables as plain columns."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from projektor_ray.errors import InputError
from projektor_ray.runs.tidy_columns import tidy


def test_dictionaries_become_a_column_for_each_key() -> None:
    rows = [
        {"loss": 0.5, "val": {"acc": 0.9}, "_wandb": {"runtime": 3}},
        {"loss": float("nan"), "val": {"acc": 0.8}},
    ]
    for texts in ([str(row) for row in rows], [json.dumps(row) for row in rows]):
        table = tidy(pa.table({"summary": texts, "name": ["a", "b"]}))
        assert table.column_names == [
            *("summary.loss", "summary.val.acc", "summary._wandb.runtime", "name"),
        ]
        assert table["summary.val.acc"].to_pylist() == [0.9, 0.8]
        assert np.isnan(table["summary.loss"].to_pylist()[1])
        assert table["summary._wandb.runtime"].to_pylist() == [3, None]


def test_numbers_as_numpy_writes_them_in_dictionaries() -> None:
    rows = [
        {"acc": np.float64(0.5), "n": np.int64(3), "loss": np.float32("nan")},
        {"acc": np.float64(-0.25), "n": np.int64(4), "loss": np.float32(1.5)},
    ]
    table = tidy(pa.table({"summary": [str(row) for row in rows]}))
    assert table["summary.acc"].to_pylist() == [0.5, -0.25]
    assert table["summary.n"].to_pylist() == [3, 4]
    np.testing.assert_array_equal(table["summary.loss"].to_numpy(), [np.nan, 1.5])


def test_structs_and_values_with_descriptions() -> None:
    nested = pa.table({"config": [{"lr": {"value": 0.1, "desc": None}, "mix": {"web": 1.0}}]})
    assert tidy(nested).to_pydict() == {"config.lr": [0.1], "config.mix.web": [1.0]}


@pytest.mark.parametrize(
    "texts",
    [
        ["{not a dictionary", "{}"],
        ["{'a': __import__('os')}", "{'a': 1}"],
        ["{'a': np.load('x')}", "{'a': open('x')}"],
        ["{" * 5000],
    ],
)
def test_other_texts_stay_texts(texts: list[str]) -> None:
    assert tidy(pa.table({"note": texts}))["note"].to_pylist() == texts


def test_texts_that_are_numbers_become_numbers() -> None:
    table = tidy(
        pa.table(
            {
                "share": ["33.1%", "66.9 %"],
                "loss": [" 1.5", "NaN"],
                "word": ["1", "x"],
                "day": ["2024_01", "2024_02"],
                "empty": ["", ""],
            }
        )
    )
    assert table["share"].to_pylist() == pytest.approx([0.331, 0.669])
    assert table["loss"].to_pylist()[0] == 1.5
    assert np.isnan(table["loss"].to_pylist()[1])
    for name in ("word", "day", "empty"):
        assert pa.types.is_string(table[name].type)


@pytest.mark.parametrize("text", ["n.a.", "#N/A", "<NA>", "#DIV/0!", "—", "?", "-1.#IND", "NULL"])
def test_texts_of_a_missing_number_are_nan(text: str) -> None:
    numbers = tidy(pa.table({"loss": ["1.5", text]}))["loss"].to_pylist()
    assert numbers[0] == 1.5
    assert np.isnan(numbers[1])


def test_names_lose_spaces_and_double_headers() -> None:
    frame = pd.DataFrame([[1.0, 2.0]], columns=[" size", "loss "])
    assert tidy(pa.Table.from_pandas(frame)).column_names == ["size", "loss"]
    pairs = pd.MultiIndex.from_tuples([("params", "web"), ("value", "")])
    table = pa.Table.from_pandas(pd.DataFrame([[1.0, 2.0]], columns=pairs))
    assert tidy(table).column_names == ["params_web", "value"]
    with pytest.raises(InputError, match="two are called 'a'"):
        tidy(pa.table({"a": [1], " a": [2]}))
