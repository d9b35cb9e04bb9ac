"""Sinkhorn rounds around one centre, and Anderson acceleration against textbook least squares."""

import numpy as np
import pytest
import torch
from torch import Tensor

from projektor_ray.transport.block_correction import cost_blocks
from projektor_ray.transport.kernel import KernelOperator
from projektor_ray.transport.operators import Centre, MatrixCost, PlanSums, RowPartition
from projektor_ray.transport.sinkhorn_iterations import (
    Anderson,
    IterationResult,
    StoppingRule,
    compact_rows,
    sinkhorn_iterations,
)
from tests.helpers.problems import Problem, far_clusters

EPSILON = 0.2


STOPPING = StoppingRule(1e-3, 2000)


class Narrow(KernelOperator):
    """A float64 kernel with another ceiling, that remembers how high its rounds came."""

    def __init__(self, problem: Problem, limit: float) -> None:
        cost = MatrixCost(problem.cost)
        units = RowPartition(len(problem.cost))
        super().__init__(cost, problem.target, cost_blocks(cost), units, torch.float64)
        self.limit = limit
        self.heights: list[float] = []

    def mass_limit(self, centre: Centre) -> float:
        return self.limit

    def sums(self, centre: Centre, scaling: Tensor, weights: Tensor) -> PlanSums:
        actual = super().sums(centre, scaling, weights)
        self.heights.append(float(actual.log_mass + scaling.logsumexp(dim=1)))
        return actual


def run(
    problem: Problem, limit: float, *, accelerate: bool = True
) -> tuple[IterationResult, float]:
    """From nothing, and how high it came."""
    operator, first = Narrow(problem, limit), torch.zeros(1, 16, dtype=torch.float64)
    centre, weights = Centre(first[0], EPSILON), problem.weights.T.contiguous()
    actual = sinkhorn_iterations(operator, centre, weights, first, STOPPING, accelerate=accelerate)
    return actual, max(operator.heights)


@pytest.mark.parametrize("column", range(4))
def test_an_accelerated_step_out_of_the_safe_range_is_taken_back_once(column: int) -> None:
    """Plain rounds stay below the ceiling, accelerated ones of an open range do not."""
    whole = far_clusters(3.0, torch.float64)
    problem = Problem(whole.cost, whole.weights[:, column : column + 1], whole.target)
    plain, low = run(problem, torch.inf, accelerate=False)
    free, high = run(problem, torch.inf)
    assert free.error <= STOPPING.tolerance
    assert low + 1 < high
    actual, reached = run(problem, (low + high) / 2)
    assert reached > (low + high) / 2
    assert actual.error <= STOPPING.tolerance
    assert not actual.unsafe
    assert actual.rounds < plain.rounds
    potential = EPSILON * (actual.log_scaling - free.log_scaling)
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
    torch.testing.assert_close(hopeless.log_scaling, torch.zeros(1, 16, dtype=torch.float64))


def linear(seed: int, dimension: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A contraction x ↦ A x + c, and its fixed point."""
    random = torch.Generator().manual_seed(seed)
    matrix = torch.randn(dimension, dimension, dtype=torch.float64, generator=random)
    matrix = 0.9 * matrix / torch.linalg.matrix_norm(matrix, 2)
    constant = torch.randn(dimension, dtype=torch.float64, generator=random)
    eye = torch.eye(dimension, dtype=torch.float64)
    return matrix, constant, torch.linalg.solve(eye - matrix, constant)


def test_the_step_is_the_least_squares_combination() -> None:
    """α by NumPy's least squares over differences of residuals, weighted by the metric."""
    matrix, constant, _ = linear(0, 6)
    metric = torch.linspace(0.5, 1.5, 6, dtype=torch.float64)
    anderson, point = Anderson(1, metric, 4), torch.zeros(1, 6, dtype=torch.float64)
    maps: list[np.ndarray] = []
    residuals: list[np.ndarray] = []
    for turn in range(4):
        mapped = point @ matrix.T + constant
        maps.append(mapped[0].numpy().copy())
        residuals.append((mapped - point)[0].numpy().copy())
        error = torch.tensor([0.5**turn], dtype=torch.float64)
        point = anderson.step(mapped, mapped - point, error, mapped)
        root = metric.sqrt().numpy()
        apart = np.array([(one - residuals[-1]) * root for one in residuals[:-1]])
        alpha = np.ones(1)
        if len(apart):
            part = np.linalg.lstsq(apart.T, -residuals[-1] * root, rcond=None)[0]
            alpha = np.append(part, 1 - part.sum())
        np.testing.assert_allclose(point[0].numpy(), alpha @ np.array(maps), rtol=1e-5, atol=1e-7)


def test_columns_that_are_kept_go_on_as_if_alone() -> None:
    """More numbers a column than are moved at a time."""
    matrix, constant, _ = linear(1, 300)
    metric = torch.full((300,), 1 / 300, dtype=torch.float64)
    starts = torch.randn(5, 300, dtype=torch.float64, generator=torch.manual_seed(2))
    kept = torch.tensor([1, 4])

    def run(points: torch.Tensor, drop: int | None) -> torch.Tensor:
        anderson = Anderson(len(points), metric, 7)
        for turn in range(6):
            if turn == drop:
                anderson.select(kept)
                points = points[kept]
            mapped = points @ matrix.T + constant
            error = torch.full((len(points),), 0.5**turn, dtype=torch.float64)
            points = anderson.step(mapped, mapped - points, error, mapped)
        return points

    torch.testing.assert_close(run(starts, 4), run(starts[kept], None), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("grown", [0.95, 1.05, torch.inf])
def test_a_column_whose_error_grew_takes_the_plain_step_from_its_best_point(grown: float) -> None:
    """From its second point; then it goes on like a new column. The others never notice.

    Errors up to twice the best one, which is 0.5, are borne.
    """
    matrix, constant, _ = linear(3, 6)
    metric = torch.full((6,), 1 / 6, dtype=torch.float64)
    starts = torch.randn(3, 6, dtype=torch.float64, generator=torch.manual_seed(4))
    errors = torch.tensor([[1.0, 0.5, 0.7, grown, 0.6, 0.55]] * 3, dtype=torch.float64).T
    errors[:, :2] = 0.1

    def run(points: torch.Tensor, errors: torch.Tensor) -> list[torch.Tensor]:
        anderson, steps = Anderson(len(points), metric, 4), [points]
        for error in errors:
            mapped = points @ matrix.T + constant
            points = anderson.step(mapped, mapped - points, error, mapped + 1)
            steps.append(points)
        return steps

    steps, others = run(starts, errors), run(starts[:2], errors[:, :2])
    for step, other in zip(steps, others, strict=True):
        torch.testing.assert_close(step[:2], other, rtol=1e-9, atol=1e-9)
    own = [step[2:] for step in steps]
    best = own[1] @ matrix.T + constant + 1
    fell = torch.allclose(own[4], best, rtol=1e-9, atol=1e-9)
    assert fell == (not grown <= 2 * 0.5)
    if fell:
        for step, anew in zip(own[4:], run(best, errors[4:, 2:]), strict=True):
            torch.testing.assert_close(step, anew, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("shape", [(6, 3000), (6, 7, 500), (6, 2)])
def test_rows_move_up_in_their_own_memory(shape: tuple[int, ...]) -> None:
    matrix = torch.arange(float(np.prod(shape))).reshape(shape)
    kept = torch.tensor([0, 2, 3, 5])
    expected = matrix[kept].clone()
    moved = compact_rows(matrix, kept)
    assert torch.equal(moved, expected)
    assert moved.data_ptr() == matrix.data_ptr()
