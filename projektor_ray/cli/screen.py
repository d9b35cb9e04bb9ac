"""The two streams of a command: results on standard output, progress and errors on the other.

Nothing printed here is markup, and nothing holds control characters: `shown` makes every text safe.
"""

import json
import logging
import os
import sys
import textwrap
import time
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.logging import RichHandler
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from projektor_ray.errors import is_invisible, printable, redacted
from projektor_ray.explain.facts import TextTable

UNLIMITED = 10_000
"""Columns of a line that no terminal shows."""
CHOSEN = " ←"


class Screen(Console):
    """A console for plain text, with one empty line around each table and list.

    Attributes
    ----------
    spaced : whether an empty line is due before the next text.
    shown_at : when something was printed last, by the monotonic clock.
    """

    spaced = False
    shown_at = -float("inf")

    def __init__(self, *, stderr: bool) -> None:
        super().__init__(stderr=stderr, markup=False, highlight=False, emoji=False)

    def print(self, *objects: Any, **options: Any) -> None:
        self.shown_at = time.monotonic()
        super().print(*objects, **options)

    def on_broken_pipe(self) -> None:
        """Print nothing more where nobody reads on, as behind `| head`; the command goes on."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())

    @property
    def limit(self) -> int:
        """Columns that a line may have: no limit where the output is a file or a pipe."""
        return self.width if self.is_terminal or "COLUMNS" in os.environ else UNLIMITED

    def paragraph(self, content: Any) -> None:
        """A paragraph, broken at the terminal's width."""
        self.space()
        self.print(content, soft_wrap=self.limit == UNLIMITED)

    def print_wide(self, content: Any, width: int) -> None:
        """Print what needs a line of a certain width, which may be more than the screen has."""
        own = self._width
        self.width = max(width, self.width)
        self.print(content)
        self._width = own

    def space(self) -> None:
        """The empty line that is due."""
        if self.spaced:
            self.spaced = False
            self.print()


results, messages = Screen(stderr=False), Screen(stderr=True)


def shown_at() -> float:
    """When something was shown last on either stream, by the monotonic clock."""
    return max(results.shown_at, messages.shown_at)


def results_to_stderr() -> None:
    """Leave standard output to `print_json`: show results where messages go."""
    results.stderr = True


def safe(text: str, *, lines: bool = True) -> str:
    """A text from anywhere without control characters and without credentials of URIs."""
    return redacted(printable(text, lines=lines))


def shown(text: str, style: str = "", *, lines: bool = True) -> Text:
    """A text from anywhere, safe to be printed."""
    return Text(safe(text, lines=lines), style)


def status(label: str, text: str) -> None:
    """What is done now, or has been done: `Probes: 140 (0 reused, 140 trained, 0 failed)`."""
    messages.paragraph(Text.assemble(shown(f"{label}: ", "bold cyan"), shown(text)))


def error(text: str) -> None:
    """Why the command ends."""
    messages.paragraph(Text.assemble(("Error: ", "bold red"), shown(text)))


def statement(text: str) -> None:
    """A sentence about the result."""
    results.paragraph(shown(text))


def bullets(title: str, sentences: Iterable[str]) -> None:
    """Sentences as a list below a title; nothing where there are none."""
    marked = [shown(sentence) for sentence in sentences]
    if not marked:
        return
    results.spaced = True
    results.paragraph(shown(title, "bold"))
    for sentence in marked:
        grid = Table.grid(padding=(0, 1))
        grid.add_row("-", sentence)
        results.paragraph(grid if results.limit < UNLIMITED else Text.assemble("- ", sentence))
    results.spaced = True


def table(content: TextTable) -> None:
    """A table as wide as its numbers; a terminal that is too narrow does without the columns that
    the table can spare.
    """
    results.spaced = True
    results.paragraph(shown(content.title, "bold"))
    headings = list(content.headings)
    spared = [name for name in reversed(headings) if name in content.optional]
    drawn, width = _drawn(content, headings)
    while width > results.limit and spared:
        headings.remove(spared.pop(0))
        drawn, width = _drawn(content, headings)
    if width > results.limit:
        drawn, width = _drawn(content, headings, fold=True)
    results.print()
    results.print_wide(drawn, width)
    if content.caption:
        results.print()
        results.print(shown(content.caption, "dim"), soft_wrap=results.limit == UNLIMITED)
    results.spaced = True


def _drawn(
    content: TextTable, headings: Sequence[str], *, fold: bool = False
) -> tuple[Padding, int]:
    """The table with these columns, and the columns of a line that it needs.

    Parameters
    ----------
    fold : whether names in the first column may go on in a further line.
    """
    inner = Table(
        header_style="dim",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        padding=(0, 1, 0, 0),
    )
    places = [content.headings.index(name) for name in headings]
    chosen = content.chosen or (False,) * len(content.rows)
    for place in places:
        cells = [safe(row[place], lines=False) for row in content.rows]
        name = content.headings[place]
        left = place == 0 or name in content.left
        justify: Literal["left", "right"] = "left" if left else "right"
        needed = max([*map(cell_len, cells), *map(cell_len, name.split())], default=1)
        heading = textwrap.fill(name, needed, break_long_words=False)
        wraps = name in content.left or (fold and place == 0)
        inner.add_column(
            shown(heading),
            justify=justify,
            no_wrap=not wraps,
            min_width=None if wraps else needed,
            overflow="fold",
        )
    for row, mark in zip(content.rows, chosen, strict=True):
        cells = [safe(row[place], lines=False) for place in places]
        if mark and cells[0] != "selected":
            cells[0] += CHOSEN
        inner.add_row(*map(Text, cells), style="bold" if mark else None)
    padded = Padding(inner, (0, 1, 0, 1), expand=False)
    narrow = Measurement.get(results, results.options.update(width=UNLIMITED), padded)
    return padded, narrow.minimum if results.limit < UNLIMITED else narrow.maximum


class _Printable(logging.Formatter):
    """Makes log records safe to be printed, with the tracebacks that they hold."""

    def format(self, record: logging.LogRecord) -> str:
        return safe(super().format(record))


def log_handler(*, verbose: bool) -> logging.Handler:
    """Shows log records among the messages; `verbose`: with their time."""
    handler = RichHandler(console=messages, show_path=False, show_time=verbose)
    handler.setFormatter(_Printable("%(message)s"))
    return handler


def show_log(loggers: Sequence[str], *, verbose: bool) -> None:
    """Show log records among the messages: warnings of these loggers; `verbose`: all of anybody."""
    root, handler = logging.getLogger(), log_handler(verbose=verbose)
    if not root.handlers:
        root.addHandler(handler)
        root.setLevel(logging.INFO if verbose else logging.ERROR)
    for name in loggers:
        logging.getLogger(name).setLevel(logging.INFO if verbose else logging.WARNING)


def print_json(values: Any) -> None:
    """Values as JSON on standard output; characters that cannot be seen as escapes."""
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)
    for letter in filter(is_invisible, set(text) - {"\n"}):
        text = text.replace(letter, json.dumps(letter)[1:-1])
    sys.stdout.write(f"{text}\n")
