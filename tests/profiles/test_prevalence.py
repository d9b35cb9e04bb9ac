"""Intervals of shares: coverage over draws, and the draws of error rates against closed forms."""

import numpy as np
import pytest
from scipy.stats import binomtest

from projektor_ray.profiles.prevalence import prevalence, rate_draws


@pytest.mark.parametrize("count", [30, 400, 3000, 100_000])
@pytest.mark.parametrize("share", [0.0, 0.05, 0.2, 0.4])
def test_intervals_hold_the_share_in_nine_of_ten_draws(count: int, share: float) -> None:
    """Each draw has new error rates of eight classes, known from 5 to 50 samples each."""
    stream = np.random.default_rng([count, int(100 * share)])
    inside, draws, missed = 0, 120, 0.02
    for _ in range(draws):
        rates, counts = stream.beta(2, 20, 8), stream.integers(5, 50, 8)
        known = rate_draws(stream.binomial(counts, rates), counts, stream).mean(axis=1)
        positive = (1 - share) * rates.mean() + share * (1 - missed)
        observed = int(stream.binomial(count, positive))
        found = prevalence(observed, count, known, np.full(len(known), missed))
        assert 0 <= found.low <= found.value <= found.high <= 1
        inside += found.low <= share <= found.high
    assert 0.82 <= inside / draws <= 0.99


@pytest.mark.parametrize(
    ("successes", "count"),
    [
        *[(0, 50), (7, 50), (25, 50), (50, 50), (90, 900)],
        *[(0, 100_000), (3, 100_000), (3000, 100_000), (300_000, 10**6), (10**6, 10**6)],
    ],
)
def test_a_test_that_never_errs_gives_a_binomial_interval(successes: int, count: int) -> None:
    nothing = np.zeros(1)
    found = prevalence(successes, count, nothing, nothing)
    exact = binomtest(successes, count).proportion_ci(0.9, method="exact")
    width = exact.high - exact.low
    assert found.value == pytest.approx(successes / count, abs=0.02 * width)
    assert found.low >= exact.low - 0.1 * width
    assert found.high <= exact.high + 0.1 * width
    assert found.high - found.low >= 0.6 * (exact.high - exact.low)


def test_a_class_with_few_samples_takes_after_the_others_as_far_as_these_are_alike() -> None:
    stream = np.random.default_rng(0)
    errors, counts = np.array([400, 20, 30, 25, 1]), np.array([1000, 1000, 1000, 1000, 1])
    drawn = rate_draws(errors, counts, stream)
    np.testing.assert_allclose(drawn[:, :4].mean(axis=0), errors[:4] / 1000, atol=0.01)
    assert drawn[:, 4].std() > 0.1, "one sample says little"
    alike = rate_draws(np.array([20, 21, 19, 20, 0]), np.array([200, 200, 200, 200, 1]), stream)
    assert alike[:, 4].mean() == pytest.approx(0.1, abs=0.03)
    assert alike[:, 4].std() < drawn[:, 4].std()
