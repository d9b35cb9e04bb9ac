"""What all jobs share on their command lines, and how they end on a user's mistake."""

import argparse
import logging
import sys
from collections.abc import Callable
from pathlib import Path

from rich.logging import RichHandler
from rich.markup import escape

from projektor_ray.cli.terminal import console
from projektor_ray.errors import ProjektorError
from projektor_ray.study import StudyConfig

OURS = ("projektor_ray", "actors", "jobs")
"""Whose warnings are shown without being asked for."""


def parser(module: str, does: str) -> argparse.ArgumentParser:
    """A parser with the study file, the output folder and the address."""
    options = argparse.ArgumentParser(prog=f"python -m jobs.{module}", description=does)
    options.add_argument("study", help="the study's YAML file")
    options.add_argument(
        "--out", help="folder or URI (s3://…) of the study's tables; default: out/NAME"
    )
    options.add_argument(
        "--address", help="a Ray cluster; default: RAY_ADDRESS, else a local Ray for this job"
    )
    options.add_argument("--verbose", action="store_true", help="log what the rooms say")
    return options


def output_of(config: StudyConfig, out: str | None) -> str:
    """Where a study's tables go: what was asked for, else out/NAME."""
    return out or str(Path("out") / config.name)


def run(main: Callable[[argparse.Namespace], int], options: argparse.ArgumentParser) -> None:
    """Run a job's main; a user's mistake ends it with one clear message and status 2."""
    arguments = options.parse_args()
    logging.basicConfig(
        level=logging.INFO if arguments.verbose else logging.ERROR,
        format="%(message)s",
        handlers=[RichHandler(console=console, show_path=False)],
    )
    for room in OURS:
        logging.getLogger(room).setLevel(logging.INFO if arguments.verbose else logging.WARNING)
    try:
        status = main(arguments)
    except ProjektorError as error:
        console.print(f"[bold red]Cannot go on:[/] {escape(str(error))}", highlight=False)
        sys.exit(2)
    except (KeyboardInterrupt, SystemExit) as stopped:  # Ray's driver exits on SIGTERM
        console.print("\n[bold]Stopped.[/] What was finished is kept; the same command goes on.")
        sys.exit(130 if isinstance(stopped, KeyboardInterrupt) else stopped.code)
    sys.exit(status)
