"""Selection over the size as well, against every plan of a small problem and closed forms."""

from collections.abc import Callable
from functools import partial
from itertools import product

import numpy as np
import pytest

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.errors import InfeasibleError, InputError
from projektor_ray.selection import Plan, PurchaseProblem, Terms
from projektor_ray.selection.size_search import (
    cheapest_reaching,
    check_target,
    frontier,
    select_under_budget,
    smallest_reaching,
)
from projektor_ray.storage.array_types import Floats
from tests.helpers.purchase_problems import Growing, providers

PRICES = [1.0, 2.0, 3.5]
CAPACITIES: list[int | None] = [30, None, 25]
MOST = 40


def loss(size: int) -> Callable[[Floats], tuple[Floats, Floats]]:
    def at(mixtures: Floats) -> tuple[Floats, Floats]:
        value, gradient = Growing(size)(mixtures)
        return 2 - value, -gradient

    return at


def every_plan() -> tuple[Floats, Floats, Floats]:
    """All plans of up to `MOST` samples: samples, values, costs."""
    samples = np.array(
        [s for s in product(range(31), range(MOST + 1), range(26)) if 1 <= sum(s) <= MOST]
    )
    sizes = samples.sum(axis=1)
    away = samples / sizes[:, None] - np.array([0.1, 0.3, 0.6])
    return samples, 1 - np.sum(away**2, axis=1) - 4.0 / sizes, samples @ np.array(PRICES)


bought, values, costs = every_plan()
PROBLEM = PurchaseProblem(Growing, providers(CAPACITIES, PRICES), max_size=MOST, restarts=4)


@pytest.mark.parametrize("budget", [7.0, 20.0, 45.5, 70.0, 200.0])
def test_the_best_plan_of_any_size_for_the_money(budget: float) -> None:
    """Up to what a sample more or less changes in a plan of so few."""
    best = values[costs <= budget].max()
    plan = select_under_budget(PROBLEM, budget)
    assert plan.cost <= budget
    assert plan.size <= MOST
    assert best - 0.4 / plan.size <= plan.predicted <= best + 1e-12


@pytest.mark.parametrize("hunger", [20.0, 400.0, 4000.0])
def test_at_scale_no_size_and_mixture_of_a_fine_grid_is_better(hunger: float) -> None:
    budget = 30_000.0
    problem = PurchaseProblem(
        partial(Growing, hunger=hunger), providers([None] * 3, PRICES), restarts=4
    )
    plan = select_under_budget(problem, budget)
    mixtures = simplex_lattice(3, 100)
    best = 0.0
    for spent in np.linspace(0.05, 1, 40):
        sizes = spent * budget / (mixtures @ np.array(PRICES))
        away = mixtures - np.array([0.1, 0.3, 0.6])
        best = max(best, (1 - np.sum(away**2, axis=1) - hunger / sizes).max())
    assert plan.cost <= budget
    assert plan.predicted >= best - 1e-4


def test_a_smaller_size_is_bought_where_it_is_better() -> None:
    """Without hunger for samples, the budget is best spent on the dear mixture alone."""
    problem = PurchaseProblem(
        partial(Growing, hunger=0.0), providers([None] * 3, PRICES), min_size=20
    )
    plan = select_under_budget(problem, 60.0)
    assert plan.size <= 21
    assert plan.predicted == pytest.approx(1.0, abs=3e-3)
    hungry = PurchaseProblem(
        partial(Growing, hunger=1e3), providers([None] * 3, PRICES), min_size=20
    )
    assert select_under_budget(hungry, 60.0).size == 60


def test_of_two_peaks_over_the_sizes_the_higher_is_found() -> None:
    """`L(N, p) = 0.3 (p₀ + p₁) + 0.1 ln N` ends its rise where all of the first two is bought, at
    656, and rises again beyond 1,968. Of the sizes of the grid the largest is best; 656 is better.
    """

    def growing(size: int) -> Callable[[Floats], tuple[Floats, Floats]]:
        worth = np.array([0.3, 0.3, 0.0])
        return lambda at: (at @ worth + 0.1 * np.log(size), np.tile(worth, (len(at), 1)))

    problem = PurchaseProblem(
        growing, providers([356, 300, None]), min_size=250, max_size=10_800, restarts=2
    )
    plan = select_under_budget(problem, None)
    assert plan.predicted == pytest.approx(0.3 + 0.1 * np.log(656), abs=2e-4)
    assert plan.size == pytest.approx(656, abs=2)


@pytest.mark.parametrize("target", [0.4, 0.6, 0.8, 0.89])
def test_the_smallest_size_that_reaches_a_target(target: float) -> None:
    answer = smallest_reaching(PROBLEM, target)
    fewest = bought[values >= target].sum(axis=1).min()
    assert answer.reached
    assert answer.plan.predicted >= target
    assert fewest <= answer.plan.size <= fewest + 1


@pytest.mark.parametrize("target", [0.3, 0.6, 0.8, 0.88])
def test_the_least_money_that_reaches_a_target(target: float) -> None:
    answer = cheapest_reaching(PROBLEM, target)
    least = costs[values >= target].min()
    assert answer.reached
    assert answer.plan.predicted >= target
    assert least <= answer.plan.cost <= 1.03 * least + 1.0


def test_at_scale_the_least_money_has_a_closed_form() -> None:
    """Equal prices: the peak's mixture at 1 − hunger/N = target."""
    problem = PurchaseProblem(
        partial(Growing, hunger=400.0), providers([None] * 3, [2.0] * 3), max_size=10**6, restarts=4
    )
    answer = cheapest_reaching(problem, 0.9)
    assert answer.reached
    assert answer.plan.cost == pytest.approx(2 * 4000, rel=3e-3)
    assert smallest_reaching(problem, 0.9).plan.size == pytest.approx(4000, abs=2)


def test_what_cannot_be_reached_is_said() -> None:
    for answer in (smallest_reaching(PROBLEM, 0.95, 60.0), cheapest_reaching(PROBLEM, 0.95, 60.0)):
        assert not answer.reached
        assert answer.plan.predicted == pytest.approx(values[costs <= 60].max(), abs=2e-3)
        assert answer.target == 0.95


def test_the_frontier_is_the_best_at_each_budget_and_never_falls() -> None:
    budgets = [60.0, 10.0, 25.0, 60.0, 300.0]
    plans = frontier(PROBLEM, budgets)
    found = np.array([plan.predicted for plan in plans])
    assert (np.diff(found[np.argsort(budgets, kind="stable")]) >= 0).all()
    for budget, plan in zip(budgets, plans, strict=True):
        assert plan.cost <= budget
        assert plan.predicted == pytest.approx(values[costs <= budget].max(), abs=2e-3)


def test_a_loss_falls_along_the_frontier() -> None:
    problem = PurchaseProblem(
        loss, providers(CAPACITIES, PRICES), max_size=MOST, restarts=4, direction="minimize"
    )
    cheap, dear = frontier(problem, [10.0, 60.0])
    assert dear.predicted < cheap.predicted
    assert dear.predicted == pytest.approx(2 - values[costs <= 60].max(), abs=2e-3)
    target = dear.predicted + 0.05
    answer = cheapest_reaching(problem, target)
    assert answer.reached
    assert answer.plan.predicted <= target
    assert answer.plan.cost <= 1.03 * costs[2 - values <= target].min() + 1.0


def test_terms_hold_at_every_size() -> None:
    terms = {"p0000": Terms(minimum_order=10, required=True), "p0002": Terms(minimum_order=20)}
    problem = PurchaseProblem(
        Growing, providers(CAPACITIES, PRICES), terms, max_size=MOST, restarts=4
    )
    allowed = (bought[:, 0] >= 10) & ((bought[:, 2] == 0) | (bought[:, 2] >= 20))
    for budget in (12.0, 60.0, 95.0):
        plan = select_under_budget(problem, budget)
        best = values[allowed & (costs <= budget)].max()
        assert plan.samples[0] >= 10
        assert plan.samples[2] == 0 or plan.samples[2] >= 20
        assert plan.predicted == pytest.approx(best, abs=5e-3)


def test_bad_input() -> None:
    with pytest.raises(InfeasibleError, match=r"budget of 0\.5 .*cost 1"):
        select_under_budget(PROBLEM, 0.5)
    with pytest.raises(InfeasibleError, match=r"budget of 10 .*cost 20"):
        select_under_budget(
            PurchaseProblem(Growing, providers(CAPACITIES, PRICES), min_size=20), 10
        )
    required = {"p0001": Terms(minimum_order=50, required=True)}
    with pytest.raises(InfeasibleError, match="max_size: 40"):
        select_under_budget(
            PurchaseProblem(Growing, providers([None] * 2), required, max_size=40), 10
        )
    with pytest.raises(InputError, match="nothing bounds the size"):
        select_under_budget(PurchaseProblem(Growing, providers([None] * 3, [0.0, 1.0, 1.0])), 10)
    with pytest.raises(InputError, match="must not exceed max_size"):
        PurchaseProblem(Growing, providers([None]), min_size=5, max_size=4)
    with pytest.raises(InputError, match="whole number"):
        PurchaseProblem(Growing, providers([None]), min_size=0)
    with pytest.raises(InputError, match="at least one provider"):
        PurchaseProblem(Growing, [])
    with pytest.raises(InputError, match="target must be a number"):
        smallest_reaching(PROBLEM, float("nan"))
    for budgets in ([], [-1.0], [float("inf")]):
        with pytest.raises(InputError, match="list of budgets"):
            frontier(PROBLEM, budgets)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("unit", "terms"),
    [(10**9, None), (10**13, None), (10**12, {"p0000": Terms(minimum_order=2)})],
)
def test_tokens_are_bought_as_samples_are(unit: int, terms: dict[str, Terms] | None) -> None:
    """Of a law in `N/unit`, the plan in a unit of tokens is the same plan in thousands."""

    def law(of: int, size: int) -> Callable[[Floats], tuple[Floats, Floats]]:
        return Growing(size / of)

    def best(of: int) -> tuple[float, Plan]:
        offers = providers([5 * of, None, 4 * of], [price / of for price in PRICES])
        scaled = {name: Terms(one.minimum_order * of) for name, one in (terms or {}).items()}
        problem = PurchaseProblem(partial(law, of), offers, scaled, restarts=2)
        plan = select_under_budget(problem, 12.0)
        assert plan.samples.sum() == plan.size
        assert plan.cost <= 12.0 * (1 + 1e-9)
        return problem.score(plan), plan

    value, plan = best(unit)
    expected, small = best(1000)
    assert value == pytest.approx(expected, abs=1e-4)
    np.testing.assert_allclose(plan.samples / unit, small.samples / 1000, atol=0.05)


def test_free_samples_cost_nothing() -> None:
    problem = PurchaseProblem(Growing, providers([10, 10, 30]), restarts=4)
    answer = cheapest_reaching(problem, 0.8)
    assert answer.reached
    assert answer.plan.cost == 0
    assert select_under_budget(problem, 0.0).size > 20


@pytest.mark.parametrize(
    ("budget", "samples"), [(500.0, [0, 450]), (900.0, [700, 0]), (1150.0, [700, 450])]
)
def test_minimum_orders_that_leave_few_sizes(budget: float, samples: list[int]) -> None:
    terms = {"p0000": Terms(700), "p0001": Terms(450)}
    objective = partial(Growing, peak=(0.6, 0.4), hunger=400.0)
    sold = providers([700, 450], [1.0, 1.0])
    problem = PurchaseProblem(objective, sold, terms, min_size=100, restarts=2)
    assert select_under_budget(problem, budget).samples.tolist() == samples
    assert [plan.samples.tolist() for plan in frontier(problem, [budget])] == [samples]


def test_a_target_beyond_a_gap_between_sizes() -> None:
    terms = {"p0000": Terms(700), "p0001": Terms(450)}
    objective = partial(Growing, peak=(0.6, 0.4), hunger=400.0)
    problem = PurchaseProblem(objective, providers([700, 450], [1.0, 1.0]), terms, restarts=2)
    for search in (smallest_reaching, cheapest_reaching):
        found = search(problem, 0.5)
        assert found.reached
        assert found.plan.samples.tolist() == [700, 450]


@pytest.mark.parametrize(("target", "guessed"), [(1.5, False), (2.0, True), (90.0, True)])
def test_a_target_is_guessed_to_be_in_per_cent_far_above_1_only(
    target: float, guessed: bool
) -> None:
    with pytest.raises(InputError) as caught:
        check_target(target, (0, 1))
    assert (f"{target / 100:g}" in str(caught.value)) == guessed
