"""Low-discrepancy mixtures: uniform, balanced, nested and seeded."""

import numpy as np
import pytest
from scipy import stats

from projektor_ray.designs.sobol import sobol


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
