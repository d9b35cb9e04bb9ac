"""The Tune runs over the probes that the ledger lacks, and what is tried again."""

import itertools
import logging
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ray
from ray import tune

from actors.ledger import start_writer
from actors.nodes import living_nodes
from actors.progress import Progress
from actors.trial import TrialContext, trial
from projektor_ray.probes.faults import reason
from projektor_ray.probes.limits import Limits
from projektor_ray.probes.packs import packs_of
from projektor_ray.probes.resources import Resources, doubled
from projektor_ray.probes.retries import PendingProbe
from projektor_ray.probes.training import Outcome
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.schemas import Key, Row
from projektor_ray.study import Probe, Study

logger = logging.getLogger(__name__)

FIRST_PAUSE = 5.0
"""Seconds before what was lost is tried again; twice as long before each further time."""

SAYS = {
    "learner": "in a pack that failed, now alone",
    "lost": "lost with their worker",
    "outside": "failed by a network or a disk",
    "memory": "out of memory, now with twice the room",
    "time": "in a pack that took too long, now alone",
}

OnFinished = Callable[[Outcome], None]


@dataclass(frozen=True, eq=False)
class ProbeRunner:
    """Trains probes of a study through Ray Tune; each is in the ledger as soon as it is finished.

    Attributes
    ----------
    earlier : rows of the ledger before; attempts are counted on from theirs.
    pilots : provider name → reference to its Samples.
    validations : references to the Samples of each validation set of the study.
    on_finished : takes the outcome of each probe that is done, or failed for good.
    """

    study: Study
    folder: Folder
    earlier: Mapping[Key, Row]
    pilots: Mapping[str, Any]
    validations: Sequence[Any]
    on_finished: OnFinished

    def train(self, probes: Sequence[Probe]) -> None:
        """Train probes, in this order."""
        asked = self.study.config.probes
        again = self._round(self._todo(probes), packs_of(probes, asked.pack), asked.room)
        self._train_again(again)

    def train_suggested(self, searcher: Any) -> None:
        """Train what a searcher suggests: its `packs` are of indices into its `probes`."""
        todo, room = self._todo(searcher.probes), self.study.config.probes.room
        self._train_again(self._round(todo, searcher.packs, room, searcher))

    def _todo(self, probes: Sequence[Probe]) -> list[PendingProbe]:
        earlier = self.earlier
        return [
            PendingProbe(p, earlier[p.key]["attempt"] + 1 if p.key in earlier else 1)
            for p in probes
        ]

    def _train_again(self, todo: Sequence[PendingProbe]) -> None:
        """Train what may pass, each probe alone, in as many rounds of Tune as its faults need.

        Those that ran out of memory have a round of their own, with twice the room.
        """
        room = self.study.config.probes.room
        for round_ in itertools.count():
            if not todo:
                return
            _pause(todo, FIRST_PAUSE * 2**round_)
            roomy = [one for one in todo if one.needs_more_room]
            usual = [one for one in todo if not one.needs_more_room]
            todo = [
                *self._round(usual, alone(usual), room),
                *self._round(roomy, alone(roomy), doubled(room, living_nodes())),
            ]

    def _round(
        self,
        todo: Sequence[PendingProbe],
        packs: Sequence[tuple[int, ...]],
        room: Resources,
        searcher: Any = None,
    ) -> list[PendingProbe]:
        """One Tune run; returns what is to be tried again, with its failures."""
        if not todo:
            return []
        asked = self.study.config.probes
        with tempfile.TemporaryDirectory(
            prefix="projektor-round-", ignore_cleanup_errors=True
        ) as scratch:
            metadata = [one.probes_metadata for one in self.study.each]
            ledger = start_writer(self.folder, metadata, scratch)
            materials = self._materials(todo, packs, room, ledger)
            progress = Progress(materials, self.on_finished)
            try:
                _tune(materials, asked.concurrency, room, progress, searcher, scratch)
            finally:
                ray.kill(ledger)
        if searcher is None:
            progress.check_ended()
        if left := progress.left:
            says = "%d probes are left to the next run, which may have more luck; the last: %s"
            logger.warning(says, len(left), reason(left[-1].error))
        return progress.again

    def _materials(
        self,
        todo: Sequence[PendingProbe],
        packs: Sequence[tuple[int, ...]],
        room: Resources,
        ledger: Any,
    ) -> TrialContext:
        asked = self.study.config.probes
        return TrialContext(
            todo=tuple(todo),
            packs=tuple(packs),
            learner=self.study.config.learner,
            replacement=asked.replacement,
            threads=asked.threads,
            limits=Limits(asked.time_limit, room.get("memory")),
            retries=asked.retries,
            more_room=doubled(room, living_nodes()) != room,
            pilots=dict(self.pilots),
            validations=tuple(self.validations),
            ledger=ledger,
        )


def alone(todo: Sequence[PendingProbe]) -> list[tuple[int, ...]]:
    """Packs of one."""
    return [(index,) for index in range(len(todo))]


def _pause(again: Sequence[PendingProbe], seconds: float) -> None:
    """Say what is tried again, and leave what was lost the time to come back."""
    faults = Counter(str(one.failures[-1].fault) for one in again)
    says = ", ".join(f"{count} {SAYS[fault]}" for fault, count in faults.items())
    if any(one.needs_a_pause for one in again):
        logger.warning("%d probes are tried again in %.0f s: %s", len(again), seconds, says)
        time.sleep(seconds)
    else:
        logger.warning("%d probes are tried again: %s", len(again), says)


def missing_probes(
    study: Study, rows: Mapping[Key, Row], *, retry_failed: bool = False
) -> list[Probe]:
    """The probes that a study asks for and the ledger lacks, largest first."""
    return [
        probe
        for probe in study.wanted_probes()
        if probe.key not in rows or (retry_failed and rows[probe.key]["status"] == "failed")
    ]


def _tune(
    materials: TrialContext,
    concurrency: int | None,
    room: Resources,
    progress: Progress,
    searcher: Any,
    scratch: str,
) -> None:
    """Train every pack of the materials, or those that a searcher suggests.

    Tune itself retries nothing, and its state is dropped. Its own handler of Ctrl-C would end the
    run as if it were complete, even where a user's environment asks for that handler.
    """
    os.environ["TUNE_DISABLE_SIGINT_HANDLER"] = "1"
    os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
    os.environ.setdefault("TUNE_PRINT_ALL_TRIAL_ERRORS", "0")
    os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
    for talker in ("ray.tune.tune", "ray.tune.analysis.experiment_analysis"):
        logging.getLogger(talker).setLevel(logging.CRITICAL)
    trainable = tune.with_resources(
        tune.with_parameters(trial, materials=materials), tune.PlacementGroupFactory([dict(room)])
    )
    count = len(materials.packs)
    tune.Tuner(
        trainable,
        param_space={} if searcher else {"index": tune.grid_search(list(range(count)))},
        tune_config=tune.TuneConfig(
            search_alg=searcher,
            num_samples=count if searcher else 1,
            reuse_actors=True,
            max_concurrent_trials=concurrency,
        ),
        run_config=tune.RunConfig(
            name="probes", storage_path=scratch, verbose=0, callbacks=[progress]
        ),
    ).fit()
