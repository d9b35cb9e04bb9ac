"""Stage IV: select the mixture to buy, and write the purchase plan.

python -m jobs.select_mixture STUDY.yaml
"""

if __name__ == "__main__":
    from jobs.entry import main

    main("select_mixture")

from collections.abc import Sequence

from jobs.study_tables import StudyTables
from projektor_ray.selection import PurchasePlans
from projektor_ray.study.purchasing import SetFit, plan_purchases


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
