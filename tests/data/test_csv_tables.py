"""CSV as people save it: separators, decimal commas, encodings, missing cells, line breaks."""

import codecs
import gzip
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projektor_ray.data import Note, read_table
from projektor_ray.data.csv_tables import open_csv
from projektor_ray.data.memory_limit import MemoryLimit
from projektor_ray.data.open_table import OpenTable, TableFile
from projektor_ray.errors import InputError


def opened(content: bytes, encoding: str = "") -> OpenTable:
    buffer = pa.py_buffer(content)
    return open_csv(
        TableFile("a.csv", lambda: pa.BufferReader(buffer), len(content), MemoryLimit(), encoding)
    )


def rows(content: bytes | str, encoding: str = "") -> list[dict[str, object]]:
    content = content.encode() if isinstance(content, str) else content
    return opened(content, encoding).table().to_pylist()  # type: ignore[no-any-return]


EXPECTED = [{"größe": 0.5, "label": "a"}, {"größe": 1.25, "label": "b"}]
TEXT = "größe,label\n0.5,a\n1.25,b\n"


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.replace("\n", "\n\n").encode(),
        TEXT.replace(",", ", ").replace(", a", ",a").replace(", b", ",b").encode(),
        TEXT.replace(",", ";").encode(),
        TEXT.replace(",", "\t").encode(),
        TEXT.replace(",", "|").encode(),
        TEXT.replace(",", ";").replace(".", ",").encode(),
        TEXT.replace(",", "\t").replace(".", ",").encode(),
        TEXT.encode("utf-32"),
        b"sep=;\r\n" + TEXT.replace(",", ";").encode(),
        b"sep=,\n" + TEXT.encode(),
        TEXT.replace("0.5", "5E-1").replace("1.25", "125e-2").encode(),
        TEXT.replace(",", ";").replace("0.5", "5,0E-1").replace("1.25", "1,25").encode(),
        b'"gr\xc3\xb6\xc3\x9fe","label"\n"0,5","a"\n"1,25","b"\n',
    ],
)
def test_one_table_in_many_spellings(content: bytes) -> None:
    assert rows(content) == EXPECTED


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16-le", "utf-8"])
def test_a_named_encoding(encoding: str) -> None:
    assert rows(TEXT.encode(encoding), encoding) == EXPECTED


def test_what_was_found_is_noted() -> None:
    notes = {note.kind: note.detail for note in opened("a;b\n0,5;1\n".encode("utf-16")).notes}
    assert notes == {"separator": "semicolons", "decimal comma": "", "encoding": "utf-16"}
    assert opened(b"a,b\n1,2\n").notes == ()


@pytest.mark.parametrize(
    ("content", "encoding", "key"),
    [
        (TEXT.encode("latin-1"), "", "line 1 holds the byte 0xf6"),
        (b"a,label\n1,x\n2,caf\xe9\n", "", "line 3 holds the byte 0xe9"),
        ("size,label\n1,a\n".encode("utf-16-le"), "", "NUL"),
        (b"a,b\n1,2\n", "utf-9", "utf-9"),
        (b"a,a\n1,2\n", "", "'a'"),
        (b"a, a\n1,2\n", "", "'a'"),
        (b"a,b\n1,2,3\n", "", "a.csv"),
        (b"", "", "a.csv"),
        (b"a;b\n1,234;2\n", "", "'1,234'"),
        (b'a,b\n1,"x\n2,y\n3,z\n', "", "row 1 is never closed"),
        (gzip.compress(TEXT.encode(), mtime=0), "", "gzip file by its first bytes"),
        (b"PK\x03\x04...", "", "zip"),
        (b"PAR1..PAR1", "", "Parquet"),
    ],
)
def test_refuses(content: bytes, encoding: str, key: str) -> None:
    with pytest.raises(InputError, match=key):
        rows(content, encoding)


def test_a_quoted_na_is_a_text_and_an_unquoted_one_is_missing() -> None:
    assert rows('a,label\n1,"NA"\n2,NA\n3,\n4,""\n') == [
        {"a": 1, "label": "NA"},
        {"a": 2, "label": None},
        {"a": 3, "label": None},
        {"a": 4, "label": ""},
    ]


def test_quotes_may_be_written_with_a_backslash() -> None:
    table = opened(b'a,b\n1,"say \\"x\\" twice"\n2,"y"\n')
    assert table.table()["b"].to_pylist() == ['say "x" twice', "y"]
    assert table.notes == (Note("escaped quotes"),)
    assert rows(b'a,b\n1,"c:\\"\n2,"y"\n')[0]["b"] == "c:\\"


def test_per_cent_with_decimal_commas_have_points() -> None:
    assert rows("a;b\n33,1%;x\n5%;y\n0,5 %;z,1\n") == [
        {"a": "33.1%", "b": "x"},
        {"a": "5%", "b": "y"},
        {"a": "0.5 %", "b": "z,1"},
    ]


@pytest.mark.parametrize("odd", ["?", "-", "1 500", "$3", "15%", "−2", "n.a."])
def test_texts_beside_numbers_are_noted(odd: str) -> None:
    assert opened(f"a,b\n1,x\n{odd},5\n3,y\n".encode()).notes == (
        Note("mixed cells", 1, f"'a', such as {odd!r}"),
    )


def test_names_that_end_in_a_digit_are_no_numbers() -> None:
    assert opened(b"a,b\nSI1,x\nVS2,5\n-,y\n").notes == ()


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12).map(
    lambda text: f"x{text}"
)
NUMBER = st.floats(-1e6, 1e6).map(lambda value: round(value, 3))


@given(
    st.lists(st.tuples(NUMBER, CELL), min_size=2, max_size=6),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
@settings(max_examples=60, deadline=None)
def test_quoted_cells_come_back(
    cells: list[tuple[float, str]], separator: str, encoding: str
) -> None:
    quoted = [(number, '"' + text.replace('"', '""') + '"') for number, text in cells]
    lines = [f"number{separator}text", *(f"{n}{separator}{t}" for n, t in quoted)]
    content = "\n".join(lines).encode(encoding)
    assert [(row["number"], row["text"]) for row in rows(content)] == cells


def test_a_path(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(TEXT.encode("latin-1"))
    assert read_table(tmp_path / "a.csv", encoding="latin-1").to_pylist() == EXPECTED
