"""Selection over the size as well: at a budget, to reach a target, and value against money."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from projektor_ray.errors import InfeasibleError, InputError
from projektor_ray.selection.baselines import single_mixtures
from projektor_ray.selection.objective import MetricObjective, upward
from projektor_ray.selection.order_sizes import order_intervals, union
from projektor_ray.selection.plan import THOUSAND, Plan
from projektor_ray.selection.purchase_problem import PurchaseProblem
from projektor_ray.selection.shadow_prices import CLOSE, at_open_size
from projektor_ray.storage.array_types import Floats

GRID = 9
"""Sizes at which the search is run in full."""
MONEY_TOLERANCE = 1e-3
PER_CENT = 100.0
LEAST_PER_CENT = 2.0
"""A target from which on it may be in per cent; nearer to 1 a mistake of another kind is likelier.
"""
GOLDEN = (5**0.5 - 1) / 2
MOST_PEAKS = 3
"""Around how many of the sizes that are better than their neighbours the search goes on."""
EQUAL = 1e-3
"""Of the spread of values: what whole samples leave between plans that are equal."""
REMEMBERED = 4
"""Mixtures of how many of the best plans a search at another size or budget starts from."""


@dataclass(frozen=True, eq=False)
class TargetResult:
    """What it takes to reach a target.

    Attributes
    ----------
    target : the metric to reach.
    reached : whether a plan is predicted to reach it.
    plan : the smallest or cheapest plan that does; the best plan there is where none does.
    """

    target: float
    reached: bool
    plan: Plan


def select_under_budget(problem: PurchaseProblem, budget: float | None) -> Plan:
    """The plan predicted best at whatever size: `max over N, p of L̂(N, p)` for the money.

    The search of `select` at nine sizes from the smallest to the largest that may be bought, in
    geometric progression (at every size, where they are few), at the ends of the gaps that minimum
    orders leave, and from these between them, see `_filled`; then golden section between the
    neighbours of each size that is better than they are (of the best three), from the mixtures
    found so far, to 0.2 % of the size. Between neighbours the best value is taken to have one peak.

    Raises
    ------
    InfeasibleError
        If no plan of any size keeps every constraint; names the one that cannot be kept.
    InputError
        As `select`, or if nothing bounds the size.
    """
    return _over_sizes(problem, budget, _scan(problem, budget))


def smallest_reaching(
    problem: PurchaseProblem, target: float, budget: float | None = None
) -> TargetResult:
    """The fewest samples whose best mixture is predicted to reach a target.

    The first of the sizes searched (as `select_under_budget`) that reaches it, then bisection down
    to one sample: exact where the best value crosses the target once between two of them.

    Raises
    ------
    InfeasibleError, InputError
        As `select_under_budget`.
    """
    check_target(target, problem.bounds)
    scanned = _scan(problem, budget)
    reaching = [i for i, plan in enumerate(scanned) if problem.reaches(plan, target)]
    if not reaching:
        best = _over_sizes(problem, budget, scanned)
        if not problem.reaches(best, target):
            return TargetResult(target, False, best)
        scanned = sorted([*scanned, best], key=lambda plan: plan.size)
        reaching = [scanned.index(best)]
    first = reaching[0]
    smallest = scanned[first]
    low = scanned[first - 1].size if first else smallest.size - 1
    while smallest.size - low > 1:
        middle = (low + smallest.size) // 2
        plan = _try(problem, middle, budget, _mixtures(problem, scanned))
        if plan is not None and problem.reaches(plan, target):
            smallest = plan
            scanned.append(plan)
        else:
            low = middle
    return TargetResult(target, True, smallest)


def cheapest_reaching(
    problem: PurchaseProblem, target: float, budget: float | None = None
) -> TargetResult:
    """The least money whose best plan, of any size, is predicted to reach a target.

    The best value grows with the money, because a larger budget forbids nothing; bisection of the
    budget, between the costs of the plans found, down to a thousandth of the cost.

    Raises
    ------
    InfeasibleError, InputError
        As `select_under_budget`.
    """
    check_target(target, problem.bounds)
    best = select_under_budget(problem, budget)
    if not problem.reaches(best, target):
        return TargetResult(target, False, best)
    cheapest, seen = best, [best]
    low = 0.0
    while cheapest.cost - low > MONEY_TOLERANCE * cheapest.cost:
        middle = (low + cheapest.cost) / 2
        try:
            scanned = _scan(problem, middle, seen)
        except InfeasibleError:
            low = middle
            continue
        plan = _over_sizes(problem, middle, scanned, in_full=False)
        seen.append(plan)
        if problem.reaches(plan, target):
            cheapest = min(plan, cheapest, key=lambda p: p.cost)
        else:
            low = middle
    return TargetResult(target, True, cheapest)


def frontier(problem: PurchaseProblem, budgets: Sequence[float]) -> list[Plan]:
    """The best plan of any size at each budget, in the order of the budgets.

    What a smaller budget buys, a larger one buys too: the value never falls with the money.

    Raises
    ------
    InfeasibleError
        If the smallest budget allows no plan; names the constraint that cannot be kept.
    InputError
        As `select_under_budget`, or if there is no budget, or one is not a number of 0 or more.
    """
    money = np.asarray(budgets, dtype=np.float64)
    if money.ndim != 1 or not len(money) or not (np.isfinite(money) & (money >= 0)).all():
        raise InputError(
            "a frontier needs a list of budgets, each 0 or more, such as [1000, 2000]; "
            f"got {list(budgets)}"
        )
    plans: dict[float, Plan] = {}
    best: Plan | None = None
    for budget in sorted({float(b) for b in money}):
        plan = _over_sizes(problem, budget, _scan(problem, budget))
        if best is not None:
            plan = problem.better(best, _warmer(problem, plan, best, budget))
        plans[budget] = best = plan
    return [plans[float(b)] for b in money]


def _warmer(problem: PurchaseProblem, plan: Plan, smaller: Plan, budget: float) -> Plan:
    """The better of a plan and of a search from a smaller budget's mixture at the same size."""
    other = _try(problem, plan.size, budget, [smaller.mixture, plan.mixture])
    return plan if other is None else problem.better(plan, priced_at_open_size(problem, other))


def _scan(problem: PurchaseProblem, budget: float | None, seen: Sequence[Plan] = ()) -> list[Plan]:
    """The best plans at sizes from the smallest to the largest; in full, or from plans seen."""
    smallest, most = problem.sizes(budget)
    if most - smallest < 2 * GRID:
        sizes = list(range(smallest, most + 1))
    else:
        sizes = [int(size) for size in np.unique(np.geomspace(smallest, most, GRID).round())]
    intervals = order_intervals(problem.providers, problem.terms, budget, (smallest, most))
    sizes = sorted({*sizes, *chain.from_iterable(union(intervals))})
    plans: list[Plan] = []
    failure: InfeasibleError | None = None
    for size in sizes:
        try:
            if seen:
                plans.append(problem.near(size, budget, _mixtures(problem, [*seen, *plans])))
                continue
            plans.append(problem.plan(size, budget, [one.mixture for one in plans[-1:]]))
        except InfeasibleError as refusal:
            failure = refusal
    if not plans and failure is not None:
        raise failure
    special = set(chain.from_iterable(intervals))
    return plans if seen else _filled(problem, budget, plans, special)


def _filled(
    problem: PurchaseProblem, budget: float | None, scanned: Sequence[Plan], special: set[int]
) -> list[Plan]:
    """The plans scanned, and those between that a search from their neighbours finds: halfway, at
    special sizes, and where one of few providers sells out, since a peak may be there.
    """
    sizes = np.array([plan.size for plan in scanned])
    few = problem.providers if len(problem.providers) <= GRID else ()
    ends = [*special, *(one.capacity for one in few if one.capacity)]
    ends = [end for end in ends if sizes[0] < end < sizes[-1]]
    halfway = (np.sqrt(sizes[:-1]) * np.sqrt(sizes[1:])).round().astype(np.int64)
    plans = list(scanned)
    for size in {*halfway.tolist(), *ends} - {*sizes.tolist()}:
        at = int(np.searchsorted(sizes, size))
        plan = _try(problem, size, budget, [one.mixture for one in scanned[at - 1 : at + 1]])
        plans += [] if plan is None else [plan]
    return sorted(plans, key=lambda plan: plan.size)


def _over_sizes(
    problem: PurchaseProblem, budget: float | None, scanned: Sequence[Plan], in_full: bool = True
) -> Plan:
    """The best size: scanned, or found between the neighbours of one that is better than they."""
    seen = list(scanned)
    for peak in _peaks(problem, scanned):
        neighbours = scanned[max(peak - 1, 0)], scanned[min(peak + 1, len(scanned) - 1)]
        seen += _climb(problem, budget, neighbours, scanned[peak], seen)
    best = max(seen, key=problem.score)
    if problem.is_flat:
        equal_score = problem.score(best) - EQUAL * _spread(problem, best)
        best = min(
            (p for p in seen if problem.score(p) >= equal_score), key=lambda p: (p.cost, p.size)
        )
    if in_full and best not in scanned:
        best = problem.better(best, problem.plan(best.size, budget))
    return priced_at_open_size(problem, best)


def _spread(problem: PurchaseProblem, plan: Plan) -> float:
    """By how much a plan is better than the worst provider alone, where that may be bought."""
    alone = single_mixtures(plan.part)
    values, _ = upward(problem.objective_at(plan.size), problem.direction)(alone)
    return max(problem.score(plan) - float(values.min()), 0.0)


def _peaks(problem: PurchaseProblem, scanned: Sequence[Plan]) -> list[int]:
    """Which of the plans scanned, by size, are better than their neighbours; the best first."""
    scores = np.array([problem.score(plan) for plan in scanned])
    padded = np.pad(scores, 1, constant_values=-np.inf)
    higher = np.flatnonzero((scores >= padded[:-2]) & (scores > padded[2:]))
    return [int(i) for i in higher[np.argsort(-scores[higher], kind="stable")][:MOST_PEAKS]]


def _climb(
    problem: PurchaseProblem,
    budget: float | None,
    neighbours: tuple[Plan, Plan],
    peak: Plan,
    seen: Sequence[Plan],
) -> list[Plan]:
    """Plans on the way of a golden section over the sizes between the two neighbours of a peak."""
    low, high = (plan.size for plan in neighbours)
    known = {plan.size: problem.score(plan) for plan in seen}
    plans = [peak]
    while high - low > max(2, CLOSE * high):
        left = round(high - GOLDEN * (high - low))
        right = max(round(low + GOLDEN * (high - low)), left + 1)
        for size in {left, right} - known.keys():
            starts = _mixtures(problem, plans) + _mixtures(problem, seen)
            plan = _try(problem, size, budget, starts)
            known[size] = -np.inf if plan is None else problem.score(plan)
            plans += [] if plan is None else [plan]
        low, high = (low, right) if known[left] >= known[right] else (left, high)
    return plans[1:]


def priced_at_open_size(problem: PurchaseProblem, plan: Plan) -> Plan:
    """The plan with the shadow prices of an open size, unless its size is a bound."""
    objective = problem.objective_at(plan.size)
    bounds = (problem.min_size, problem.max_size)
    if plan.size in bounds or not isinstance(objective, MetricObjective):
        return plan
    upward = plan.marginal_value if problem.direction == "maximize" else -plan.marginal_value
    capacities = [np.inf if p.capacity is None else p.capacity for p in problem.providers]
    shadow_prices = at_open_size(upward / THOUSAND, np.array(capacities), plan.part, plan.samples)
    return replace(
        plan,
        capacity_shadow_price=THOUSAND * shadow_prices.capacity,
        budget_shadow_price=shadow_prices.budget,
    )


def _try(
    problem: PurchaseProblem, size: int, budget: float | None, mixtures: Sequence[Floats]
) -> Plan | None:
    try:
        return problem.near(size, budget, mixtures)
    except InfeasibleError:
        return None


def _mixtures(problem: PurchaseProblem, plans: Sequence[Plan]) -> list[Floats]:
    """Mixtures of the best plans seen, best first."""
    best = sorted(plans, key=problem.score, reverse=True)[:REMEMBERED]
    return [plan.mixture for plan in best]


def check_target(target: float, bounds: tuple[float, float] | None) -> None:
    """Refuse a target that is no value of a metric.

    Parameters
    ----------
    bounds : range of the metric, if it has one.

    Raises
    ------
    InputError
        If the target is no finite number, or out of bounds; says what it may be in per cent of.
    """
    if not np.isfinite(target):
        raise InputError(f"the target must be a number, a value of the metric; got {target}")
    low, high = bounds or (-np.inf, np.inf)
    if low <= target <= high:
        return
    end = f"begins at {low:g}" if target < low else f"ends at {high:g}"
    hint = ""
    if (low, high) == (0, 1) and LEAST_PER_CENT <= target <= PER_CENT:
        hint = f". If {target:g} is in per cent, write {target / PER_CENT:g}"
    raise InputError(f"no plan reaches the target {target:g}: the metric {end}{hint}")
