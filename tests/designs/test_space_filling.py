"""Designs of probes, against enumeration and known distributions."""

from functools import partial
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from projektor_ray.designs.drawing import simplex_lattice
from projektor_ray.designs.space_filling import (
    candidates,
    d_optimal,
    d_optimal_design,
    default_count,
    maximin,
    maximin_design,
    simplex_centroid,
    sobol,
)
from projektor_ray.errors import InputError
from projektor_ray.predictors import PREDICTORS
from projektor_ray.predictors.kernels import MixtureKernels

SHARES = PREDICTORS["pseudo_quadratic"].design_columns


@pytest.mark.parametrize(("providers", "count"), [(1, 1), (2, 5), (3, 10), (4, 13), (100, 301)])
def test_centroids_are_linear_in_the_providers(providers: int, count: int) -> None:
    design = simplex_centroid(providers)
    assert design.shape == (count, providers)
    np.testing.assert_allclose(design.sum(axis=1), 1)
    assert len(np.unique(design.round(12), axis=0)) == count
    assert {tuple(vertex) for vertex in np.eye(providers)} <= {tuple(p) for p in design}


def test_scrambled_mixtures_are_uniform_on_the_simplex() -> None:
    """A share of Dirichlet(1, …, 1) has the distribution Beta(1, m − 1)."""
    design = sobol(6, 512)
    np.testing.assert_allclose(design.sum(axis=1), 1)
    for share in design.T:
        assert stats.kstest(share, stats.beta(1, 5).cdf).statistic < 0.04
    assert np.abs(np.corrcoef(design.T)[np.triu_indices(6, 1)] + 1 / 5).max() < 0.08


def test_scrambled_is_closer_to_uniform_than_random_mixtures() -> None:
    def error(design: np.ndarray) -> float:
        return float(np.abs(design.mean(axis=0) - 1 / 5).max())

    stream = np.random.default_rng(0)
    ours = np.mean([error(sobol(5, 64, seed=seed)) for seed in range(10)])
    theirs = np.mean([error(stream.dirichlet(np.ones(5), 64)) for _ in range(10)])
    assert ours < theirs / 2


def test_sparse_mixtures_use_every_provider_equally() -> None:
    design = sobol(50, 120, support=4)
    assert ((design > 0).sum(axis=1) == 4).all()
    uses = (design > 0).sum(axis=0)
    assert uses.max() - uses.min() <= 1
    np.testing.assert_allclose(design.sum(axis=1), 1)


@pytest.mark.parametrize("support", [None, 3])
def test_scrambled_is_nested_and_seeded(support: int | None) -> None:
    longer = sobol(7, 100, support=support, seed=3)
    np.testing.assert_array_equal(sobol(7, 33, support=support, seed=3), longer[:33])
    assert not np.allclose(sobol(7, 100, support=support, seed=4), longer)


def radius(pool: np.ndarray, chosen: np.ndarray) -> float:
    roots = np.sqrt(pool)
    return float(np.sqrt(((roots[:, None] - roots[chosen]) ** 2).sum(axis=2)).min(axis=1).max())


@pytest.mark.parametrize("count", [2, 3, 4])
def test_maximin_is_within_twice_the_best_radius(count: int) -> None:
    pool = simplex_lattice(3, 5)
    best = min(radius(pool, np.array(c)) for c in combinations(range(len(pool)), count))
    assert radius(pool, maximin(pool, count)) <= 2 * best + 1e-12


def test_maximin_takes_all_in_the_end_and_begins_alike() -> None:
    pool = simplex_lattice(3, 4)
    every = maximin(pool, len(pool))
    assert sorted(every) == list(range(len(pool)))
    np.testing.assert_array_equal(maximin(pool, 5), every[:5])


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
    with pytest.raises(InputError, match=f"for the predictor '{predictor}'.*design: maximin"):
        d_optimal_design(3, 9, predictor)


DESIGNS = {
    "sobol": sobol,
    "maximin": maximin_design,
    **{f"d_optimal for {name}": partial(d_optimal_design, predictor=name) for name in ("pq", "gp")},
}


@pytest.mark.parametrize(
    ("name", "providers"),
    [(name, m) for name in DESIGNS for m in (2, 3, 5, 12) if m < 12 or "gp" not in name],
)
def test_every_design_is_of_distinct_mixtures_and_repeats_itself(name: str, providers: int) -> None:
    count = default_count(providers)
    design = DESIGNS[name](providers, count)
    assert design.shape == (count, providers)
    assert (design >= 0).all()
    np.testing.assert_allclose(design.sum(axis=1), 1)
    assert len(np.unique(design.round(12), axis=0)) == count
    np.testing.assert_array_equal(design, DESIGNS[name](providers, count))


def test_candidates_are_linear_in_the_providers() -> None:
    assert [len(candidates(m)) for m in (5, 10, 40)] == [35 * m + 1 for m in (5, 10, 40)]


@pytest.mark.parametrize(
    "bad",
    [
        lambda: sobol(3, 0),
        lambda: sobol(3, 5, support=0),
        lambda: maximin(simplex_lattice(3, 2), 7),
        lambda: maximin(simplex_lattice(3, 2), 0),
        lambda: d_optimal(SHARES(simplex_lattice(3, 4)), 5),
        lambda: d_optimal(SHARES(simplex_lattice(3, 2)), 7),
        lambda: d_optimal_design(40, 161, "gp"),
    ],
)
def test_a_size_that_cannot_be_is_refused(bad) -> None:
    with pytest.raises(InputError, match="got"):
        bad()
