"""The progress of probes: a bar on a terminal, else lines at each tenth and after pauses."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from projektor_ray.cli import screen
from projektor_ray.cli.heartbeat import doing
from projektor_ray.probes.train_probe import Outcome

LINES = 10
STARTING = "starting workers"
"""What is shown until the first training ends: workers import the learner's packages."""


@contextmanager
def probe_progress(total: int) -> Iterator[Callable[[Outcome], None]]:
    """Show the progress of so many probes; takes each finished one."""
    started, done, failed = time.perf_counter(), 0, 0
    on_terminal = screen.messages.is_terminal
    bar = Progress(
        TextColumn("[bold cyan]Probes:"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=screen.messages,
        disable=not on_terminal,
        transient=True,
    )
    task = bar.add_task("probes", total=total, rate=STARTING)

    def finished(outcome: Outcome) -> None:
        nonlocal done, failed
        done += 1
        failed += outcome.status == "failed"
        elapsed = time.perf_counter() - started
        rate = f"{done / elapsed:.2g}/s" + (f", {failed:,} failed" if failed else "")
        bar.update(task, completed=done, rate=rate)
        if not on_terminal and done * LINES // total > (done - 1) * LINES // total:
            left = timedelta(seconds=round(elapsed / done * (total - done)))
            screen.status("Probes", f"{done:,} of {total:,} ({rate}, {left} left)")

    def now() -> str:
        return f"{done:,} of {total:,}" + ("" if done else f", {STARTING}")

    with bar, nullcontext() if on_terminal else doing("Probes", now):
        bar.refresh()
        yield finished
