"""What a table cannot tell is said, and no more than that."""

import numpy as np

from projektor_ray.runs.identifiability import Unidentified, unidentified

NAMES = ("a", "b", "c", "d")


def test_mixtures_of_full_rank_leave_nothing_to_say() -> None:
    mixtures = np.random.default_rng(0).dirichlet(np.ones(4), size=5)
    assert unidentified(mixtures, NAMES) == []


def test_an_absent_a_constant_and_tied_providers_are_told_apart() -> None:
    share = np.linspace(0.1, 0.6, 6)
    absent, fixed = np.zeros(6), np.full(6, 0.2)
    effects = unidentified(np.column_stack([absent, fixed, share, 0.8 - share]), NAMES)
    assert effects == [Unidentified("absent", ("a",), 6), Unidentified("constant", ("b",), 6)]

    rest = np.array([0.3, 0.1, 0.2, 0.25, 0.0, 0.05])
    tied = np.column_stack([rest, 2 * rest, share * (1 - 3 * rest), (1 - share) * (1 - 3 * rest)])
    assert unidentified(tied, NAMES) == [Unidentified("tied", ("a", "b"), 6)]


def test_fewer_rows_than_providers_tie_them() -> None:
    mixtures = np.random.default_rng(0).dirichlet(np.ones(4), size=3)
    assert unidentified(mixtures, NAMES) == [Unidentified("tied", NAMES, 3)]
