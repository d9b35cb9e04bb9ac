"""Printed shares miss 1 by no more than the bound, and a missing column by more than rounding."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projektor_ray.runs.share_precision import MOST, decimals_of, is_biased, rounding_bound
from projektor_ray.storage.array_types import Floats


def printed(shares: Floats, form: str) -> Floats:
    return np.array([[float(form % share) for share in row] for row in shares])


@given(
    st.integers(2, 40),
    st.sampled_from([f"%.{digits}{kind}" for digits in range(1, 10) for kind in "fg"]),
    st.sampled_from([0.2, 1.0, 5.0]),
    st.integers(0, 10_000),
)
def test_rounding_stays_within_the_bound(m: int, form: str, spread: float, seed: int) -> None:
    shares = printed(np.random.default_rng(seed).dirichlet(np.full(m, spread), 20), form)
    missed = np.abs(shares.sum(axis=1) - 1)
    usable = missed <= MOST
    assert (missed <= rounding_bound(shares))[usable].all()


@pytest.mark.parametrize("m", [2, 3, 17])
def test_half_precision_stays_within_its_bound(m: int) -> None:
    half = np.random.default_rng(m).dirichlet(np.ones(m), 200).astype(np.float16)
    for shares in (half.astype(np.float64), half.astype(str).astype(np.float64)):
        assert (np.abs(shares.sum(axis=1) - 1) <= rounding_bound(shares)).all()
        assert not is_biased(shares)


@pytest.mark.parametrize("m", [2, 3, 17])
@pytest.mark.parametrize("carry", [0, 0x8000])  # Cut off, and rounded.
def test_brain_floats_stay_within_their_bound(m: int, carry: int) -> None:
    single = np.random.default_rng(m).dirichlet(np.ones(m), 200).astype(np.float32)
    bits = (single.view(np.uint32) + np.uint32(carry)) & np.uint32(0xFFFF0000)
    shares = bits.view(np.float32).astype(np.float64)
    missed = np.abs(shares.sum(axis=1) - 1)
    assert missed.max() > 1e-5
    assert (missed <= rounding_bound(shares)).all()
    assert rounding_bound(shares).max() < 0.02


@pytest.mark.parametrize("decimals", [1, 2, 3, 5, 6, 8])
def test_the_bound_is_no_wider_than_half_a_unit_a_share(decimals: int) -> None:
    shares = np.round(np.random.default_rng(0).dirichlet(np.ones(3), 50), decimals)
    assert decimals_of(shares) == decimals
    bound = rounding_bound(shares).max()
    assert bound == pytest.approx(min(1.5 * 10.0**-decimals, 0.5) + 1e-6, rel=0.35)


def test_a_column_that_is_missing_is_no_rounding() -> None:
    rng = np.random.default_rng(0)
    whole = np.round(rng.dirichlet(np.ones(4) * 3, 50), 2)
    small = np.column_stack([whole[:, :3] * 0.985, np.full(50, 0.015)])
    assert not is_biased(whole)
    assert is_biased(np.round(small[:, :3], 2))
    assert not is_biased(rng.dirichlet(np.ones(4), 50))


def test_many_shares_that_are_printed_as_0_are_rounding() -> None:
    shares = np.round(np.random.default_rng(0).dirichlet(np.full(100, 0.05), 50), 2)
    assert shares.sum(axis=1).mean() < 0.999
    assert not is_biased(shares)
