import numpy as np
import ot
import pytest
from scipy.linalg import sqrtm

from projektor_ray.transport.label_distance import choose_kind, class_distances

RNG = np.random.default_rng(0)
LEFT = [RNG.normal(size=(k, 3)) + k for k in (1, 2, 9, 30)]
RIGHT = [RNG.normal(size=(k, 3)) * 2 for k in (1, 12)]


def bures(one: np.ndarray, other: np.ndarray) -> float:
    s1, s2 = np.cov(one.T, bias=True), np.cov(other.T, bias=True)
    root = sqrtm(s1 + 1e-14 * np.eye(3))
    cross = np.trace(np.real(sqrtm(root @ s2 @ root)))
    means = ((one.mean(axis=0) - other.mean(axis=0)) ** 2).sum()
    return float(means + np.trace(s1) + np.trace(s2) - 2 * cross)


def test_exact_is_pots_optimum() -> None:
    table = class_distances(LEFT, RIGHT, "exact")
    for i, one in enumerate(LEFT):
        for j, other in enumerate(RIGHT):
            expected = ot.emd2([], [], ot.dist(one, other))
            assert table[i, j] == pytest.approx(expected, rel=1e-9)


def test_bures_is_the_gaussians_distance() -> None:
    table = class_distances(LEFT[2:], RIGHT[1:], "bures")
    for i, one in enumerate(LEFT[2:]):
        assert table[i, 0] == pytest.approx(bures(one, RIGHT[1]), rel=1e-6)


def test_bures_of_commuting_covariances_is_diagonal() -> None:
    axes = np.vstack([np.eye(3), -np.eye(3)])
    one, other = [axes * np.array([1.0, 2.0, 3.0])], [axes * np.array([2.0, 0.5, 0.0]) + 1]
    np.testing.assert_allclose(
        class_distances(one, other, "bures"), class_distances(one, other, "diagonal"), rtol=1e-9
    )


@pytest.mark.parametrize("kind", ["exact", "bures", "diagonal"])
def test_one_point_is_a_dirac_and_a_group_is_at_zero_from_itself(kind: str) -> None:
    table = class_distances(LEFT, LEFT, kind)  # type: ignore[arg-type]
    np.testing.assert_allclose(np.diag(table), 0, atol=1e-9)
    np.testing.assert_allclose(table, table.T, rtol=1e-9, atol=1e-9)
    spread = ((LEFT[3] - LEFT[0]) ** 2).sum(axis=1).mean()
    assert table[0, 3] == pytest.approx(spread, rel=1e-9)


def test_cheaper_kinds_are_lower_bounds() -> None:
    exact = class_distances(LEFT, RIGHT, "exact")
    gaussian = class_distances(LEFT, RIGHT, "bures")
    assert (gaussian <= exact + 1e-9).all()
    assert (class_distances(LEFT, RIGHT, "diagonal") >= 0).all()


def test_auto_takes_the_dearest_that_is_cheap_enough() -> None:
    assert choose_kind("auto", [10, 20], [10, 20], 64) == "exact"
    assert choose_kind("auto", [3000] * 10, [1000] * 10, 64) == "bures"
    assert choose_kind("auto", [3000] * 1000, [1000] * 1000, 64) == "diagonal"
    assert choose_kind("diagonal", [1], [1], 2) == "diagonal"
