"""Outcomes of one probe, for tests of what follows from them."""

from datetime import datetime, timezone

from projektor_ray.probes.faults import Fault
from projektor_ray.probes.train_probe import Outcome
from projektor_ray.study import Probe

PROBE = Probe("m", (0.5, 0.5), 8, 0, "small_cnn", "accuracy")
NOW = datetime(2030, 1, 1, tzinfo=timezone.utc)


def outcome(fault: Fault | None) -> Outcome:
    """How an attempt at the probe ended."""
    values, error = ((), "Traceback\nError: it failed") if fault else ((0.5,), "")
    return Outcome(PROBE, values, error, 1.0, NOW, fault=fault)
