"""Noise levels by mixture: learned from repeats that show them, else exactly 1."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import chi2, kstest, multivariate_normal, norm

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.predictors import PREDICTORS, Predictor, ProbeArrays, restore
from projektor_ray.predictors.noise_levels import (
    CUT,
    HYPOTHESES,
    NoiseLevels,
    _Repeats,
)
from projektor_ray.predictors.noise_weighted import POWERS, error_parts
from projektor_ray.predictors.polynomial import RATIOS
from projektor_ray.storage.array_types import Floats

MIXTURES = simplex_lattice(3, 4)
TRAINED = np.tile(np.repeat(MIXTURES, 2, axis=0), (2, 1))
SIZES = np.repeat([250.0, 1000.0], 2 * len(MIXTURES))


NONE = np.zeros(len(TRAINED))


def first_provider(mixtures: Floats) -> Floats:
    return mixtures[:, 0]


def all_vertices(mixtures: Floats) -> Floats:
    return np.asarray(0.75 * np.abs(mixtures - 1 / 3).sum(axis=1))


def near_validation(mixtures: Floats) -> Floats:
    """Distance to a mixture like validation."""
    return np.asarray(0.5 * np.abs(mixtures - [0.1, 0.3, 0.6]).sum(axis=1))


def probes(
    seed: int,
    times: float = 1.0,
    heavy: bool = False,
    towards: Callable[[Floats], Floats] = first_provider,
    measured: bool = False,
) -> ProbeArrays:
    """Two seeds at two sizes; noise rises so many times, by default towards the first provider."""
    stream = np.random.default_rng(seed)
    noise = stream.standard_t(3, len(SIZES)) if heavy else stream.normal(size=len(SIZES))
    level = 0.003 * times ** towards(TRAINED) * (SIZES / 1000) ** -0.35
    values = 0.5 + TRAINED @ [0.1, 0.2, 0.0] + 0.03 * np.log(SIZES / 1000) + level * noise
    distances = near_validation(TRAINED) if measured else None
    return ProbeArrays.check(TRAINED, distances, values, SIZES)


@pytest.mark.parametrize("measured", [False, True])
@pytest.mark.parametrize("heavy", [False, True])
def test_even_noise_has_levels_of_exactly_1(heavy: bool, measured: bool) -> None:
    levels = [NoiseLevels.of(probes(seed, heavy=heavy, measured=measured)) for seed in range(60)]
    even = [one for one in levels if one.even]
    assert len(even) >= 57
    assert all((one.at(TRAINED, NONE) == 1.0).all() and one.rms == 1.0 for one in even)


def test_noise_that_rises_towards_a_provider_is_found() -> None:
    levels = [NoiseLevels.of(probes(seed, times=25.0)) for seed in range(40)]
    found = [one for one in levels if not one.even]
    assert len(found) >= 30
    ratios = [np.divide(*one.at(np.eye(3), np.zeros(3))[:2]) for one in found]
    assert 4 < np.median(ratios) < 25, "shrunken"
    for one in found:
        assert np.log(one.at(TRAINED, NONE)).mean() == pytest.approx(0.0, abs=1e-12)
        assert one.rms == pytest.approx(np.sqrt(np.mean(one.at(TRAINED, NONE) ** 2)))


def test_noise_that_rises_towards_every_provider_is_found() -> None:
    tables = [probes(seed, 25.0, towards=all_vertices) for seed in range(40)]
    found = [one for one in map(NoiseLevels.of, tables) if not one.even]
    assert len(found) >= 22
    at = np.vstack([np.full(3, 1 / 3), np.eye(3)])
    levels = np.median([one.at(at, np.zeros(4)) for one in found], axis=0)
    assert (levels[1:] > 4 * levels[0]).all()


def test_noise_that_rises_with_a_known_distance_is_found_more_often_and_better() -> None:
    found, errors = [], []
    for measured in (False, True):
        tables = [probes(seed, 40.0, False, near_validation, measured) for seed in range(40)]
        levels = [NoiseLevels.of(table) for table in tables]
        truth = np.log(40.0) * near_validation(TRAINED)
        logs = [np.log(one.at(TRAINED, tables[0].distances)) for one in levels]
        if measured:
            logs = [np.log(one.at(TRAINED, near_validation(TRAINED))) for one in levels]
        found.append(np.mean([not one.even for one in levels]))
        errors.append(np.mean([np.std(truth - log) for log in logs]))
    assert found[1] > found[0] > 0.3
    assert errors[1] < errors[0] < 0.9 * np.std(truth)


@pytest.mark.parametrize("row", range(0, len(SIZES), 2))
def test_one_diverged_training_shows_no_levels(row: int) -> None:
    clean = probes(1)
    clean.values[row] -= 0.4
    assert NoiseLevels.of(clean).even


def of_chance(freedom: int) -> tuple[float, float, float]:
    """Median of χ²/d, and mean and deviation of its logarithm after the cut, by integration."""
    law = chi2(freedom, scale=1 / freedom)

    def moment(power: int) -> float:
        inside = quad(
            lambda x: np.exp(x) * law.pdf(np.exp(x)) * x**power,
            *np.log(CUT),
        )
        return float(
            inside[0]
            + law.cdf(CUT[0]) * np.log(CUT[0]) ** power
            + law.sf(CUT[1]) * np.log(CUT[1]) ** power
        )

    return float(law.median()), moment(1), float(np.sqrt(moment(2) - moment(1) ** 2))


def test_the_slopes_are_those_of_ridges_averaged_by_their_marginal_likelihood() -> None:
    """With an intercept of its own at each size, of groups of two and three seeds."""
    table = probes(3, times=25.0, measured=True)
    third = np.arange(0, 20, 2)
    again = np.random.default_rng(4).normal(size=len(third))
    extra = replace(table.take(third), values=table.values[third] + 0.01 * again)
    joined = ProbeArrays(
        *(
            np.concatenate([getattr(table, name), getattr(extra, name)])
            for name in ("mixtures", "distances", "sizes", "values")
        )
    )
    rows, variances, freedom = [], [], []
    for size in (250.0, 1000.0):
        for mixture in MIXTURES:
            of = (joined.sizes == size) & (joined.mixtures == mixture).all(axis=1)
            freedom.append(int(of.sum()) - 1)
            away = near_validation(mixture[None])[0]
            rows.append([*mixture, mixture @ mixture, away, size == 250.0, size == 1000.0])
            variances.append(joined.values[of].var(ddof=1))
    x, s2 = np.array(rows, dtype=float), np.array(variances)
    assert set(freedom) == {1, 2}
    median, mean, deviation = np.array([of_chance(d) for d in freedom]).T
    for size in (5, 6):
        at = x[:, size] == 1
        s2[at] /= np.median((s2 / median)[at])
    logs = np.log(np.clip(s2, *CUT)) - mean
    spread = x[:, 4].std()
    slopes, likelihoods = [], []
    for shares, concentration, distance in HYPOTHESES:
        prior = np.array([shares] * 3 + [concentration, distance / spread**2])
        used = np.append(prior > 0, [True, True])
        ridge = np.diag([*(1 / prior[prior > 0]), 0.0, 0.0])
        columns = x[:, used] / deviation[:, None]
        solved = np.linalg.solve(columns.T @ columns + ridge, columns.T @ (logs / deviation))
        slopes.append(np.zeros(5))
        slopes[-1][prior > 0] = solved[:-2]
        wide = np.diag([*prior, 1e5, 1e5])
        covariance = x @ wide @ x.T + np.diag(deviation**2)
        likelihoods.append(multivariate_normal.logpdf(logs, cov=covariance))
    weights = np.exp(np.array(likelihoods) - max(likelihoods))
    expected = weights @ np.array(slopes) / weights.sum()
    assert (weights / weights.sum() > 0.01).sum() > 1
    np.testing.assert_allclose(NoiseLevels.of(joined).slopes, expected, rtol=0.01, atol=0.01)


def test_where_noise_is_even_the_test_refuses_as_often_as_it_says() -> None:
    """p-values are uniform: the share of permutations that explain as much, over tables."""
    shares = []
    for seed in range(150):
        repeats = _Repeats.of(probes(seed, heavy=True))
        assert repeats is not None
        stream = np.random.default_rng(seed)
        half = len(repeats.sizes) // 2
        order = [
            np.append(stream.permutation(half), half + stream.permutation(half)) for _ in range(99)
        ]
        chance = repeats._explained(repeats.residuals[np.array(order)])
        shares.append(np.mean(chance >= repeats._explained(repeats.residuals[None])))
    assert kstest(shares, "uniform").pvalue > 0.01


def cases() -> dict[str, ProbeArrays]:
    """Tables of uneven noise without repeats to learn it from."""
    table = probes(0, times=25.0)
    single = table.take(np.arange(0, len(table), 2))
    few = table.take(np.arange(14))
    equal = replace(table, values=table.values.copy())
    equal.values[1::2] = equal.values[::2]
    apart = replace(table, distances=np.arange(len(table), dtype=float))
    return {"one seed": single, "few mixtures": few, "equal": equal, "other distances": apart}


@pytest.mark.parametrize("name", sorted(cases()))
def test_without_repeats_that_differ_nothing_is_learned(name: str) -> None:
    assert not NoiseLevels.of(probes(0, times=25.0)).even
    assert NoiseLevels.of(cases()[name]).even


def one_scale() -> ProbeArrays:
    """Two seeds at one size, with noise that shows."""
    half = probes(0, times=100.0).at(1000)
    assert not NoiseLevels.of(half).even
    return half


@pytest.mark.parametrize(
    "name", ["gp", "rational", "linear", "pseudo_quadratic", "quadratic", "cs", "pq"]
)
def test_a_predictor_weighs_probes_by_their_noise(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, at = one_scale(), (MIXTURES, MIXTURES @ [0.2, 0.1, 0.3])
    table = replace(table, distances=table.mixtures @ [0.2, 0.1, 0.3], measured=True)
    truth = 0.5 + MIXTURES @ [0.1, 0.2, 0.0]

    def error(model: Predictor) -> float:
        return float(np.abs(model.predict(*at) - truth).mean())

    model = PREDICTORS[name]().fit_arrays(table)
    again = restore(model.to_arrow())
    spread = model.spread(*at)
    np.testing.assert_array_equal(again.predict(*at), model.predict(*at))
    np.testing.assert_array_equal(again.spread(*at), spread)
    first, second = (spread[MIXTURES[:, i] == 1] for i in (0, 1))
    assert first > 3 * second
    monkeypatch.setattr(_Repeats, "differ", lambda self: False)
    plain = PREDICTORS[name]().fit_arrays(table)
    assert error(model) < 0.9 * error(plain)
    assert plain.uneven_noise(*at) is None


def test_the_parts_of_errors_are_those_of_a_mean_over_candidates() -> None:
    """`s²(θ + (1 − θ) level^(2c))`, each weighted by the normal likelihood of the errors."""
    stream = np.random.default_rng(2)
    levels = stream.uniform(0.3, 2.0, 15)
    errors = np.hypot(0.4, levels**1.5) * stream.normal(size=15)
    logs, spreads = [], []
    for theta in np.linspace(0, 1, 11):
        for power in (1, 1.5, 2, 2.5):
            shape = np.sqrt(theta + (1 - theta) * levels ** (2 * power))
            scale = np.sqrt(np.mean((errors / shape) ** 2))
            logs.append(norm.logpdf(errors, scale=scale * shape).sum())
            spreads.append((scale * shape) ** 2)
    weights = np.exp(np.array(logs) - max(logs))
    expected = weights @ np.array(spreads) / weights.sum()
    parts = error_parts(errors, levels)
    found = parts[0] + sum(b * levels ** (2 * c) for b, c in zip(parts[1:], POWERS, strict=True))
    np.testing.assert_allclose(found, expected)
    assert 0.1 < parts[0] / expected.mean() < 0.9
    assert (error_parts(np.zeros(15), levels) < 1e-290).all()


@pytest.mark.parametrize("misfit", [0.0, 0.25])
def test_a_spread_holds_misfit_everywhere_and_noise_where_it_is(misfit: float) -> None:
    """Errors over 30 tables of a law that holds, and of one that misses as much at quiet mixtures
    as at noisy ones.
    """
    truth = 0.5 + 0.1 * MIXTURES[:, 0] + misfit * MIXTURES[:, 1] * MIXTURES[:, 2]
    level = 0.0015 * 30.0 ** MIXTURES[:, 0]
    stream, squares, variances = np.random.default_rng(0), [], []
    for _ in range(30):
        trained = np.repeat(np.arange(len(MIXTURES)), 3)
        noise = level[trained] * stream.normal(size=len(trained))
        table = ProbeArrays.check(MIXTURES[trained], None, truth[trained] + noise)
        if NoiseLevels.of(table).even:
            continue
        model = PREDICTORS["linear"]().fit_arrays(table)
        squares.append((model.predict(MIXTURES) - truth) ** 2 + level**2)
        variances.append(model.spread(MIXTURES, NONE[: len(MIXTURES)]) ** 2)
    assert len(squares) > 20
    for at in (MIXTURES[:, 0] < 0.3, MIXTURES[:, 0] > 0.7):
        ratio = np.mean(np.array(squares)[:, at]) / np.mean(np.array(variances)[:, at])
        assert 0.4 < ratio < 2.0


def test_no_level_lies_beyond_those_of_repeated_mixtures() -> None:
    """Repeats of the first provider's shares up to a half; further mixtures, trained once."""
    stream = np.random.default_rng(0)
    shares = np.repeat(np.linspace(0, 0.5, 20), 3)
    shares = np.append(shares, [0.75, 1.0])
    mixtures = np.column_stack([shares, 1 - shares])
    values = 0.5 + 0.003 * 400.0**shares * stream.normal(size=len(shares))
    levels = NoiseLevels.of(ProbeArrays.check(mixtures, None, values))
    assert not levels.even
    asked = np.array([0.0, 0.5, 0.75, 1.0])
    found = levels.at(np.column_stack([asked, 1 - asked]), np.zeros(4))
    assert found[1] > 3 * found[0]
    np.testing.assert_array_equal(found[2:], found[1])
    far = levels.at(np.array([[0.25, 0.75]] * 2), np.array([0.0, 1e6]))
    assert np.isfinite(far).all()
    again = NoiseLevels.restored(levels.state())
    np.testing.assert_array_equal(
        again.at(mixtures, np.zeros(62)), levels.at(mixtures, np.zeros(62))
    )


def test_errors_of_left_out_mixtures_are_in_the_units_of_the_metric(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those of `gp` are what a fit without the mixture misses, at the same levels."""
    table = one_scale()
    levels = NoiseLevels.of(table)
    monkeypatch.setattr(NoiseLevels, "of", lambda probes: levels)
    left_out = PREDICTORS["gp"]().cross_validate(table)
    for rows in (rows for rows in table.groups() if table.mixtures[rows[0]].max() >= 0.75):
        rest = table.take(np.setdiff1d(np.arange(len(table)), rows))
        missed = table.values[rows] - PREDICTORS["gp"]().fit_arrays(rest).predict(
            table.mixtures[rows]
        )
        np.testing.assert_allclose(left_out[rows], missed, rtol=0.1, atol=1e-3)


def test_center_scaling_is_least_squares_weighted_by_the_levels() -> None:
    table = one_scale()
    table = replace(table, distances=table.mixtures @ [0.2, 0.1, 0.3], measured=True)
    levels = NoiseLevels.of(table).at(table.mixtures, table.distances)
    model = PREDICTORS["cs"]().fit_arrays(table)
    expected = np.polyfit(table.distances, table.values, 1, w=1 / levels)
    np.testing.assert_allclose(model.coefficients, expected, rtol=1e-9)
    assert not np.allclose(expected, np.polyfit(table.distances, table.values, 1), rtol=0.01)


def test_the_ridge_of_a_polynomial_is_weighted_by_the_levels() -> None:
    """All candidates densely: `y ~ N(β, σ²(γ P Pᵀ + levels²))`, β flat, averaged."""
    table = one_scale()
    levels = NoiseLevels.of(table).at(table.mixtures, table.distances)
    p, y, n = table.mixtures, table.values, len(table)
    standard = (p - p.mean(axis=0)) / p.std(axis=0) / np.sqrt(3)
    logs, slopes = [], []
    for ratio in RATIOS:
        inverse = np.linalg.inv(ratio * standard @ standard.T + np.diag(levels**2))
        total = inverse.sum()
        restricted = inverse - np.outer(inverse.sum(axis=0), inverse.sum(axis=0)) / total
        if np.trace(restricted * np.outer(levels, levels)) < 1:
            continue
        determinant = np.linalg.slogdet(inverse)[1]
        logs.append(
            0.5 * determinant - 0.5 * np.log(total) - 0.5 * (n - 1) * np.log(y @ restricted @ y)
        )
        slopes.append(ratio * standard.T @ restricted @ y)
    weights = np.exp(np.array(logs) - max(logs))
    expected = weights @ np.array(slopes) / weights.sum() / p.std(axis=0) / np.sqrt(3)
    model = PREDICTORS["linear"]().fit_arrays(table)
    np.testing.assert_allclose(model.coefficients[:3], expected, rtol=1e-6)
