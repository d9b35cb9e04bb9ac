"""The report of a study: one HTML page of what its folder holds, and the plan; nothing is trained.

python -m jobs.report STUDY.yaml

jobs.study writes the page too. Where nothing was added to the folder since, it is not made again.
"""

if __name__ == "__main__":
    from jobs.entry import main

    main("report")

import numpy as np

from jobs.fit import fit
from jobs.measure import measure_mixtures
from jobs.profiles import Profiles, add_plan, profiles
from jobs.select_mixture import leave_out, select_mixture
from jobs.workspace import Workspace, opened
from projektor_ray import __version__
from projektor_ray.cli.screen import status
from projektor_ray.explain.from_study import results_of_study
from projektor_ray.explain.results import Results
from projektor_ray.report import render_page
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.hashing import digest
from projektor_ray.storage.schemas import KEYS
from projektor_ray.study import StudyConfig

PAGE = "report.html"


def write_report(config: StudyConfig, out: str, address: str | None) -> None:
    """Write the page of a study's folder, unless it is there."""
    folder = Folder(out)
    if is_there(config, folder):
        status("Report", f"{folder.shown}/{PAGE} is up to date (delete it to write it again)")
        return
    with opened(config, out, address) as workspace:
        write_page(workspace, conclude(workspace, profiles(workspace), figures=True))


def conclude(workspace: Workspace, drawn: Profiles, *, figures: bool) -> Results:
    """Fit, select, and collect the results, from what the ledgers hold; writes the tables.

    Parameters
    ----------
    figures : whether figures will be drawn of the results.
    """
    fits = fit(workspace)
    plans = select_mixture(workspace, fits)
    if workspace.lease is not None:
        measure_mixtures(workspace, np.array([plan.mixture for plan in plans.every]))
    without = leave_out(workspace, fits, plans.selected)
    planned = add_plan(workspace, drawn, plans.selected, without)
    return results_of_study(workspace.study, fits, plans, without, planned, figures=figures)


def write_page(workspace: Workspace, results: Results) -> None:
    """Write the page, with what it was made from."""
    folder = workspace.folder
    made_from = _made_from(workspace.study.config, folder)
    folder.write(PAGE, f"{render_page(results)}<!-- {made_from} -->\n".encode())
    status("Report", f"{folder.shown}/{PAGE}")


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
