"""Stage IV: select the mixture to buy, and write the purchase plan.

python -m jobs.select_mixture STUDY.yaml
"""

if __name__ == "__main__":
    from jobs.entry import main

    main("select_mixture")

from collections.abc import Sequence

from jobs.workspace import Workspace
from projektor_ray.selection import Plan, PurchasePlans, plans_without
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
    return plans


def leave_out(workspace: Workspace, fits: Sequence[SetFit], plan: Plan) -> dict[str, Plan | None]:
    """The best plan without each provider that a plan buys from, see `plans_without`."""
    _reset_distances(workspace)
    problem = purchase_problem(workspace.study, fits)
    return plans_without(problem, plan, workspace.study.config.selection.request.money)


def _reset_distances(workspace: Workspace) -> None:
    for one in workspace.each:
        one.pilot_distances.reset()
