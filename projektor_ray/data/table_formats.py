"""Which formats of tables are read, and how: the list that the documentation shows."""

from collections.abc import Callable
from dataclasses import dataclass

from projektor_ray.data.arrow_tables import open_arrow, open_orc, open_parquet
from projektor_ray.data.csv_tables import open_csv
from projektor_ray.data.open_table import OpenTable, TableFile
from projektor_ray.data.record_tables import open_excel, open_json


@dataclass(frozen=True)
class TableFormat:
    """A format of tables.

    Attributes
    ----------
    endings : of the names of its files.
    open : opens one of its files.
    details : what is read and how, for the documentation.
    is_text : whether its files may be compressed as a whole (`.gz`, `.bz2`, `.zst`), and lie next
        to images without being what is read.
    """

    name: str
    endings: tuple[str, ...]
    open: Callable[[TableFile], OpenTable]
    details: str
    is_text: bool = False


TABLE_FORMATS = (
    TableFormat(
        "Parquet",
        (".parquet", ".pq", ".parq"),
        open_parquet,
        "Only the columns that are needed, a batch of rows at a time. Views, large types, half "
        "floats, decimals, dictionaries, nested and fixed-size lists, tensors and other extension "
        "types, registered or not.",
    ),
    TableFormat(
        "Arrow, Feather",
        (".arrow", ".feather", ".ipc", ".arrows"),
        open_arrow,
        "Files and streams, also those of Hugging Face's `save_to_disk`; types as in Parquet, and "
        "list views and run-end encoded columns.",
    ),
    TableFormat("ORC", (".orc",), open_orc, "Types as in Parquet."),
    TableFormat(
        "CSV",
        (".csv", ".tsv"),
        open_csv,
        "The separator (comma, semicolon, tab, bar) and a decimal comma are found in the first "
        "lines and reported; `sep=;` as a first line is known. UTF-8, and UTF-16 or UTF-32 with a "
        "byte order mark; of another encoding, name it with `encoding`. Quoted cells may hold line "
        "breaks, and quotes that are doubled or, as Spark writes them, follow a backslash. Columns "
        "of numbers and texts are read as texts, and reported. Empty cells and an unquoted NA are "
        'missing; a quoted "NA" is a text. Spaces around column names are dropped.',
        is_text=True,
    ),
    TableFormat(
        "JSON",
        (".jsonl", ".ndjson", ".json"),
        open_json,
        "A record in each line, an array of records, an object of columns or of numbered rows, or "
        "an object of `columns` and `data`.",
        is_text=True,
    ),
    TableFormat(
        "Excel",
        (".xlsx", ".xlsm"),
        open_excel,
        "The first sheet that has rows; other sheets are named. Needs openpyxl: pip install "
        "'projektor-ray[excel]'.",
    ),
)
COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
