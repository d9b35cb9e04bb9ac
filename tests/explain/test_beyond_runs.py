"""A prediction that no run shows to be reachable has a warning."""

from dataclasses import replace

import numpy as np
import pytest

from projektor_ray.explain.beyond_runs import beyond_runs
from projektor_ray.explain.results import Results
from tests.helpers.report_content import sound, with_plan, with_probes


def of_best(best: float, predicted: float) -> Results:
    """Runs from 0.2 to `best`, and a plan that is predicted better or worse."""
    report = with_probes(sound(), values=np.linspace(0.2, best, 8))
    return with_plan(report, predicted=predicted, unclipped=predicted)


@pytest.mark.parametrize(
    ("predicted", "warned"), [(0.5, False), (0.6, False), (0.69, False), (0.71, True)]
)
def test_a_prediction_far_above_the_best_run_is_a_warning(predicted: float, warned: bool) -> None:
    """A quarter of the range of 0.4 above the best run of 0.6."""
    found = list(beyond_runs(of_best(0.6, predicted)))
    assert bool(found) is warned
    for one in found:
        assert one.kind == "beyond_runs"
        assert "At 1,000 samples the model predicts 0.710" in one.text
        assert "the best run reached 0.600" in one.text


def test_of_a_loss_less_is_beyond() -> None:
    report = replace(of_best(0.6, 0.05), direction="minimize")
    (one,) = beyond_runs(report)
    assert one.values["best"] == pytest.approx(0.2)


def test_a_loss_below_zero_is_a_warning() -> None:
    report = replace(of_best(0.6, -0.1), direction="minimize")
    kinds = {one.kind: one.text for one in beyond_runs(report)}
    assert set(kinds) == {"beyond_runs", "negative_prediction"}
    assert "accuracy is above 0 in every run" in kinds["negative_prediction"]
