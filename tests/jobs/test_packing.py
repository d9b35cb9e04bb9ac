"""A study whose probes are trained in packs, on a local Ray."""

from pathlib import Path
from typing import Any

import pytest

from jobs.probe import probe, replay
from jobs.workspace import opened
from projektor_ray.config import parse
from projektor_ray.errors import InputError
from projektor_ray.study import StudyConfig
from tests.jobs.problems import rows

pytestmark = pytest.mark.ray

DIGITS = {"sklearn": "digits", "shuffle": 0}
PROBES = 2 * 3 * 2


def study(pack: int, learner: str = "small_cnn") -> StudyConfig:
    """Two providers of unlike digits: 3 mixtures × 2 scales × 2 seeds."""
    values: dict[str, Any] = {
        "name": "packs",
        "validation": {**DIGITS, "rows": [0, 100]},
        "providers": [
            {"name": "ada", "source": {**DIGITS, "rows": [100, 250], "classes": [0, 1, 2]}},
            {"name": "bob", "source": {**DIGITS, "rows": [250, 600]}},
        ],
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
    for pack in (1, 4):
        with opened(study(pack), str(tmp_path / str(pack))) as workspace:
            probe(workspace)
            assert len(workspace.probes()) == PROBES
    alone, packed = rows(tmp_path / "1", "probes"), rows(tmp_path / "4", "probes")
    assert len(packed) == PROBES
    for one, other in zip(alone, packed, strict=True):
        assert other.pop("value") == pytest.approx(one.pop("value"), abs=2e-3)
        assert other == one
    with opened(study(4), str(tmp_path / "1")) as workspace:
        probe(workspace)
    assert len(rows(tmp_path / "1", "probes")) == PROBES, "a pack is no part of the identity"


def test_a_replay_of_a_packed_probe_gives_its_value(local_ray: None, tmp_path: Path) -> None:
    with opened(study(4), str(tmp_path)) as workspace:
        probe(workspace)
        wanted = workspace.study.wanted_probes()[5]
        value = workspace.probes()[wanted.key]["value"]
        assert replay(workspace, wanted.label).value == pytest.approx(value, abs=2e-3)


def test_packs_of_a_learner_that_trains_one_at_a_time_are_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match="pack: 4 needs a learner that trains many at once"),
        opened(study(4, learner="resnet18"), str(tmp_path)),
    ):
        pass
