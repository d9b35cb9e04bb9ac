"""The Tune runs over the probes that the ledger lacks, and their retries."""

import itertools
import logging
import os
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
from projektor_ray.probes.faults import last_line
from projektor_ray.probes.limits import Limits
from projektor_ray.probes.pending_probe import PendingProbe
from projektor_ray.probes.resources import Resources, doubled
from projektor_ray.probes.train_probe import Outcome
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.schemas import Key, Row
from projektor_ray.storage.temporary_folders import temporary_folder
from projektor_ray.study import Probe, Study

logger = logging.getLogger(__name__)

FIRST_PAUSE = 5.0
"""Seconds before the first retry after a transient fault; doubled before each further retry."""

SCRATCH = "projektor-round-"
"""How the names of folders begin that hold what trials report, and Tune's own files."""
TUNE_BYTES, TRIAL_BYTES = 16 * 2**20, 32 * 2**10
"""What a round writes there, and each of its trials."""

RETRY_REASONS = {
    "lost": "lost with their worker",
    "transient_io": "failed by a network or a disk",
    "memory": "out of memory, now with twice the resources",
}

OnFinished = Callable[[Outcome], None]


@dataclass(frozen=True, eq=False)
class ProbeRunner:
    """Trains probes of a study through Ray Tune; a finished probe is in the ledger at once.

    Attributes
    ----------
    earlier : rows of the ledger before this run; attempts are counted on from theirs.
    pilots : provider name → reference to its Samples.
    validations : references to the Samples of each validation set of the study.
    on_finished : takes the outcome of each probe that succeeded, or failed for good.
    """

    study: Study
    folder: Folder
    earlier: Mapping[Key, Row]
    pilots: Mapping[str, Any]
    validations: Sequence[Any]
    on_finished: OnFinished

    def train(self, probes: Sequence[Probe]) -> None:
        """Train probes, in this order."""
        self._retry(self._round(self._pending(probes), self.study.config.probes.reservation))

    def train_suggested(self, searcher: Any) -> None:
        """Train what a searcher suggests: indices into its `probes`."""
        pending, resources = self._pending(searcher.probes), self.study.config.probes.reservation
        self._retry(self._round(pending, resources, searcher))

    def _pending(self, probes: Sequence[Probe]) -> list[PendingProbe]:
        earlier = self.earlier
        return [
            PendingProbe(probe, earlier[probe.key]["attempt"] + 1 if probe.key in earlier else 1)
            for probe in probes
        ]

    def _retry(self, pending: Sequence[PendingProbe]) -> None:
        """Train failed probes again, in as many Tune runs as their faults need.

        Those that ran out of memory have a Tune run of their own, with twice the resources.
        """
        resources = self.study.config.probes.reservation
        for round_ in itertools.count():
            if not pending:
                return
            _pause(pending, FIRST_PAUSE * 2**round_)
            large = [one for one in pending if one.lacked_memory]
            usual = [one for one in pending if not one.lacked_memory]
            pending = [
                *self._round(usual, resources),
                *self._round(large, doubled(resources, living_nodes())),
            ]

    def _round(
        self, pending: Sequence[PendingProbe], resources: Resources, searcher: Any = None
    ) -> list[PendingProbe]:
        """One Tune run; returns the probes to retry, with their failures."""
        if not pending:
            return []
        with temporary_folder(SCRATCH, TUNE_BYTES + TRIAL_BYTES * len(pending)) as scratch:
            metadata = [one.probes_metadata for one in self.study.each]
            writer = start_writer(self.folder, metadata, str(scratch))
            context = self._context(pending, resources, writer)
            progress = Progress(context, self.on_finished)
            concurrency = self.study.config.probes.concurrency
            try:
                _tune(context, concurrency, resources, progress, searcher, str(scratch))
            finally:
                ray.kill(writer)
        if searcher is None:
            progress.check_ended()
        if left := progress.postponed:
            says = "%d probes are postponed to the next run, the last one because of: %s"
            logger.warning(says, len(left), last_line(left[-1].error))
        return progress.retries

    def _context(
        self, pending: Sequence[PendingProbe], resources: Resources, writer: Any
    ) -> TrialContext:
        config = self.study.config.probes
        return TrialContext(
            pending=tuple(pending),
            learner=self.study.config.learner,
            replacement=config.replacement,
            threads=config.threads,
            limits=Limits(config.time_limit, resources.get("memory")),
            retries=config.retries,
            more_memory=doubled(resources, living_nodes()) != resources,
            pilots=dict(self.pilots),
            validations=tuple(self.validations),
            writer=writer,
        )


def _pause(retries: Sequence[PendingProbe], seconds: float) -> None:
    """Log what is retried, and give transient faults time to pass."""
    faults = Counter(str(one.failures[-1].fault) for one in retries)
    says = ", ".join(f"{count} {RETRY_REASONS[fault]}" for fault, count in faults.items())
    if any(one.needs_pause for one in retries):
        logger.warning("%d probes are retried in %.0f s: %s", len(retries), seconds, says)
        time.sleep(seconds)
    else:
        logger.warning("%d probes are retried: %s", len(retries), says)


def _tune(
    context: TrialContext,
    concurrency: int | None,
    resources: Resources,
    progress: Progress,
    searcher: Any,
    scratch: str,
) -> None:
    """Train every probe of the context, or those that a searcher suggests.

    Tune itself retries nothing, and its state is dropped. Its own handler of Ctrl-C is off: it
    would end the run as if it were complete.
    """
    os.environ["TUNE_DISABLE_SIGINT_HANDLER"] = "1"
    os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
    os.environ.setdefault("TUNE_PRINT_ALL_TRIAL_ERRORS", "0")
    os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
    for talker in ("ray.tune.tune", "ray.tune.analysis.experiment_analysis"):
        logging.getLogger(talker).setLevel(logging.CRITICAL)
    trainable = tune.with_resources(
        tune.with_parameters(trial, context=context), tune.PlacementGroupFactory([dict(resources)])
    )
    count = len(context.pending)
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
