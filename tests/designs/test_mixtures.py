"""Checks and identities of mixtures."""

import numpy as np
import pytest

from projektor_ray.designs.mixtures import check_mixtures, mixture_id
from projektor_ray.errors import InputError

PILOTS = [("a", "hash-a"), ("b", "hash-b"), ("c", "hash-c")]


@pytest.mark.parametrize(
    "wrong", [[[0.5, 0.6]], [[-0.1, 1.1]], [[np.nan, 1.0]], [[0.0, 0.0]], [[50, 50]]]
)
def test_mixtures_off_the_simplex_are_refused(wrong: list[list[float]]) -> None:
    with pytest.raises(InputError, match="sum to 1"):
        check_mixtures(np.array(wrong), 2)


def test_mixtures_over_other_providers_are_refused() -> None:
    with pytest.raises(InputError, match="3 providers"):
        check_mixtures(np.array([[0.5, 0.5]]), 3)
    with pytest.raises(InputError, match=r"got shape \(0, 3\)"):
        check_mixtures(np.empty((0, 3)), 3)


@pytest.mark.parametrize("wrong", [np.array([[0.5 + 0j, 0.5]]), np.array([["0.5", "half"]])])
def test_shares_that_are_no_real_numbers_are_refused(wrong: np.ndarray) -> None:
    with pytest.raises(InputError, match="must be real numbers"):
        check_mixtures(wrong, 2)


def test_identity_ignores_order_and_unused_providers() -> None:
    p = np.array([0.3, 0.7, 0.0])
    identity = mixture_id(p, PILOTS)
    assert mixture_id(p[::-1], PILOTS[::-1]) == identity
    assert mixture_id(p[:2], PILOTS[:2]) == identity
    assert mixture_id(np.array([0.1 + 0.2, 0.7, 0.0]), PILOTS) == identity


def test_identity_changes_with_content_and_share() -> None:
    p = np.array([0.3, 0.7, 0.0])
    changed = [("a", "hash-a"), ("b", "another"), ("c", "hash-c")]
    others = {
        mixture_id(p, changed),
        mixture_id(np.array([0.7, 0.3, 0.0]), PILOTS),
        mixture_id(np.array([0.31, 0.69, 0.0]), PILOTS),
    }
    assert len(others | {mixture_id(p, PILOTS)}) == 4
