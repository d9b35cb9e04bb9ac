"""Learners that hang, leak, die, exit: each probe ends as done or failed, with its reason."""

import logging
from collections import defaultdict
from pathlib import Path
from typing import Any, ClassVar

import pytest
import ray

from actors import probes as runner
from actors.progress import Progress
from jobs.probe import probe, probes_left
from jobs.workspace import opened
from tests.helpers.job_studies import config, table

pytestmark = pytest.mark.ray

CUES = {
    "4": "hangs",
    "5": "holds the interpreter",
    "6": "leaks",
    "7": "lacks memory once",
    "8": "dies once",
    "9": "dies",
    "10": "loses its network once",
    "11": "loses its network",
    "12": "exits",
    "14": "returns text",
    "15": "writes to its inputs",
    "16": "spoils its process",
}
WRITER_DIES = 7
"""Samples of the probe at whose first failure the ledger's writer is killed."""
TOLD_BY_NOBODY = (5, 8, 9)
"""Samples of probes whose worker ends without a word."""
EXPECTED = {
    4: (1, "took longer than its limit of 12 s"),
    5: (1, "ran longer than its limit, 12 s"),
    6: (2, "more than their limit of 1.00 GiB"),
    7: (2, ""),
    8: (2, ""),
    9: (3, None),
    10: (2, ""),
    11: (3, None),
    12: (1, "SystemExit: 3"),
    13: (1, ""),
    14: (1, "a dictionary of numbers; got 'accuracy: 0.5'"),
    15: (1, "ValueError: assignment destination is read-only"),
    16: (1, "RuntimeError: CUDA error: device-side assert triggered"),
}
"""Samples → attempts, and how the error ends; None where the next run is to train it."""


class Watching(Progress):
    """Notes whether a failed probe was in the ledger before the driver heard of it, and after."""

    out: ClassVar[Path]
    seen: ClassVar[dict[int, list[tuple[bool, bool]]]]

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        size = self._context.pending[trial.config["index"]].probe.size
        before = self.is_row(size)
        if size == WRITER_DIES and size not in self.seen:
            ray.kill(self._context.writer, no_restart=False)
        super().on_trial_error(iteration, trials, trial)
        self.seen[size].append((before, self.is_row(size)))

    def is_row(self, size: int) -> bool:
        return size in table(self.out, "probes")["size"].to_pylist()


def test_every_fault_is_tried_again_as_it_deserves_and_recorded(
    local_ray: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What is final is in the ledger at once, and the ledger's writer may be killed."""
    monkeypatch.setattr(runner, "FIRST_PAUSE", 0.1)
    monkeypatch.setattr(runner, "Progress", Watching)
    Watching.out, Watching.seen = tmp_path / "out", defaultdict(list)
    asked = config(
        learner={
            "name": "tests.helpers.job_learners:misbehaving",
            "settings": {"cues": CUES, "marks": str(tmp_path)},
        },
        probes={
            "scales": sorted(EXPECTED),
            "mixtures": [{"ada": 0.5, "bob": 0.5}],
            "seeds": 1,
            "time_limit": 12,
            "memory": 0.5,
            "retries": 2,
            "cpus": 0.5,
        },
    )
    with caplog.at_level(logging.WARNING), opened(asked, str(tmp_path / "out")) as workspace:
        probe(workspace)
        assert probes_left(workspace) == 2, "which the job's status says"
    rows = {row["size"]: row for row in table(tmp_path / "out", "probes").to_pylist()}
    assert table(tmp_path / "out", "probes").num_rows == len(rows), "one row a probe"
    assert set(rows) == {size for size, (_, error) in EXPECTED.items() if error is not None}
    for size, (attempts, error) in EXPECTED.items():
        assert len(list(tmp_path.glob(f"{size}-*"))) == attempts, "trained as often as it says"
        if error is None:
            continue
        row = rows[size]
        assert row["attempt"] == attempts, (size, row["error"])
        assert row["status"] == ("failed" if error else "done"), size
        assert row["error"].rstrip().endswith(error), (size, row["error"])
    for size, seen in Watching.seen.items():
        attempts, error = EXPECTED[size]
        failed_for_good = [False] * (attempts - 1) + [bool(error)]
        if error == "":
            failed_for_good.pop()
        assert [after for _, after in seen] == failed_for_good, size
        assert [before for before, _ in seen] == (
            [False] * len(seen) if size in TOLD_BY_NOBODY else failed_for_good
        ), size
    assert "2 probes" in caplog.text
    assert "misbehave" in rows[4]["error"], "where it hung"
    assert "1 out of memory" not in caplog.text
    assert "2 out of memory" in caplog.text
    assert "lost with their worker" in caplog.text
    pauses = [record.args[1] for record in caplog.records if "retried in" in record.msg]
    assert pauses == [0.1, 0.2], "twice as long before each further time"
