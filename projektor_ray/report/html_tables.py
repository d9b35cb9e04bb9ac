"""The tables of the page, as values that the templates lay out."""

from collections.abc import Sequence
from dataclasses import dataclass

from projektor_ray.explain.facts import TextTable

OPEN_ROWS = 20
"""Rows that a table shows; the others unfold."""


@dataclass(frozen=True)
class Column:
    """A column's title, whether a narrow screen does without the column, and whether it is text."""

    title: str
    wide_only: bool
    is_text: bool


@dataclass(frozen=True)
class Row:
    """The cells of a row with their columns, and whether the row is bold."""

    cells: Sequence[tuple[Column, str]]
    chosen: bool


@dataclass(frozen=True)
class Table:
    """A table: the first column and columns of text left-aligned, all others right-aligned.

    Attributes
    ----------
    open_rows, folded_rows : rows that are shown, and rows that unfold.
    """

    columns: Sequence[Column]
    open_rows: Sequence[Row]
    folded_rows: Sequence[Row]
    caption: str


def page_table(table: TextTable | None) -> Table | None:
    """A table of text as the templates lay it out; None stays None."""
    if table is None:
        return None
    columns = [
        Column(heading, heading in table.optional, heading in table.left)
        for heading in table.headings
    ]
    marks = table.chosen or (False,) * len(table.rows)
    rows = [
        Row(list(zip(columns, cells, strict=True)), mark)
        for cells, mark in zip(table.rows, marks, strict=True)
    ]
    return Table(columns, rows[:OPEN_ROWS], rows[OPEN_ROWS:], table.caption)
