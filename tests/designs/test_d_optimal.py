"""D-optimal designs, against all subsets and the theory of lattices."""

from itertools import combinations

import numpy as np
import pytest

from projektor_ray.designs.d_optimal import d_optimal, d_optimal_design
from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.errors import InputError
from projektor_ray.predictors import PREDICTORS
from projektor_ray.predictors.kernels import MixtureKernels


@pytest.mark.parametrize(("levels", "count"), [(3, 5), (3, 6), (3, 7), (4, 6)])
def test_d_optimal_is_the_best_of_all_subsets(levels: int, count: int) -> None:
    pool = simplex_lattice(3, levels)
    # The same span as the columns below, without the redundant one (shares sum to 1).
    p, q = pool[:, 0], pool[:, 1]
    reduced = np.column_stack([np.ones(len(pool)), p, q, p * p, q * q])

    def determinant(rows: np.ndarray) -> float:
        return float(np.linalg.det(reduced[rows].T @ reduced[rows]))

    best = max(determinant(np.array(c)) for c in combinations(range(len(pool)), count))
    columns = np.column_stack([pool, p * p, q * q])
    assert determinant(d_optimal(columns, count)) == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize(("predictor", "levels"), [("linear", 1), ("quadratic", 2)])
def test_d_optimal_of_a_polynomial_in_three_shares_is_a_lattice(
    predictor: str, levels: int
) -> None:
    """Kiefer (1961): vertices for the linear mixture, with midpoints of edges for the quadratic."""
    lattice = simplex_lattice(3, levels)
    chosen = d_optimal_design(3, len(lattice), predictor)
    assert sorted(map(tuple, chosen)) == sorted(map(tuple, lattice))


@pytest.mark.parametrize("count", [2, 4])
def test_d_optimal_for_gp_has_the_most_entropy_of_all_subsets(count: int) -> None:
    """ln det(K + τI) of a Gaussian process's covariance, which no columns are needed for."""
    pool = simplex_lattice(3, 4)
    every = MixtureKernels(lengths=(0.15, 0.3, 0.6, 1.2), additive=(0.0, 0.5, 0.9))
    kernel = np.mean(every.matrices(pool, pool), axis=0) + 0.01 * np.eye(len(pool))

    def entropy(rows: np.ndarray) -> float:
        return float(np.linalg.slogdet(kernel[np.ix_(rows, rows)])[1])

    best = max(entropy(np.array(c)) for c in combinations(range(len(pool)), count))
    kind = PREDICTORS["gp"]
    chosen = d_optimal(kind.design_columns(pool), count, precision=kind.design_precision)
    assert entropy(chosen) == pytest.approx(best, rel=1e-9)


def test_d_optimal_for_pq_takes_the_columns_that_need_no_distance() -> None:
    np.testing.assert_array_equal(
        d_optimal_design(3, 9, "pq"), d_optimal_design(3, 9, "pseudo_quadratic")
    )
    assert not np.array_equal(d_optimal_design(5, 20, "pq"), d_optimal_design(5, 20, "quadratic"))


@pytest.mark.parametrize("predictor", ["cs", "rational", "shapley", "log_linear_law"])
def test_no_design_is_d_optimal_for_a_predictor_without_columns(predictor: str) -> None:
    with pytest.raises(InputError, match=f"'{predictor}'.*design: maximin"):
        d_optimal_design(3, 9, predictor)


@pytest.mark.parametrize("count", [2, 3])
def test_from_a_base_it_is_the_best_of_all_additions(count: int) -> None:
    """The base are mixtures of two providers; a third one joins."""
    base = np.pad(simplex_lattice(2, 4), ((0, 0), (0, 1)))
    pool = np.vstack([base, [p for p in simplex_lattice(3, 5) if p[2]]])
    p, q = pool[:, 0], pool[:, 1]
    reduced = np.column_stack([np.ones(len(pool)), p, q, p * p, q * q])

    def determinant(rows: np.ndarray) -> float:
        every = reduced[[*range(len(base)), *rows]]
        return float(np.linalg.det(every.T @ every))

    further = range(len(base), len(pool))
    best = max(determinant(np.array(c)) for c in combinations(further, count))
    columns = np.column_stack([pool, p * p, q * q])
    chosen = d_optimal(columns, count, base=len(base))
    assert chosen.min() >= len(base)
    assert determinant(chosen) == pytest.approx(best, rel=1e-9)


def test_from_a_base_for_gp_it_has_the_most_entropy_of_all_additions() -> None:
    base, count = np.pad(simplex_lattice(2, 3), ((0, 0), (0, 1))), 2
    pool = np.vstack([base, [p for p in simplex_lattice(3, 4) if p[2]]])
    every = MixtureKernels(lengths=(0.15, 0.3, 0.6, 1.2), additive=(0.0, 0.5, 0.9))
    kernel = np.mean(every.matrices(pool, pool), axis=0) + 0.01 * np.eye(len(pool))

    def entropy(rows: np.ndarray) -> float:
        chosen = np.array([*range(len(base)), *rows])
        return float(np.linalg.slogdet(kernel[np.ix_(chosen, chosen)])[1])

    further = range(len(base), len(pool))
    best = max(entropy(np.array(c)) for c in combinations(further, count))
    kind = PREDICTORS["gp"]
    columns = kind.design_columns(pool)
    chosen = d_optimal(columns, count, base=len(base), precision=kind.design_precision)
    assert entropy(chosen) == pytest.approx(best, rel=1e-9)


def test_from_a_base_it_adds_as_many_as_all_coefficients_need() -> None:
    """Quadratic in 4 shares: 10 coefficients, of which the base of 3 providers determines 6."""
    base = np.pad(simplex_lattice(3, 4), ((0, 0), (0, 1)))
    assert len(d_optimal_design(4, 0, "quadratic", simplex_lattice(4, 2))) == 0
    added = d_optimal_design(4, 1, "quadratic", base)
    assert len(added) == 4
    columns = PREDICTORS["quadratic"].design_columns(np.vstack([base, added]))
    assert np.linalg.matrix_rank(columns) == 10
    assert len(d_optimal_design(4, 6, "quadratic", base)) == 6
