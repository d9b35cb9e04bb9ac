"""Stage IV: select the mixture to buy, Algorithm 2, and write the purchase plan.

python -m jobs.select_mixture STUDY.yaml
"""

import argparse

from actors.transport import PilotDistances
from jobs.fit import fit
from jobs.options import load, output_of, parser, run
from jobs.workspace import Workspace, opened
from projektor_ray import terminal
from projektor_ray.analysis import Observations
from projektor_ray.fitting import Fit
from projektor_ray.planning import market_of, plan_purchases
from projektor_ray.selection import Plan, PurchasePlans, plans_without
from projektor_ray.tables import make_table


def select_mixture(
    workspace: Workspace, fitted: Fit, seen: Observations, distances: PilotDistances
) -> PurchasePlans:
    """Search the mixture predicted best at the size to buy; writes the table `plans`.

    The search starts afresh: a plan is the same whether or not distances were measured before it.
    """
    study = workspace.study
    distances.forget()
    plans = plan_purchases(study, fitted, seen, distances)
    workspace.folder.write_table("plans", make_table("plans", plans.rows(), study.results_stamp))
    terminal.plans(plans, study.config.metric)
    return plans


def leave_out(
    workspace: Workspace,
    fitted: Fit,
    seen: Observations,
    distances: PilotDistances,
    plan: Plan,
) -> dict[str, Plan | None]:
    """The best plan without each provider that a plan buys from, see `plans_without`."""
    distances.forget()
    market = market_of(workspace.study, fitted, seen, distances)
    return plans_without(market, plan, workspace.study.config.selection.request.money)


def main(arguments: argparse.Namespace) -> int:
    config = load(arguments.study)
    with opened(config, output_of(config, arguments.out), arguments.address) as workspace:
        fitted, seen = fit(workspace)
        distances = PilotDistances(workspace.pilots, workspace.study)
        select_mixture(workspace, fitted, seen, distances)
    return 0


if __name__ == "__main__":
    run(main, parser("select_mixture", "Select the mixture to buy."))
