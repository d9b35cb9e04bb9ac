"""How long one waits: the stages of a study, the same study again, and a finished study's answers.

python -m benchmarks.waiting

The digits study (140 probes) runs as a process of its own, on a Ray of its own; a stage ends where
the next one's first line is shown. Then the same command again, with nothing to train. Then the
finished study is opened in this process, and so are studies of 20 and of 1,000 providers whose
metrics are made up. Ratios are to the time of `import torch` in a fresh process of the same run.
Writes `benchmarks/results/waiting.md`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.commit import commit_line
from benchmarks.outcomes import RESULTS
from benchmarks.service import merged
from projektor_ray.explain.from_study import results_of_plans
from projektor_ray.report import render_page
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import Ledger
from projektor_ray.study import FittedStudy, open_study
from projektor_ray.study.fitting import fit_study, join_ledgers
from tests.helpers.studies import VALUES, resolved, samples
from tests.helpers.study_folders import write_study

STUDY = "examples/digits.yaml"
STAGES = (
    ("imports", "Ray: starting"),
    ("Ray", "Pilots: reading"),
    ("reading the pilots", "Data: "),
    ("distances", "Distances: 35 "),
    ("provider profiles", "Provider profiles"),
    ("probes", "Probes: 140 ("),
    ("fit", "Model: "),
    ("further distances, plan", "Buy "),
    ("page", "Report: "),
    ("end of Ray", None),
)
"""Stages of a first run, and how the line that ends each begins."""
REPEATS = 5
HEAD = """# How long one waits

Written by `python -m benchmarks.waiting` on {cores} cores with a load of {load:.1f} before the run,
one BLAS thread. `import torch` took {torch:.2f} s ({torch_cpu:.2f} CPU seconds); the last column
but one is times that. CPU seconds of whole commands leave out Ray's own processes.
{commit}
| what | seconds | CPU seconds | times `import torch` | limit |
|---|---|---|---|---|"""


@dataclass(frozen=True)
class Shown:
    """A line of a command, and when it was shown."""

    seconds: float
    text: str


@dataclass(frozen=True)
class Waited:
    """Seconds by the clock and of the processor."""

    seconds: float
    cpu: float | None = None


def command(*arguments: str) -> tuple[Waited, list[Shown]]:
    """A command as a process of its own, with what it shows and when."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    before, started = os.times(), time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments],
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout is not None
        lines = [Shown(time.perf_counter() - started, line.strip()) for line in process.stdout]
    whole, after = time.perf_counter() - started, os.times()
    if process.returncode:
        raise SystemExit("\n".join(line.text for line in lines))
    cpu = after.children_user + after.children_system
    return Waited(whole, cpu - before.children_user - before.children_system), lines


def stages(lines: Sequence[Shown], whole: float) -> Iterator[tuple[str, float]]:
    """Seconds of each stage."""
    begun = 0.0
    for name, ending in STAGES:
        at = [one.seconds for one in lines if ending and one.text.startswith(ending)]
        end = whole if ending is None else at[0]
        yield name, end - begun
        begun = end


def longest_silence(lines: Sequence[Shown], whole: float) -> float:
    """Most seconds without a line."""
    return float(np.diff([0.0, *(one.seconds for one in lines), whole]).max())


def measured(function: Callable[[], Any], repeats: int = REPEATS) -> Waited:
    """The median of some calls."""
    clocks = []
    for _ in range(repeats):
        begun, of_processor = time.perf_counter(), time.process_time()
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            function()
        clocks.append((time.perf_counter() - begun, time.process_time() - of_processor))
    return Waited(*np.median(clocks, axis=0).tolist())


def many(folder: Path, providers: int, mixtures: int) -> Path:
    """A finished study of many providers, which count as three."""
    names = [f"provider-{i:04d}" for i in range(providers)]
    values = {**VALUES, "name": f"many-{providers}", "selection": {"size": 300}}
    values["providers"] = [
        {"name": name, "source": {"sklearn": "iris"}, "capacity": 60, "price": 1 + i % 5}
        for i, name in enumerate(names)
    ]
    values["probes"] = {
        "scales": [10, 40],
        "n_mixtures": mixtures,
        "design": "sobol",
        "seeds": 1,
        "replacement": True,
    }
    pilots = {name: samples(seed=i) for i, name in enumerate(names)}
    return write_study(folder / values["name"], resolved(values, pilots), merged)


def fit_again(study: FittedStudy) -> None:
    """Fit all models that the study compares, as its stage does."""
    one = study.study.each[0]
    folder = Folder(study.folder.shown)
    rows = Ledger(folder, "probes").rows(next(iter(study.record.probe_hashes.values())))
    distances = Ledger(folder, "distances").rows(next(iter(study.record.distance_hashes.values())))
    fit_study(one, join_ledgers(one, rows, distances))


def answers(place: Path, limit: float, repeats: int) -> Iterator[tuple[str, Waited, str]]:
    """Opening a finished study, a prediction, and a plan."""
    study = open_study(place)
    count = f"{len(study.providers):,} providers"
    yield f"open a study, {count}", measured(lambda: open_study(place), repeats), "1"
    even = np.full(len(study.providers), 1 / len(study.providers))
    size = max(study.scales)
    study.predict(even, size)
    yield f"predict, {count}", measured(lambda: study.predict(even, 2 * size), repeats), "0.005"
    plan = measured(lambda: study.select(size=3 * size), repeats)
    yield f"select a plan and its baselines, {count}", plan, f"{limit:g}"


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    load = os.getloadavg()[0]
    torch = min((command("-c", "import torch")[0] for _ in range(3)), key=lambda one: one.seconds)
    rows: list[tuple[str, Waited, str]] = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "digits"
        job = ("-m", "jobs.study", STUDY, "--out", str(place))
        whole, lines = command(*job)
        limits = {"probes": "", "fit": "1", "page": "3"}
        rows.append(("first line of a study", Waited(lines[0].seconds), "1"))
        rows += [
            (f"- {name}", Waited(s), limits.get(name, ""))
            for name, s in stages(lines, whole.seconds)
        ]
        rows.append(
            ("longest time without a line", Waited(longest_silence(lines, whole.seconds)), "3")
        )
        rows.append(("the study in all", whole, "20"))
        again, lines = command(*job)
        assert not any(one.text.startswith("Ray") for one in lines), "no Ray is started"
        rows.append(("again, nothing to train, without Ray", again, "5"))
        check, _ = command(*job, "--check")
        rows.append(("again with --check", check, ""))
        study = open_study(place)
        rows.append(("fit all models to 140 probes", measured(lambda: fit_again(study)), "1"))
        plans = study.select()
        results = results_of_plans(study, plans)
        rows.append(("the page from results, no fit", measured(lambda: render_page(results)), "3"))
        rows += answers(place, 0.5, REPEATS)
        rows += answers(many(Path(folder), 20, 60), 0.5, REPEATS)
        rows += answers(many(Path(folder), 1000, 100), 10, 1)
    head = HEAD.format(
        commit=commit_line(),
        cores=os.cpu_count(),
        load=load,
        torch=torch.seconds,
        torch_cpu=torch.cpu or 0.0,
    )
    text = "\n".join([head, *(row(*one, torch.seconds) for one in rows), ""])
    (RESULTS / "waiting.md").write_text(text, encoding="utf-8")
    print(text)


def row(name: str, waited: Waited, limit: str, torch: float) -> str:
    digits = 4 if waited.seconds < 0.1 else 2
    cpu = "" if waited.cpu is None else f"{waited.cpu:.{digits}f}"
    ratio = waited.seconds / torch
    return f"| {name} | {waited.seconds:.{digits}f} | {cpu} | {ratio:.{digits}f} | {limit} |"


if __name__ == "__main__":
    main()
