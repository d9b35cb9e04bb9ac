"""The entry of every job: Ctrl-C and SIGTERM end it quietly from its first moment."""

from typing import NoReturn

from projektor_ray.cli.signals import SERVED, STOPPED, stop_at_once


def main(job: str) -> NoReturn:
    """Run the command line of a job, whose imports are slow."""
    stop_at_once(SERVED if job == "serve" else STOPPED)
    from jobs.command_line import main as run

    run(job)
