"""What must hold of any transport result, recomputed without the solver."""

import numpy as np
import torch
from torch import Tensor

from projektor_ray.storage.array_types import Floats
from projektor_ray.transport import Distances, SinkhornOutput
from tests.helpers.problems import Problem


def plans(output: SinkhornOutput, problem: Problem, epsilon: float) -> Tensor:
    """P_ij = a_i b_j exp((f_i + g_j − C_ij)/ε) of every mixture, (n, v, B), in float64."""
    cost = problem.cost.double()[:, :, None]
    source, target = output.source_potentials[:, None], output.target_potentials[None]
    kernel = torch.exp((source.double() + target.double() - cost) / epsilon)
    weighted = torch.where(problem.weights[:, None] > 0, kernel * problem.weights[:, None], 0.0)
    return (
        torch.where(problem.target[None, :, None] > 0, weighted, 0.0)
        * problem.target[None, :, None]
    )


def assert_sound(
    output: SinkhornOutput, problem: Problem, epsilon: float, tolerance: float = 1e-3
) -> None:
    """Everything is finite, errors are what the potentials say, and convergence is no lie."""
    for name in ("value", "source_potentials", "target_potentials", "marginal_error"):
        assert torch.isfinite(getattr(output, name)).all(), name
    coupling = plans(output, problem, epsilon)
    error = (coupling.sum(dim=0) - problem.target[:, None]).abs().sum(dim=0)
    other = (coupling.sum(dim=1) - problem.weights).abs().sum(dim=0)
    assert (error[output.converged] <= tolerance * 1.01).all()
    assert (other[output.converged] <= 1e-5).all()
    torch.testing.assert_close(output.marginal_error, error, rtol=0.02, atol=2e-5)
    assert (output.converged == (output.marginal_error <= tolerance)).all()
    dual = (problem.weights * output.source_potentials).sum(dim=0)
    dual = dual + problem.target @ output.target_potentials
    torch.testing.assert_close(output.value, dual, rtol=1e-9, atol=1e-9)


def assert_distances_equal(actual: Distances, expected: Distances, tolerance: float = 1e-6) -> None:
    """As many rounds, and values and gradients within a relative tolerance."""
    np.testing.assert_array_equal(actual.iterations, expected.iterations)
    np.testing.assert_allclose(actual.value, expected.value, rtol=tolerance)
    largest = np.abs(expected.gradient).max()
    np.testing.assert_allclose(actual.gradient, expected.gradient, rtol=0, atol=tolerance * largest)


def assert_distances_sound(distances: Distances, mixtures: Floats) -> None:
    """Everything is finite, converged, and the gradient is centred."""
    assert np.isfinite(distances.value).all()
    assert np.isfinite(distances.gradient).all()
    assert distances.converged.all()
    assert distances.gradient.shape == mixtures.shape
    np.testing.assert_allclose((mixtures * distances.gradient).sum(axis=1), 0, atol=1e-9)
