"""The report of a study: one HTML page of what its folder holds, and the plan; nothing is trained.

python -m jobs.report STUDY.yaml

jobs.study writes the page too. Where nothing was added to the folder since, it is not made again.
"""

if __name__ == "__main__":
    from jobs.entry import main

    main("report")

from collections.abc import Sequence
from dataclasses import replace

from jobs.fit import fit_models, write_fits
from jobs.profile_tables import Profiles, add_plan, known_thumbnails
from jobs.select_mixture import select_mixture
from jobs.study_tables import StudyTables
from projektor_ray import __version__
from projektor_ray.cli.screen import status
from projektor_ray.explain.from_study import results_of_study
from projektor_ray.explain.results import Results
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.hashing import digest
from projektor_ray.storage.schemas import KEYS
from projektor_ray.study import StudyConfig
from projektor_ray.study.purchasing import SetFit

PAGE = "report.html"


def update_report(config: StudyConfig, out: str, address: str | None) -> None:
    """Write the page of a study's folder, unless it is there and up to date."""
    folder = Folder(out)
    if is_there(config, folder):
        status("Report", f"{folder.shown}/{PAGE} is up to date (delete it to write it again)")
        return
    from jobs.profiles import profiles
    from jobs.workspace import opened

    with opened(config, out, address) as workspace:
        drawn = profiles(workspace)
        results = conclude(workspace, fit_models(workspace), drawn, figures=True)
        write_page(workspace, results)


def conclude(
    tables: StudyTables, fits: Sequence[SetFit], drawn: Profiles, *, figures: bool
) -> Results:
    """Select, and collect the results, from what the ledgers hold; writes the tables.

    Parameters
    ----------
    figures : whether figures will be drawn of the results.
    """
    write_fits(tables, fits)
    plans = select_mixture(tables, fits)
    planned = add_plan(tables, drawn, plans)
    results = results_of_study(tables.study, fits, plans, planned, figures=figures)
    return replace(results, thumbnails=known_thumbnails(tables)) if figures else results


def write_page(tables: StudyTables, results: Results) -> None:
    """Write the page, with what it was made from."""
    from projektor_ray.report import render_page  # which needs a second for its figures

    folder = tables.folder
    made_from = _made_from(tables.study.config, folder)
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
