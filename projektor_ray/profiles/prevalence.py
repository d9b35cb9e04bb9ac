"""The share of flawed samples in a pilot, by a test whose error rates are uncertain."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, gammaln

from projektor_ray.storage.array_types import Floats

LEVEL = 0.9
CANDIDATES = 401
"""Shares that are tried, evenly over those that the observed outcome may come from."""
UNLIKELY = 12.5
"""By how much less in log likelihood than the best one a share is not tried: 5 deviations."""
MOST_OUTCOMES = 1000
"""Of more possible outcomes every second, third, … stands for its neighbours."""
FARTHEST = 8.0
"""Outcomes farther from the mean, in deviations, are left out."""
NEARLY_0 = 1e-12
"""What a rate of 0 counts as, so that an outcome it forbids is unlikely and not impossible."""
DRAWS = 1000
CONCENTRATIONS = np.array([0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 100.0, 300.0])
MEANS = (np.arange(60) + 0.5) / 60


@dataclass(frozen=True)
class Share:
    """An estimated share of a pilot's samples, and its 90 % confidence interval."""

    value: float
    low: float
    high: float


def prevalence(positives: int, count: int, false_alarms: Floats, misses: Floats) -> Share:
    """Share of flawed samples, from how many a fallible test calls flawed (Rogan and Gladen, 1978).

        P(positive) = (1 − w)·e + w·(1 − r)

    with the share w, the rate e of false alarms among good samples and the rate r of misses among
    flawed ones. The interval holds the shares whose 90 % most likely outcomes, by the ratio to the
    best share's likelihood, include the observed one (Feldman and Cousins, 1998), so that it covers
    at w = 0 as well; the outcomes' probabilities are averaged over the draws of e and r.

    Parameters
    ----------
    positives, count : samples that the test calls flawed, of how many.
    false_alarms, misses : draws of e and r, shape (S,), that agree with what is known of the test.
    """
    shares = _candidates(positives, count, false_alarms, misses)
    outcomes = _outcomes(positives, count, *_rates(shares, false_alarms, misses))
    logs = _log_likelihood(shares, outcomes, count, false_alarms, misses)
    observed = int(np.searchsorted(outcomes, positives))
    value = float(shares[int(np.argmax(logs[:, observed]))])
    ratios = logs - logs.max(axis=0)
    order = np.argsort(-ratios, axis=1, kind="stable")
    probability = np.exp(logs)
    ordered = np.take_along_axis(probability, order, axis=1)
    before = np.cumsum(ordered, axis=1) - ordered
    accepted = np.zeros(logs.shape, dtype=bool)
    np.put_along_axis(accepted, order, before < LEVEL * probability.sum(axis=1)[:, None], axis=1)
    inside = shares[accepted[:, observed]]
    if not len(inside):
        return Share(value, value, value)
    return Share(value, min(value, float(inside.min())), max(value, float(inside.max())))


def _candidates(positives: int, count: int, false_alarms: Floats, misses: Floats) -> Floats:
    """Shares around the most likely one, ascending: as wide as an interval can reach."""
    low, high, width = 0.0, 1.0, np.inf
    while high - low < 0.9 * width:
        width = high - low
        shares = np.linspace(low, high, CANDIDATES)
        logs = _log_likelihood(shares, np.array([positives]), count, false_alarms, misses)[:, 0]
        likely = np.flatnonzero(logs >= logs.max() - UNLIKELY)
        low = float(shares[max(likely[0] - 1, 0)])
        high = float(shares[min(likely[-1] + 1, CANDIDATES - 1)])
    return shares


def _outcomes(positives: int, count: int, mean: Floats, variance: Floats) -> NDArray[np.int64]:
    """Numbers of positives that the candidates make likely, ascending, with the observed one."""
    deviation = np.sqrt(mean * (1 - mean) / count + variance)
    low = max(int(count * (mean - FARTHEST * deviation).min()), 0)
    high = min(int(np.ceil(count * (mean + FARTHEST * deviation).max())), count)
    low, high = min(low, positives), max(high, positives)
    step = -(-(high - low + 1) // MOST_OUTCOMES)
    return np.arange(positives - (positives - low) // step * step, high + 1, step)


def _rates(shares: Floats, false_alarms: Floats, misses: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of P(positive) over the draws of e and r, for each share."""
    among_flawed = 1 - misses - false_alarms
    mean = false_alarms.mean() + shares * among_flawed.mean()
    both = np.cov(false_alarms, among_flawed, bias=True)
    variance = both[0, 0] + 2 * shares * both[0, 1] + shares**2 * both[1, 1]
    return np.clip(mean, NEARLY_0, 1 - NEARLY_0), np.maximum(variance, 0.0)


def _log_likelihood(
    shares: Floats,
    outcomes: NDArray[np.int64],
    count: int,
    false_alarms: Floats,
    misses: Floats,
) -> Floats:
    """ln P(positives | share), shape (shares, outcomes), by a beta-binomial of equal moments."""
    mean, variance = _rates(shares, false_alarms, misses)
    variance = np.clip(variance, 1e-9 * mean * (1 - mean), 0.999 * mean * (1 - mean))
    weight = mean * (1 - mean) / variance - 1
    a, b = (mean * weight)[:, None], ((1 - mean) * weight)[:, None]
    ways = gammaln(count + 1) - gammaln(outcomes + 1) - gammaln(count - outcomes + 1)
    return np.asarray(ways + betaln(outcomes + a, count - outcomes + b) - betaln(a, b))


def rate_draws(
    errors: NDArray[np.int64], counts: NDArray[np.int64], stream: np.random.Generator
) -> Floats:
    """Draws of each class's error rate, shape (S, c), from few errors (c,) among counts (c,).

    Rates of classes come from one beta distribution whose mean and concentration are uncertain
    too: a class with few samples takes after the others only as far as these are alike.
    """
    mean, concentration = np.meshgrid(MEANS, CONCENTRATIONS, indexing="ij")
    a, b = (mean * concentration).ravel(), ((1 - mean) * concentration).ravel()
    fit = betaln(errors + a[:, None], counts - errors + b[:, None]) - betaln(a, b)[:, None]
    logs = fit.sum(axis=1)
    weights = np.exp(logs - logs.max())
    chosen = stream.choice(len(a), DRAWS, p=weights / weights.sum())
    drawn = stream.beta(errors + a[chosen][:, None], counts - errors + b[chosen][:, None])
    return np.asarray(drawn, dtype=np.float64)
