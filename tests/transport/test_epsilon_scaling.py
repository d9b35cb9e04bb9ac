"""Solves of one batch combined, and the ε that float64 can resolve."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor

from projektor_ray.errors import InputError
from projektor_ray.transport import SinkhornOutput, TransportSettings, measure, sinkhorn
from projektor_ray.transport.epsilon_scaling import DualSolution
from projektor_ray.transport.operators import Centre
from tests.helpers.problems import mixtures, pool


def solution(first: float, error: list[float], rounds: list[int]) -> DualSolution:
    """Numbers that tell one column from another: first, first + 1, …"""
    value = first + torch.arange(len(error), dtype=torch.float64)
    source, target = value[:, None] + torch.zeros(2), 10 * value[:, None] + torch.zeros(3)
    centre = Centre(torch.full((3,), first, dtype=torch.float64), 0.1)
    told = torch.tensor(error, dtype=torch.float64)
    return DualSolution(value, source, target, told, torch.tensor(rounds), centre)


def test_of_two_solves_the_better_one_of_each_column_is_kept() -> None:
    """The second is worse for column 3, better for column 1; both took their rounds."""
    tried = solution(0.0, [1e-4, 0.5, 1e-4, 0.2], [9, 60, 8, 60])
    again = solution(100.0, [1e-5, 0.3], [70, 40])
    actual = tried.merge(torch.tensor([1, 3]), again)
    assert actual.value.tolist() == [0.0, 100.0, 2.0, 3.0]
    assert actual.source[:, 1].tolist() == [0.0, 100.0, 2.0, 3.0]
    assert actual.target[:, 2].tolist() == [0.0, 1000.0, 20.0, 30.0]
    assert actual.error.tolist() == [1e-4, 1e-5, 1e-4, 0.2]
    assert actual.rounds.tolist() == [9, 130, 8, 100]
    assert actual.centre is tried.centre
    assert tried.value.tolist() == [0.0, 1.0, 2.0, 3.0]
    assert tried.rounds.tolist() == [9, 60, 8, 60]


def true_error(cost: Tensor, weights: Tensor, target: Tensor, output: SinkhornOutput) -> float:
    """The largest L1 error of either marginal of the returned potentials, in long double."""
    c, a, b = (np.asarray(part, dtype=np.longdouble) for part in (cost, weights, target))
    f = np.asarray(output.source_potentials, dtype=np.longdouble)
    g = np.asarray(output.target_potentials, dtype=np.longdouble)
    errors = []
    for column in np.flatnonzero(output.converged.numpy()):
        exponent = f[:, column][:, None] + g[:, column] - c
        plan = a[:, column][:, None] * b * np.exp(exponent)
        errors.append(np.abs(plan.sum(axis=0) - b).sum())
        errors.append(np.abs(plan.sum(axis=1) - a[:, column]).sum())
    return float(max(errors, default=0.0))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    magnitude=st.floats(-12, 18),
    unit=st.floats(-100, 100),
    digits=st.floats(1, 10),
    offset=st.sampled_from([0.0, 1.0]),
)
@example(seed=2189, magnitude=3.542638753099099, unit=0.0, digits=3.5625, offset=0.0)
def test_convergence_is_true_of_the_returned_potentials_at_any_magnitude(
    seed: int, magnitude: float, unit: float, digits: float, offset: float
) -> None:
    """Costs up to 10^magnitude · ε, in units from 1e-100 to 1e100; refused, or not a lie."""
    rng = np.random.default_rng(seed)
    epsilon, tolerance = 10.0**unit, 10.0**-digits
    cost = torch.from_numpy((rng.random((7, 5)) + offset) * 10.0**magnitude * epsilon)
    weights = torch.from_numpy(rng.dirichlet(np.full(7, 0.7), 3).T)
    target = torch.from_numpy(rng.dirichlet(np.full(5, 0.7)))
    try:
        output = sinkhorn(cost, weights, target, epsilon, tolerance, 200)
    except InputError:
        assert float(cost.max()) * 4 * np.finfo(float).eps > tolerance * epsilon
        return
    # In units of ε, in which the plan is exp(f + g − C) whatever the units of the cost are.
    scaled = replace(
        output,
        source_potentials=output.source_potentials / epsilon,
        target_potentials=output.target_potentials / epsilon,
    )
    assert true_error(cost / epsilon, weights, target, scaled) <= 1.1 * tolerance


def test_an_epsilon_below_rounding_is_refused_for_mixtures_too() -> None:
    pilots, validation = pool()
    settings = TransportSettings(epsilon=1e-14)
    with pytest.raises(InputError, match="epsilon is too small"):
        measure(mixtures(), pilots, validation, settings)
