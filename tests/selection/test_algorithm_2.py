"""Selection finds planted optima: at a vertex, inside, at a capacity, under a budget."""

from dataclasses import dataclass

import numpy as np
import pytest

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.errors import InfeasibleError, InputError
from projektor_ray.selection import Direction, Provider, select
from projektor_ray.selection.baselines import baseline_plans
from projektor_ray.selection.feasible_set import FeasibleSet
from projektor_ray.selection.gradient_ascent import Ascent
from projektor_ray.selection.purchase_problem import best_first
from projektor_ray.selection.simplex_projection import nearest_mixtures
from projektor_ray.storage.array_types import Floats
from tests.helpers.purchase_problems import SIZE, Bowl, projected, providers


@dataclass(frozen=True)
class TwoPeaks:
    """A low hill near the centre and a higher, narrow one near a vertex."""

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        value, gradient = np.zeros(len(mixtures)), np.zeros(mixtures.shape)
        for peak, height, width in [((0.3, 0.3, 0.4), 0.5, 0.3), ((0.05, 0.9, 0.05), 1.0, 0.12)]:
            away = mixtures - np.array(peak)
            hill = height * np.exp(-np.sum(away**2, axis=1) / width**2)
            value += hill
            gradient += hill[:, None] * (-2 * away / width**2)
        return value, gradient


def test_interior_optimum() -> None:
    plan = select(Bowl((0.2, 0.5, 0.3)), providers([None] * 3), SIZE)
    np.testing.assert_array_equal(plan.samples, [2000, 5000, 3000])
    assert plan.predicted == pytest.approx(1.0)
    assert plan.restarts_converged == plan.restarts > 32
    np.testing.assert_allclose(plan.marginal_value, 0.0, atol=1e-6)
    assert plan.interval is None


def test_vertex_optimum() -> None:
    plan = select(Bowl((2.0, -0.5, -0.5)), providers([None] * 3), SIZE)
    np.testing.assert_array_equal(plan.samples, [SIZE, 0, 0])
    assert plan.marginal_value[0] == 0
    assert (plan.marginal_value[1:] < 0).all()


def test_optimum_at_a_capacity() -> None:
    plan = select(Bowl((0.8, 0.1, 0.1)), providers([5000, None, None]), SIZE)
    np.testing.assert_array_equal(plan.samples, [5000, 2500, 2500])
    assert plan.marginal_value[0] > 0


def test_optimum_under_a_budget() -> None:
    """Lagrange: p = peak − μ·(price − mean price), with Σ price·p = 1.5."""
    prices = np.array([1.0, 2.0, 3.0])
    plan = select(Bowl((0.2, 0.3, 0.5)), providers([None] * 3, list(prices)), SIZE, budget=15_000)
    expected = np.array([0.2, 0.3, 0.5]) - 0.4 * (prices - 2)
    nearest = nearest_mixtures(
        FeasibleSet.of(providers([None] * 3, list(prices)), SIZE, 15_000),
        np.array([[0.2, 0.3, 0.5]]),
    )[0]
    np.testing.assert_allclose(nearest, expected, atol=1e-9)
    assert np.abs(plan.samples - SIZE * expected).max() <= 2
    assert plan.cost <= 15_000


def test_the_higher_of_two_peaks_and_how_many_starts_found_it() -> None:
    plan = select(TwoPeaks(), providers([None] * 3), SIZE)
    np.testing.assert_allclose(plan.mixture, [0.05, 0.9, 0.05], atol=0.01)
    assert 0 < plan.restarts_converged < plan.restarts
    capped = select(TwoPeaks(), providers([None, 6000, None]), SIZE)
    grid = simplex_lattice(3, 100)
    grid = grid[grid[:, 1] <= 0.6]
    assert capped.predicted >= TwoPeaks()(grid)[0].max() - 1e-4


def test_a_loss_is_minimised() -> None:
    def loss(mixtures: Floats) -> tuple[Floats, Floats]:
        value, gradient = Bowl((0.2, 0.5, 0.3))(mixtures)
        return 3 - value, -gradient

    plan = select(loss, providers([None] * 3), SIZE, direction="minimize")
    np.testing.assert_array_equal(plan.samples, [2000, 5000, 3000])
    assert plan.predicted == pytest.approx(2.0)
    with pytest.raises(InputError, match="direction"):
        select(loss, providers([None] * 3), SIZE, direction="down")  # type: ignore[arg-type]


def test_of_equal_plans_the_cheapest() -> None:
    def flat(mixtures: Floats) -> tuple[Floats, Floats]:
        return np.ones(len(mixtures)), np.zeros(mixtures.shape)

    plan = select(flat, providers([None, 4000, None], [2.0, 1.0, 3.0]), SIZE)
    np.testing.assert_array_equal(plan.samples, [6000, 4000, 0])
    assert plan.cost == 16_000


def test_the_same_seed_gives_the_same_plan() -> None:
    plans = [select(TwoPeaks(), providers([None] * 3), 999, seed=5) for _ in range(2)]
    np.testing.assert_array_equal(plans[0].samples, plans[1].samples)
    assert plans[0].restarts_converged == plans[1].restarts_converged


def test_candidates_are_starts_too() -> None:
    without = select(TwoPeaks(), providers([None] * 3), SIZE, restarts=0)
    with_one = select(
        TwoPeaks(), providers([None] * 3), SIZE, restarts=0, candidates=np.array([[0.1, 0.8, 0.1]])
    )
    assert with_one.restarts == without.restarts + 1
    np.testing.assert_allclose(with_one.mixture, [0.05, 0.9, 0.05], atol=0.01)
    with pytest.raises(InputError, match="candidates"):
        select(TwoPeaks(), providers([None] * 3), SIZE, candidates=np.ones((1, 2)))


def test_a_thousand_providers() -> None:
    rng = np.random.default_rng(0)
    peak = tuple(rng.dirichlet(np.full(1000, 0.1)))
    sellers = providers(
        [int(c) for c in rng.integers(100, 1000, 1000)], list(rng.uniform(0.5, 2, 1000))
    )
    plan = select(Bowl(peak), sellers, 100_000, budget=100_000.0, restarts=8)
    feasible = FeasibleSet.of(sellers, 100_000, 100_000.0)
    best = Bowl(peak)(nearest_mixtures(feasible, np.array([peak])))[0][0]
    assert plan.predicted == pytest.approx(best, abs=1e-5)
    assert feasible.contains(plan.samples)


def test_baseline_plans() -> None:
    sellers = providers([2000, 6000, 12_000, None], [1.0, 1.0, 1.0, 1.0])
    peak = (0.0, 0.1, 0.9, 0.0)
    trained = np.array([[1.0, 0, 0, 0], [0, 0.2, 0.8, 0]])
    plans = baseline_plans(Bowl(peak), sellers, SIZE, candidates=trained)
    np.testing.assert_allclose(plans["uniform"].samples, [2000, 2667, 2667, 2666], atol=1)
    np.testing.assert_allclose(plans["proportional"].samples, [714, 2143, 3571, 3571], atol=1)
    np.testing.assert_array_equal(plans["single"].samples, [0, 0, SIZE, 0])
    np.testing.assert_array_equal(plans["probe"].samples, [0, 2000, 8000, 0])
    best = select(Bowl(peak), sellers, SIZE)
    assert all(plan.predicted <= best.predicted for plan in plans.values())
    assert "probe" not in baseline_plans(Bowl(peak), sellers, SIZE)


def test_the_single_provider_is_filled_up_where_its_capacity_ends() -> None:
    plans = baseline_plans(Bowl((1.0, 0.0, 0.0)), providers([4000, None, None]), SIZE)
    np.testing.assert_array_equal(plans["single"].samples, [4000, 3000, 3000])


def test_bad_input() -> None:
    with pytest.raises(InfeasibleError, match="capacities"):
        select(TwoPeaks(), providers([10, 10, 10]), 100)

    def broken(mixtures: Floats) -> tuple[Floats, Floats]:
        return np.full(len(mixtures), np.nan), np.zeros(mixtures.shape)

    with pytest.raises(InputError, match="finite"):
        select(broken, providers([None] * 3), 100)

    def flat(mixtures: Floats) -> tuple[Floats, Floats]:
        return np.ones(1), np.zeros(mixtures.shape)

    with pytest.raises(InputError, match="shape"):
        select(flat, providers([None] * 3), 100)


def test_the_projected_metric_is_maximised_where_the_distance_is_least() -> None:
    objective = projected(slope=0.3)
    plan = select(objective, providers([None] * 3), SIZE)
    np.testing.assert_allclose(plan.mixture, [0.5, 0.3, 0.2], atol=1e-3)
    assert plan.interval is not None
    assert plan.interval[0] < plan.predicted < plan.interval[1]
    assert plan.predicted == pytest.approx(objective.predict(plan.mixture[None])[0])
    # Buying more of everything helps, because the metric grows with the size.
    np.testing.assert_allclose(
        plan.marginal_value, 1000 * objective.size_slope(plan.mixture[None])[0], atol=1e-4
    )


def test_the_small_scale_enters_with_its_negative_weight() -> None:
    """Near agrees with N0's predictor, far with N1's: Eq. 3 tells them apart, N0 alone does not."""
    objective = projected(slope=0.05)
    plan = select(objective, providers([None] * 3), SIZE)
    grid = simplex_lattice(3, 50)
    assert plan.predicted >= objective.predict(grid).max() - 1e-9
    assert plan.mixture.max() == 1.0


def test_the_search_goes_on_beyond_the_metrics_bounds() -> None:
    plan = select(projected(slope=0.3, bounds=(0.0, 0.2)), providers([None] * 3), SIZE)
    assert plan.predicted == 0.2
    np.testing.assert_allclose(plan.mixture, [0.5, 0.3, 0.2], atol=1e-3)


def test_prices_of_zero_and_one_provider() -> None:
    plan = select(Bowl((1.0,)), [Provider("only")], 7, budget=0)
    np.testing.assert_array_equal(plan.samples, [7])
    assert plan.cost == 0


def test_starts_that_end_on_one_ridge_agree_but_are_not_taken_for_their_price() -> None:
    values = np.array([1.0, 1.0 - 5e-5, 1.0 - 5e-4, 1.0 - 5e-3])
    ascent = Ascent(
        np.eye(4), values, np.zeros((4, 4)), np.array([0.0, 0.5, 0.5, 0.5]), values > 0, 300
    )
    assert ascent.reached_best.tolist() == [True, True, True, False]
    assert ascent.tied.tolist() == [True, True, False, False]


@pytest.mark.parametrize(("direction", "order"), [("maximize", [1, 2, 0]), ("minimize", [0, 2, 1])])
def test_trained_mixtures_are_told_best_first(direction: Direction, order: list[int]) -> None:
    """Of a mixture trained twice, by its mean."""
    mixtures = np.eye(3)[[0, 1, 2, 1]]
    found = best_first(mixtures, np.array([0.4, 0.9, 0.5, 0.3]), direction)
    np.testing.assert_array_equal(found, np.eye(3)[order])
