"""What a person sees of probes as they are trained."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from projektor_ray.faults import reason
from projektor_ray.tables import Row
from projektor_ray.terminal import console, headline


@contextmanager
def probe_progress(total: int) -> Iterator[Callable[[Row], None]]:
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

    def finished(row: Row) -> None:
        nonlocal done, failed
        done += 1
        failed += row["status"] == "failed"
        elapsed = time.perf_counter() - started
        rate = f"{done / elapsed:.2g}/s" + (f", {failed} failed" if failed else "")
        bar.update(task, completed=done, rate=rate)
        if not console.is_terminal:
            left = timedelta(seconds=round(elapsed / done * (total - done)))
            says = f"{done}/{total} {escape(became(row))}; {rate}, {left} left"
            headline("probes", says, wrap=False)

    with bar:
        yield finished


def became(row: Row) -> str:
    """What became of one probe, in a line."""
    label = f"{row['mixture_id']}:{row['size']}:{row['seed']}"
    if row["status"] == "failed":
        return f"{label} failed after {row['seconds']:.1f} s: {reason(row['error'])}"
    return f"{label} {row['metric']} {row['value']:.4g} in {row['seconds']:.1f} s"
