"""Stage I: train the probes that the ledger lacks, through Ray Tune.

python -m jobs.probe STUDY.yaml [--retry-failed]
python -m jobs.probe STUDY.yaml --failures         the tracebacks of those that failed
python -m jobs.probe STUDY.yaml --replay ID        one probe again, alone, in the foreground
"""

if __name__ == "__main__":
    from jobs.entry import main

    main("probe")

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property

import ray

from actors.adaptive import run_adaptive
from actors.probes import ProbeRunner
from jobs.probe_progress import probe_progress
from jobs.stage_lines import show_probes
from jobs.tensorboard import logging_to
from jobs.workspace import Workspace
from projektor_ray.cli.screen import statement, status
from projektor_ray.errors import InputError, TooFewProbesError, UnfinishedError
from projektor_ray.explain.formatting import count
from projektor_ray.explain.probe_findings import design_end, probe_facts, second_stage
from projektor_ray.learners import build_learner
from projektor_ray.learners.metrics import constant_metrics
from projektor_ray.probes.findings import probe_findings
from projektor_ray.probes.threads import cpu_threads
from projektor_ray.probes.train_probe import Outcome, train_probe
from projektor_ray.storage.ledger import Ledger
from projektor_ray.storage.schemas import Key, Row
from projektor_ray.study import Probe, Study
from projektor_ray.study.adaptive import design_metadata, design_rows, plans_to_train
from projektor_ray.study.fitting import missing_probes

FIRST_PROBES = 8
"""After so many probes the first hints are shown."""


def probe(workspace: Workspace, *, retry_failed: bool = False) -> Workspace:
    """Train what is missing; each finished probe is on the disk before the next line is printed.

    Returns the workspace of the study with the mixtures that were chosen after trainings.
    """
    before = workspace.probes()
    missing = missing_probes(workspace.study, before, retry_failed=retry_failed)
    hints = Hints(workspace)
    if workspace.study.adaptive is not None:
        workspace = _grow(workspace, missing, before, hints)
    elif missing:
        train(workspace, missing, before, hints)
    if workspace.study.second_stage is not None and workspace.study.plans is None:
        workspace = _train_plans(workspace, hints)
    if missing or len(workspace.probes()) > len(before):
        Ledger(workspace.folder, "probes").compact()
    if missing:
        rows = workspace.probes()
        wanted = workspace.study.wanted_probes()
        hints.show([rows[one.key] for one in wanted if one.key in rows])
    show_probes(workspace, before)
    return workspace


def probes_left(workspace: Workspace) -> int:
    """Number of probes that the study asks for and the ledger lacks: neither done nor failed."""
    return len(missing_probes(workspace.study, workspace.probes()))


def unfinished(left: int, failure: TooFewProbesError) -> UnfinishedError:
    """The error of a study that cannot be fitted because probes are missing."""
    return UnfinishedError(
        f"{failure}. {count(left, 'probe')} could not be trained; the same command tries again"
    )


class Hints:
    """What finished probes reveal of the learner: warnings, metrics that suggest a mistake.

    Each hint is shown once, whether the first probes give it or all of them.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._shown: set[str] = set()

    @cached_property
    def _constant(self) -> float | None:
        """The metric of a constant prediction, where it is known."""
        study = self._workspace.each[0].study
        labels = ray.get(self._workspace.pilots.validations[study.validation.name]).labels
        return None if labels is None else constant_metrics(labels).get(study.metric.name)

    def show(self, rows: Iterable[Row]) -> None:
        """Show what these rows of the table `probes` reveal and earlier ones did not."""
        metric = self._workspace.each[0].study.metric
        best = metric.high if metric.maximize else metric.low
        findings = probe_findings(
            rows, maximize=metric.maximize, best=best, constant=self._constant
        )
        for one in probe_facts(findings, metric.name):
            if one.values["topic"] not in self._shown:
                self._shown.add(one.values["topic"])
                status("Hint", one.text)


def train(
    workspace: Workspace, probes: Sequence[Probe], before: Mapping[Key, Row], hints: Hints
) -> None:
    """Train these probes."""
    with _runner(workspace, before, len(probes), hints) as runner:
        runner.train(probes)


def _grow(
    workspace: Workspace, missing: Sequence[Probe], before: Mapping[Key, Row], hints: Hints
) -> Workspace:
    """Train what is missing and what an adaptive design chooses; the workspace as it grows."""
    study = workspace.study
    with _runner(workspace, before, len(missing) + study.open_probes, hints) as runner:
        searcher = run_adaptive(runner, missing, workspace.distances())
    if searcher.ended is not None:
        chosen = len(searcher.study.mixtures) - len(study.mixtures)
        status("Design", str(design_end(searcher.study, searcher.ended, chosen)))
    return replace(workspace, study=searcher.study)


def _train_plans(workspace: Workspace, hints: Hints) -> Workspace:
    """Choose the plans of the second stage and train them, unless other probes are missing.

    The plans are in the `adaptive_design` table before they are trained.
    """
    study = workspace.study
    step = plans_to_train(study, workspace.probes(), workspace.distances())
    if step.mixtures is not None:
        design = Ledger(workspace.folder, "adaptive_design")
        design.append(design_rows(study, step, {}), design_metadata(study))
        workspace = replace(workspace, study=study.grown(step.mixtures, step.sizes))
        status("Design", str(second_stage(step)))
        before = workspace.probes()
        missing = missing_probes(workspace.study, before)
        if missing:
            train(workspace, missing, before, hints)
    elif step.reason is not None:
        status("Design", str(design_end(study, step, 0)))
    return workspace


@contextmanager
def _runner(
    workspace: Workspace, before: Mapping[Key, Row], total: int, hints: Hints
) -> Iterator[ProbeRunner]:
    """A runner that shows and logs its progress, and ends the run if the lease was lost."""
    study = lacking(workspace)
    with probe_progress(total) as show:
        pilots, validations = workspace.training_samples()
        logs = study.config.probes.tensorboard
        metrics = [one.goal for one in study.each]
        log = logging_to(logs, study.names, metrics) if logs is not None else None
        workspace.pilots.release()
        first: list[Row] = []

        def finished(outcome: Outcome) -> None:
            show(outcome)
            if len(first) < FIRST_PROBES:
                first.append(outcome.row())
                if len(first) == FIRST_PROBES < total:
                    hints.show(first)
            if log is not None:
                log(outcome)
            if workspace.lease is not None:
                workspace.lease.check()

        sets = [validations[one.name] for one in study.validations]
        yield ProbeRunner(study, workspace.folder, before, pilots, sets, finished)


def lacking(workspace: Workspace) -> Study:
    """The study of those validation sets that some probe is yet to be measured on; else of all."""
    rows = [one.probes() for one in workspace.each]
    wanted = [probe.key for probe in workspace.study.wanted_probes()]
    names = [
        one.name
        for one, known in zip(workspace.study.validations, rows, strict=True)
        if any(key not in known or known[key]["status"] == "failed" for key in wanted)
    ]
    return workspace.study.on(names) if names else workspace.study


def show_failures(workspace: Workspace) -> None:
    """Show the whole traceback of every failed probe, once for all that share it."""
    rows, sharing = workspace.probes(), defaultdict(list)
    for probe in workspace.study.wanted_probes():
        if probe.key in rows and rows[probe.key]["status"] == "failed":
            sharing[rows[probe.key]["error"].rstrip()].append(probe.label)
    for error, labels in sharing.items():
        statement(f"Failed: {' '.join(labels)}\n{error}\n")
    failed = count(sum(map(len, sharing.values())), "failed probe")
    statement(f"{failed}, {count(len(sharing), 'cause')}")


def replay(workspace: Workspace, label: str) -> Outcome:
    """Train one probe again, here and alone, in as many threads; the ledger is not touched.

    Raises
    ------
    InputError
        If the study has no probe of that label.
    """
    study = workspace.study
    by_label = {probe.label: probe for probe in study.wanted_probes()}
    if label not in by_label:
        raise InputError(
            f"the study has no probe {label!r}; expected MIXTURE_ID:SIZE:SEED, as the columns of "
            "the probes table have them"
        )
    references, sets = workspace.training_samples()
    pilots = dict(zip(references, ray.get(list(references.values())), strict=True))
    validations = ray.get(list(sets.values()))
    settings, learner = study.config.probes, build_learner(study.config.learner)
    with cpu_threads(settings.threads):
        outcome = train_probe(
            by_label[label], pilots, validations, learner, replacement=settings.replacement
        )
    names = [f" on {one.set_name}" if one.set_name else "" for one in study.each]
    for place, (on, rows) in enumerate(zip(names, workspace.probes_of_each(), strict=True)):
        compared = {"replay": outcome.row(place), "ledger": rows.get(by_label[label].key)}
        for where, row in compared.items():
            if row is not None:
                statement(f"{where} of {label}{on}: {row['error'] or repr(row['value'])}")
    return outcome
