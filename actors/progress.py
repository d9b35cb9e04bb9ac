"""What the driver learns of a Tune run while it lasts: outcomes, lost workers, refusals."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ray import cloudpickle, tune
from ray.exceptions import RayTaskError

from actors.fetch import fetch
from actors.ledger import Fate
from actors.nodes import lives
from actors.trial import TrialContext
from projektor_ray.errors import ProjektorError, StorageError, UnfinishedError
from projektor_ray.probes.faults import Fault
from projektor_ray.probes.retries import PendingProbe
from projektor_ray.probes.training import Outcome

LOW_ON_MEMORY = "low on memory"
"""What Ray says where its memory monitor ended a worker."""


class Progress(tune.Callback):
    """Hands final outcomes, which are in the ledger by then, to the driver; keeps what else failed.

    Attributes
    ----------
    again : probes that failed and are to be tried again in this run.
    left : outcomes of those that are left to the next run.
    """

    def __init__(self, materials: TrialContext, on_finished: Callable[[Outcome], None]) -> None:
        self.again: list[PendingProbe] = []
        self.left: list[Outcome] = []
        self._materials = materials
        self._on_finished = on_finished
        self._refusal: ProjektorError | None = None
        self._ended: set[int] = set()

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune writes callbacks down for a restore, which the ledger makes needless."""
        return {}

    def check_ended(self) -> None:
        """Refuse a run that Tune ended before all its packs, as it does on a signal of its own.

        Raises
        ------
        UnfinishedError
            If a pack was neither trained nor failed.
        """
        left = len(self._materials.packs) - len(self._ended)
        if left:
            raise UnfinishedError(
                f"Ray Tune ended the run with {left} of {len(self._materials.packs)} trials not "
                "trained; what was finished is kept, and the same command goes on"
            )

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        self._ended.add(trial.config["index"])
        if trial.last_result["refusal"]:
            self._refusal = StorageError(trial.last_result["refusal"])
        else:
            self._take(trial.config["index"], trial.last_result["outcomes"])

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        index = trial.config["index"]
        self._ended.add(index)
        fate = fetch(self._materials.ledger.fate.remote(index))
        if fate.outcomes:
            self._take(index, fate.outcomes)
            return
        outcomes = self._lost(trial, fate)
        try:
            fetch(self._materials.tell(index, outcomes))
        except StorageError as refusal:
            self._refusal = refusal
        else:
            self._take(index, outcomes)

    def _lost(self, trial: Any, fate: Fate) -> list[Outcome]:
        """Outcomes of a trial whose worker ended without a word of them."""
        index = trial.config["index"]
        limit, (fault, error) = self._materials.limits_of(index).seconds, _cause(trial)
        overdue = limit is not None and fate.seconds > limit
        if fault == "lost" and overdue and lives(fate.node):  # a lost node may be noticed late
            fault, error = "time", f"{error}\nthe training ran longer than its limit, {limit:g} s"
        return self._materials.failed(index, fault, error, fate.seconds)

    def on_step_end(self, iteration: int, trials: list[Any], **_: Any) -> None:
        """End the run where its rows cannot be kept, here and not before, where Tune would go on:
        more trainings would be lost as well.
        """
        if self._refusal is not None:
            raise self._refusal

    def _take(self, index: int, outcomes: Sequence[Outcome]) -> None:
        pack, verdicts = self._materials.pack(index), self._materials.verdicts(index, outcomes)
        try:
            for one, outcome, verdict in zip(pack, outcomes, verdicts, strict=True):
                if verdict == "final":
                    self._on_finished(outcome)
                elif verdict == "again":
                    self.again.append(one.after(outcome))
                else:
                    self.left.append(outcome)
        except ProjektorError as refusal:
            self._refusal = refusal


def _cause(trial: Any) -> tuple[Fault, str]:
    """Why a trial ended that said nothing of itself, from what Tune wrote down of it."""
    if trial.error_file is None:
        return "lost", "its worker was lost"
    error = Path(trial.error_file).read_text(encoding="utf-8").rstrip()
    if LOW_ON_MEMORY in error:
        return "memory", f"{error}\nits node was {LOW_ON_MEMORY}, and Ray ended its worker"
    pickled = trial.pickled_error_file
    if pickled and isinstance(cloudpickle.loads(Path(pickled).read_bytes()), RayTaskError):
        return "outside", error
    return "lost", f"{error}\nits worker or node was lost"
