"""The job that trains probes: no more at once than asked, and one of them again."""

from itertools import accumulate
from pathlib import Path

import pytest
import torch

from jobs.probe import probe, replay
from jobs.workspace import opened
from tests.helpers.job_studies import config, rows, table

pytestmark = pytest.mark.ray

AT_ONCE = 2


def test_no_more_probes_run_at_once_than_asked_and_a_replay_gives_exactly_the_same(
    local_ray: None, tmp_path: Path
) -> None:
    """Four would fit at once. The replay is in a process with more threads than a probe."""
    learner = {"name": "tests.helpers.job_learners:perceptron", "settings": {"seconds": 0.4}}
    probes = {"scales": [4, 16], "lattice": 2, "seeds": 1, "cpus": 0.25, "concurrency": AT_ONCE}
    asked = config(learner=learner, probes=probes, metric="log_loss")
    with opened(asked, str(tmp_path)) as workspace:
        probe(workspace)
        assert {row["status"] for row in rows(tmp_path, "probes")} == {"done"}
        assert most_at_once(tmp_path) == AT_ONCE
        threads = torch.get_num_threads()
        torch.set_num_threads(3)
        for wanted in workspace.study.wanted_probes()[:3]:
            value = workspace.probes()[wanted.key]["value"]
            assert replay(workspace, wanted.label).values == (value,)
        assert torch.get_num_threads() == 3
        torch.set_num_threads(threads)


def most_at_once(out: Path) -> int:
    """By when each probe began and how long it took."""
    events = []
    for row in table(out, "probes").to_pylist():
        began = row["started_at"].timestamp()
        events += [(began, 1), (began + row["seconds"], -1)]
    return max(accumulate(change for _, change in sorted(events)))
