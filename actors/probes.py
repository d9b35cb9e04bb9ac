"""Probe trainings as Tune trials, and the Tune run over what the ledger lacks."""

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache
from typing import Any

import ray
from ray import tune
from ray.tune.logger import JsonLoggerCallback

from actors.fetch import fetch
from actors.ledger import start_writer
from projektor_ray.errors import ProjektorError, StorageError
from projektor_ray.learners import LearnerConfig, build_learner
from projektor_ray.packs import packs_of, train_pack
from projektor_ray.probe import Outcome
from projektor_ray.providers import Samples
from projektor_ray.study import Probe, ProbesConfig, Study
from projektor_ray.tables import Folder, Key, Row

OnFinished = Callable[[Row], None]


@dataclass(frozen=True)
class Materials:
    """What every trial of a run shares: small values and references, never arrays.

    Attributes
    ----------
    packs : indices of the probes that a trial trains together, one pack a trial.
    pilots : provider name → reference to its Samples, read without a copy from the object store.
    validation : reference to the validation Samples.
    """

    probes: tuple[Probe, ...]
    attempts: tuple[int, ...]
    packs: tuple[tuple[int, ...], ...]
    learner: LearnerConfig
    replacement: bool
    pilots: Mapping[str, Any]
    validation: Any
    ledger: Any


def trial(config: dict[str, int], materials: Materials) -> None:
    """Train the pack of one index; all its probes are in the ledger before Tune hears of it."""
    pack = materials.packs[config["index"]]
    names = sorted(materials.pilots)
    *pilots, validation = _samples(
        *(materials.pilots[name] for name in names), materials.validation
    )
    outcomes = train_pack(
        [materials.probes[i] for i in pack],
        dict(zip(names, pilots, strict=True)),
        validation,
        build_learner(materials.learner),
        replacement=materials.replacement,
        attempts=[materials.attempts[i] for i in pack],
    )
    rows, fault = [outcome.row() for outcome in outcomes], ""
    try:
        fetch(materials.ledger.append.remote(rows))
    except StorageError as error:
        fault = str(error)
    tune.report({"rows": rows, "fault": fault})


@cache
def _samples(*references: Any) -> list[Samples]:
    """The shared arrays, fetched once a process: trials of one process reuse it."""
    found: list[Samples] = ray.get(list(references))
    return found


class _Progress(tune.Callback):
    """Hands each finished row to the driver, and records the probes whose worker was lost."""

    def __init__(self, materials: Materials, on_finished: OnFinished) -> None:
        self._materials = materials
        self._on_finished = on_finished
        self._refusal: ProjektorError | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune writes callbacks down for a restore, which the ledger makes needless."""
        return {}

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        fault = trial.last_result["fault"]
        if fault:
            self._refusal = StorageError(fault)
        else:
            self._finish(trial.last_result["rows"])

    def _finish(self, rows: Sequence[Row]) -> None:
        try:
            for row in rows:
                self._on_finished(row)
        except ProjektorError as refusal:
            self._refusal = refusal

    def on_step_end(self, iteration: int, trials: list[Any], **_: Any) -> None:
        """End the run where its rows cannot be kept, here and not before, where Tune would go on:
        more trainings would be lost as well.
        """
        if self._refusal is not None:
            raise self._refusal

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        pack = self._materials.packs[trial.config["index"]]
        error = f"the worker was lost more often than probes.retries allows.\n{trial.error_file}"
        if trial.error_file and os.path.exists(trial.error_file):  # noqa: PTH110
            with open(trial.error_file, encoding="utf-8") as file:  # noqa: PTH123
                error = file.read()
        now = datetime.now(timezone.utc)
        probes, attempts = self._materials.probes, self._materials.attempts
        lost = [Outcome(probes[i], None, error, 0.0, now, attempts[i]).row() for i in pack]
        try:
            fetch(self._materials.ledger.append.remote(lost))
        except StorageError as refusal:
            self._refusal = refusal
        else:
            self._finish(lost)


def missing_probes(
    study: Study, rows: Mapping[Key, Row], *, retry_failed: bool = False
) -> list[Probe]:
    """The probes that a study asks for and the ledger lacks, largest first."""
    return [
        probe
        for probe in study.wanted_probes()
        if probe.key not in rows or (retry_failed and rows[probe.key]["status"] == "failed")
    ]


def run_probes(
    study: Study,
    folder: Folder,
    probes: Sequence[Probe],
    earlier: Mapping[Key, Row],
    pilots: Mapping[str, Any],
    validation: Any,
    on_finished: OnFinished,
    *,
    searcher: Any = None,
) -> None:
    """Train the probes through Ray Tune; each is in the ledger as soon as it is finished.

    With a searcher, those whose packs it suggests: its `packs` are of indices into `probes`.
    """
    if not probes:
        return
    ledger = start_writer(folder, "probes", study.probes_stamp)
    materials = Materials(
        probes=tuple(probes),
        attempts=tuple(earlier[p.key]["attempt"] + 1 if p.key in earlier else 1 for p in probes),
        packs=tuple(searcher.packs if searcher else packs_of(probes, study.config.probes.pack)),
        learner=study.config.learner,
        replacement=study.config.probes.replacement,
        pilots=dict(pilots),
        validation=validation,
        ledger=ledger,
    )
    os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
    os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
    with tempfile.TemporaryDirectory(prefix="projektor-tune-") as scratch:
        try:
            _tuner(materials, study.config.probes, scratch, on_finished, searcher).fit()
        finally:
            ray.kill(ledger)


def _tuner(
    materials: Materials,
    config: ProbesConfig,
    scratch: str,
    on_finished: OnFinished,
    searcher: Any,
) -> tune.Tuner:
    trainable = tune.with_resources(
        tune.with_parameters(trial, materials=materials), {"cpu": config.cpus, "gpu": config.gpus}
    )
    every = {"index": tune.grid_search(list(range(len(materials.packs))))}
    return tune.Tuner(
        trainable,
        param_space={} if searcher else every,
        tune_config=tune.TuneConfig(
            search_alg=searcher,
            num_samples=len(materials.packs) if searcher else 1,
            reuse_actors=True,
            max_concurrent_trials=config.concurrency,
        ),
        run_config=tune.RunConfig(
            name="probes",
            storage_path=scratch,
            verbose=0,
            callbacks=[
                _Progress(materials, on_finished),
                JsonLoggerCallback(),  # type: ignore[no-untyped-call]
            ],
            failure_config=tune.FailureConfig(max_failures=config.retries),
        ),
    )
