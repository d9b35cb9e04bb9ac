"""Selection: what to buy, numbers only.

`select` is Algorithm 2: the plan predicted best at a given size. `buy` answers any
`PurchaseRequest` to a `PurchaseProblem` and compares the plan with baselines. Sentences about
plans are in `explain`.
"""

from projektor_ray.selection.aggregation import aggregate, aggregation
from projektor_ray.selection.algorithm_2 import select
from projektor_ray.selection.comparison import PurchasePlans
from projektor_ray.selection.objective import Direction, ProjectedObjective
from projektor_ray.selection.plan import Plan
from projektor_ray.selection.provider import Provider, Terms
from projektor_ray.selection.purchase import PurchaseRequest, buy
from projektor_ray.selection.purchase_problem import PurchaseProblem

__all__ = [
    "Direction",
    "Plan",
    "ProjectedObjective",
    "Provider",
    "PurchasePlans",
    "PurchaseProblem",
    "PurchaseRequest",
    "Terms",
    "aggregate",
    "aggregation",
    "buy",
    "select",
]
