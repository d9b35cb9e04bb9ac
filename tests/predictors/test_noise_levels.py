"""Noise levels by mixture: learned from repeats that show them, else exactly 1."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import digamma, polygamma
from scipy.stats import kstest

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.predictors import PREDICTORS, Predictor, ProbeArrays, restore
from projektor_ray.predictors.noise_levels import PRIOR_VARIANCE, NoiseLevels, _Repeats

MIXTURES = simplex_lattice(3, 4)
TRAINED = np.tile(np.repeat(MIXTURES, 2, axis=0), (2, 1))
SIZES = np.repeat([250.0, 1000.0], 2 * len(MIXTURES))


def probes(seed: int, times: float = 1.0, heavy: bool = False) -> ProbeArrays:
    """Two seeds at two sizes; noise rises so many times towards the first provider alone."""
    stream = np.random.default_rng(seed)
    noise = stream.standard_t(3, len(SIZES)) if heavy else stream.normal(size=len(SIZES))
    level = 0.003 * times ** TRAINED[:, 0] * (SIZES / 1000) ** -0.35
    values = 0.5 + TRAINED @ [0.1, 0.2, 0.0] + 0.03 * np.log(SIZES / 1000) + level * noise
    return ProbeArrays.check(TRAINED, None, values, SIZES)


@pytest.mark.parametrize("heavy", [False, True])
def test_even_noise_has_levels_of_exactly_1(heavy: bool) -> None:
    levels = [NoiseLevels.of(probes(seed, heavy=heavy)) for seed in range(60)]
    even = [one for one in levels if one.even]
    assert len(even) >= 57
    assert all((one.at(TRAINED) == 1.0).all() and one.rms == 1.0 for one in even)


def test_noise_that_rises_towards_a_provider_is_found() -> None:
    levels = [NoiseLevels.of(probes(seed, times=25.0)) for seed in range(40)]
    found = [one for one in levels if not one.even]
    assert len(found) >= 30
    ratios = [np.divide(*one.at(np.eye(3))[:2]) for one in found]
    assert 4 < np.median(ratios) < 25, "shrunken"
    for one in found:
        assert np.log(one.at(TRAINED)).mean() == pytest.approx(0.0, abs=1e-12)
        assert one.rms == pytest.approx(np.sqrt(np.mean(one.at(TRAINED) ** 2)))


@pytest.mark.parametrize("row", range(0, len(SIZES), 2))
def test_one_diverged_training_shows_no_levels(row: int) -> None:
    clean = probes(1)
    clean.values[row] -= 0.4
    assert NoiseLevels.of(clean).even


def test_the_slopes_are_those_of_a_ridge_with_an_intercept_for_each_size() -> None:
    """Solved at once by its normal equations, of groups of two and three seeds."""
    table = probes(3, times=25.0)
    third = np.arange(0, 20, 2)
    again = np.random.default_rng(4).normal(size=len(third))
    extra = replace(table.take(third), values=table.values[third] + 0.01 * again)
    joined = ProbeArrays(
        *(
            np.concatenate([getattr(table, name), getattr(extra, name)])
            for name in ("mixtures", "distances", "sizes", "values")
        )
    )
    rows, variances, halves = [], [], []
    for size in (250.0, 1000.0):
        for mixture in MIXTURES:
            of = (joined.sizes == size) & (joined.mixtures == mixture).all(axis=1)
            halves.append((of.sum() - 1) / 2)
            rows.append([*mixture, size == 250.0, size == 1000.0])
            variances.append(joined.values[of].var(ddof=1))
    x, half = np.array(rows, dtype=float), np.array(halves)
    assert set(halves) == {0.5, 1.0}
    logs = np.log(np.maximum(variances, 0.01 * np.median(variances)))
    logs += np.log(half) - digamma(half)
    w = 1 / polygamma(1, half)
    ridge = np.diag([1 / PRIOR_VARIANCE] * 3 + [0.0, 0.0])
    expected = np.linalg.solve((x.T * w) @ x + ridge, (x.T * w) @ logs)[:3]
    np.testing.assert_allclose(NoiseLevels.of(joined).slopes, expected, rtol=1e-8)


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


@pytest.mark.parametrize("name", ["gp", "rational"])
def test_a_predictor_weighs_probes_by_their_noise(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, at = one_scale(), (MIXTURES, np.zeros(len(MIXTURES)))
    truth = 0.5 + MIXTURES @ [0.1, 0.2, 0.0]

    def error(model: Predictor) -> float:
        return float(np.abs(model.predict(MIXTURES) - truth).mean())

    model = PREDICTORS[name]().fit_arrays(table)
    again = restore(model.to_arrow())
    spread = model.spread(*at)
    np.testing.assert_array_equal(again.predict(MIXTURES), model.predict(MIXTURES))
    np.testing.assert_array_equal(again.spread(*at), spread)
    first, second = (spread[MIXTURES[:, i] == 1] for i in (0, 1))
    assert first > 3 * second
    monkeypatch.setattr(_Repeats, "differ", lambda self: False)
    plain = PREDICTORS[name]().fit_arrays(table)
    assert error(model) < 0.9 * error(plain)
    assert plain.uneven_noise(MIXTURES) is None


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
