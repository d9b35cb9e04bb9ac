"""The report of a study: one HTML page of what its folder holds, and the plan; nothing is trained.

python -m jobs.report STUDY.yaml

jobs.study writes the page too. Where nothing was added to the folder since, it is not made again.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from jobs.fit import fit
from jobs.options import output_of, parser, run
from jobs.profiles import Profiles, add_plan, profiles
from jobs.select_mixture import leave_out, select_mixture
from jobs.workspace import Workspace, opened
from projektor_ray import __version__
from projektor_ray.cli.terminal import console, headline
from projektor_ray.selection import Plan, PurchasePlans
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.hashing import digest
from projektor_ray.storage.schemas import KEYS
from projektor_ray.study import StudyConfig, read_study
from projektor_ray.study.purchasing import SetFit

PAGE = "report.html"


def write_page(
    workspace: Workspace,
    fits: Sequence[SetFit],
    plans: PurchasePlans,
    without: Mapping[str, Plan | None],
    drawn: Profiles,
) -> None:
    """Write the page of fits and plans, with what it was made from."""
    from projektor_ray.explain.from_study import results_of_study
    from projektor_ray.report import render_page

    folder = workspace.folder
    html = render_page(results_of_study(workspace.study, fits, plans, without, drawn))
    made_from = _made_from(workspace.study.config, folder)
    folder.write(PAGE, f"{html}<!-- {made_from} -->\n".encode())


def report(workspace: Workspace) -> None:
    """Fit and select from what the ledgers hold, in silence, and write the page."""
    headline("report", "fits and selects from what the folder holds")
    with _silence():
        drawn = profiles(workspace)
        fits = fit(workspace)
        plans = select_mixture(workspace, fits)
        without = leave_out(workspace, fits, plans.selected)
        drawn = add_plan(workspace, drawn, plans.selected, without)
    write_page(workspace, fits, plans, without, drawn)
    headline("report", f"{workspace.folder.shown}/{PAGE}", wrap=False)


def is_there(config: StudyConfig, folder: Folder) -> bool:
    """Whether the page is of this configuration and of all parts of the folder's ledgers.

    Pilots are not read for it: where they changed, jobs.study finds probes to train.
    """
    try:
        page = folder.read(PAGE)
    except FileNotFoundError:
        return False
    return page.rstrip().endswith(f"<!-- {_made_from(config, folder)} -->".encode())


def _made_from(config: StudyConfig, folder: Folder) -> str:
    """Identity of what a page is made from."""
    parts = [name for ledger in KEYS for name in folder.names(ledger)]
    return digest("page", __version__, config.model_dump_json(), *parts)


@contextmanager
def _silence() -> Iterator[None]:
    """Tables that the study has shown are not shown again."""
    before, console.quiet = console.quiet, True
    try:
        yield
    finally:
        console.quiet = before


def main(arguments: argparse.Namespace) -> int:
    config = read_study(arguments.study)
    out = output_of(config, arguments.out)
    folder = Folder(out)
    if is_there(config, folder):
        says = f"{folder.shown}/{PAGE} is of all that the folder holds; delete it to make it anew"
        headline("report", says, wrap=False)
        return 0
    with opened(config, out, arguments.address) as workspace:
        report(workspace)
    return 0


if __name__ == "__main__":
    run(main, parser("report", "Write one page that shows a study's fit, projection and plan."))
