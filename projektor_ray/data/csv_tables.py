"""CSV files: their encoding, separator and decimal mark, found in the file's first lines."""

import codecs
import csv
import io
import re
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.csv as pacsv

from projektor_ray.data.open_table import OpenTable, TableFile, check_names, unreadable
from projektor_ray.data.source_reading import Note
from projektor_ray.errors import InputError

SEPARATORS = (",", ";", "\t", "|")
SEPARATOR_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
HEAD = 2**16
"""Bytes of a file that are looked at to find out how it is written."""
LINES = 50
BLOCK = 2**24
"""Bytes that are parsed at a time; a row must be shorter."""
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
COMMA_NUMBER = re.compile(r"\s*[+-]?\d*,\d+\s*")
POINT_NUMBER = re.compile(r"\s*[+-]?\d*\.\d+\s*")
THOUSANDS = re.compile(r"\s*[+-]?[1-9]\d{0,2},\d{3}\s*")


def open_csv(file: TableFile) -> OpenTable:
    """A table of a CSV file; a cell is missing where it is empty or an unquoted NA.

    Raises
    ------
    InputError
        If the file is no text of its encoding, is empty, or has rows of different lengths.
    """
    with file.open() as stream:
        content = stream.read_buffer()
    encoding = _encoding(content, file)
    sample = bytes(content[:HEAD]).decode(encoding, errors="replace")
    if "\0" in sample:
        raise InputError(
            f"{file.where} holds NUL characters: it is no text of the encoding {encoding}. Save "
            f"it as UTF-8{_or_name_encoding(file)}"
        )
    if content.size > HEAD:
        sample = sample.rpartition("\n")[0]
    separator = _separator(sample)
    decimal = _decimal(sample, separator, file.where)
    try:
        table = pacsv.read_csv(
            pa.BufferReader(content),
            read_options=pacsv.ReadOptions(encoding=encoding, block_size=BLOCK),
            parse_options=pacsv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=pacsv.ConvertOptions(
                strings_can_be_null=True, quoted_strings_can_be_null=False, decimal_point=decimal
            ),
        )
    except (pa.ArrowException, OSError, ValueError) as failure:
        raise unreadable(file.where, failure, "CSV") from None
    notes = []
    if separator != "," and not (separator == "\t" and file.where.lower().endswith(".tsv")):
        notes.append(Note("separator", detail=SEPARATOR_NAMES[separator]))
    if decimal == ",":
        notes.append(Note("decimal comma"))
    if encoding not in ("utf-8", "utf-8-sig"):
        notes.append(Note("encoding", detail=encoding))
    return OpenTable.of(trimmed(table, file.where), file.where, tuple(notes))


def trimmed(table: pa.Table, where: str) -> pa.Table:
    """The table with no spaces around the names of its columns."""
    names = [name.strip() for name in table.column_names]
    check_names(names, where)
    return table.rename_columns(names)


def _encoding(content: pa.Buffer, file: TableFile) -> str:
    if file.encoding:
        try:
            return codecs.lookup(file.encoding).name
        except LookupError:
            raise InputError(
                f"{file.where}: there is no encoding {file.encoding!r}; use one such as utf-8, "
                "latin-1, cp1252 or utf-16"
            ) from None
    start = bytes(content[:4])
    for mark, name in MARKS:
        if start.startswith(mark):
            return name
    decoder = codecs.getincrementaldecoder("utf-8")()
    for begin in range(0, content.size, BLOCK):
        piece = bytes(content[begin : begin + BLOCK])
        try:
            decoder.decode(piece, final=begin + BLOCK >= content.size)
        except UnicodeDecodeError as failure:
            line = bytes(content[: begin + failure.start]).count(b"\n") + 1
            raise InputError(
                f"{file.where} is not UTF-8: line {line} holds the byte "
                f"0x{failure.object[failure.start]:02x}. Save it as UTF-8"
                f"{_or_name_encoding(file, ', such as latin-1 or cp1252')}"
            ) from None
    return "utf-8"


def _or_name_encoding(file: TableFile, examples: str = "") -> str:
    """The other remedy, which those who send a file do not have."""
    return "" if file.limit.is_upload else f", or name its `encoding`{examples}"


def _rows(sample: str, separator: str) -> list[list[str]]:
    try:
        reader = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
        return [row for row, _ in zip(reader, range(LINES), strict=False) if row]
    except csv.Error:  # a cell longer than the module allows
        return []


def _separator(sample: str) -> str:
    """The separator by which most rows are as long as the first; of several, with most columns."""

    def fit(separator: str) -> tuple[float, int]:
        rows = _rows(sample, separator)
        if not rows or len(rows[0]) < 2:
            return (0.0, 0)
        return (sum(len(row) == len(rows[0]) for row in rows) / len(rows), len(rows[0]))

    return max(SEPARATORS, key=fit)


def _decimal(sample: str, separator: str, where: str) -> str:
    cells = [cell for row in _rows(sample, separator)[1:] for cell in row]
    commas = _matching(COMMA_NUMBER, cells)
    if not commas or _matching(POINT_NUMBER, cells):
        return "."
    if len(_matching(THOUSANDS, commas)) == len(commas):
        raise InputError(
            f"{where}: a cell such as {commas[0]!r} could be a fraction or thousands. Write "
            "numbers with a decimal point, and without separators of thousands"
        )
    return ","


def _matching(pattern: re.Pattern[str], cells: Iterable[str]) -> list[str]:
    return [cell for cell in cells if pattern.fullmatch(cell)]
