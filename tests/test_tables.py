"""Tables on disk and the append-only ledger."""

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from projektor_ray import tables
from projektor_ray.errors import InputError
from projektor_ray.tables import Folder, Ledger, Stamp, in_order, make_table

STAMP = Stamp("study", ("a", "b"), "made")


def probe_row(seed: int, **changes: Any) -> dict[str, Any]:
    row = {
        "mixture_id": "m0",
        "mixture": [0.25, 0.75],
        "size": 30,
        "seed": seed,
        "learner": "l",
        "metric": "accuracy",
        "value": 0.1 + 0.2,
        "seconds": 1.5,
        "status": "done",
        "error": "",
        "attempt": 1,
        "started_at": datetime(2026, 1, 2, tzinfo=timezone.utc),
    }
    return row | changes


@pytest.fixture(params=["path", "uri"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    return Folder(tmp_path if request.param == "path" else f"file://{tmp_path}")


def test_rows_come_back_bit_for_bit(folder: Folder) -> None:
    ledger = Ledger(folder, "probes")
    ledger.append([probe_row(0), probe_row(1)], STAMP)
    ledger.append([probe_row(2, value=None, status="failed", error="boom")], STAMP)
    rows = ledger.rows("made")
    assert rows[("m0", 30, 0, "l", "accuracy")] == probe_row(0) | {"providers": ("a", "b")}
    assert [row["status"] for row in rows.values()].count("failed") == 1
    assert len(rows) == 3


def test_rows_that_something_else_made_are_not_returned(folder: Folder) -> None:
    ledger = Ledger(folder, "probes")
    ledger.append([probe_row(0)], STAMP)
    assert ledger.rows("another learner") == {}


def test_of_equal_keys_the_last_attempt_wins_and_success_over_failure(folder: Folder) -> None:
    ledger = Ledger(folder, "probes")
    ledger.append([probe_row(0, attempt=2, value=0.5)], STAMP)
    ledger.append([probe_row(0, attempt=1, value=None, status="failed")], STAMP)
    ledger.append([probe_row(1, attempt=1, value=0.5)], STAMP)
    ledger.append([probe_row(1, attempt=2, value=None, status="failed")], STAMP)
    assert [row["value"] for row in ledger.rows("made").values()] == [0.5, 0.5]


def test_a_half_written_part_is_ignored(folder: Folder, tmp_path: Path) -> None:
    ledger = Ledger(folder, "probes")
    ledger.append([probe_row(0)], STAMP)
    (tmp_path / "probes" / ".part-x.parquet.1.tmp").write_bytes(b"PAR1 half")
    assert len(ledger.rows("made")) == 1


def test_a_failed_write_leaves_the_old_file_and_nothing_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(tmp_path)
    folder.write("plans.parquet", b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tables.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        folder.write("plans.parquet", b"new")
    assert folder.read("plans.parquet") == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["plans.parquet"]


def test_compaction_keeps_every_row_and_stamp(folder: Folder) -> None:
    ledger = Ledger(folder, "probes")
    other = Stamp("study", ("a", "b"), "other")
    for seed in range(tables.COMPACT_ABOVE + 1):
        ledger.append([probe_row(seed)], STAMP)
    ledger.append([probe_row(0)], other)
    before = ledger.rows("made"), ledger.rows("other")
    ledger.compact()
    assert len(folder.names("probes")) == 2
    assert (ledger.rows("made"), ledger.rows("other")) == before


def test_other_tools_read_the_ledger_as_one_data_set(tmp_path: Path) -> None:
    ledger = Ledger(Folder(tmp_path), "probes")
    ledger.append([probe_row(0)], STAMP)
    ledger.append([probe_row(1)], STAMP)
    assert ds.dataset(tmp_path / "probes").count_rows() == 2


def test_metadata_says_who_made_the_file(tmp_path: Path) -> None:
    Folder(tmp_path).write_table("probes", make_table("probes", [probe_row(0)], STAMP))
    metadata = pq.read_schema(tmp_path / "probes.parquet").metadata
    assert metadata[b"projektor.study"] == b"study"
    assert metadata[b"projektor.providers"] == b'["a", "b"]'
    assert metadata[b"projektor.made_by"] == b"made"


def test_a_missing_or_foreign_table_is_a_clear_error(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with pytest.raises(InputError, match=r"expected the table plans\.parquet"):
        folder.read_table("plans")
    foreign = make_table("plans", [], STAMP).replace_schema_metadata({})
    pq.write_table(foreign, tmp_path / "plans.parquet")
    with pytest.raises(InputError, match="schema version"):
        folder.read_table("plans")


def test_lists_are_put_into_the_wanted_provider_order() -> None:
    assert in_order([1.0, 2.0], ["a", "b"], ["b", "new", "a"]) == [2.0, 0.0, 1.0]
