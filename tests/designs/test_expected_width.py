"""The expected half-width of a budget: closed form without noise, and an order among budgets."""

import numpy as np
import pytest

from projektor_ray.designs import expected_width
from projektor_ray.designs.budget import spend
from projektor_ray.designs.expected_width import expected_half_width
from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.learners.metrics import METRICS

ACCURACY, LOSS = METRICS["accuracy"], METRICS["log_loss"]


def test_without_noise_it_is_the_error_of_the_law(monkeypatch: pytest.MonkeyPatch) -> None:
    """1.645 · 0.22 of the growth of the log-odds beyond N1, carried to accuracies both ways."""
    monkeypatch.setattr(expected_width, "NOISE", 1e-5)
    bought = spend(15_000, 3, size=10_000)
    found = expected_half_width(bought, 10_000, ACCURACY, family="network")
    mixtures = simplex_lattice(3, 20)
    odds = 0.85 + 0.8 * mixtures @ np.array([0.5, 0.0, -0.5])
    half = 1.645 * 0.22 * 0.25 * np.log(10_000 / bought.scales[-1])
    low, high = (1 / (1 + np.exp(-(odds + sign * half))) for sign in (-1, 1))
    assert found == pytest.approx(float(np.mean(high - low) / 2), rel=0.05)


def test_a_larger_budget_and_a_better_known_learner_predict_better() -> None:
    widths = [
        expected_half_width(spend(budget, 3, size=10_000), 10_000, ACCURACY, family=family)
        for budget, family in [(7500, "network"), (30_000, "network"), (7500, "unknown")]
    ]
    assert widths[1] < 0.7 * widths[0]
    assert widths[2] > 1.5 * widths[0]


@pytest.mark.parametrize(
    ("budget", "providers", "cap", "stages", "family"),
    [
        (1500, 2, None, 1, "unknown"),
        (12_000, 3, 300, 2, "network"),
        (24_000, 3, 300, 1, "network"),
    ],
)
def test_twice_a_budget_is_narrower_unless_it_buys_the_same(
    budget: int, providers: int, cap: int | None, stages: int, family: str
) -> None:
    """Where one simulation each was compared, half a budget could look better than the whole."""
    pilots = None if cap is None else np.full(providers, cap)
    buys = [
        spend(once, providers, size=10_000, cap=cap, stages=stages) for once in (budget, 2 * budget)
    ]
    options = {"family": family, "providers": providers, "pilots": pilots}
    before, after = (expected_half_width(one, 10_000, ACCURACY, **options) for one in buys)
    assert after == before if buys[0] == buys[1] else after < before


def test_the_noise_of_a_mixture_does_not_depend_on_how_many_follow() -> None:
    few, more = expected_width._noise(1, [3, 3]), expected_width._noise(1, [5, 5, 3])
    np.testing.assert_array_equal(few, more[[0, 1, 2, 5, 6, 7]])
    assert not np.allclose(few, expected_width._noise(2, [3, 3]))


def test_of_a_loss_it_is_a_share() -> None:
    bought = spend(30_000, 3, size=10_000, loss=True, stages=2)
    assert 0.001 < expected_half_width(bought, 10_000, LOSS, family="network") < 0.5


def test_many_providers_are_simulated_by_three_with_as_many_mixtures_each() -> None:
    few, many = spend(15_000, 3, size=9000), spend(150_000, 30, size=9000)
    assert (few.scales, 10 * few.mixtures) == (many.scales, many.mixtures)
    own = expected_half_width(few, 9000, ACCURACY, family="network")
    assert own == expected_half_width(many, 9000, ACCURACY, family="network", providers=30)


def test_one_provider_has_one_mixture_and_no_width() -> None:
    bought = spend(2000, 1, size=10_000)
    assert expected_half_width(bought, 10_000, ACCURACY, family="network", providers=1) is None
