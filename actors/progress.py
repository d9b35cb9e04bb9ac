"""What the driver learns while a Tune run lasts: outcomes, lost workers, storage errors."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ray import cloudpickle, tune
from ray.exceptions import RayError, RayTaskError

from actors.fetch import fetch
from actors.ledger import TrialState
from actors.nodes import lives
from actors.trial import TrialContext
from projektor_ray.errors import LearnerError, ProjektorError, StorageError, UnfinishedError
from projektor_ray.probes.faults import Fault, fault_of, last_line
from projektor_ray.probes.pending_probe import PendingProbe
from projektor_ray.probes.train_probe import Outcome

MOST_SAME_FAILURES = 10
"""So many failures in a row of the same error, without a success, end the run."""
LOW_ON_MEMORY = "low on memory"
"""Part of Ray's message where its memory monitor ended a worker."""


class Progress(tune.Callback):
    """Passes final outcomes, which are in the ledger by then, to the driver.

    Attributes
    ----------
    retries : probes that failed and are to be trained again in this run.
    postponed : outcomes of probes that the next run is to train.
    """

    def __init__(self, context: TrialContext, on_finished: Callable[[Outcome], None]) -> None:
        self.retries: list[PendingProbe] = []
        self.postponed: list[Outcome] = []
        self._context = context
        self._on_finished = on_finished
        self._refusal: ProjektorError | None = None
        self._ended: set[int] = set()
        self._same_failures = 0
        self._last_error = ""

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune saves callbacks for a restore, which the ledger makes needless."""
        return {}

    def check_ended(self) -> None:
        """Refuse a run that Tune ended before all its trials, as it does on a signal of its own.

        Raises
        ------
        UnfinishedError
            If a trial neither finished nor failed.
        """
        left = len(self._context.pending) - len(self._ended)
        if left:
            raise UnfinishedError(
                f"Ray Tune ended the run before {left} of {len(self._context.pending)} trainings. "
                "Finished trainings are saved: run the same command again"
            )

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        self._ended.add(trial.config["index"])
        if trial.last_result["refusal"]:
            self._refusal = StorageError(trial.last_result["refusal"])
        else:
            self._take(trial.config["index"], trial.last_result["outcome"])

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        index = trial.config["index"]
        self._ended.add(index)
        try:
            state = fetch(self._context.writer.state.remote(index))
            if state.outcome is None:
                outcome = self._lost(trial, state)
                fetch(self._context.report(index, outcome))
            else:
                outcome = state.outcome
        except StorageError as refusal:
            self._refusal = refusal
        else:
            self._take(index, outcome)

    def _lost(self, trial: Any, state: TrialState) -> Outcome:
        """Outcome of a trial whose worker ended without reporting one."""
        limit, (fault, error) = self._context.limits.seconds, _cause(trial)
        overdue = limit is not None and state.seconds > limit
        if fault == "lost" and overdue and lives(state.node):  # a lost node may be noticed late
            fault, error = "time", f"{error}\nthe training ran longer than its limit, {limit:g} s"
        return self._context.failure(trial.config["index"], fault, error, state.seconds)

    def on_step_end(self, iteration: int, trials: list[Any], **_: Any) -> None:
        """End the run where rows cannot be stored: further trainings would be lost as well.

        Only here, since Tune goes on after an error in the other methods.
        """
        if self._refusal is not None:
            raise self._refusal

    def _take(self, index: int, outcome: Outcome) -> None:
        try:
            action = self._context.next_action(index, outcome)
            if action == "record":
                self._on_finished(outcome)
                self._count_failures(outcome)
            elif action == "retry":
                self.retries.append(self._context.pending[index].after(outcome))
            else:
                self.postponed.append(outcome)
        except ProjektorError as refusal:
            self._refusal = refusal

    def _count_failures(self, outcome: Outcome) -> None:
        """Refuse to go on where probe after probe fails for the same reason.

        Raises
        ------
        LearnerError
            With the traceback, after `MOST_SAME_FAILURES` in a row.
        """
        error = last_line(outcome.error) if outcome.fault == "learner" else ""
        self._same_failures = self._same_failures + 1 if error == self._last_error else 1
        self._last_error = error
        if error and self._same_failures >= MOST_SAME_FAILURES:
            raise LearnerError(
                f"{self._same_failures} trainings in a row failed with the same error. The run "
                "stops; finished trainings are saved. Correct the learner and run the same command "
                f"again. The traceback:\n{outcome.error}"
            )


def _cause(trial: Any) -> tuple[Fault, str]:
    """The fault and the error of a trial that reported none, from what Tune knows.

    An error that Ray reports is a lost worker or node. Any other exception is the training's own,
    unless the operating system reports it as one that may pass.
    """
    if trial.error_file is None:
        return "lost", "its worker was lost"
    error = Path(trial.error_file).read_text(encoding="utf-8", errors="replace").rstrip()
    if LOW_ON_MEMORY in error:
        return "memory", f"{error}\nits node was {LOW_ON_MEMORY}, and Ray ended its worker"
    raised = _exception(trial.pickled_error_file)
    while isinstance(raised, RayTaskError):
        raised = raised.cause
    if raised is not None and not isinstance(raised, RayError):
        return fault_of(raised), error
    return "lost", f"{error}\nits worker or node was lost"


def _exception(file: str | None) -> BaseException | None:
    """The exception that Tune pickled into a file; None without a file, or if unpickling fails."""
    try:
        error = cloudpickle.loads(Path(file).read_bytes()) if file else None
    except Exception:  # of whatever kind: the classes may exist in the worker alone
        return None
    return error if isinstance(error, BaseException) else None
