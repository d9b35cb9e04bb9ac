"""CSV files: their encoding, separator and decimal mark, found in the file's first lines."""

import codecs
import csv
import io
import re
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from projektor_ray.data.open_table import OpenTable, TableFile, check_names, unreadable
from projektor_ray.data.plain_columns import is_text
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
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
OTHERS = {b"PK\x03\x04": "Excel or zip", b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
"""What files of other kinds begin with; Parquet files end with their mark too."""
EXPONENT = r"(?:[eE][+-]?\d+)?\s*"
COMMA_NUMBER = re.compile(rf"\s*[+-]?\d*,\d+{EXPONENT}%?\s*")
POINT_NUMBER = re.compile(rf"\s*[+-]?\d*\.\d+{EXPONENT}%?\s*")
PLAIN_NUMBER = rf"^\s*[+-]?(?:\d+\.?\d*|\.\d+){EXPONENT}$"
ANY_NUMBER = r"^\s*[$€£¥+\-\x{2212}]?\s*[\d.,' ]*\d(?:[eE][+-]?\d+)?\s*%?\s*$"
"""With a currency, a minus of another kind or separators of thousands."""
SEPARATOR_LINE = re.compile(r"\ufeff?sep=([,;\t|])\r?\n", re.IGNORECASE)
"""The first line that names the separator for Excel."""
ESCAPED_QUOTE = re.compile(r'\\"(?![",;\t|\r\n]|$)')
NULLS = (*pacsv.ConvertOptions().null_values, "<NA>")
MIXED = 0.5
"""Part of numbers among the cells of a column of texts, from which the others are said."""
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
    _check_kind(content, file.where)
    encoding = _encoding(content, file)
    sample = bytes(content[:HEAD]).decode(encoding, errors="replace")
    if "\0" in sample:
        raise InputError(
            f"{file.where} holds NUL characters: it is no text of the encoding {encoding}. Save "
            f"it as UTF-8{_or_name_encoding(file)}"
        )
    if content.size > HEAD:
        sample = sample.rpartition("\n")[0]
    header = SEPARATOR_LINE.match(sample)
    sample = sample[header.end() :] if header else sample
    separator = header[1] if header else _separator(sample)
    decimal = _decimal(sample, separator, file.where)
    escaped = ESCAPED_QUOTE.search(sample) is not None
    try:
        table = pacsv.read_csv(
            pa.BufferReader(content),
            read_options=pacsv.ReadOptions(
                encoding=encoding, block_size=BLOCK, skip_rows=1 if header else 0
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=separator,
                newlines_in_values=True,
                escape_char="\\" if escaped else False,
            ),
            convert_options=pacsv.ConvertOptions(
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                decimal_point=decimal,
                null_values=NULLS,
            ),
        )
    except (pa.ArrowException, OSError, ValueError) as failure:
        raise unreadable(file.where, failure, "CSV") from None
    _check_quotes(table, content, encoding, file.where)
    notes = []
    if separator != "," and not (separator == "\t" and file.where.lower().endswith(".tsv")):
        notes.append(Note("separator", detail=SEPARATOR_NAMES[separator]))
    if decimal == ",":
        table = _with_points(table)
        notes.append(Note("decimal comma"))
    if escaped:
        notes.append(Note("escaped quotes"))
    if encoding not in ("utf-8", "utf-8-sig"):
        notes.append(Note("encoding", detail=encoding))
    table = trimmed(table, file.where)
    return OpenTable.of(table, file.where, (*notes, *_mixed(table)))


def _check_kind(content: pa.Buffer, where: str) -> None:
    """Refuse a file that begins like one of another kind, by the name of that kind."""
    start, end = bytes(content[:4]), bytes(content[max(0, content.size - 4) :])
    kind = OTHERS.get(start) or OTHERS.get(start[:2])
    if start == end == b"PAR1" and content.size > len(start):
        kind = "Parquet"
    if kind:
        raise InputError(
            f"{where} is a {kind} file by its first bytes, not CSV. Give it that kind's ending"
        )


def _check_quotes(table: pa.Table, content: pa.Buffer, encoding: str, where: str) -> None:
    """Refuse a cell whose quote is never closed, so that all lines below it are in it."""
    if not table.num_rows or not table.num_columns:
        return
    last = table.column(table.num_columns - 1)[-1].as_py()
    if not isinstance(last, str) or "\n" not in last:
        return
    if bytes(content).decode(encoding, errors="replace").count('"') % 2:
        raise InputError(
            f"{where} cannot be read as CSV: a quote in row {table.num_rows} is never closed, so "
            f"that {last.count(chr(10))} line breaks are in one cell, which begins with "
            f"{last[:20]!r}. Close it, or double it"
        )


def _with_points(table: pa.Table) -> pa.Table:
    """The table whose texts that are all numbers with decimal commas have points: `33,1%`."""
    for place, field in enumerate(table.schema):
        if not is_text(field.type):
            continue
        cells = table[field.name].drop_null()
        number = pc.match_substring_regex(cells, rf"^\s*[+-]?\d*(?:,\d+)?{EXPONENT}%?\s*$")
        if len(cells) and pc.all(number).as_py():
            points = pc.replace_substring(table.column(place), ",", ".")
            table = table.set_column(place, field, points)
    return table


def _mixed(table: pa.Table) -> list[Note]:
    """A note for each column of texts most of which are numbers."""
    notes = []
    for name in table.column_names:
        cells = table[name].drop_null()
        if not is_text(cells.type) or not len(cells):
            continue
        if pc.mean(pc.match_substring_regex(cells, ANY_NUMBER)).as_py() < MIXED:
            continue
        odd = cells.filter(pc.invert(pc.match_substring_regex(cells, PLAIN_NUMBER)))
        if len(odd):
            notes.append(Note("mixed cells", len(odd), f"{name!r}, such as {odd[0].as_py()!r}"))
    return notes


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
