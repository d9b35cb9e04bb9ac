"""What a person sees on the terminal: progress, the check, the fit, the plan."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from projektor_ray.faults import reason
from projektor_ray.tables import Row

console = Console(highlight=False)


def headline(stage: str, says: str, *, wrap: bool = True) -> None:
    """One line as a stage begins or ends, broken at the console's width unless told not to."""
    console.print(f"[bold cyan]{stage:<9}[/] {says}", soft_wrap=not wrap)


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
    return f"{label} {row['metric']} {number(row['value'])} in {row['seconds']:.1f} s"


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table: the first column left, all others right-aligned."""
    shown = Table(header_style="dim", box=box.SIMPLE_HEAD, pad_edge=False)
    for position, column in enumerate(columns):
        shown.add_column(column, justify="left" if position == 0 else "right", no_wrap=True)
    for row in rows:
        shown.add_row(*row)
    console.print(f"\n[bold]{title}[/]")
    console.print(shown)


def number(value: float | None, digits: int = 4) -> str:
    return "–" if value is None else f"{value:.{digits}g}"
