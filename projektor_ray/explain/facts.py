"""Facts about a result and tables of text: what terminal, page, JSON and service all show."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, eq=False)
class Fact:
    """One statement about a result.

    Attributes
    ----------
    kind : what the statement is about, such as `plan_stability`.
    text : the statement as a full sentence, or several.
    values : its numbers and names.
    """

    kind: str
    text: str
    values: Mapping[str, Any]

    def __str__(self) -> str:
        return self.text

    def to_dict(self) -> dict[str, Any]:
        """The fact as plain values, for JSON."""
        return {"kind": self.kind, "text": self.text, **self.values}


def fact(kind: str, text: str, **values: Any) -> Fact:
    """A fact from its kind, its sentence, and its numbers and names."""
    return Fact(kind, text, MappingProxyType(values))


@dataclass(frozen=True, eq=False)
class TextTable:
    """A table of a result, its numbers formatted: the first column left, the others right.

    Attributes
    ----------
    title : above the table.
    headings : one per column.
    rows : cells, as many per row as there are headings.
    caption : what the columns mean; may be empty.
    chosen : whether each row is the one that decides; empty: none is.
    optional : headings of the columns that a narrow screen does without, first the last.
    left : headings of further columns of text, aligned left, which may wrap.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    chosen: tuple[bool, ...] = ()
    optional: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    def head(self, rows: int, caption: str) -> "TextTable":
        """The first rows alone, with what that leaves out in the caption."""
        text = f"{caption} {self.caption}".strip()
        return replace(self, rows=self.rows[:rows], chosen=self.chosen[:rows], caption=text)

    def to_dict(self) -> list[dict[str, str]]:
        """The rows as plain values, for JSON."""
        return [dict(zip(self.headings, row, strict=True)) for row in self.rows]
