"""One probe: what a learner may do wrong is an outcome with its traceback."""

import re
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from projektor_ray.data import Samples
from projektor_ray.probes.train_probe import train_probe
from projektor_ray.study import Probe
from tests.helpers.learner_data import Alone

PROBE = Probe("m0", (0.5, 0.5), 8, 0, "l", "accuracy")


def samples() -> Samples:
    inputs = np.arange(32.0).reshape(16, 2)
    inputs.setflags(write=False)
    return Samples(inputs, np.arange(16) % 2)


def exits(train: Samples, validation: Samples, seed: int) -> Any:
    sys.exit(3)


def returns_text(train: Samples, validation: Samples, seed: int) -> Any:
    return "accuracy: 0.9"


def returns_nothing(train: Samples, validation: Samples, seed: int) -> Any:
    return None


def returns_text_for_the_metric(train: Samples, validation: Samples, seed: int) -> Any:
    return {"accuracy": "0.9"}


def writes_to_its_inputs(train: Samples, validation: Samples, seed: int) -> Any:
    validation.inputs[0] = 0
    return {"accuracy": 0.9}


def names_a_broken_file(train: Samples, validation: Samples, seed: int) -> Any:
    """As a learner does of a file whose name is not UTF-8."""
    raise ValueError("b\udcffad.png")


def tells_a_secret(train: Samples, validation: Samples, seed: int) -> Any:
    warnings.warn("slow: s3://KEY:SECRET@bucket/x", stacklevel=1)
    raise ValueError("cannot read s3://KEY:SECRET@bucket/x.png?secret_key=SECRET")


def test_no_credentials_of_a_uri_are_stored() -> None:
    pilots = {"a": samples(), "b": samples()}
    outcome = train_probe(PROBE, pilots, [samples()], Alone(tells_a_secret), replacement=False)
    stored = f"{outcome.error}{outcome.warnings}"
    assert "SECRET" not in stored
    assert "cannot read s3://***@bucket/x.png?secret_key=***" in outcome.error
    assert outcome.warnings == ("UserWarning: slow: s3://***@bucket/x",)


@pytest.mark.parametrize(
    ("learner", "raised_in", "error"),
    [
        (exits, "exits", "SystemExit: 3"),
        (returns_text, "metric_value", "LearnerError: .*'accuracy: 0.9'"),
        (returns_nothing, "metric_value", "LearnerError: .*None"),
        (returns_text_for_the_metric, "metric_value", "LearnerError: .*'0.9'"),
        (writes_to_its_inputs, "writes_to_its_inputs", "ValueError: .*read-only"),
        (names_a_broken_file, "names_a_broken_file", r"ValueError: b\\udcffad.png"),
    ],
)
def test_a_learner_that_misbehaves(learner: Callable[..., Any], raised_in: str, error: str) -> None:
    pilots = {"a": samples(), "b": samples()}
    outcome = train_probe(PROBE, pilots, [samples()], Alone(learner), replacement=False)
    assert outcome.status == "failed"
    assert outcome.values == ()
    assert outcome.row()["value"] is None
    assert outcome.fault == "learner"
    assert re.search(error, outcome.error.splitlines()[-1])
    assert f"in {raised_in}\n" in outcome.error
    outcome.error.encode()


def test_whoever_stops_the_program_is_not_a_failed_learner() -> None:
    def interrupted(train: Samples, validation: Samples, seed: int) -> Any:
        raise KeyboardInterrupt

    pilots = {"a": samples(), "b": samples()}
    with pytest.raises(KeyboardInterrupt):
        train_probe(PROBE, pilots, [samples()], Alone(interrupted), replacement=False)


def test_a_probe_has_a_row_for_every_validation_set_and_fails_on_all_of_them() -> None:
    def right(train: Samples, validation: Samples, seed: int) -> dict[str, float]:
        return {"accuracy": len(validation) / 16 if len(validation) > 4 else np.nan}

    pilots, sizes = {"a": samples(), "b": samples()}, (16, 8)
    sets = [samples().take(np.arange(size)) for size in sizes]
    done = train_probe(PROBE, pilots, sets, Alone(right), replacement=False)
    assert [done.row(place)["value"] for place in (0, 1)] == [1.0, 0.5]
    assert done.row(0) | {"value": 0.5} == done.row(1)
    sets.append(samples().take(np.arange(4)))
    failed = train_probe(PROBE, pilots, sets, Alone(right), replacement=False)
    for place in range(3):
        assert (failed.row(place)["status"], failed.row(place)["value"]) == ("failed", None)
