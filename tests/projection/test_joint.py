"""The joint model of all scales."""

from dataclasses import replace
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.errors import InputError, TooFewProbesError
from projektor_ray.predictors import ProbeArrays
from projektor_ray.predictors.noise_levels import NoiseLevels, _Repeats
from projektor_ray.projection import (
    SCALE_MODELS,
    Joint,
    JointPower,
    LogLinear,
    restore_scale_model,
)
from tests.helpers.derivatives import check_derivatives
from tests.helpers.joint_tables import NOISE, table, truth
from tests.helpers.predictor_data import distance


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_it_beats_eq3_of_center_scaling_and_of_gp(rng: np.random.Generator) -> None:
    grid = simplex_lattice(3, 10)
    errors: dict[str, list[float]] = {"joint": [], "cs": [], "gp": []}
    for _ in range(8):
        rows = table(rng, 12, bend=0.0)
        for name, found in errors.items():
            model = Joint() if name == "joint" else LogLinear(name)
            predicted = model.fit(*rows).predict(grid, distance(grid), 10_000)
            found.append(float(np.abs(predicted - truth(grid, 10_000, bend=0.0)).mean()))
    means = {name: np.mean(found) for name, found in errors.items()}
    assert means["joint"] < 0.8 * means["gp"]
    assert means["joint"] < 0.8 * means["cs"]


def test_gradient_and_slope_are_derivatives(rng: np.random.Generator) -> None:
    check_derivatives(Joint().fit(*table(rng, 15)))


def test_what_is_kept_of_one_size_is_not_taken_for_another(rng: np.random.Generator) -> None:
    rows, grid = table(rng, 12), simplex_lattice(3, 5)
    model = Joint().fit(*rows)
    for size in (1000, 9000, 1000):
        found, lone = (m.predict(grid, distance(grid), size) for m in (model, Joint().fit(*rows)))
        np.testing.assert_array_equal(found, lone)


def test_the_covariance_is_the_squared_spread_but_for_noise(rng: np.random.Generator) -> None:
    model, fresh = Joint().fit(*table(rng, 12)), rng.dirichlet(np.ones(3), 5)
    covariance = model.covariance(fresh, distance(fresh), 9000)
    noise = model._spread(fresh, distance(fresh), 9000) ** 2 - np.diag(covariance)
    np.testing.assert_allclose(noise, noise[0])
    assert noise[0] == pytest.approx(model.noise**2 * 9**-0.7)


def test_the_covariance_of_many_mixtures_is_that_of_few(rng: np.random.Generator) -> None:
    """More mixtures than were trained are computed in another order."""
    model = Joint().fit(*table(rng, 12))
    many = rng.dirichlet(np.ones(3), 40)
    assert len(model._trained) < len(many)
    found = model.covariance(many, distance(many), 9000)
    rounding = 1e-9 * float(np.diag(found).max())
    for start in range(0, 40, 5):
        few = many[start : start + 5]
        part = found[start : start + 5, start : start + 5]
        expected = model.covariance(few, distance(few), 9000)
        np.testing.assert_allclose(part, expected, rtol=1e-9, atol=rounding)
    ends = many[[0, -1]]
    np.testing.assert_allclose(
        found[0, -1], model.covariance(ends, distance(ends), 9000)[0, 1], rtol=1e-9, atol=rounding
    )


def test_neighbours_are_believed_to_vary_together(rng: np.random.Generator) -> None:
    """The covariance of two mixtures that are nearly one is nearly the variance of each."""
    model, one = Joint().fit(*table(rng, 12)), np.array([0.2, 0.5, 0.3])
    two = one + np.array([[0.0, 0.0, 0.0], [1e-4, -1e-4, 0.0]])
    covariance = model.covariance(two, distance(two), 9000)
    apart = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    assert 0 < apart < 1e-4 * covariance[0, 0]


@pytest.mark.parametrize(
    ("scales", "size", "least", "widest"),
    [
        ((250, 1000), 1000, 0.85, 0.05),
        ((250, 1000), 10_000, 0.85, 0.165),
        ((250, 1000, 4000), 10_000, 0.9, 0.04),
    ],
)
def test_intervals_cover_new_trainings(
    scales: tuple[int, ...], size: int, least: float, widest: float, rng: np.random.Generator
) -> None:
    """Far beyond two scales most of the width is the drift of the law. With three a quarter stays:
    half of that share, of a smaller growth, and what the held-out scale missed."""
    grid = simplex_lattice(3, 10)
    inside, widths = [], []
    for _ in range(15):
        model = SCALE_MODELS["joint"]().fit(*table(rng, 14, scales))
        low, high = model.interval(grid, distance(grid), size, level=0.9).T
        fresh = truth(grid, size) + NOISE * (size / 1000) ** -0.35 * rng.normal(size=66)
        inside.append((low <= fresh) & (fresh <= high))
        widths.append(high - low)
    assert np.mean(inside) >= least
    assert np.mean(widths) < widest


def test_it_predicts_one_scale_from_the_others_probes(rng: np.random.Generator) -> None:
    """Probes of different mixtures at different scales inform each other."""
    grid = simplex_lattice(3, 10)
    model = Joint().fit(*table(rng, 30))
    np.testing.assert_allclose(
        model.predict(grid, distance(grid), 1000), truth(grid, 1000), atol=0.03
    )


def test_bad_input(rng: np.random.Generator) -> None:
    mixtures, distances, sizes, values = table(rng, 12)
    with pytest.raises(InputError, match="2 or more scales"):
        Joint().fit(mixtures[:12], distances[:12], sizes[:12], values[:12])
    with pytest.raises(TooFewProbesError, match="at least 6"):
        Joint().fit(mixtures[10:14], distances[10:14], sizes[10:14], values[10:14])
    without = Joint().fit(mixtures, None, sizes, values)
    assert np.isfinite(without.predict(mixtures, None, 9000)).all()


def test_too_few_probes_below_the_last_scale_only_leave_it_unjudged(
    rng: np.random.Generator,
) -> None:
    mixtures, distances, sizes, values = table(rng, 3, (250, 1000, 4000))
    model = Joint().fit(mixtures[1:], distances[1:], sizes[1:], values[1:])
    assert model.held_out_rms is None


def uneven(seed: int, scales: tuple[int, ...] = (250, 1000)) -> ProbeArrays:
    """Two seeds; noise rises 25 times towards the first provider."""
    rng, grid = np.random.default_rng(seed), simplex_lattice(3, 4)
    rows = np.tile(np.repeat(grid, 2, axis=0), (len(scales), 1))
    sizes = np.repeat(np.array(scales, dtype=float), 2 * len(grid))
    noise = 0.003 * 25 ** rows[:, 0] * (sizes / 1000) ** -0.35 * rng.normal(size=len(sizes))
    return ProbeArrays.check(rows, distance(rows), truth(rows, sizes) + noise, sizes)


@pytest.mark.parametrize("kind", [Joint, JointPower])
def test_where_noise_differs_intervals_and_restored_models_have_it(
    kind: type[Joint | JointPower],
) -> None:
    model = kind((0.0, 1.0)).fit_arrays(uneven(0))
    alone, size = np.eye(3), 4000.0
    at = alone, distance(alone)
    noise = model.uneven_noise(*at)
    assert noise is not None
    assert noise[0] > 4 * noise[1]
    own = model._spread(*at, size) ** 2 - np.diag(model.covariance(*at, size))
    if kind is Joint:
        np.testing.assert_allclose(own, noise**2 * 4**-0.7, rtol=1e-6)
    low, high = model.interval(*at, 1000.0).T
    assert high[0] - low[0] > 1.5 * (high[1] - low[1])
    again = restore_scale_model(model.to_arrow())
    np.testing.assert_array_equal(again.interval(*at, size), model.interval(*at, size))
    np.testing.assert_array_equal(again.uneven_noise(*at), noise)


def test_runs_of_a_noisy_mixture_weigh_less() -> None:
    grid, errors = simplex_lattice(3, 10), []
    for seed in range(6):
        probes = uneven(seed)
        model = Joint().fit_arrays(probes)
        with mock.patch.object(_Repeats, "differ", return_value=False):
            plain = Joint().fit_arrays(probes)
        predicted = [one.predict(grid, distance(grid), 1000) for one in (model, plain)]
        errors.append([np.abs(one - truth(grid, 1000)).mean() for one in predicted])
    weighed, equal = np.mean(errors, axis=0)
    assert weighed < 0.8 * equal


def test_a_mixture_of_endless_noise_is_as_good_as_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the level of one mixture a million times that of the others."""
    probes, grid = uneven(1), simplex_lattice(3, 5)
    noisy = probes.mixtures[:, 0] == 1
    rest = probes.take(~noisy)
    levels = SimpleNamespace(even=False, at=lambda rows, _: np.where(rows[:, 0] == 1, 1e6, 1.0))
    monkeypatch.setattr(NoiseLevels, "of", lambda probes: levels)
    expected = Joint().fit_arrays(rest).predict(grid, distance(grid), 4000)
    spoiled = replace(probes, values=probes.values + 0.1 * noisy)
    found = Joint().fit_arrays(spoiled).predict(grid, distance(grid), 4000)
    np.testing.assert_allclose(found, expected, atol=2e-3)
