"""What a table cannot tell, in words."""

import numpy as np

from projektor_ray.explain.unidentified_effects import unidentified_effects

NAMES = ("a", "b", "c", "d")


def texts(mixtures: np.ndarray, distances: np.ndarray | None = None) -> list[str]:
    return [str(one) for one in unidentified_effects(mixtures, NAMES, distances)]


def test_mixtures_of_full_rank_leave_nothing_open() -> None:
    assert texts(np.random.default_rng(0).dirichlet(np.ones(4), size=5)) == []


def test_absent_constant_and_tied_providers_have_a_sentence_each() -> None:
    share = np.linspace(0.1, 0.6, 6)
    columns = [np.zeros(6), np.full(6, 0.2), share, 0.8 - share]
    absent, constant = texts(np.column_stack(columns))
    assert absent.startswith("No row has any of a,")
    assert constant.startswith("The share of b is the same in all rows")
    (tied,) = texts(np.random.default_rng(0).dirichlet(np.ones(4), size=3))
    assert tied.startswith("The shares of a, b, c and d only change together")
    assert "(3 rows)" in tied


def test_distances_that_tell_nothing_have_a_sentence() -> None:
    mixtures = np.random.default_rng(0).dirichlet(np.ones(4), size=9)
    (constant,) = texts(mixtures, np.full(9, 0.5))
    assert constant.startswith("The distance is the same in all rows")
    (linear,) = texts(mixtures, mixtures @ np.arange(4.0))
    assert linear.startswith("The distance is a linear function of the shares")


def test_many_providers_are_counted() -> None:
    mixtures = np.zeros((3, 20))
    mixtures[:, 0] = 1.0
    names = [f"p{i:02}" for i in range(20)]
    absent, _ = unidentified_effects(mixtures, names)
    assert "p01, p02, p03, p04, p05, p06 and 13 others" in str(absent)
    assert len(absent.values["providers"]) == 19
