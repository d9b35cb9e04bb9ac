"""The append-only ledger."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from projektor_ray.errors import StorageError
from projektor_ray.storage import ledger as module
from projektor_ray.storage.checked_parquet import encode
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import MERGE_AT, Ledger
from projektor_ray.storage.schemas import make_table
from projektor_ray.storage.table_metadata import TableMetadata
from tests.helpers.table_rows import METADATA, flipped, probe_row


@pytest.fixture(params=["path", "uri"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    return Folder(tmp_path if request.param == "path" else f"file://{tmp_path}")


def test_rows_come_back_bit_for_bit(folder: Folder) -> None:
    ledger = Ledger(folder, "probes")
    ledger.append([probe_row(0), probe_row(1)], METADATA)
    ledger.append([probe_row(2, value=None, status="failed", error="boom")], METADATA)
    rows = ledger.rows("made")
    assert rows[("m0", 30, 0, "l", "accuracy")] == probe_row(0) | {"providers": ("a", "b")}
    assert [row["status"] for row in rows.values()].count("failed") == 1
    assert len(rows) == 3


@pytest.mark.parametrize(
    "value", [{"seed": 2**63}, {"error": "b\udcffad.png"}, {"size": "many"}], ids=str
)
def test_a_value_that_its_column_cannot_hold_is_an_error_of_the_storage(
    folder: Folder, value: dict[str, Any]
) -> None:
    ledger = Ledger(folder, "probes")
    with pytest.raises(StorageError, match="probes"):
        ledger.append([probe_row(0) | value], METADATA)
    ledger.append([probe_row(2**63 - 1), probe_row(-(2**63))], METADATA)
    assert len(ledger.rows("made")) == 2


def test_rows_that_something_else_made_are_not_returned(folder: Folder) -> None:
    ledger = Ledger(folder, "probes")
    ledger.append([probe_row(0)], METADATA)
    assert ledger.rows("another learner") == {}


def test_of_equal_keys_the_last_attempt_wins_and_success_over_failure(folder: Folder) -> None:
    ledger = Ledger(folder, "probes")
    ledger.append([probe_row(0, attempt=2, value=0.5)], METADATA)
    ledger.append([probe_row(0, attempt=1, value=None, status="failed")], METADATA)
    ledger.append([probe_row(1, attempt=1, value=0.5)], METADATA)
    ledger.append([probe_row(1, attempt=2, value=None, status="failed")], METADATA)
    assert [row["value"] for row in ledger.rows("made").values()] == [0.5, 0.5]


def test_a_part_that_is_being_written_is_ignored_and_removed_after_a_crash(
    folder: Folder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = Ledger(folder, "probes")
    ledger.append([probe_row(0)], METADATA)
    beside = tmp_path / "probes" / f".part-x.parquet.{uuid4().hex}.tmp"
    beside.write_bytes(b"PAR1 half")
    (tmp_path / "probes" / ".hidden.tmp").touch()
    assert len(ledger.rows("made")) == 1
    assert beside.exists(), "who only reads leaves it to its writer"
    ledger.repair()
    assert f"probes/{beside.name}" in caplog.text
    assert not beside.exists()
    assert (tmp_path / "probes" / ".hidden.tmp").exists(), "not ours"
    assert len(ledger.rows("made")) == 1


def test_compaction_keeps_every_row_and_its_metadata(folder: Folder) -> None:
    ledger = Ledger(folder, "probes")
    other = TableMetadata("study", ("a", "b"), "other")
    for seed in range(MERGE_AT + 1):
        ledger.append([probe_row(seed)], METADATA)
    ledger.append([probe_row(0)], other)
    before = ledger.rows("made"), ledger.rows("other")
    ledger.compact()
    assert len(folder.names("probes")) == 2
    assert "probes/part-1-" in "".join(folder.names("probes"))
    assert len(before[0]) == MERGE_AT + 1
    assert (ledger.rows("made"), ledger.rows("other")) == before


def test_parts_of_many_metadata_are_left_until_one_metadata_has_enough(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "MERGE_AT", 3)
    ledger = Ledger(Folder(tmp_path), "probes")
    each = [TableMetadata("study", ("a", "b"), f"set {i}") for i in range(5)]
    for metadata in each:
        ledger.append([probe_row(0)], metadata)
    before = ledger.folder.names("probes")
    ledger.compact()
    assert ledger.folder.names("probes") == before
    for seed in (1, 2):
        ledger.append([probe_row(seed)], each[0])
    ledger.compact()
    assert len(ledger.folder.names("probes")) == 5
    assert len(ledger.rows("set 0")) == 3


class CrashError(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("steps", range(7))
def test_a_crash_at_any_step_of_a_compaction_loses_no_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """Of one write and five deletions so many happen."""
    monkeypatch.setattr(module, "MERGE_AT", 5)
    folder = Folder(tmp_path)
    ledger = Ledger(folder, "probes")
    for seed in range(5):
        ledger.append([probe_row(seed)], METADATA)
    expected, left = dict(ledger.rows("made")), [None] * steps

    def step(action: Callable[..., None], *arguments: Any) -> None:
        if not left:
            raise CrashError
        left.pop()
        action(*arguments)

    with monkeypatch.context() as patch, suppress(CrashError):
        for name in ("write", "delete"):
            patch.setattr(folder, name, partial(step, getattr(folder, name)))
        ledger.compact()
    assert dict(ledger.rows("made")) == expected
    assert len(folder.names("probes")) == (5 if steps == 0 else 7 - steps)


def test_other_tools_read_the_ledger_as_one_data_set(tmp_path: Path) -> None:
    ledger = Ledger(Folder(tmp_path), "probes")
    ledger.append([probe_row(0)], METADATA)
    ledger.append([probe_row(1)], METADATA)
    assert ds.dataset(tmp_path / "probes").count_rows() == 2


def test_rows_equal_what_a_plain_loop_over_the_appended_rows_gives(folder: Folder) -> None:
    rng = np.random.default_rng(0)
    ledger, expected = Ledger(folder, "probes"), {}
    for attempt in range(1, 2 * MERGE_AT):
        row = probe_row(
            int(rng.integers(40)),
            size=int(rng.integers(2)),
            attempt=attempt,
            value=float(rng.normal()),
            status=str(rng.choice(["done", "failed"])),
        )
        ledger.append([row], METADATA)
        if attempt % 16 == 0:
            ledger.compact()
        key = (row["mixture_id"], row["size"], row["seed"], row["learner"], row["metric"])
        before = expected.get(key)
        if not (before and before["status"] == "done" and row["status"] == "failed"):
            expected[key] = row | {"providers": ("a", "b")}
    found = ledger.rows("made")
    assert dict(found) == expected
    assert set(found) == set(expected)
    assert ("m0", 5, 0, "l", "accuracy") not in found
    assert len(folder.names("probes")) < MERGE_AT + 4


def test_a_full_tier_becomes_one_part_of_the_next(folder: Folder) -> None:
    ledger = Ledger(folder, "distances")
    row = {"mixture": [1.0, 0.0], "value": 1.0, "gradient": []}
    for tier in (0, 1):
        for part in range(MERGE_AT):
            table = make_table(
                "distances", [row | {"mixture_id": f"m{MERGE_AT * tier + part}"}], METADATA
            )
            folder.write(f"distances/part-{tier}-{part}.parquet", encode(table))
    ledger.compact()
    (merged,) = folder.names("distances")
    assert merged.startswith("distances/part-2-")
    assert set(ledger.rows("made")) == {(f"m{i}",) for i in range(2 * MERGE_AT)}


@pytest.mark.parametrize("damage", ["nothing left", "head", "half", "no end", "bit", "foreign"])
def test_a_damaged_part_is_named_and_set_aside(
    folder: Folder, tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    ledger = Ledger(folder, "probes")
    ledger.append([probe_row(0)], METADATA)
    whole = (tmp_path / folder.names("probes")[0]).read_bytes()
    content = {
        "nothing left": b"",
        "head": whole[:4],
        "half": whole[: len(whole) // 2],
        "no end": whole[:-1],
        "bit": flipped(whole, 8 * whole.index(b"providers")),
        "foreign": foreign(),
    }[damage]
    part = tmp_path / "probes" / "part-0-bad.parquet"
    part.write_bytes(content)
    assert len(ledger.rows("made")) == 1
    assert part.name in caplog.text
    assert part.exists(), "who only reads leaves it to its writer"
    for seed in range(1, MERGE_AT):
        ledger.append([probe_row(seed)], METADATA)
    ledger.compact()
    assert len(ledger.rows("made")) == MERGE_AT
    caplog.clear()
    ledger.repair()
    assert part.name in caplog.text
    assert (tmp_path / "quarantine" / "probes" / part.name).read_bytes() == content
    assert not part.exists()
    caplog.clear()
    assert len(ledger.rows("made")) == MERGE_AT
    ledger.repair()
    assert not caplog.text


def foreign() -> bytes:
    """A Parquet file that another tool wrote."""
    buffer = BytesIO()
    pq.write_table(pa.table({"seed": [1]}), buffer)
    return buffer.getvalue()


def test_a_reader_under_whom_a_part_is_merged_away_looks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(tmp_path)
    ledger = Ledger(folder, "probes")
    for seed in range(MERGE_AT):
        ledger.append([probe_row(seed)], METADATA)
    stale = folder.names("probes")
    ledger.compact()
    listings = [stale, folder.names("probes")]
    monkeypatch.setattr(folder, "names", lambda _: listings.pop(0))
    assert len(ledger.rows("made")) == MERGE_AT
    assert not listings
