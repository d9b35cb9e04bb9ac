"""What the driver learns of a Tune run while it lasts: outcomes, lost workers, refusals."""

from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ray import cloudpickle, tune
from ray.exceptions import RayTaskError

from actors.fetch import fetch
from actors.nodes import lives
from actors.trial import Materials
from projektor_ray.errors import ProjektorError, StorageError, UnfinishedError
from projektor_ray.faults import Fault
from projektor_ray.probe import Outcome
from projektor_ray.tables import Row

LOW_ON_MEMORY = "low on memory"
"""What Ray says where its memory monitor ended a worker."""


class Progress(tune.Callback):
    """Hands final rows to the driver, and keeps what failed otherwise for its judgement.

    Attributes
    ----------
    failed : index of a probe, how it failed, and whether as one of a pack.
    """

    def __init__(self, materials: Materials, on_finished: Callable[[Row], None]) -> None:
        self.failed: list[tuple[int, Outcome, bool]] = []
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
        seconds = self._materials.limits_of(index).seconds
        fault, error = fate.fault, fate.error
        if fault is None:
            fault, error = _cause(trial)
        overdue = seconds is not None and fate.seconds > seconds
        if fault == "lost" and overdue and lives(fate.node):  # a lost node may be noticed late
            fault, error = "time", f"{error}\nthe training ran longer than its limit, {seconds:g} s"
        pack, now = self._materials.packs[index], datetime.now(timezone.utc)
        probes, attempts = self._materials.probes, self._materials.attempts
        for i in pack:
            lost = Outcome(probes[i], None, error, fate.seconds, now, attempts[i], fault)
            self.failed.append((i, lost, len(pack) > 1))

    def on_step_end(self, iteration: int, trials: list[Any], **_: Any) -> None:
        """End the run where its rows cannot be kept, here and not before, where Tune would go on:
        more trainings would be lost as well.
        """
        if self._refusal is not None:
            raise self._refusal

    def _take(self, index: int, outcomes: Sequence[Outcome]) -> None:
        try:
            for i, outcome in zip(self._materials.packs[index], outcomes, strict=True):
                if outcome.is_final:
                    self._on_finished(outcome.row())
                else:
                    self.failed.append((i, outcome, False))
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
