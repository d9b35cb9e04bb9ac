"""What becomes of a probe after an attempt."""

from datetime import datetime, timezone

from projektor_ray.probes.faults import Fault
from projektor_ray.probes.retries import PendingProbe
from projektor_ray.probes.training import Outcome
from projektor_ray.study import Probe

PROBE = Probe("m", (0.5, 0.5), 8, 0, "small_cnn", "accuracy")
NOW = datetime(2030, 1, 1, tzinfo=timezone.utc)


def outcome(fault: Fault | None) -> Outcome:
    values, error = ((), "Traceback\nError: it failed") if fault else ((0.5,), "")
    return Outcome(PROBE, values, error, 1.0, NOW, fault=fault)


def test_what_is_done_is_final_whatever_failed_before() -> None:
    for before in ([], ["memory"], ["lost", "lost"]):
        todo = PendingProbe(PROBE, 1, tuple(map(outcome, before)))
        assert todo.verdict(outcome(None), 0, more_room=False) == "final"


def test_failures_of_the_run_count_and_attempts_of_all_runs_are_counted_on() -> None:
    todo = PendingProbe(PROBE, attempt=5)
    assert todo.verdict(outcome("lost"), 1, more_room=False) == "again"
    once = todo.after(outcome("lost"))
    assert (once.attempt, [one.fault for one in once.failures]) == (6, ["lost"])
    assert once.needs_a_pause
    assert not once.needs_more_room
    assert once.verdict(outcome("lost"), 1, more_room=False) == "left"
    assert once.verdict(outcome("memory"), 1, more_room=True) == "again"
    roomy = once.after(outcome("memory"))
    assert roomy.needs_more_room
    assert not roomy.needs_a_pause
    assert roomy.after(outcome("lost")).needs_more_room, "it still does"
    assert roomy.verdict(outcome("memory"), 9, more_room=True) == "final"
