"""What a table cannot tell is said, and no more than that."""

import numpy as np

from projektor_ray.runs import unidentified

NAMES = ("a", "b", "c", "d")


def test_mixtures_of_full_rank_leave_nothing_to_say() -> None:
    mixtures = np.random.default_rng(0).dirichlet(np.ones(4), size=5)
    assert unidentified(mixtures, NAMES) == []


def test_an_absent_a_constant_and_tied_providers_are_told_apart() -> None:
    share = np.linspace(0.1, 0.6, 6)
    absent, fixed = np.zeros(6), np.full(6, 0.2)
    said = unidentified(np.column_stack([absent, fixed, share, 0.8 - share]), NAMES)
    assert len(said) == 2
    assert said[0].startswith("No row has any of a,")
    assert said[1].startswith("The share of b is the same in all rows")

    rest = np.array([0.3, 0.1, 0.2, 0.25, 0.0, 0.05])
    tied = np.column_stack([rest, 2 * rest, share * (1 - 3 * rest), (1 - share) * (1 - 3 * rest)])
    (sentence,) = unidentified(tied, NAMES)
    assert sentence.startswith("The shares of a, b only change together")


def test_fewer_rows_than_providers_tie_them() -> None:
    mixtures = np.random.default_rng(0).dirichlet(np.ones(4), size=3)
    (sentence,) = unidentified(mixtures, NAMES)
    assert "a, b, c, d only change together" in sentence
    assert "3 rows" in sentence
