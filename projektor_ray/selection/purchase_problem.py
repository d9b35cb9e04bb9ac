"""The purchase problem: providers, their terms, and the predicted metric at any size."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from projektor_ray.errors import InfeasibleError, InputError
from projektor_ray.predictors.probe_arrays import mixture_groups
from projektor_ray.selection.algorithm_2 import MOST_VERTICES, select, select_from
from projektor_ray.selection.baselines import baseline_mixtures
from projektor_ray.selection.feasible_set import FeasibleSet, Integers
from projektor_ray.selection.objective import Direction, MetricObjective, Objective
from projektor_ray.selection.plan import LEVEL, Plan, make_plan
from projektor_ray.selection.provider import Provider, Terms
from projektor_ray.selection.simplex_projection import nearest_mixtures
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.settings import MAX_SAMPLES

ObjectiveAt = Callable[[int], Objective]
"""Size N → the objective at N, such as `lambda n: ProjectedObjective(model, n, distances)`."""
MetricAt = Callable[[int], MetricObjective]
"""Size N → an objective with intervals at N."""

BEST_TRAINED = 8
"""How many of the best trained mixtures the search also starts from."""
FLAT = 1e-9
"""Relative: changes of the objective with the size that are rounding."""


@dataclass(frozen=True, eq=False)
class PurchaseProblem:
    """All arguments of `select` except the size and the budget.

    Attributes
    ----------
    objective_at : the size N → the objective at N.
    providers : m of them, in the order of the objective's columns.
    terms : minimum orders, and providers that must be in or out, by provider name.
    min_size, max_size : sizes that are searched; absent: from 1 to all that capacities and the
        budget allow.
    direction, restarts, seed, level : as `select`.
    trials : mixtures (k, m) of probes, of one size, and their metrics (k,); the search also starts
        from the best of them.
    trained_at : that size.
    bounds : range of the metric, if it has one.
    parts : the objectives that this one aggregates, by name of metric or validation set.
    """

    objective_at: ObjectiveAt
    providers: Sequence[Provider]
    terms: Mapping[str, Terms] | None = None
    min_size: int = 1
    max_size: int | None = None
    direction: Direction = "maximize"
    restarts: int = 32
    seed: int = 0
    trials: tuple[Floats, Floats] | None = None
    trained_at: int | None = None
    level: float = LEVEL
    bounds: tuple[float, float] | None = None
    parts: Mapping[str, MetricAt] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, size in (("min_size", self.min_size), ("max_size", self.max_size)):
            if size is not None and (size != int(size) or size < 1):
                raise InputError(f"{name} must be a whole number of samples, 1 or more; got {size}")
        if self.max_size is not None and self.max_size < self.min_size:
            raise InputError(
                f"min_size must not exceed max_size; got {self.min_size:,} and {self.max_size:,}"
            )
        if not self.providers:
            raise InputError("a plan needs at least one provider; got none")

    @cached_property
    def trained(self) -> Floats | None:
        """Mixtures (c, m) of the trials, best first."""
        return None if self.trials is None else best_first(*self.trials, self.direction)

    def plan(self, size: int, budget: float | None, also: Sequence[Floats] = ()) -> Plan:
        """`select` at a size, which starts also from other mixtures, each (m,)."""
        trained = () if self.trained is None else self.trained[:BEST_TRAINED]
        starts = [*trained, *also]
        return select(
            self.objective_at(size),
            self.providers,
            size,
            budget=budget,
            terms=self.terms,
            direction=self.direction,
            restarts=self.restarts,
            seed=self.seed,
            candidates=np.stack(starts) if starts else None,
            level=self.level,
        )

    def near(self, size: int, budget: float | None, mixtures: Sequence[Floats]) -> Plan:
        """The best plan that a search from the given mixtures (and three fixed ones) finds."""
        feasible = FeasibleSet.of(self.providers, size, budget, self.terms)
        fixed = np.stack(list(baseline_mixtures(feasible).values()))
        points = np.concatenate([fixed, nearest_mixtures(feasible, np.stack(mixtures))])
        return select_from(points, self.objective_at(size), feasible, self.direction, self.level)

    def plan_of(self, samples: Integers, budget: float | None) -> Plan:
        """The plan that buys these samples, (m,), which keep every constraint."""
        size = int(samples.sum())
        feasible = FeasibleSet.of(self.providers, size, budget, self.terms)
        part = feasible.part_of(samples)
        objective = self.objective_at(size)
        return make_plan(objective, feasible, part, samples, self.level, self.direction)

    def score(self, plan: Plan) -> float:
        """Score of a plan; the better of two plans has the higher score."""
        return plan.unclipped if self.direction == "maximize" else -plan.unclipped

    def is_better(self, plan: Plan, than: Plan) -> bool:
        """Whether a plan is predicted better within the metric's bounds, else before they cut."""
        sign = 1.0 if self.direction == "maximize" else -1.0
        ours, theirs = ((sign * p.predicted, sign * p.unclipped) for p in (plan, than))
        return ours > theirs

    @cached_property
    def is_flat(self) -> bool:
        """Whether the objective is the same at every size that may be bought."""
        smallest = max(self.min_size, self.trained_at or 1)
        sizes = [
            size
            for size in (smallest, 2 * smallest, 16 * smallest)
            if size <= (self.max_size or size)
        ]
        count = len(self.providers)
        mixtures = np.vstack([np.full((1, count), 1 / count), np.eye(count)[:MOST_VERTICES]])
        values = np.array([self.objective_at(size)(mixtures)[0] for size in sizes])
        return len(sizes) > 1 and bool(np.ptp(values, axis=0).max() <= FLAT * np.abs(values).max())

    def reaches(self, plan: Plan, target: float) -> bool:
        """Whether a plan's prediction is as good as a target."""
        if self.direction == "maximize":
            return plan.predicted >= target
        return plan.predicted <= target

    def better(self, plan: Plan, other: Plan) -> Plan:
        """Of two plans the one predicted better; of equal ones the cheaper, then the first."""
        return max(plan, other, key=lambda p: (self.score(p), -p.cost))

    def sizes(self, budget: float | None) -> tuple[int, int]:
        """Fewest and most samples that may be bought for a budget, see `bounds_of_size`."""
        return bounds_of_size(self.providers, self.terms, budget, self.min_size, self.max_size)


def best_first(mixtures: Floats, values: Floats, direction: Direction) -> Floats:
    """Distinct mixtures of probes (k, m), best mean metric first."""
    groups = mixture_groups(mixtures)
    means = np.array([values[rows].mean() for rows in groups])
    order = np.argsort(means if direction == "minimize" else -means, kind="stable")
    return np.asarray(mixtures[[groups[i][0] for i in order]])


def bounds_of_size(
    providers: Sequence[Provider],
    terms: Mapping[str, Terms] | None,
    budget: float | None,
    min_size: int = 1,
    max_size: int | None = None,
) -> tuple[int, int]:
    """Fewest and most samples that may be bought for a budget.

    Minimum orders of providers that need not be bought are left out of account.

    Raises
    ------
    InfeasibleError
        If there is no such size; names the constraint that cannot be kept.
    InputError
        If nothing bounds the size below 10^15: neither `max_size`, nor capacities, nor the budget.
    """
    given = terms or {}
    required = sum(max(one.minimum_order, 1) for one in given.values() if one.required)
    smallest = max(min_size, required)
    if max_size is not None and smallest > max_size:
        raise InfeasibleError(
            f"the required orders cannot be kept: together they are {smallest:,} samples, more "
            f"than max_size: {max_size:,}. Raise max_size, or require fewer"
        )
    needed = {
        name: one if one.required else replace(one, minimum_order=0) for name, one in given.items()
    }
    FeasibleSet.of(providers, smallest, budget, needed)

    def allows(size: int) -> bool:
        try:
            FeasibleSet.of(providers, size, budget, needed)
        except InfeasibleError:
            return False
        return True

    most = MAX_SAMPLES if max_size is None else max_size
    if allows(most):
        if max_size is None:
            raise InputError(
                "nothing bounds the size to buy: give max_size, a budget where no "
                "unlimited provider is free, or a capacity for every provider"
            )
        return smallest, most
    low, high = smallest, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if allows(middle) else (low, middle)
    return smallest, low
