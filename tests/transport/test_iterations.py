"""Rounds around one centre whose safe range is as narrow as a test wants it."""

import pytest
import torch
from torch import Tensor

from projektor_ray.transport.block_correction import cost_blocks
from projektor_ray.transport.iterations import Iterated, Stopping, iterate
from projektor_ray.transport.kernel import KernelOperator
from projektor_ray.transport.operators import Centre, MatrixCost, RowUnits, Sums
from tests.helpers.problems import Problem, far_clusters

EPSILON = 0.2
STOPPING = Stopping(1e-3, 2000)


class Narrow(KernelOperator):
    """A float64 kernel with another ceiling, that remembers how high its rounds came."""

    def __init__(self, problem: Problem, limit: float) -> None:
        cost = MatrixCost(problem.cost)
        units = RowUnits(len(problem.cost))
        super().__init__(cost, problem.target, cost_blocks(cost), units, torch.float64)
        self.limit = limit
        self.heights: list[float] = []

    def ceiling(self, centre: Centre) -> float:
        return self.limit

    def sums(self, centre: Centre, scaling: Tensor, weights: Tensor) -> Sums:
        found = super().sums(centre, scaling, weights)
        self.heights.append(float(found.reach + scaling.logsumexp(dim=1)))
        return found


def run(problem: Problem, limit: float, *, accelerate: bool = True) -> tuple[Iterated, float]:
    """From nothing, and how high it came."""
    operator, first = Narrow(problem, limit), torch.zeros(1, 16, dtype=torch.float64)
    centre, weights = Centre(first[0], EPSILON), problem.weights.T.contiguous()
    found = iterate(operator, centre, weights, first, STOPPING, accelerate=accelerate)
    return found, max(operator.heights)


@pytest.mark.parametrize("column", range(4))
def test_an_accelerated_step_out_of_the_safe_range_is_taken_back_once(column: int) -> None:
    """Plain rounds stay below the ceiling, accelerated ones of an open range do not."""
    whole = far_clusters(3.0, torch.float64)
    problem = Problem(whole.cost, whole.weights[:, column : column + 1], whole.target)
    plain, low = run(problem, torch.inf, accelerate=False)
    free, high = run(problem, torch.inf)
    assert free.error <= STOPPING.tolerance
    assert low + 1 < high
    found, reached = run(problem, (low + high) / 2)
    assert reached > (low + high) / 2
    assert found.error <= STOPPING.tolerance
    assert not found.unsafe
    assert found.rounds < plain.rounds
    potential = EPSILON * (found.scaling - free.scaling)
    torch.testing.assert_close(
        potential - potential.mean(), torch.zeros(1, 16).double(), rtol=0, atol=0.01
    )

    stopped, _ = run(problem, low - 1)
    assert stopped.unsafe
    assert stopped.error > STOPPING.tolerance
    assert stopped.rounds < plain.rounds

    hopeless, _ = run(problem, -1e9)
    assert hopeless.unsafe
    assert hopeless.rounds == 1
    torch.testing.assert_close(hopeless.scaling, torch.zeros(1, 16, dtype=torch.float64))
