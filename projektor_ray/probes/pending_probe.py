"""A probe that is to be trained, and its failed attempts in this run."""

from dataclasses import dataclass

from projektor_ray.probes.faults import NextAction, is_transient, next_action
from projektor_ray.probes.train_probe import Outcome
from projektor_ray.study.probe import Probe


@dataclass(frozen=True)
class PendingProbe:
    """A probe to train.

    Attributes
    ----------
    attempt : number of the next attempt, counted from 1 over all runs.
    failures : failed attempts in this run, in order.
    """

    probe: Probe
    attempt: int
    failures: tuple[Outcome, ...] = ()

    @property
    def lacked_memory(self) -> bool:
        return any(failure.fault == "memory" for failure in self.failures)

    @property
    def needs_pause(self) -> bool:
        """Whether the cause of the last failure needs time to pass."""
        fault = self.failures[-1].fault
        return fault is not None and is_transient(fault)

    def after(self, failure: Outcome) -> "PendingProbe":
        """The probe after one more failed attempt."""
        return PendingProbe(self.probe, self.attempt + 1, (*self.failures, failure))

    def next_action(self, outcome: Outcome, retries: int, *, more_memory: bool) -> NextAction:
        """What happens to the probe if its next attempt ends with this outcome."""
        if outcome.fault is None:
            return "record"
        faults = [one.fault for one in (*self.failures, outcome) if one.fault is not None]
        return next_action(faults, retries, more_memory=more_memory)
