"""A table in every kind of file, read by somebody else's reader."""

import csv
import io
import json
from datetime import datetime, timezone

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from projektor_ray.errors import InputError
from projektor_ray.runs.table_files import TABLE_ENDINGS, spreadsheet_cell, table_bytes
from tests.helpers.hostile_names import HOSTILE_NAMES

TABLE = pa.table(
    {
        "provider": ["=1+1", "bücher", None],
        "samples": [1, 2, 3],
        "cost": [0.5, float("nan"), 2.0],
    }
)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
WHEN = datetime(2026, 1, 2, tzinfo=timezone.utc)


def test_parquet_keeps_everything() -> None:
    assert pq.read_table(io.BytesIO(table_bytes(TABLE, ".parquet"))).schema == TABLE.schema


def test_csv_holds_no_formula() -> None:
    text = table_bytes(TABLE.rename_columns(["@p", "samples", "cost"]), ".csv").decode()
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][0] == "'@p"
    assert [row[0] for row in rows[1:]] == ["'=1+1", "bücher", ""]


@pytest.mark.parametrize(("ending", "load"), [(".json", json.loads), (".yaml", yaml.safe_load)])
def test_records_hold_plain_values(ending: str, load: object) -> None:
    table = TABLE.append_column("at", pa.array([WHEN] * 3))
    rows = load(table_bytes(table, ending).decode())  # type: ignore[operator]
    assert rows[0] == {"provider": "=1+1", "samples": 1, "cost": 0.5, "at": WHEN.isoformat()}
    assert rows[1]["cost"] is None
    assert rows[2]["provider"] is None


def test_excel_holds_texts_and_numbers_and_no_formula() -> None:
    openpyxl = pytest.importorskip("openpyxl")
    sheet = openpyxl.load_workbook(io.BytesIO(table_bytes(TABLE, ".xlsx"))).active
    assert [cell.value for cell in sheet[1]] == ["provider", "samples", "cost"]
    assert (sheet["A2"].value, sheet["A2"].data_type) == ("=1+1", "s")
    assert [sheet["B3"].value, sheet["C3"].value, sheet["A4"].value] == [2, None, None]


def test_other_endings_are_refused() -> None:
    with pytest.raises(InputError, match=", ".join(TABLE_ENDINGS).replace(".", r"\.")):
        table_bytes(TABLE, ".doc")


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_any_name_is_written_and_is_no_formula(name: str) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    table = pa.table({"provider": [name.encode("utf-8", "replace").decode()], "samples": [1]})
    for each in (table, pa.table({table["provider"][0].as_py(): [1]})):
        sheet = openpyxl.load_workbook(io.BytesIO(table_bytes(each, ".xlsx"))).active
        assert {cell.data_type for row in sheet for cell in row} <= {"s", "n"}
        text = table_bytes(each, ".csv").decode()
        for row in csv.reader(io.StringIO(text, newline="")):
            assert not any(cell.startswith(FORMULA) for cell in row)
        assert table_bytes(each, ".json")


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠x"],
)
def test_a_cell_is_no_formula(text: str) -> None:
    assert spreadsheet_cell(text) == f"'{text}"
    assert spreadsheet_cell("a=1") == "a=1"
    assert spreadsheet_cell("") == ""
