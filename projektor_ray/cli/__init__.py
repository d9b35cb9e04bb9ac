"""The command `projektor`, and what every command line shares."""

from projektor_ray.cli.signals import NOT_DONE, stop_at_once


def main() -> None:
    """Run the command `projektor`, which Ctrl-C ends quietly from its first moment."""
    stop_at_once(NOT_DONE)
    from projektor_ray.cli.app import main as run

    run()
