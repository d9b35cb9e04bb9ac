"""What a check prints of the memory that the run will use."""

from pathlib import Path

import numpy as np
import pytest

from jobs.check import check
from jobs.measure import measure
from jobs.workspace import opened
from projektor_ray.transport import TransportSettings, ValidationFeatures
from projektor_ray.transport.problem import plan_solve
from tests.helpers.job_studies import config

pytestmark = pytest.mark.ray

TIMES = 10_000
COLUMNS = 4


def test_the_memory_shown_is_that_of_the_run_where_the_embedder_changes_the_width(
    local_ray: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Iris has 4 columns; embedded they are 40,000, which is what takes the memory."""
    embedder = {
        "name": "tests.helpers.custom_embedders:repeated",
        "settings": {"times": TIMES},
    }
    with opened(config(embedder=embedder), str(tmp_path), appends=True) as workspace:
        check(workspace)
        shown = " ".join(capsys.readouterr().out.split())
        measure(workspace)
        points, targets = workspace.study.pilot_sizes.sum(), workspace.study.validation.size
        plan = workspace.pilot_distances.plan
    embedded = ValidationFeatures(np.zeros((targets, TIMES * COLUMNS)))
    expected = plan_solve(int(points), embedded, TransportSettings(dtype="float64"))
    assert plan.bytes_needed == expected.bytes_needed
    assert f"{expected.bytes_needed / 2**20:,.0f} MiB" in shown
    raw = plan_solve(
        int(points), ValidationFeatures(np.zeros((targets, COLUMNS))), TransportSettings()
    )
    assert raw.bytes_needed < expected.bytes_needed / 2
