"""The ledger's writer, in this process: what it forgets when another takes its place is nothing."""

from dataclasses import replace
from pathlib import Path

from actors.ledger import LedgerWriter, TrialState
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import Ledger
from tests.helpers.job_studies import config, resolved
from tests.probes.test_pending_probe import outcome

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
