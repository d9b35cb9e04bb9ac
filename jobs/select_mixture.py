"""Stage IV: select the mixture to buy, Algorithm 2, and write the purchase plan.

python -m jobs.select_mixture STUDY.yaml
"""

import argparse

from actors.transport import PilotDistances
from jobs.fit import fit
from jobs.options import load, output_of, parser, run
from jobs.show import headline, interval, money, table
from jobs.workspace import Workspace, opened
from projektor_ray.analysis import Observations
from projektor_ray.fitting import Fit
from projektor_ray.planning import PurchasePlans, plan_purchases
from projektor_ray.selection.compared import plan_rows
from projektor_ray.study import Study
from projektor_ray.tables import make_table

SHOWN_AS = {"single": "best single provider", "probe": "best probe"}


def select_mixture(
    workspace: Workspace, fitted: Fit, seen: Observations, distances: PilotDistances
) -> PurchasePlans:
    """Search the mixture predicted best at the size to buy; writes the table `plans`.

    The search starts afresh: a plan is the same whether or not distances were measured before it.
    """
    study = workspace.study
    distances.forget()
    plans = plan_purchases(study, fitted, seen, distances)
    rows = plan_rows(plans.plans)
    workspace.folder.write_table("plans", make_table("plans", rows, study.results_stamp))
    _show(study, plans)
    return plans


def _show(study: Study, plans: PurchasePlans) -> None:
    best = plans.selected
    rows = [
        [
            provider.name,
            f"{share:.1%}",
            f"{samples:,}",
            "–" if provider.capacity is None else f"{provider.capacity:,}",
            money(price),
            money(cost),
            f"{value / 10:+.4f}",
        ]
        for provider, share, samples, price, cost, value in zip(
            study.providers,
            best.mixture,
            best.samples,
            best.prices,
            best.costs,
            best.marginal_value,
            strict=True,
        )
    ]
    size = study.config.selection.size
    columns = ["provider", "share", "samples", "of", "price", "cost", "100 more"]
    table(f"Buy {size:,} samples for {money(best.cost)}", columns, rows)
    rows = [
        [
            SHOWN_AS.get(name, name),
            f"{plan.predicted:.3f}",
            interval(plan.interval),
            money(plan.cost),
            " ".join(f"{count}" for count in plan.samples),
        ]
        for name, plan in plans.plans.items()
    ]
    columns = ["plan", study.config.metric, "90 % interval", "cost", "samples"]
    table("Beside other plans that keep the same constraints", columns, rows)
    headline(
        "select",
        f"{best.search}; “100 more” is what 100 more samples of a provider would add to "
        f"{study.config.metric}",
    )


def main(arguments: argparse.Namespace) -> int:
    config = load(arguments.study)
    with opened(config, output_of(config, arguments.out), arguments.address) as workspace:
        fitted, seen = fit(workspace)
        distances = PilotDistances(workspace.pilots, workspace.study)
        select_mixture(workspace, fitted, seen, distances)
    return 0


if __name__ == "__main__":
    run(main, parser("select_mixture", "Select the mixture to buy."))
