"""Several metrics at once, beside linear programs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.errors import InputError
from projektor_ray.predictors import PREDICTORS
from projektor_ray.projection import LogLinear, NoProjection
from projektor_ray.selection import (
    Direction,
    ProjectedObjective,
    Provider,
    PurchaseProblem,
    PurchaseRequest,
    aggregate,
    aggregation,
    buy,
)
from projektor_ray.selection.aggregation import WorstCase, weighted_mean
from projektor_ray.selection.objective import MetricObjective
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.schemas import SCHEMAS
from tests.helpers.distances import zero_distances
from tests.helpers.purchase_problems import providers

SIZE = 1000
WORTH = np.array([[0.4, 0.0, 0.1], [0.0, 0.3, 0.1], [0.1, 0.1, 0.15]])


@dataclass(frozen=True)
class Known:
    """A metric that is linear in the shares; its gains are known to `off` either way."""

    worth: Floats
    off: float

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        return self.predict(mixtures), np.tile(self.worth, (len(mixtures), 1))

    def predict(self, mixtures: Floats) -> Floats:
        return np.asarray(mixtures @ self.worth)

    def interval(self, mixtures: Floats, level: float) -> Floats:
        return self.gain_interval(mixtures, np.zeros_like(mixtures), level)

    def gain_interval(
        self, mixtures: Floats, others: Floats, level: float, of_others: object = None
    ) -> Floats:
        gain = self.predict(mixtures) - self.predict(others)
        return np.stack([gain - self.off, gain + self.off], axis=1)

    def sample_posterior(self, mixtures: Floats, count: int, stream: np.random.Generator) -> None:
        return None

    def size_slope(self, mixtures: Floats) -> Floats:
        return np.zeros(len(mixtures))


def problem(
    which: int, sign: float = 1.0, name: str = "linear", scale: float = 1.0
) -> PurchaseProblem:
    """A metric that is linear in the shares."""
    rng = np.random.default_rng(which)
    mixtures = rng.dirichlet(np.ones(3), 20)
    values = 0.5 + sign * scale * mixtures @ WORTH[which]
    fitted = NoProjection.of({SIZE: PREDICTORS[name]().fit(mixtures, None, values)})

    direction: Direction = "maximize" if sign > 0 else "minimize"
    return PurchaseProblem(
        lambda size: ProjectedObjective(fitted, size, zero_distances),
        providers([600, 700, None]),
        direction=direction,
        restarts=8,
        trials=(mixtures, values),
    )


def problems(
    sign: float = 1.0, name: str = "linear", scale: float = 1.0
) -> dict[str, PurchaseProblem]:
    return {f"set {which}": problem(which, sign, name, scale) for which in range(len(WORTH))}


def best(objective: Floats, **constraints: Any) -> float:
    bounds = [(0, 0.6), (0, 0.7), (0, 1), (None, None)][: len(objective)]
    total = np.array([[1.0, 1, 1, 0][: len(objective)]])
    found = linprog(-objective, A_eq=total, b_eq=[1], bounds=bounds, **constraints)
    return float(-found.fun)


def whole(problem: PurchaseProblem, size: int = SIZE) -> MetricObjective:
    objective = problem.objective_at(size)
    assert isinstance(objective, MetricObjective)
    return objective


def test_the_weighted_mean_is_bought_as_a_linear_program_would() -> None:
    plan = buy(aggregate(problems(), weighted_mean([3, 1, 0])), PurchaseRequest(SIZE)).selected
    exact = 0.5 + best(0.75 * WORTH[0] + 0.25 * WORTH[1])
    assert plan.predicted == pytest.approx(exact, abs=2e-4)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
@pytest.mark.parametrize(("direction", "sign"), [("maximize", 1.0), ("minimize", -1.0)])
def test_the_worst_is_bought_as_a_linear_program_would(
    direction: Direction, sign: float, scale: float
) -> None:
    """`max t` subject to `t ≤ worth_k·p` for every metric, in whatever unit it is."""
    plan = buy(
        aggregate(problems(sign, scale=scale), WorstCase(direction)), PurchaseRequest(SIZE)
    ).selected
    below = np.column_stack([-WORTH, np.ones(len(WORTH))])
    exact = best(np.array([0.0, 0, 0, 1]), A_ub=below, b_ub=np.zeros(len(WORTH)))
    assert sign * (plan.predicted - 0.5) / scale == pytest.approx(exact, abs=2e-3)
    each = 0.5 + sign * scale * WORTH @ plan.mixture
    assert plan.predicted == pytest.approx(sign * np.min(sign * each), abs=2e-3 * scale)


@pytest.mark.parametrize("combine", [weighted_mean([2, 1, 1]), WorstCase("maximize")])
def test_gradients_and_slopes_are_derivatives(combine: Any) -> None:
    objective = whole(aggregate(problems(), combine))
    at, along, step = np.array([[0.3, 0.4, 0.3]]), np.array([0.5, -0.8, 0.3]), 1e-6
    up, down = objective(at + step * along)[0], objective(at - step * along)[0]
    assert objective(at)[1][0] @ along == pytest.approx(((up - down) / (2 * step)).item(), rel=1e-4)
    assert objective.size_slope(at) == pytest.approx(0.0)


def test_intervals_and_surfaces_are_those_of_the_parts() -> None:
    parts = [whole(one) for one in problems(name="gp").values()]
    mean, least = weighted_mean([1, 1, 2])(parts), WorstCase("maximize")(parts)
    at = np.array([[0.3, 0.4, 0.3]])
    each = np.array([part.interval(at, 0.9)[0] for part in parts])
    np.testing.assert_allclose(mean.interval(at, 0.9)[0], np.array([0.25, 0.25, 0.5]) @ each)
    np.testing.assert_allclose(least.interval(at, 0.9)[0], each.min(axis=0))
    rng = np.random.default_rng(0)
    drawn = mean.sample_posterior(at, 2000, rng)
    assert drawn is not None
    assert drawn.mean() == pytest.approx(mean.predict(at)[0])
    lowest = least.sample_posterior(at, 2000, rng)
    assert lowest is not None
    assert lowest.mean() <= min(part.predict(at)[0] for part in parts) + 1e-9
    assert (
        WorstCase("maximize")([whole(problem(0)), parts[0]]).sample_posterior(at, 10, rng) is None
    )


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_a_gain_of_the_worst_is_as_far_off_as_that_of_the_part_known_least(
    direction: Direction,
) -> None:
    """Also where another part, far from being the worst of either, loses more than that."""
    sign = 1.0 if direction == "maximize" else -1.0
    sure, vague = Known(sign * np.array([0.9, 0.6]), 0.01), Known(sign * np.array([0.3, 0.4]), 0.03)
    p, q = np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]])
    least = WorstCase(direction)([sure, vague])
    found = np.sort(sign * least.gain_interval(p, q, 0.9)[0])
    np.testing.assert_allclose(found, [0.07, 0.13])
    alike = WorstCase(direction)([vague, vague])
    np.testing.assert_allclose(alike.gain_interval(p, q, 0.9), vague.gain_interval(p, q, 0.9))
    crossing = WorstCase(direction)([Known(sign * np.array([0.5, 0.2]), 0.0), vague])
    assert np.sort(sign * crossing.gain_interval(p, q, 0.9)[0]) == pytest.approx([-0.13, -0.07])


def test_gains_of_the_worst_are_covered() -> None:
    rng = np.random.default_rng(0)
    inside, widths, beside = [], [], []
    for _ in range(12):
        trained, p, q = (rng.dirichlet(np.ones(3), size) for size in (14, 25, 25))
        parts, true = [], []
        for _ in range(2):
            worth, turn = 0.3 * rng.normal(size=3), rng.normal(size=3)
            there = [np.sqrt(at + 0.02) @ worth + 0.1 * np.sin(3 * at @ turn) for at in (p, q)]
            values = np.sqrt(trained + 0.02) @ worth + 0.1 * np.sin(3 * trained @ turn)
            values = values + 0.01 * rng.normal(size=14)
            true.append(there)
            parts.append(NoProjection.of({SIZE: PREDICTORS["gp"]().fit(trained, None, values)}))
        objectives = [ProjectedObjective(part, SIZE, zero_distances) for part in parts]
        low, high = WorstCase("maximize")(objectives).gain_interval(p, q, 0.9).T
        ours, theirs = np.min(true, axis=0)
        inside.append((low <= ours - theirs) & (ours - theirs <= high))
        widths.append(high - low)
        each = np.array([one.gain_interval(p, q, 0.9) for one in objectives])
        beside.append(each[..., 1].max(axis=0) - each[..., 0].min(axis=0))
    assert np.mean(inside) >= 0.9
    assert np.median(widths) < 0.7 * np.median(beside)


def test_each_plan_says_what_it_has_of_each_metric() -> None:
    found = buy(aggregate(problems(name="gp"), WorstCase("maximize")), PurchaseRequest(SIZE))
    for which, name in enumerate(("set 0", "set 1", "set 2")):
        alone = whole(problem(which, name="gp"))
        for called, plan in found.plans.items():
            part, mixture = found.parts[name][called], plan.mixture[None]
            assert part.predicted == pytest.approx(alone.predict(mixture)[0])
            assert part.interval == pytest.approx(tuple(alone.interval(mixture, 0.9)[0]))
    least = min(parts["selected"].predicted for parts in found.parts.values())
    assert found.selected.predicted == pytest.approx(least)
    rows = found.part_rows()
    assert len(rows) == 3 * len(found.plans)
    assert set(rows[0]) == set(SCHEMAS["validation_sets"].names)
    assert not buy(problem(0), PurchaseRequest(SIZE)).parts


def test_the_best_trained_mixture_is_the_best_for_all_metrics_aggregate() -> None:
    """Of three probes each metric likes another; of their mean and worst the third is best."""
    tried = np.eye(3)
    likes = [np.array([0.9, 0.1, 0.6]), np.array([0.1, 0.9, 0.6]), np.array([0.5, 0.4, 0.6])]
    each = {
        name: replace(one, trials=(tried, values))
        for (name, one), values in zip(problems().items(), likes, strict=True)
    }
    for combine in (weighted_mean([1, 1, 1]), WorstCase("maximize")):
        trained = aggregate(each, combine).trained
        assert trained is not None
        np.testing.assert_array_equal(trained[0], tried[2])
    only_first = aggregate(each, weighted_mean([1, 0, 0])).trained
    assert only_first is not None
    np.testing.assert_array_equal(only_first, tried[[0, 2, 1]])


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ({"a": 1, "bb": 1}, "there is no 'bb'"),
        ({"a": 1}, "no weight for b"),
        ({"a": 1, "b": -1}, "weights must be 0"),
    ],
)
def test_weights_that_do_not_suit_the_metrics_are_refused(
    weights: dict[str, float], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        aggregation(weights, ["a", "b"], "maximize")


def test_without_weights_metrics_weigh_the_same() -> None:
    assert aggregation("mean", ["a", "b"], "maximize") == weighted_mean([2, 2])
    given = {"b": 1.0, "a": 3.0}
    assert aggregation(given, ["a", "b"], "maximize") == weighted_mean([3, 1])
    assert aggregation("worst", ["a", "b"], "minimize") == WorstCase("minimize")


def test_bad_weights_and_metrics_of_two_kinds_are_refused() -> None:
    for weights in ([-1.0, 2.0], [0.0, 0.0], [np.nan, 1.0]):
        with pytest.raises(InputError, match="weights must be 0"):
            weighted_mean(weights)
    with pytest.raises(InputError, match="3 metrics; got 2"):
        aggregate(problems(), weighted_mean([1, 1])).objective_at(SIZE)
    with pytest.raises(InputError, match="all are maximized"):
        aggregate({"a": problem(0), "b": problem(1, -1.0)}, WorstCase("maximize"))


def growing(rng: np.random.Generator, sold: Sequence[Provider]) -> PurchaseProblem:
    """A metric that is linear in the shares and, at slopes of their own, in ln N."""
    mixtures, base, slope = rng.dirichlet(np.ones(3), 12), *rng.uniform(0, (0.6, 0.1), (3, 2)).T
    at_scales = {
        scale: PREDICTORS["linear"]().fit(mixtures, None, mixtures @ (base + slope * np.log(scale)))
        for scale in (250, 1000)
    }
    law = LogLinear.of(at_scales)

    values = mixtures @ (base + slope * np.log(1000))
    return PurchaseProblem(
        lambda size: ProjectedObjective(law, size, zero_distances),
        sold,
        min_size=250,
        max_size=20_000,
        restarts=8,
        trials=(mixtures, values),
    )


@pytest.mark.parametrize("seed", [0, 1, 2, 189])
def test_no_affordable_plan_of_a_grid_has_a_better_worst(seed: int) -> None:
    """Of any size: brute force over 1,326 mixtures at 100 sizes, with capacities and a budget."""
    rng = np.random.default_rng(seed)
    capacities, prices = rng.integers(300, 6000, 3), rng.choice([0.005, 0.01, 0.02, 0.05, 0.1], 3)
    sold, budget = providers(capacities.tolist(), prices.tolist()), float(rng.uniform(20, 200))
    both = aggregate({name: growing(rng, sold) for name in ("a", "b")}, WorstCase("maximize"))
    plan = buy(both, PurchaseRequest(budget=budget)).selected
    assert plan.cost <= budget + 1e-9
    mixtures = simplex_lattice(3, 50)
    for size in np.geomspace(250, 20_000, 100).round():
        samples = size * mixtures
        kept = (samples <= capacities).all(axis=1) & (samples @ prices <= budget)
        if kept.any():
            reached = whole(both, int(size)).predict(mixtures[kept]).max()
            assert plan.predicted >= reached - 5e-4


@pytest.mark.parametrize("aggregated", [weighted_mean([1, 1]), WorstCase("maximize")])
def test_posterior_samples_of_the_parts_go_together(aggregated: Any) -> None:
    """The mean of a set and of the same set again is as uncertain as the set."""
    one: Any = problem(0, name="gp").objective_at(SIZE)
    mixtures = np.random.default_rng(0).dirichlet(np.ones(3), 5)
    alone, both = (
        part.sample_posterior(mixtures, 50, np.random.default_rng(1))
        for part in (one, aggregated([one, one]))
    )
    assert np.ptp(alone, axis=0).min() > 0
    np.testing.assert_allclose(both, alone)
