"""Stage I: train the probes that the ledger lacks, through Ray Tune.

python -m jobs.probe STUDY.yaml [--retry-failed]
python -m jobs.probe STUDY.yaml --failures         the tracebacks of those that failed
python -m jobs.probe STUDY.yaml --replay ID        one probe again, alone, in the foreground
"""

import argparse
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import ray
from rich.markup import escape

from actors.adaptive import run_adaptive
from actors.probes import ProbeRunner, missing_probes
from jobs.options import output_of, parser, run
from jobs.show import probe_progress
from jobs.tensorboard import logging_to
from jobs.workspace import Workspace, opened
from projektor_ray.cli.terminal import headline
from projektor_ray.errors import InputError
from projektor_ray.explain.probe_findings import probe_facts
from projektor_ray.learners import build_learner
from projektor_ray.learners.metrics import constant_metrics
from projektor_ray.probes.faults import last_line
from projektor_ray.probes.findings import probe_findings
from projektor_ray.probes.threads import cpu_threads
from projektor_ray.probes.train_probe import Outcome, train_probe
from projektor_ray.storage.ledger import Ledger
from projektor_ray.storage.schemas import Key, Row
from projektor_ray.study import Probe, Study, read_study

FIRST_PROBES = 8
"""After so many probes the first hints are printed."""


def probe(workspace: Workspace, *, retry_failed: bool = False) -> Workspace:
    """Train what is missing; each finished probe is on the disk before the next line is printed.

    Returns the workspace of the study that an adaptive design has made grow.
    """
    before = workspace.probes()
    missing = missing_probes(workspace.study, before, retry_failed=retry_failed)
    if workspace.study.adaptive is not None:
        workspace = _grow(workspace, missing, before)
    elif missing:
        train(workspace, missing, before)
    if missing or workspace.study.adaptive is not None:
        Ledger(workspace.folder, "probes").compact()
    wanted, rows = workspace.study.wanted_probes(), workspace.probes()
    if missing:
        show_findings(workspace, [rows[one.key] for one in wanted if one.key in rows])
    there = [one.key for one in wanted if one.key in rows]
    trained = sum(key not in before or _attempt(rows, key) > _attempt(before, key) for key in there)
    failed = [p for p in wanted if p.key in rows and rows[p.key]["status"] == "failed"]
    says = f"{len(wanted)} wanted, {len(there) - trained} were there, {trained} trained"
    left = len(wanted) - len(there)
    says += f", [bold red]{left} left to the next run[/]" if left else ""
    headline("probes", says + (f", [bold red]{len(failed)} failed[/]" if failed else ""))
    if failed:
        headline("", escape(f"one of them: {last_line(rows[failed[0].key]['error'])}"))
        headline("", "jobs.probe --failures shows all; --retry-failed trains them again;")
        headline("", f"--replay {failed[0].label} repeats this one here")
    return workspace


def show_findings(workspace: Workspace, rows: Iterable[Row]) -> None:
    """Print what finished probes tell of the learner: warnings, metrics that suggest a mistake."""
    study = workspace.each[0].study
    metric = study.metric
    labels = ray.get(workspace.pilots.validations[study.validation.name]).labels
    constant = None if labels is None else constant_metrics(labels).get(metric.name)
    best = metric.high if metric.maximize else metric.low
    findings = probe_findings(rows, maximize=metric.maximize, best=best, constant=constant)
    for one in probe_facts(findings, metric.name):
        headline("hint", escape(one.text))


def _attempt(rows: Mapping[Key, Row], key: Key) -> int:
    """Of the row of a probe."""
    return int(rows[key]["attempt"])


def train(workspace: Workspace, probes: Sequence[Probe], before: Mapping[Key, Row]) -> None:
    """Train these probes."""
    with _runner(workspace, before, len(probes)) as runner:
        runner.train(probes)


def _grow(workspace: Workspace, missing: Sequence[Probe], before: Mapping[Key, Row]) -> Workspace:
    """Train what is missing and what an adaptive design chooses; the workspace as it grows."""
    study = workspace.study
    with _runner(workspace, before, len(missing) + study.open_probes) as runner:
        searcher = run_adaptive(runner, missing, workspace.distances())
    if searcher.ended is not None:
        chosen = len(searcher.study.mixtures) - len(study.mixtures)
        headline("design", f"{chosen} mixtures chosen; {searcher.ended.reason}")
    return replace(workspace, study=searcher.study)


@contextmanager
def _runner(workspace: Workspace, before: Mapping[Key, Row], total: int) -> Iterator[ProbeRunner]:
    """A runner that shows and logs its progress, and ends the run if the lease was lost."""
    study = lacking(workspace)
    pilots, validations = workspace.training_samples()
    logs = study.config.probes.tensorboard
    metrics = [one.goal for one in study.each]
    log = logging_to(logs, study.names, metrics) if logs is not None else None
    workspace.pilots.release()
    with probe_progress(total) as show:
        first: list[Row] = []

        def finished(outcome: Outcome) -> None:
            show(outcome)
            if len(first) < FIRST_PROBES:
                first.append(outcome.row())
                if len(first) == FIRST_PROBES < total:
                    show_findings(workspace, first)
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


def failures(workspace: Workspace) -> None:
    """Show the whole traceback of every failed probe, once for all that share it."""
    rows, sharing = workspace.probes(), defaultdict(list)
    for probe in workspace.study.wanted_probes():
        if probe.key in rows and rows[probe.key]["status"] == "failed":
            sharing[rows[probe.key]["error"].rstrip()].append(probe.label)
    for error, labels in sharing.items():
        headline("failed", f"{' '.join(labels)}\n{escape(error)}\n", wrap=False)
    says = f"{sum(map(len, sharing.values()))} failed, of {len(sharing)} causes"
    headline("failures", says if sharing else "none")


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
    asked, learner = study.config.probes, build_learner(study.config.learner)
    with cpu_threads(asked.threads):
        outcome = train_probe(
            by_label[label], pilots, validations, learner, replacement=asked.replacement
        )
    names = [f" on {one.set_name}" if one.set_name else "" for one in study.each]
    for place, (on, rows) in enumerate(zip(names, workspace.probes_of_each(), strict=True)):
        found = {"replay": outcome.row(place), "ledger": rows.get(by_label[label].key)}
        for where, row in found.items():
            if row is not None:
                headline(where, f"{label}{on}: {row['error'] or repr(row['value'])}")
    return outcome


def main(arguments: argparse.Namespace) -> int:
    config = read_study(arguments.study)
    out, alone = output_of(config, arguments.out), arguments.replay is not None
    appends = not (alone or arguments.failures)
    with opened(config, out, arguments.address, appends=appends) as workspace:
        if alone:
            return int(replay(workspace, arguments.replay).status == "failed")
        if arguments.failures:
            failures(workspace)
            return 0
        workspace.check_resources()
        probe(workspace, retry_failed=arguments.retry_failed)
    return 0


if __name__ == "__main__":
    options = parser("probe", "Train the probes that a study's ledger lacks.")
    does = options.add_mutually_exclusive_group()
    does.add_argument("--retry-failed", action="store_true", help="train failed probes again")
    does.add_argument("--failures", action="store_true", help="show why probes failed")
    does.add_argument("--replay", metavar="ID", help="repeat one probe: MIXTURE_ID:SIZE:SEED")
    run(main, options)
