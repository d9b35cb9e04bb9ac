"""What becomes of a probe after an attempt."""

from projektor_ray.probes.pending_probe import PendingProbe
from tests.helpers.outcomes import PROBE, outcome


def test_what_is_done_is_final_whatever_failed_before() -> None:
    for before in ([], ["memory"], ["lost", "lost"]):
        pending = PendingProbe(PROBE, 1, tuple(map(outcome, before)))
        assert pending.next_action(outcome(None), 0, more_memory=False) == "record"


def test_failures_of_the_run_count_and_attempts_of_all_runs_are_counted_on() -> None:
    pending = PendingProbe(PROBE, attempt=5)
    assert pending.next_action(outcome("lost"), 1, more_memory=False) == "retry"
    once = pending.after(outcome("lost"))
    assert (once.attempt, [one.fault for one in once.failures]) == (6, ["lost"])
    assert once.needs_pause
    assert not once.lacked_memory
    assert once.next_action(outcome("lost"), 1, more_memory=False) == "postpone"
    assert once.next_action(outcome("memory"), 1, more_memory=True) == "retry"
    larger = once.after(outcome("memory"))
    assert larger.lacked_memory
    assert not larger.needs_pause
    assert larger.after(outcome("lost")).lacked_memory, "it still does"
    assert larger.next_action(outcome("memory"), 9, more_memory=True) == "record"
