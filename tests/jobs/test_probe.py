"""The job that trains probes: in packs, no more at once than asked, and one of them again."""

from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from actors.probes import missing_probes
from jobs.probe import probe, replay
from jobs.workspace import opened
from projektor_ray.data import Samples
from projektor_ray.errors import InputError
from projektor_ray.learners import build_learner
from projektor_ray.probes.training import train_probe
from projektor_ray.storage.settings import parse
from projektor_ray.study import StudyConfig
from tests.helpers.job_studies import config, rows, table

pytestmark = pytest.mark.ray

AT_ONCE = 2


def images() -> tuple[dict[str, Samples], Samples]:
    """Two pilots of unlike digits, 0 to 2 and all, and a validation set of them."""
    pixels, digits = load_digits(return_X_y=True)
    samples = Samples((pixels * 15).astype(np.uint8).reshape(-1, 8, 8, 1), digits)
    few = np.flatnonzero(digits[:600] < 3)
    pilots = {"ada": samples.take(few[:100]), "bob": samples.take(np.arange(600, 900))}
    return pilots, samples.take(np.arange(900, 1000))


def packed(pack: int, learner: str = "small_cnn") -> StudyConfig:
    """3 mixtures × 2 scales × 2 seeds."""
    values: dict[str, Any] = {
        "name": "packs",
        "providers": [{"name": "ada"}, {"name": "bob"}],
        "learner": {
            "name": learner,
            "settings": {"min_steps": 6, "epochs": 0.1, "width": 4},
        },
        "metric": "log_loss",
        "probes": {"scales": [8, 32], "lattice": 2, "seeds": 2, "pack": pack},
        "selection": {"size": 100},
    }
    return parse(StudyConfig, values)


def test_packed_probes_are_rows_of_their_own_as_if_alone(local_ray: None, tmp_path: Path) -> None:
    pilots, validation = images()
    with opened(packed(4), str(tmp_path), arrays=pilots, validation=validation) as workspace:
        probe(workspace)
        found, wanted = workspace.probes(), workspace.study.wanted_probes()
        learner = build_learner(packed(4).learner)
        alone = [train_probe(p, pilots, [validation], learner, replacement=False) for p in wanted]
        assert set(found) == {probe.key for probe in wanted}
        for one in alone:
            row = found[one.probe.key]
            assert row["status"] == "done", row["error"]
            assert row["attempt"] == 1
            assert row["value"] == pytest.approx(one.values[0], abs=2e-3)
        assert len({row["value"] for row in found.values()}) == len(wanted)
        assert replay(workspace, wanted[5].label).values == alone[5].values
    with opened(packed(1), str(tmp_path), arrays=pilots, validation=validation) as workspace:
        missing = missing_probes(workspace.study, workspace.probes())
        assert not missing, "a pack is no part of the identity"


def test_no_more_probes_run_at_once_than_asked_and_a_replay_gives_exactly_the_same(
    local_ray: None, tmp_path: Path
) -> None:
    """Four would have room at once. The replay is in a process with more threads than a probe."""
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


def test_packs_of_a_learner_that_trains_one_at_a_time_are_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match="pack: 4 needs a learner that trains many at once"),
        opened(packed(4, learner="resnet18"), str(tmp_path)),
    ):
        pass
