"""The adaptive design as a Tune searcher: it suggests the probes of mixtures that it chooses."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ray.tune.search import Searcher

from actors.probes import ProbeRunner
from projektor_ray.probes.train_probe import Outcome
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import Ledger
from projektor_ray.storage.schemas import Key, Row
from projektor_ray.study import Probe, Study
from projektor_ray.study.adaptive import Step, design_metadata, design_rows, next_step
from projektor_ray.study.fitting import missing_probes


class NextMixtures(Searcher):
    """Suggests probes by index; when it runs out of them it chooses mixtures.

    A chosen mixture is in the `adaptive_design` table before its probes are trained. Nothing is
    kept for Tune's own restore: a searcher made anew from the ledgers goes on as this one would.

    Attributes
    ----------
    study : with the mixtures placed so far.
    probes : all that may be trained: those that are missing, then those of every candidate.
    ended : the step that ended the design; None before.
    """

    def __init__(
        self,
        study: Study,
        folder: Folder,
        missing: Sequence[Probe],
        probes: Mapping[Key, Row],
        distances: Mapping[Key, Row],
    ) -> None:
        super().__init__()
        self.study = study
        self.ended: Step | None = None
        self._design, self._distances = Ledger(folder, "adaptive_design"), distances
        waited_for = {probe.key for probe in missing}
        self._rows = {key: row for key, row in probes.items() if key not in waited_for}
        self.probes: list[Probe] = []
        self._queue = deque(self._indices(missing))
        self._running: set[str] = set()
        self._indices_of: dict[str, range] = {}
        assert study.adaptive is not None
        for identity, mixture in zip(study.candidate_ids, study.adaptive.candidates, strict=True):
            alone = replace(study, mixtures=mixture[None])
            lacking = [] if identity in study.mixture_ids else missing_probes(alone, probes)
            self._indices_of[identity] = self._indices(lacking)

    def _indices(self, probes: Sequence[Probe]) -> range:
        """Indices of more probes, which are appended to all."""
        first = len(self.probes)
        self.probes += probes
        return range(first, len(self.probes))

    def suggest(self, trial_id: str) -> Any:
        """The next probe; None while probes in training must end first; FINISHED when none is.

        It ends before the design where it waits for probes that failed and are to be tried again,
        which is done after the run; the next run goes on.
        """
        if self.has_more():
            self._running.add(trial_id)
            return {"index": self._queue.popleft()}
        return None if self._running and self.ended is None else Searcher.FINISHED

    def has_more(self) -> bool:
        """Whether there is something to train now; chooses mixtures until there is."""
        while not self._queue and self.ended is None:
            step = next_step(self.study, self._rows, self._distances)
            if step.action == "wait":
                break
            if step.action == "stop":
                self.ended = step
            else:
                self._place(step)
        return bool(self._queue)

    def _place(self, step: Step) -> None:
        assert step.mixtures is not None
        metadata = design_metadata(self.study)
        rows = design_rows(self.study, step, self._design.rows(metadata.input_hash))
        self._design.append(rows, metadata)
        self.study = self.study.grown(step.mixtures)
        for row in rows:
            self._queue.extend(self._indices_of[row["mixture_id"]])

    def finished(self, outcome: Outcome) -> None:
        """Take note of a finished probe."""
        self._rows[outcome.probe.key] = outcome.row()

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Take note that a trial ended; rows come through `finished`."""
        self._running.discard(trial_id)

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the ledgers are the truth."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing: the ledgers are the truth."""

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune writes searchers down for a restore, which the ledgers make needless."""
        return {}


def run_adaptive(
    runner: ProbeRunner, missing: Sequence[Probe], distances: Mapping[Key, Row]
) -> NextMixtures:
    """Train what is missing, and mixtures chosen by what is found, through Ray Tune.

    Returns the searcher at its end: the study as it has grown, and why it grows no more.
    """
    searcher = NextMixtures(runner.study, runner.folder, missing, runner.earlier, distances)

    def finished(outcome: Outcome) -> None:
        searcher.finished(outcome)
        runner.on_finished(outcome)

    while searcher.has_more():
        replace(runner, on_finished=finished).train_suggested(searcher)
    return searcher
