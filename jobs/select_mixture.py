"""Stage IV: select the mixture to buy, Algorithm 2, and write the purchase plan.

python -m jobs.select_mixture STUDY.yaml
"""

import argparse
from collections.abc import Sequence

from jobs.fit import fit
from jobs.options import output_of, parser, run
from jobs.workspace import Workspace, opened
from projektor_ray.cli import terminal
from projektor_ray.selection import Plan, PurchasePlans, plans_without
from projektor_ray.study import read_study
from projektor_ray.study.purchasing import SetFit, plan_purchases, purchase_problem


def select_mixture(workspace: Workspace, fits: Sequence[SetFit]) -> PurchasePlans:
    """Search the mixture predicted best at the size to buy; writes the table `plans`, and of
    several validation sets `validation_sets`.

    The search starts afresh: a plan is the same whether or not distances were measured before it.
    """
    study = workspace.study
    _reset_distances(workspace)
    plans = plan_purchases(study, fits)
    workspace.write("plans", plans.rows())
    if plans.parts:
        workspace.write("validation_sets", plans.part_rows())
    terminal.plans(plans, study.goal)
    return plans


def leave_out(workspace: Workspace, fits: Sequence[SetFit], plan: Plan) -> dict[str, Plan | None]:
    """The best plan without each provider that a plan buys from, see `plans_without`."""
    _reset_distances(workspace)
    problem = purchase_problem(workspace.study, fits)
    return plans_without(problem, plan, workspace.study.config.selection.request.money)


def _reset_distances(workspace: Workspace) -> None:
    for one in workspace.each:
        one.pilot_distances.reset()


def main(arguments: argparse.Namespace) -> int:
    config = read_study(arguments.study)
    with opened(config, output_of(config, arguments.out), arguments.address) as workspace:
        select_mixture(workspace, fit(workspace))
    return 0


if __name__ == "__main__":
    run(main, parser("select_mixture", "Select the mixture to buy."))
