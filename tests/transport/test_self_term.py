from functools import cache

import numpy as np
import pytest
import torch

from projektor_ray.transport import sinkhorn
from projektor_ray.transport.operators import MatrixCost, ProviderPartition, RowPartition, Rows
from projektor_ray.transport.self_term import SelfTransport
from projektor_ray.transport.sinkhorn_iterations import StoppingRule


def self_problem(
    points: int = 30, apart: float = 1.0
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A cost of points with themselves, three providers, and mixtures with vertices."""
    rng = np.random.default_rng(0)
    provider = np.arange(points) % 3
    x = rng.normal(size=(points, 3)) + apart * provider[:, None]
    cost = ((x[:, None] - x[None]) ** 2).sum(axis=2)
    mixtures = np.vstack([np.eye(3), rng.dirichlet(np.ones(3), 3)])
    return torch.from_numpy(cost), torch.from_numpy(provider), torch.from_numpy(mixtures)


@cache
def general_values(epsilon: float, apart: float) -> dict[int, float]:
    """The same by the general solver in double precision: at a vertex and at two inner mixtures."""
    cost, provider, mixtures = self_problem(apart=apart)
    weights, values = mixtures[:, provider] / 10, {}
    for row in (0, 3, 5):
        own = weights[row] > 0
        a = weights[row, own] / weights[row, own].sum()
        general = sinkhorn(cost[own][:, own], a[:, None], a, epsilon, 1e-6, 4000)
        assert general.converged
        values[row] = float(general.value)
    return values


@pytest.mark.parametrize("epsilon", [2.0, 0.3, 0.01, 1e-4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("store", [True, False])
@pytest.mark.parametrize("apart", [1.0, 30.0])
def test_value_is_that_of_the_general_solver(
    epsilon: float, dtype: torch.dtype, store: bool, apart: float
) -> None:
    cost, provider, mixtures = self_problem(apart=apart)
    units = ProviderPartition(provider, 3)
    within = SelfTransport(MatrixCost(cost.to(dtype)), units, epsilon, dtype, store=store)
    actual = within(mixtures, StoppingRule(1e-6, 500))
    assert torch.isfinite(actual.potential).all()
    assert (actual.error <= 1e-6).all()
    for row, general in general_values(epsilon, apart).items():
        assert actual.value[row] == pytest.approx(general, rel=1e-4, abs=1e-5)


def test_potential_is_the_derivative_also_where_weight_is_absent() -> None:
    """At a vertex the derivative holds for shares far below e^(−2f/ε), hence the large ε."""
    cost, provider, mixtures = self_problem()
    stopping = StoppingRule(1e-12, 2000)
    within = SelfTransport(MatrixCost(cost), ProviderPartition(provider, 3), 5.0, torch.float64)

    def value(mixture: torch.Tensor) -> float:
        return float(within(mixture[None], stopping).value[0])

    at = within(mixtures, stopping)
    vertex, inner, step = mixtures[0], mixtures[4], 1e-6
    for other in torch.eye(3, dtype=torch.float64)[1:]:
        slope = (value(vertex + step * (other - vertex)) - value(vertex)) / step
        expected = 2 * float(at.potential[0] @ (other - vertex))
        assert slope == pytest.approx(expected, rel=1e-3)
        move = step * (other - inner)
        slope = (value(inner + move) - value(inner - move)) / (2 * step)
        expected = 2 * float(at.potential[4] @ (other - inner))
        assert slope == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_one_point_is_at_zero_from_itself() -> None:
    within = SelfTransport(MatrixCost(torch.zeros(1, 1)), RowPartition(1), 0.1, torch.float32)
    actual = within(torch.ones(1, 1, dtype=torch.float64), StoppingRule(1e-6, 50))
    assert float(actual.value) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("epsilon", "apart"), [(2.0, 1.0), (0.3, 5.0), (1e-3, 5.0)])
def test_a_later_call_is_as_the_first(epsilon: float, apart: float) -> None:
    """What was measured between changes no bit; the kernel is built once.

    Rows that vanish in the kernel are read out from the cost, where classes are far apart.
    """
    cost, provider, mixtures = self_problem(apart=apart)
    units, stopping = ProviderPartition(provider, 3), StoppingRule(1e-6, 500)
    built = []

    class Counted(MatrixCost):
        def rows(self, rows: Rows) -> torch.Tensor:
            built.append(rows)
            return super().rows(rows)

    within = SelfTransport(Counted(cost.float()), units, epsilon, torch.float32)
    first = within(mixtures, stopping)
    before = len(built)
    within(mixtures[3:].flip(0), stopping)
    again = within(mixtures, stopping)
    assert torch.equal(first.value, again.value)
    assert torch.equal(first.potential, again.potential)
    if apart == 1.0:
        assert len(built) == before
