"""The append-only ledger of what was trained or measured: parts in a folder, merged as they grow.

A part of tier t is named `part-t-ID.parquet`; `MERGE_AT` parts of a tier become one part of the
next, so that n appended rows are rewritten log(n) / log(MERGE_AT) times each and a reader opens
few files.
"""

import logging
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from projektor_ray.errors import DamagedError, StorageError
from projektor_ray.storage.checked_parquet import decode, encode
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.schemas import KEYS, Key, Row, make_table
from projektor_ray.storage.table_columns import with_columns
from projektor_ray.storage.table_metadata import TableMetadata

logger = logging.getLogger(__name__)

MERGE_AT = 64
"""Number of parts of one tier and one metadata that are merged into a part of the next tier."""

LISTINGS = 5
"""How often a reader lists the folder anew when a part was merged away under it."""


class Rows(Mapping[Key, Row]):
    """Rows of a ledger by key, in columns; of equal keys the last attempt, success over failure.

    Lists of doubles stay in the provider order of the part they come from, which a row tells in
    `providers`.
    """

    def __init__(
        self, keys: Sequence[str], parts: Sequence[tuple[TableMetadata, pa.Table]]
    ) -> None:
        self._parts = parts
        self._keys = tuple(keys)

    def __getitem__(self, key: Key) -> Row:
        position = self._index[key]
        row = {name: values[position] for name, values in self._columns.items()}
        row["providers"] = self._providers[position]
        return row

    def __contains__(self, key: object) -> bool:
        return key in self._index

    def __iter__(self) -> Iterator[Key]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self._index)

    @cached_property
    def _table(self) -> pa.Table:
        tables = [table.replace_schema_metadata() for _, table in self._parts]
        return pa.concat_tables(tables, promote_options="default")

    @cached_property
    def _index(self) -> dict[Key, int]:
        """Key → position in the table; what was recorded best comes last and wins."""
        if not self._parts:
            return {}
        keys = zip(*(self._values(name) for name in self._keys), strict=True)
        order = self._by_recency()
        if order is None:
            return {key: position for position, key in enumerate(keys)}
        listed = list(keys)
        return {listed[position]: position for position in order}

    def _by_recency(self) -> list[int] | None:
        if "status" not in self._table.column_names:
            return None
        done = [status == "done" for status in self._values("status")]
        attempt = [number or 0 for number in self._values("attempt")]
        positions: list[int] = np.lexsort((attempt, done)).tolist()
        return positions

    @cached_property
    def _columns(self) -> dict[str, list[Any]]:
        return {name: self._values(name) for name in self._table.column_names}

    def _values(self, name: str) -> list[Any]:
        """A column as Python values: for arrays pyarrow would import pandas, which is slow."""
        values: list[Any] = self._table[name].to_pylist()
        return values

    @cached_property
    def _providers(self) -> list[tuple[str, ...]]:
        return [
            metadata.providers for metadata, table in self._parts for _ in range(table.num_rows)
        ]


def in_all(each: Sequence[Rows]) -> list[Mapping[Key, Row]]:
    """Of the probes that each of several ledgers' rows has, the rows of each.

    A probe that failed in one of them has failed in all, as it has where they are of one training.
    """
    if len(each) == 1:
        return [each[0]]
    shared = [key for key in each[0] if all(key in rows for rows in each)]
    failed = {key: rows[key] for rows in each for key in shared if rows[key]["status"] == "failed"}
    return [{key: failed.get(key) or rows[key] for key in shared} for rows in each]


@dataclass(frozen=True, eq=False)
class _Part:
    name: str
    metadata: TableMetadata
    table: pa.Table


class Ledger:
    """An append-only table kept as parts in a folder of its own: `probes/`, `distances/`.

    Parts of one ledger may differ in `input_hash` and in provider order; a reader asks for the rows
    that some `input_hash` determined. Many may read; one writes.
    """

    def __init__(self, folder: Folder, name: str) -> None:
        self.folder = folder
        self.name = name

    def append(self, rows: Sequence[Row], metadata: TableMetadata) -> None:
        """Add rows durably: when this returns they are on the disk.

        Raises
        ------
        StorageError
            If the rows cannot be written, or hold values that their columns cannot.
        """
        if not rows:
            return
        try:
            table = make_table(self.name, rows, metadata)
        except (pa.ArrowException, OverflowError, UnicodeError) as error:
            raise StorageError(
                f"cannot store rows of the table {self.name}: a value does not fit its column "
                f"({error})"
            ) from error
        self._write(0, table)

    def rows(self, input_hash: str) -> Rows:
        """All rows that `input_hash` determined."""
        parts = [(part.metadata, part.table) for part in self._parts()]
        return Rows(KEYS[self.name], [part for part in parts if part[0].input_hash == input_hash])

    def compact(self) -> None:
        """Merge full groups of parts; a crash in between only leaves duplicates of rows.

        A group, which is the parts of one tier and one metadata, is full from `MERGE_AT` on. Tiers
        are visited from the lowest, so a part of this call may fill a group of the next tier.
        """
        tier, names = 0, self._names()
        while any(_tier(name) >= tier for name in names):
            crowded = [name for name in names if _tier(name) == tier]
            if len(crowded) >= MERGE_AT:
                self._merge([part for name in crowded if (part := self._read(name))], tier + 1)
                names = self._names()
            tier += 1

    def repair(self) -> None:
        """Remove half-written files, and set damaged parts aside in `quarantine/`; logs both.

        Only for the single writer of the ledger: it will finish a half-written file of its own.
        """
        self.folder.remove_half_written(self.name)
        for name in self._names():
            try:
                self._decode(name)
            except DamagedError:
                target = f"quarantine/{name}"
                logger.warning(
                    "%s of %s is damaged and was moved to %s; its rows are computed again",
                    name,
                    self.folder.shown,
                    target,
                )
                self.folder.move(name, target)

    def _merge(self, parts: Sequence[_Part], tier: int) -> None:
        """Write each full group of `parts` as one part of `tier`."""
        groups: dict[TableMetadata, list[_Part]] = {}
        for part in parts:
            groups.setdefault(part.metadata, []).append(part)
        for metadata, group in groups.items():
            if len(group) < MERGE_AT:
                continue
            merged = pa.concat_tables([part.table for part in group])
            self._write(tier, merged.replace_schema_metadata(metadata.metadata()))
            for part in group:
                self.folder.delete(part.name)

    def _write(self, tier: int, table: pa.Table) -> None:
        self.folder.write(f"{self.name}/part-{tier}-{uuid.uuid4().hex}.parquet", encode(table))

    def _names(self) -> list[str]:
        return [name for name in self.folder.names(self.name) if name.endswith(".parquet")]

    def _parts(self) -> list[_Part]:
        """All parts that can be read, as of one listing of the folder."""
        for _ in range(LISTINGS):
            try:
                return [part for name in self._names() if (part := self._read(name))]
            except FileNotFoundError:
                continue
        return [part for name in self._names() if (part := self._read(name))]

    def _read(self, name: str) -> _Part | None:
        """A part; None, and a line in the log, if it is damaged."""
        try:
            return self._decode(name)
        except DamagedError:
            logger.warning(
                "ignoring the damaged part %s of %s: run the study again, which computes its rows "
                "again",
                name,
                self.folder.shown,
            )
            return None

    def _decode(self, name: str) -> _Part:
        where = f"{self.folder.shown}/{name}"
        table, metadata = decode(self.folder.read(name), where)
        return _Part(name, metadata, with_columns(table, self.name, where))


def _tier(name: str) -> int:
    """The t of `part-t-ID.parquet`; 0 where another tool named the part."""
    pieces = name.rsplit("/", 1)[1].split("-")
    return int(pieces[1]) if len(pieces) == 3 and pieces[1].isdigit() else 0
