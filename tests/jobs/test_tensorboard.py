"""What TensorBoard is told of a probe."""

import logging
import struct
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.proto.plugin_hparams_pb2 import HParamsPluginData

from jobs.tensorboard import log_probe, logging_to
from projektor_ray.probes.train_probe import Outcome
from projektor_ray.study import Probe


def events(run: Path) -> Iterator[Any]:
    """The events of a run's file: records of a length, its checksum, the bytes, their checksum."""
    (file,) = run.iterdir()
    content = file.read_bytes()
    while content:
        (length,) = struct.unpack("<Q", content[:8])
        yield Event.FromString(content[12 : 12 + length])
        content = content[16 + length :]


def outcome(status: str) -> Outcome:
    probe = Probe("m0", (0.25, 0.75), 30, 3, "l", "accuracy")
    now = datetime.now(timezone.utc)
    if status == "done":
        return Outcome(probe, (0.75,), "", 1.5, now)
    return Outcome(probe, (), "ValueError", 1.5, now, fault="learner")


@pytest.mark.parametrize("status", ["done", "failed"])
def test_a_probe_is_a_run_with_its_shares_its_metric_and_its_time(
    tmp_path: Path, status: str
) -> None:
    done = {"accuracy": 0.75} if status == "done" else {}
    log_probe(tmp_path, ("ada", "bob"), ["accuracy"], outcome(status))
    found = [one for event in events(tmp_path / "m0-30-3") for one in event.summary.value]
    numbers = {one.tag: one.simple_value for one in found if one.HasField("simple_value")}
    assert numbers == {"seconds": 1.5} | done
    told = [HParamsPluginData.FromString(one.metadata.plugin_data.content) for one in found]
    (experiment,) = [one.experiment for one in told if one.HasField("experiment")]
    assert [one.name.tag for one in experiment.metric_infos] == ["accuracy", "seconds"]
    (start,) = [one.session_start_info for one in told if one.HasField("session_start_info")]
    asked = {name: kind.number_value for name, kind in start.hparams.items()}
    assert asked == {"ada": 0.25, "bob": 0.75, "size": 30, "seed": 3}


def test_a_log_that_cannot_be_written_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "taken").touch()
    log = logging_to(tmp_path / "taken", ("ada", "bob"), ["accuracy"])
    with caplog.at_level(logging.WARNING, logger="jobs"):
        log(outcome("done"))
        log(outcome("failed"))
    (warning,) = caplog.messages
    assert warning.startswith(f"TensorBoard's log in {tmp_path / 'taken'} is not complete")
