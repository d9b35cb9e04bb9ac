"""The selected plan compared with the baselines: gains, stability, and their table."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pyarrow as pa

from projektor_ray.errors import InputError, nearest
from projektor_ray.selection.baselines import baseline_plans, largest_provider, single_mixtures
from projektor_ray.selection.binding_constraints import BindingConstraint
from projektor_ray.selection.cheaper_plan import CheaperPlan
from projektor_ray.selection.gains import Gain, gains_over
from projektor_ray.selection.objective import Direction, MetricObjective
from projektor_ray.selection.plan import Plan
from projektor_ray.selection.provider import Provider
from projektor_ray.selection.purchase_problem import PurchaseProblem
from projektor_ray.selection.robustness import NEARLY, PlanStability, plan_stability
from projektor_ray.selection.size_search import TargetResult
from projektor_ray.selection.unspent_budget import UnspentBudget
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.schemas import SCHEMAS, Row

SELECTED, UNIFORM, TRAINED = "selected", "uniform", "probe"
LABELS = {"single": "best single provider", TRAINED: "best trained"}
"""Of the plans whose name in the tables says too little."""


@dataclass(frozen=True)
class MetricPrediction:
    """Prediction of one of several metrics for a plan, with its interval."""

    predicted: float
    interval: tuple[float, float]


@dataclass(frozen=True, eq=False)
class TrainedComparison:
    """The trainings of the largest size, and the selected plan against the nearest baseline there.

    Attributes
    ----------
    mixtures : all different, the one with the best mean metric first, shape (k, m).
    size : of the trainings.
    gain : of the selected plan's mixture over the nearest baseline's at that size; None where there
        is no such baseline, or the plans are no larger.
    """

    mixtures: Floats
    size: int
    gain: Gain | None = None

    def near(self, mixture: Floats) -> bool:
        """Whether nearly this mixture was trained."""
        return any(_apart(trained, mixture) <= NEARLY for trained in self.mixtures)


@dataclass(frozen=True, eq=False)
class PurchasePlans:
    """The selected plan, and the plans to compare it with.

    Attributes
    ----------
    plans : by name: `selected`, `uniform`, `proportional`, `single`, `probe`.
    providers : m of them, in the order of the plans' samples.
    gains : of the selected plan over each of the others, by their names; none where the objective
        cannot tell how far off it may be.
    stability : of the selected plan over posterior samples; None where the model has no posterior.
    without : the best plan of the same size without each provider that the selected plan buys from,
        by its name, see `plans_without`; None where there is no such plan. Empty where these were
        not searched.
    target_result : the plan that reaches the target, where the request has a target.
    frontier : the best plan for each budget, where the request has several.
    frontier_baselines : for each of these budgets the name of the baseline that is best at the
        size of the budget's plan, and its plan.
    open_size : whether the size was chosen with the plan; intervals, gains and stability are all
        at that size.
    flat_in_size : whether the size was chosen although the objective is the same at every size, so
        that the plan is the cheapest of equal ones.
    unspent : what is left of the budget, and why; None where nothing noteworthy is.
    limits : the constraints that the selected plan reaches.
    smaller : a plan of fewer samples that is predicted as good, where the size was given and some
        samples only fill it up; see `smaller_plan`.
    cheaper : a plan of the same size that costs clearly less and cannot be told apart from the
        selected one; see `cheaper_plan`. None where a target is to be reached.
    parts : predictions of each metric where the objective aggregates several: by name of the metric
        or validation set, then by name of the plan.
    budget : most money that may be spent; None where no budget was set.
    trained : the trainings of the largest size, where they are known.
    direction : whether more of the metric is better.
    distances_confirmed : whether the plans' distances are exact: False where they are interpolated
        and measuring them told otherwise.
    """

    plans: Mapping[str, Plan]
    providers: tuple[Provider, ...]
    gains: Mapping[str, Gain] = field(default_factory=dict)
    stability: PlanStability | None = None
    without: Mapping[str, Plan | None] = field(default_factory=dict)
    target_result: TargetResult | None = None
    frontier: Mapping[float, Plan] = field(default_factory=dict)
    frontier_baselines: Mapping[float, tuple[str, Plan]] = field(default_factory=dict)
    open_size: bool = False
    flat_in_size: bool = False
    unspent: UnspentBudget | None = None
    limits: tuple[BindingConstraint, ...] = ()
    smaller: Plan | None = None
    cheaper: CheaperPlan | None = None
    parts: Mapping[str, Mapping[str, MetricPrediction]] = field(default_factory=dict)
    budget: float | None = None
    trained: TrainedComparison | None = None
    direction: Direction = "maximize"
    distances_confirmed: bool = True

    def __getitem__(self, name: str) -> Plan:
        """A compared plan, such as `plans["uniform"]`."""
        if name not in self.plans:
            raise InputError(f"there is no plan {name!r}; {nearest(name, self.plans)}")
        return self.plans[name]

    def __repr__(self) -> str:
        return "\n".join(f"{name}: {plan}" for name, plan in self.plans.items())

    @property
    def distinct(self) -> dict[str, Plan]:
        """The plans by name, without those that buy what an earlier one does."""
        first: dict[bytes, str] = {}
        for name, plan in self.plans.items():
            first.setdefault(plan.samples.tobytes(), name)
        return {name: self.plans[name] for name in first.values()}

    @property
    def nearest(self) -> str | None:
        """The name, in `distinct`, of the best plan that clearly differs from the selected one: the
        plan over which the selected one gains least. None where there is no such plan.
        """
        gains = {
            name: gain.value
            for name, gain in self.gains.items()
            if name in self.distinct
            and _apart(self.plans[name].mixture, self.selected.mixture) > NEARLY
        }
        return min(gains, key=lambda name: gains[name], default=None)

    @property
    def priced(self) -> bool:
        """Whether anything costs money."""
        return any(price > 0 for one in self.providers for _, price in one.schedule)

    @property
    def free_providers(self) -> tuple[str, ...]:
        """Providers whose samples cost nothing while those of others cost money."""
        free = (one.name for one in self.providers if not any(p for _, p in one.schedule))
        return tuple(free) if self.priced else ()

    @property
    def selected(self) -> Plan:
        return self.plans[SELECTED]

    @property
    def every(self) -> list[Plan]:
        """The compared plans, and the best plan for each budget of a frontier."""
        return [*self.plans.values(), *self.frontier.values()]

    def label(self, name: str) -> str:
        """What people call a plan."""
        if name == "single" and self.max_provider is not None:
            return f"max {self.max_provider}"
        return LABELS.get(name, name)

    @cached_property
    def max_provider(self) -> str | None:
        """The provider that the baseline `single` buys as much of as possible, filled up evenly
        from the others; None where it needs no other.
        """
        plan = self.plans.get("single")
        if plan is None or np.count_nonzero(plan.samples) <= 1:
            return None
        return largest_provider(plan)

    @cached_property
    def is_only_plan(self) -> bool:
        """Whether the constraints leave nearly one plan of this size: no compared plan, and none
        with as much as possible of one provider, differs in more than a tenth of the samples.
        """
        mixture = self.selected.mixture
        others = (plan.mixture for plan in self.plans.values())
        return all(_apart(mixture, other) <= NEARLY for other in others) and all(
            _apart(mixture, corner) <= NEARLY for corner in single_mixtures(self.selected.part)
        )

    @property
    def trained_share_moved(self) -> float:
        """Share of the best trained mixture that the baseline `probe` had to move to other
        providers to keep the constraints; 0 where that is rounding only, or nothing is known.
        """
        plan = self.distinct.get("probe")
        if plan is None or self.trained is None:
            return 0.0
        away = _apart(self.trained.mixtures[0], plan.mixture)
        return 0.0 if away * plan.size <= len(plan.names) / 2 else away

    def rows(self) -> list[Row]:
        """The table `plans`: every provider in every plan; those of a frontier by their budgets."""
        budgets = {f"budget {budget:.10g}": plan for budget, plan in self.frontier.items()}
        return [
            row
            for name, plan in {**self.plans, **budgets}.items()
            for row in _rows_of(
                self.label(name),
                plan,
                self.gains.get(name),
                self.stability if name == SELECTED else None,
            )
        ]

    def part_rows(self) -> list[Row]:
        """The table `validation_sets`: every validation set in every plan."""
        return [
            {
                "plan": self.label(name),
                "size": self.plans[name].size,
                "validation": called,
                "predicted": part.predicted,
                "low": part.interval[0],
                "high": part.interval[1],
            }
            for called, parts in self.parts.items()
            for name, part in parts.items()
        ]

    def table(self) -> pa.Table:
        """The same as an Arrow table, not stamped as a study's."""
        return pa.Table.from_pylist(self.rows(), schema=SCHEMAS["plans"])


def _apart(mixture: Floats, other: Floats) -> float:
    """Which part of the samples two mixtures differ in: `½ Σ_i |p_i − q_i|`."""
    return 0.5 * float(np.abs(mixture - other).sum())


def baselines_of(problem: PurchaseProblem, size: int, budget: float | None) -> dict[str, Plan]:
    """The baselines of a problem at a size, see `baseline_plans`."""
    return baseline_plans(
        problem.objective_at(size),
        problem.providers,
        size,
        budget=budget,
        terms=problem.terms,
        direction=problem.direction,
        candidates=None if problem.trained is None else problem.trained[:1],
        level=problem.level,
    )


def compare(
    problem: PurchaseProblem, plan: Plan, baselines: Mapping[str, Plan], budget: float | None
) -> PurchasePlans:
    """A selected plan and its baselines, with gains and stability where the objective has them."""
    objective = problem.objective_at(plan.size)
    plans = {SELECTED: plan, **baselines}
    if not isinstance(objective, MetricObjective):
        return PurchasePlans(
            plans, tuple(problem.providers), budget=budget, direction=problem.direction
        )
    others = list(baselines.values())
    gains = gains_over(objective, plan, others, problem.direction, problem.level)
    compared = PurchasePlans(
        plans,
        tuple(problem.providers),
        dict(zip(baselines, gains, strict=True)),
        plan_stability(objective, plan, problem.direction),
        parts={
            name: _part_of(at(plan.size), plans, problem.level)
            for name, at in problem.parts.items()
        },
        budget=budget,
        direction=problem.direction,
    )
    return replace(compared, trained=_trained(problem, compared))


def _trained(problem: PurchaseProblem, plans: PurchasePlans) -> TrainedComparison | None:
    """The trainings, and the gain of the selected plan over the nearest baseline at their size."""
    if problem.trained is None or problem.trained_at is None:
        return None
    size, baseline, gain = problem.trained_at, plans.nearest, None
    objective = problem.objective_at(size)
    if baseline and plans.selected.size > size and isinstance(objective, MetricObjective):
        others = [plans.plans[baseline]]
        (gain,) = gains_over(objective, plans.selected, others, problem.direction, problem.level)
    return TrainedComparison(problem.trained, size, gain)


def _part_of(
    objective: MetricObjective, plans: Mapping[str, Plan], level: float
) -> dict[str, MetricPrediction]:
    """Predictions of one metric for plans of one size."""
    mixtures = np.stack([plan.mixture for plan in plans.values()])
    rows = zip(objective.predict(mixtures), objective.interval(mixtures, level), strict=True)
    return {
        name: MetricPrediction(float(value), (float(low), float(high)))
        for name, (value, (low, high)) in zip(plans, rows, strict=True)
    }


def _rows_of(
    name: str, plan: Plan, gain: Gain | None, stability: PlanStability | None
) -> list[Row]:
    low, high = plan.interval or (None, None)
    average = plan.average_prices
    shares = None if stability is None else stability.shares.tolist()
    whole = {
        "predicted": plan.predicted,
        "low": low,
        "high": high,
        "gain": None if gain is None else gain.value,
        "gain_low": None if gain is None else gain.low,
        "gain_high": None if gain is None else gain.high,
        "plan_stability": None if stability is None else stability.fraction_stable,
        "expected_regret": None if stability is None else stability.expected_regret,
        "budget_shadow_price": plan.budget_shadow_price,
    }
    return [
        {
            "plan": name,
            "size": plan.size,
            "provider": provider,
            "share": float(plan.mixture[i]),
            "share_low": None if shares is None else shares[i][0],
            "share_high": None if shares is None else shares[i][1],
            "samples": int(plan.samples[i]),
            "price": float(plan.prices[i]),
            "average_price": float(average[i]),
            "cost": float(plan.costs[i]),
            "marginal_value": float(plan.marginal_value[i]),
            "capacity_shadow_price": float(plan.capacity_shadow_price[i]),
            **whole,
        }
        for i, provider in enumerate(plan.names)
    ]
