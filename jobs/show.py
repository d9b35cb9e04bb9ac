"""What a person sees of probes as they are trained."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from projektor_ray.cli.terminal import console, headline
from projektor_ray.probes.faults import last_line
from projektor_ray.probes.train_probe import Outcome


@contextmanager
def probe_progress(total: int) -> Iterator[Callable[[Outcome], None]]:
    """A bar on a terminal, a line for each probe in a log; takes each finished probe."""
    started, done, failed = time.perf_counter(), 0, 0
    bar = Progress(
        TextColumn("[bold cyan]probes   [/]"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
    task = bar.add_task("probes", total=total, rate="")

    def finished(outcome: Outcome) -> None:
        nonlocal done, failed
        done += 1
        failed += outcome.status == "failed"
        elapsed = time.perf_counter() - started
        rate = f"{done / elapsed:.2g}/s" + (f", {failed} failed" if failed else "")
        bar.update(task, completed=done, rate=rate)
        if not console.is_terminal:
            left = timedelta(seconds=round(elapsed / done * (total - done)))
            says = f"{done}/{total} {escape(became(outcome))}; {rate}, {left} left"
            headline("probes", says, wrap=False)

    with bar:
        yield finished


def became(outcome: Outcome) -> str:
    """What became of one probe, in a line; of several validation sets the metric on each."""
    probe, took = outcome.probe, f"{outcome.seconds:.1f} s"
    if outcome.status == "failed":
        return f"{probe.label} failed after {took}: {last_line(outcome.error)}"
    values = ", ".join(f"{value:.4g}" for value in outcome.values)
    return f"{probe.label} {probe.metric} {values} in {took}"
