"""The ledger's writer, in this process: whatever it reported is on the disk."""

import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actors.ledger import LedgerWriter, TrialState
from projektor_ray.errors import StorageError
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import MERGE_AT, Ledger
from tests.helpers.job_studies import config, resolved
from tests.helpers.outcomes import outcome

STUDY = resolved(config())


def test_a_writer_that_takes_the_place_of_another_knows_what_that_was_told(tmp_path: Path) -> None:
    def writer() -> LedgerWriter:
        return LedgerWriter(str(tmp_path / "out"), [STUDY.probes_metadata], str(scratch))

    scratch = tmp_path / "scratch"
    scratch.mkdir()
    final, passing = outcome("learner"), replace(outcome("memory"), attempt=3)
    first = writer()
    assert first.state(0) == TrialState()
    for trial, ended, recorded in ((0, final, True), (1, passing, False)):
        first.begin(trial, "here")
        first.finish(trial, ended, recorded)
    first.begin(2, "there")

    second = writer()
    for trial, ended in enumerate((final, passing)):
        assert second.state(trial) == first.state(trial)
        assert second.state(trial).outcome == ended
    assert second.state(2).outcome is None
    assert second.state(2).node == "there"
    assert second.state(2).seconds > 0
    assert second.state(3).seconds == 0
    second.append(replace(final, attempt=2))
    (row,) = (
        Ledger(Folder(tmp_path / "out"), "probes").rows(STUDY.probes_metadata.input_hash).values()
    )
    assert row["attempt"] == 2, "it appends to what is there"


def test_an_outcome_is_reported_only_once_its_row_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report without the row would end the probe, and the row would be missing for ever."""
    (tmp_path / "scratch").mkdir()
    writer = LedgerWriter(str(tmp_path), [STUDY.probes_metadata], str(tmp_path / "scratch"))

    def refuse(*_: Any) -> None:
        raise StorageError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(writer._ledger, "append", refuse)
        with pytest.raises(StorageError):
            writer.finish(0, outcome("learner"), True)
    assert writer.state(0) == TrialState()
    writer.finish(0, outcome("learner"), True)
    assert writer.state(0).outcome == outcome("learner")
    writer.finish(1, outcome("lost"), False)
    assert len(Ledger(Folder(tmp_path), "probes").rows(STUDY.probes_metadata.input_hash)) == 1


def test_a_full_folder_of_temporary_files_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = LedgerWriter(str(tmp_path), [STUDY.probes_metadata], str(tmp_path))

    def fill(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fill)
    with pytest.raises(StorageError, match=r"is full.*TMPDIR"):
        writer.begin(0, "here")


def test_the_writer_merges_parts_as_they_grow(tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    writer = LedgerWriter(str(tmp_path), [STUDY.probes_metadata], str(tmp_path / "scratch"))
    for attempt in range(2 * MERGE_AT):
        writer.append(replace(outcome("learner"), attempt=attempt))
    assert len(Folder(tmp_path).names("probes")) == 2
