"""Runs far from all others are found, and weigh less; where none is far nothing changes."""

from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.predictors import ProbeArrays
from projektor_ray.predictors.noise_levels import _Repeats
from projektor_ray.projection import Joint, choose_model
from projektor_ray.projection.far_runs import judge
from tests.helpers.joint_tables import table, truth
from tests.helpers.predictor_data import distance

ACCURACY = (0.0, 1.0)


def clean(count: int = 21, scales: tuple[int, ...] = (250, 1000), seed: int = 0) -> ProbeArrays:
    mixtures, distances, sizes, values = table(np.random.default_rng(seed), count, scales)
    return ProbeArrays.check(mixtures, distances, values, sizes)


def spoiled(probes: ProbeArrays, rows: list[int], by: float) -> ProbeArrays:
    values = probes.values.copy()
    values[rows] += by
    return replace(probes, values=values)


@pytest.mark.parametrize("scales", [(250, 1000), (250, 1000, 4000), (1000,)])
def test_no_clean_run_is_far_and_every_value_stays(scales: tuple[int, ...]) -> None:
    for seed in range(5):
        probes = clean(scales=scales, seed=seed)
        fitted = choose_model(probes, ACCURACY)
        assert fitted.far == ()
        assert fitted.probes is probes


@pytest.mark.parametrize("scales", [(250, 1000), (250, 1000, 4000), (1000,)])
@pytest.mark.parametrize("rows", [[3], [0, 17]])
def test_diverged_runs_are_found_and_hardly_count(scales: tuple[int, ...], rows: list[int]) -> None:
    probes = clean(scales=scales)
    broken = spoiled(probes, rows, -0.4)
    fitted = choose_model(broken, ACCURACY)
    assert [run.row for run in fitted.far] == rows
    for run in fitted.far:
        assert run.value == broken.values[run.row]
        assert run.expected == pytest.approx(probes.values[run.row], abs=0.06)
        assert run.weighed_as == pytest.approx(run.expected, abs=0.03)
        assert run.deviations > 10
    grid = simplex_lattice(3, 4)
    at = (grid, distance(grid), float(scales[-1]))
    expected = choose_model(probes, ACCURACY).model.predict(*at)
    np.testing.assert_allclose(fitted.model.predict(*at), expected, atol=0.02)
    trusting = choose_model(broken, ACCURACY, robust=False)
    assert [run.row for run in trusting.far] == rows
    np.testing.assert_array_equal(trusting.probes.values, broken.values)
    pulled = np.abs(fitted.model.predict(*at) - expected).max()
    assert np.abs(trusting.model.predict(*at) - expected).max() > 2 * pulled


def test_the_farther_a_run_is_the_less_it_pulls() -> None:
    pulls = []
    for by in (-0.2, -0.4, -0.6):
        (run,) = choose_model(spoiled(clean(), [5], by), None).far
        pulls.append(abs(run.weighed_as - run.expected))
    assert pulls == sorted(pulls, reverse=True)


def test_a_metric_without_bounds_is_judged_as_well() -> None:
    (run,) = choose_model(spoiled(clean(), [5], 8.3)).far
    assert run.row == 5


def test_where_a_third_of_the_runs_is_off_the_noise_is_large() -> None:
    rng = np.random.default_rng(1)
    probes = clean()
    noisy = replace(probes, values=probes.values + 0.2 * rng.normal(size=len(probes)))
    assert choose_model(noisy, ACCURACY).far == ()


@settings(max_examples=8, deadline=None)
@given(
    row=st.integers(0, 41),
    by=st.floats(0.25, 3.0),
    sign=st.sampled_from([-1, 1]),
    seed=st.integers(0, 99),
)
def test_any_one_diverged_run_is_the_one_that_is_found(
    row: int, by: float, sign: int, seed: int
) -> None:
    probes = spoiled(clean(seed=seed), [row], sign * by)
    _, far = judge(probes, [Joint], None)
    assert [run.row for run in far] == [row]


def noisy_first_provider(seed: int) -> ProbeArrays:
    """Two seeds at two sizes; noise rises 25 times towards the first provider."""
    rng, grid = np.random.default_rng(seed), simplex_lattice(3, 4)
    rows = np.tile(np.repeat(grid, 2, axis=0), (2, 1))
    sizes = np.repeat([250.0, 1000.0], 2 * len(grid))
    noise = 0.003 * 25 ** rows[:, 0] * rng.normal(size=len(sizes))
    return ProbeArrays.check(rows, distance(rows), truth(rows, sizes) + noise, sizes)


def test_a_run_of_a_noisy_mixture_is_far_only_by_the_measure_of_its_own_noise() -> None:
    probes = noisy_first_provider(1)
    assert judge(probes, [Joint], None)[1] == ()
    with mock.patch.object(_Repeats, "differ", return_value=False):
        (run,) = judge(probes, [Joint], None)[1]
    assert probes.mixtures[run.row, 0] >= 0.75
    quiet = int(np.argmax(probes.mixtures[:, 1]))
    _, far = judge(spoiled(probes, [quiet], -0.3), [Joint], None)
    assert [run.row for run in far] == [quiet]
