"""The share of flawed samples in a pilot, by a test whose error rates are uncertain."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, gammaln

from projektor_ray.storage.array_types import Floats

LEVEL = 0.9
SHARES = np.linspace(0.0, 1.0, 401)
"""Candidate shares."""
MOST_COUNTS = 1000
"""A pilot of more samples is treated by its observed rate, in so many bins."""
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
    logs = _outcomes(count, false_alarms, misses)
    observed = positives if count <= MOST_COUNTS else round(positives / count * MOST_COUNTS)
    likelihood = logs[:, observed]
    value = float(SHARES[int(np.argmax(likelihood))])
    ratios = logs - logs.max(axis=0)
    order = np.argsort(-ratios, axis=1, kind="stable")
    probability = np.exp(logs)
    ordered = np.take_along_axis(probability, order, axis=1)
    before = np.cumsum(ordered, axis=1) - ordered
    accepted = np.zeros(logs.shape, dtype=bool)
    np.put_along_axis(accepted, order, before < LEVEL * probability.sum(axis=1)[:, None], axis=1)
    inside = SHARES[accepted[:, observed]]
    if not len(inside):
        return Share(value, value, value)
    return Share(value, min(value, float(inside.min())), max(value, float(inside.max())))


def _outcomes(count: int, false_alarms: Floats, misses: Floats) -> Floats:
    """ln P(positives | share), shape (shares, outcomes), by a beta-binomial of equal moments."""
    rates = (1 - SHARES)[:, None] * false_alarms + SHARES[:, None] * (1 - misses)
    mean = np.clip(rates.mean(axis=1), 1e-6, 1 - 1e-6)
    variance = rates.var(axis=1)
    outcomes = min(count, MOST_COUNTS)
    if count > MOST_COUNTS:
        variance = variance + mean * (1 - mean) * (1 / count - 1 / outcomes)
    variance = np.clip(variance, 1e-9 * mean * (1 - mean), 0.999 * mean * (1 - mean))
    weight = mean * (1 - mean) / variance - 1
    a, b = (mean * weight)[:, None], ((1 - mean) * weight)[:, None]
    positives = np.arange(outcomes + 1)
    ways = gammaln(outcomes + 1) - gammaln(positives + 1) - gammaln(outcomes - positives + 1)
    return np.asarray(ways + betaln(positives + a, outcomes - positives + b) - betaln(a, b))


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


def binomial_interval(successes: int, count: int) -> Share:
    """Share of successes with its 90 % interval: `prevalence` by a test that never errs."""
    nothing = np.zeros(1)
    return prevalence(successes, count, nothing, nothing)
