"""The report of a study: one HTML page of what its folder holds, and the plan; nothing is trained.

python -m jobs.report STUDY.yaml
"""

import argparse

from jobs.cards import add_plan, cards
from jobs.fit import fit
from jobs.options import load, output_of, parser, run
from jobs.select_mixture import leave_out, select_mixture
from jobs.workspace import Workspace, opened
from projektor_ray.report import page
from projektor_ray.report.from_study import report_of_study
from projektor_ray.terminal import headline

PAGE = "report.html"


def report(workspace: Workspace) -> None:
    """Fit and select from what the ledgers hold, and write the page."""
    drawn = cards(workspace)
    fits = fit(workspace)
    plans = select_mixture(workspace, fits)
    without = leave_out(workspace, fits, plans.selected)
    drawn = add_plan(workspace, drawn, plans.selected, without)
    told = report_of_study(workspace.study, fits, plans, without, drawn)
    workspace.folder.write(PAGE, page(told).encode())
    headline("report", f"{workspace.folder.uri}/{PAGE}")


def main(arguments: argparse.Namespace) -> int:
    config = load(arguments.study)
    with opened(config, output_of(config, arguments.out), arguments.address) as workspace:
        report(workspace)
    return 0


if __name__ == "__main__":
    run(main, parser("report", "Write one page that shows a study's fit, projection and plan."))
