"""What was read, chosen and left out while a source was read: facts, which `explain` words."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Literal

import pyarrow as pa

LabelRule = Literal["", "named", "as validation", "only candidate", "guessed", "by folder"]
"""How a label column was chosen; guessed: chosen among several; empty: there is none."""

Reason = Literal[
    "index",
    "identifier",
    "second label",
    "copy of label",
    "not numeric",
    "other input",
    "not in validation",
    "not listed",
]
"""Why a column is no feature."""

NoteKind = Literal[
    "alike classes",
    "alpha",
    "animated",
    "channels first",
    "class positions",
    "compared by number",
    "decimal comma",
    "deep",
    "empty parts",
    "encoding",
    "escaped quotes",
    "files left out",
    "float images",
    "mixed cells",
    "resized",
    "rotated",
    "separator",
    "sheets left out",
]


READ_AS = b"projektor_ray.read_as"
"""The key of a table's metadata under which `with_notes` keeps the notes."""


@dataclass(frozen=True)
class LeftOut:
    """A column that is no feature, and why."""

    name: str
    reason: Reason


@dataclass(frozen=True)
class Note:
    """A fact about reading that a person should know.

    Attributes
    ----------
    kind : what happened.
    count : to how many images, files or parts.
    detail : what the sentence names: a size, a separator, names of files.
    """

    kind: NoteKind
    count: int = 0
    detail: str = ""


@dataclass(frozen=True)
class SourceReading:
    """How a source was read.

    Attributes
    ----------
    kind : what it was: a table, arrays or images; empty where the samples were made in memory.
    label : the column or array of the labels; empty where there are none, or no name.
    label_rule : how it was chosen.
    inputs : the columns or the array that the samples' inputs come from.
    left_out : columns that are no features.
    class_names : names that the data themselves give to the classes 0, 1, ….
    notes : what else a person should know.
    """

    kind: Literal["", "table", "arrays", "images"] = ""
    label: str = ""
    label_rule: LabelRule = ""
    inputs: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    class_names: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()

    def noting(self, *notes: Note) -> "SourceReading":
        """The same with further notes."""
        return replace(self, notes=(*self.notes, *notes))


def with_notes(table: pa.Table, notes: tuple[Note, ...]) -> pa.Table:
    """The table with the notes of its reading in its metadata."""
    if not notes:
        return table
    written = json.dumps([asdict(note) for note in notes]).encode()
    return table.replace_schema_metadata({**(table.schema.metadata or {}), READ_AS: written})


def notes_of(table: pa.Table) -> tuple[Note, ...]:
    """The notes that `with_notes` wrote; none where nobody did."""
    written = (table.schema.metadata or {}).get(READ_AS, b"[]")
    return tuple(Note(**note) for note in json.loads(written))
