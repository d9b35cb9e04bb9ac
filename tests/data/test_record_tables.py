"""JSON in the forms that libraries write, and Excel workbooks."""

import json
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projektor_ray.data import read_table
from projektor_ray.data.tables import open_table
from projektor_ray.errors import InputError

ROWS = [{"a": 1.5, "b": "x"}, {"a": 2.0, "b": None}, {"a": 3.25, "b": "ü\n"}]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(map(json.dumps, ROWS)),
        "\n".join(map(json.dumps, ROWS)) + "\n\n",
        json.dumps(ROWS),
        json.dumps(ROWS, indent=2),
        json.dumps({"a": [1.5, 2.0, 3.25], "b": ["x", None, "ü\n"]}),
        pd.DataFrame(ROWS).to_json(),
        pd.DataFrame(ROWS).to_json(orient="records"),
        pd.DataFrame(ROWS).to_json(orient="records", lines=True),
        pd.DataFrame(ROWS).to_json(orient="index"),
        pd.DataFrame(ROWS).to_json(orient="split"),
        pd.DataFrame(ROWS).to_json(orient="table"),
        pd.DataFrame(ROWS, index=list("xyz")).to_json(),
        pd.DataFrame(ROWS, index=list("xyz")).to_json(orient="index"),
        json.dumps({"a": {"0": 1.5, "1": 2, "2": 3.25}, "b": {"2": "ü\n", "0": "x"}}),
        "\ufeff" + json.dumps(ROWS),
        "\ufeff" + "\n".join(map(json.dumps, ROWS)),
    ],
)
def test_one_table_in_many_forms(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    assert read_table(tmp_path / "a.json").to_pylist() == ROWS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1, 2]",
        '"text"',
        "3",
        '{"a": 1}\n{"a": "x"}',
        '{"a": 1, "a": 2}\n{"a": 1}',
        "[" * 100000,
        '{"a": ' + "[" * 100000 + "]" * 100000 + '}\n{"a": 1}',
        "\xff\xfe",
        '{"a": [1, 2], "b": [1]}',
        '{"a": {"x": 1, "y": 2}, "b": {"x": 3, "y": 4}}',
        '{"columns": ["a", "b"], "data": [[1]]}',
        '{"schema": {"fields": []}, "data": 3}',
    ],
)
def test_what_is_no_table_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match=r"a\.json"):
        read_table(tmp_path / "a.json")


def test_brackets_in_texts_do_not_count_over_lines(tmp_path: Path) -> None:
    rows = [{"a": "[[[{{"}] * 200
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert read_table(tmp_path / "a.jsonl").num_rows == 200


JSON_CELL = st.one_of(
    st.none(), st.floats(allow_nan=False, allow_infinity=False), st.integers(-9, 9)
)


@given(st.lists(st.tuples(JSON_CELL, st.text()), min_size=1, max_size=8))
@settings(max_examples=40, deadline=None)
def test_json_lines_come_back(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[Any, str]]
) -> None:
    path = tmp_path_factory.mktemp("json") / "a.jsonl"
    encodable = [(n, t.encode("utf-8", "replace").decode()) for n, t in cells]
    path.write_text("".join(json.dumps({"n": n, "t": f"x{t}"}) + "\n" for n, t in encodable))
    found = read_table(path).to_pylist()
    assert [(row["n"], row["t"]) for row in found] == [(n, f"x{t}") for n, t in encodable]


def workbook(path: Path, **sheets: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_the_first_sheet_with_rows(tmp_path: Path) -> None:
    rows = [["f1 ", "label"], [0.5, "NA"], [None, None], [2, "b"]]
    path = workbook(tmp_path / "a.xlsx", empty=[], pilot=rows, more=[["a"], [1]])
    found = open_table(str(path))
    assert found.table().to_pylist() == [{"f1": 0.5, "label": "NA"}, {"f1": 2.0, "label": "b"}]
    assert [(note.kind, note.detail) for note in found.notes] == [("sheets left out", "more")]


def test_short_rows_of_a_sheet_are_filled(tmp_path: Path) -> None:
    """Writers that do not know the width beforehand leave out what is empty at a row's end."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("x")
    for row in (["a", "b", "c"], [1, 2, 3], [4, 5], [6]):
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    found = read_table(tmp_path / "a.xlsx").to_pylist()
    assert [list(row.values()) for row in found] == [[1, 2, 3], [4, 5, None], [6, None, None]]


def test_an_index_of_pandas_in_excel(tmp_path: Path) -> None:
    pd.DataFrame({"f1": [0.5, 1.5], "label": ["a", "b"]}).to_excel(tmp_path / "a.xlsx")
    assert read_table(tmp_path / "a.xlsx").column_names == ["", "f1", "label"]


@pytest.mark.parametrize("rows", [[], [["a", "b"]], [["a", "a"], [1, 2]], [["a", " a"], [1, 2]]])
def test_sheets_that_are_no_table(rows: list[list[Any]], tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", pilot=rows)
    with pytest.raises(InputError, match=r"a\.xlsx"):
        read_table(path)


def test_mixed_cells_become_texts(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", pilot=[["a"], [1], ["x"]])
    assert read_table(path)["a"].to_pylist() == ["1", "x"]
