"""Stage IV: select the mixture to buy, and write the purchase plan.

python -m jobs.select_mixture STUDY.yaml
"""

if __name__ == "__main__":
    from jobs.entry import main

    main("select_mixture")

from collections.abc import Sequence

from jobs.study_tables import StudyTables
from projektor_ray.selection import Plan, PurchasePlans, plans_without
from projektor_ray.study.purchasing import SetFit, plan_purchases, purchase_problem


def select_mixture(tables: StudyTables, fits: Sequence[SetFit]) -> PurchasePlans:
    """Search the mixture predicted best at the size to buy; writes the table `plans`, and of
    several validation sets `validation_sets`.

    The search starts afresh: a plan is the same whether or not distances were measured before it.
    """
    study = tables.study
    tables.reset_distances()
    plans = plan_purchases(study, fits)
    tables.write("plans", plans.rows())
    if plans.parts:
        tables.write("validation_sets", plans.part_rows())
    return plans


def leave_out(tables: StudyTables, fits: Sequence[SetFit], plan: Plan) -> dict[str, Plan | None]:
    """The best plan without each provider that a plan buys from, see `plans_without`."""
    tables.reset_distances()
    problem = purchase_problem(tables.study, fits)
    return plans_without(problem, plan, tables.study.config.selection.request.money)
