"""The attempts at a probe in one run, and what follows from how the last one ended."""

from dataclasses import dataclass

from projektor_ray.probes.faults import Verdict, may_pass, verdict
from projektor_ray.probes.training import Outcome
from projektor_ray.study import Probe


@dataclass(frozen=True)
class PendingProbe:
    """A probe to train, and how it failed in this run before.

    Attributes
    ----------
    attempt : number of the next attempt, counted over all runs.
    """

    probe: Probe
    attempt: int
    failures: tuple[Outcome, ...] = ()

    @property
    def needs_more_room(self) -> bool:
        return any(failure.fault == "memory" for failure in self.failures)

    @property
    def needs_a_pause(self) -> bool:
        """Whether what failed it may take a while to pass."""
        return may_pass(self.failures[-1])

    def after(self, failure: Outcome) -> "PendingProbe":
        return PendingProbe(self.probe, self.attempt + 1, (*self.failures, failure))

    def verdict(self, outcome: Outcome, retries: int, *, more_room: bool) -> Verdict:
        """What becomes of the probe if its next attempt ends so; done is final."""
        if outcome.fault is None:
            return "final"
        return verdict((*self.failures, outcome), retries, more_room=more_room)
