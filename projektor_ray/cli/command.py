"""What all command lines share: typer, `--version`, and how a command ends."""

import functools
import gc
import sys
from collections.abc import Callable
from io import TextIOWrapper
from typing import Annotated, Any, NoReturn, ParamSpec

import typer
from typer.core import TyperGroup

from projektor_ray import __version__
from projektor_ray.cli import screen
from projektor_ray.cli.signals import INTERRUPTED, TERMINATED, end_process, ending, status_of
from projektor_ray.errors import ProjektorError, UnfinishedError

P = ParamSpec("P")

MISTAKE, UNFINISHED = 2, 3
IMPORTED_OBJECTS = 200_000
"""New objects after which Python looks for cycles among them: imports create many, and free few."""


def _show_version(wanted: bool) -> None:
    if wanted:
        screen.statement(f"projektor-ray {__version__}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
]


class WholeSummaries(TyperGroup):
    """A group whose help shows the first sentence of each command whole, not cut with `...`."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        command = super().get_command(ctx, cmd_name)
        if command is not None and command.help and not command.short_help:
            command.short_help = " ".join(command.help.split("\n\n")[0].split())
        return command


def command_line(summary: str, *, completion: bool = False) -> typer.Typer:
    """A command line without commands."""
    return typer.Typer(
        cls=WholeSummaries,
        help=summary,
        no_args_is_help=True,
        add_completion=completion,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )


def guarded(command: Callable[P, int | None]) -> Callable[P, None]:
    """A command that ends in words: a user's mistake with one message and status 2, a run whose
    probes are not all there with status 3, Ctrl-C with 130, SIGTERM with 143, else with the status
    that it returns.
    """

    @functools.wraps(command)
    def run(*given: P.args, **named: P.kwargs) -> None:
        try:
            status = command(*given, **named)
        except ProjektorError as failure:
            screen.error(str(failure))
            status = UNFINISHED if isinstance(failure, UnfinishedError) else MISTAKE
        except (KeyboardInterrupt, SystemExit) as stop:
            status = status_of(stop)
            if status is None:
                raise
            screen.status("Stopped", ending())
        if status:
            raise typer.Exit(status)

    return run


def run(app: typer.Typer, name: str) -> NoReturn:
    """Run a command line; what the terminal cannot show is replaced."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    gc.set_threshold(IMPORTED_OBJECTS)
    try:
        app(prog_name=name)
    except SystemExit as ended:
        if ended.code in (UNFINISHED, INTERRUPTED, TERMINATED):
            end_process(ended.code)
        raise
    finally:
        gc.freeze()  # the interpreter's end would visit every object of every module, for a second
    sys.exit(0)
