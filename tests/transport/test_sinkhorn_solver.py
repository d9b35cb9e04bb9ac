"""`sinkhorn` against POT, its own definition, and bad input."""

import numpy as np
import ot
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from projektor_ray.transport import sinkhorn
from tests.helpers.problems import Problem, clouds, diracs, far_clusters, uniform
from tests.helpers.transport_checks import assert_sound, plans


def pot_value(problem: Problem, column: int, epsilon: float) -> float:
    """min ⟨P, C⟩ + ε KL(P | a ⊗ b) by POT's log-domain solver, on the points with weight."""
    weights = problem.weights[:, column].numpy()
    present = weights > 0
    a, b = weights[present], problem.target.numpy()
    cost = problem.cost.double().numpy()[present]
    plan = ot.bregman.sinkhorn_log(a, b, cost, epsilon, numItermax=200_000, stopThr=1e-12)
    outer = a[:, None] * b[None, :]
    entropy = np.where(plan > 0, plan * np.log(np.maximum(plan, 1e-300) / outer), 0.0).sum()
    return float((plan * cost).sum() + epsilon * entropy)


@pytest.mark.parametrize("epsilon", [1.0, 0.1, 0.03])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_value_is_pots(epsilon: float, dtype: torch.dtype) -> None:
    problem = clouds(dtype=dtype)
    output = sinkhorn(problem.cost, problem.weights, problem.target, epsilon, tolerance=1e-6)
    assert output.converged.all()
    expected = [pot_value(problem, column, epsilon) for column in range(6)]
    torch.testing.assert_close(output.value, torch.tensor(expected).double(), rtol=2e-6, atol=2e-6)


def test_value_at_the_default_tolerance_is_within_1e_5() -> None:
    problem = clouds(200, 100, 10, dtype=torch.float32)
    for epsilon in (0.1, 0.05, 0.02):
        rough = sinkhorn(problem.cost, problem.weights, problem.target, epsilon)
        fine = sinkhorn(
            problem.cost.double(), problem.weights, problem.target, epsilon, tolerance=1e-9
        )
        assert fine.converged.all()
        torch.testing.assert_close(rough.value, fine.value, rtol=0, atol=1e-5)


@pytest.mark.parametrize("epsilon", [1.0, 0.1, 0.02])
def test_batch_is_the_loop(epsilon: float) -> None:
    problem = clouds(mixtures=8)
    together = sinkhorn(problem.cost, problem.weights, problem.target, epsilon, tolerance=1e-8)
    for column in range(8):
        alone = sinkhorn(
            problem.cost,
            problem.weights[:, column : column + 1],
            problem.target,
            epsilon,
            tolerance=1e-8,
        )
        torch.testing.assert_close(alone.value, together.value[column : column + 1])
        torch.testing.assert_close(
            alone.source_potentials[:, 0] - alone.source_potentials[0, 0],
            together.source_potentials[:, column] - together.source_potentials[0, column],
            rtol=1e-5,
            atol=1e-5,
        )


@pytest.mark.parametrize("epsilon", [1e-4, 1e-3, 1e-2, 1e-1, 1.0])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_sweep_of_epsilon_and_scale(epsilon: float, scale: float, dtype: torch.dtype) -> None:
    """ε relative to the scaled cost: converged, or an honest error."""
    problem = clouds(24, 18, 5)
    scaled = Problem((problem.cost * scale).to(dtype), problem.weights, problem.target)
    output = sinkhorn(
        scaled.cost, scaled.weights, scaled.target, epsilon * scale, max_iterations=400
    )
    assert_sound(output, scaled, epsilon * scale)
    assert epsilon < 1e-3 or output.converged.all()


@pytest.mark.parametrize("scale", [1e-3, 1e3, 1e6])
def test_epsilon_that_does_not_fit_the_scale_is_never_a_lie(scale: float) -> None:
    problem = clouds(12, 10, 4)
    scaled = Problem(problem.cost * scale, problem.weights, problem.target)
    for epsilon in (1e-4, 1.0):
        output = sinkhorn(scaled.cost, scaled.weights, scaled.target, epsilon, max_iterations=60)
        assert_sound(output, scaled, epsilon)


def test_scaling_and_shifting_the_cost() -> None:
    problem = clouds()
    one = sinkhorn(problem.cost, problem.weights, problem.target, 0.1, tolerance=1e-9)
    other = sinkhorn(7 * problem.cost + 3, problem.weights, problem.target, 0.7, tolerance=1e-9)
    torch.testing.assert_close(other.value, 7 * one.value + 3, rtol=1e-7, atol=1e-7)


def test_known_answers_on_diracs() -> None:
    problem, expected = diracs()
    output = sinkhorn(problem.cost, problem.weights, problem.target, 0.1)
    assert_sound(output, problem, 0.1)
    torch.testing.assert_close(output.value, torch.from_numpy(expected))
    torch.testing.assert_close(
        output.source_potentials[1] - output.source_potentials[0],
        torch.full((3,), 3.0, dtype=torch.float64),
    )


@pytest.mark.parametrize(("points", "targets"), [(1, 1), (1, 7), (7, 1)])
def test_single_points(points: int, targets: int) -> None:
    cost = torch.rand(points, targets, generator=torch.manual_seed(0), dtype=torch.float64)
    problem = Problem(cost, uniform(points)[:, None], uniform(targets))
    for epsilon in (1e-4, 0.1):
        output = sinkhorn(cost, problem.weights, problem.target, epsilon)
        assert_sound(output, problem, epsilon)
        torch.testing.assert_close(output.value, cost.mean()[None])


@pytest.mark.parametrize("count", [1, 1000])
def test_batch_sizes(count: int) -> None:
    problem = clouds(30, 20, count)
    output = sinkhorn(problem.cost, problem.weights, problem.target, 0.05)
    assert output.value.shape == (count,)
    assert_sound(output, problem, 0.05)
    assert output.converged.all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("apart", [3.0, 30.0, 1000.0])
def test_far_clusters(dtype: torch.dtype, apart: float) -> None:
    """A provider so far off that its kernel would vanish; mixtures reach both clusters' targets."""
    problem = far_clusters(apart, dtype)
    output = sinkhorn(problem.cost, problem.weights, problem.target, 0.5)
    assert_sound(output, problem, 0.5)
    assert output.converged.all()
    exact = [
        ot.emd2(column.copy(), problem.target.numpy(), problem.cost.double().numpy())
        for column in problem.weights.T.numpy()
    ]
    lower = torch.tensor(exact, dtype=torch.float64)
    assert (output.value >= lower * (1 - 1e-5) - 1e-6).all()


def test_duplicates_weigh_like_one_point() -> None:
    problem = clouds(20, 15, 4)
    twice = Problem(
        torch.cat([problem.cost, problem.cost]),
        torch.cat([problem.weights, problem.weights]) / 2,
        problem.target,
    )
    one = sinkhorn(problem.cost, problem.weights, problem.target, 0.05, tolerance=1e-8)
    other = sinkhorn(twice.cost, twice.weights, twice.target, 0.05, tolerance=1e-8)
    torch.testing.assert_close(one.value, other.value, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("epsilon", [0.5, 0.02])
def test_targets_of_weight_zero(epsilon: float) -> None:
    problem = clouds(20, 15, 4)
    target = problem.target.clone()
    target[3:8] = 0
    target /= target.sum()
    kept = target > 0
    whole = sinkhorn(problem.cost, problem.weights, target, epsilon, tolerance=1e-8)
    part = sinkhorn(problem.cost[:, kept], problem.weights, target[kept], epsilon, tolerance=1e-8)
    torch.testing.assert_close(whole.value, part.value)
    assert_sound(whole, Problem(problem.cost, problem.weights, target), epsilon, 1e-8)
    log_mass = torch.logsumexp(
        problem.weights.log()[:, None]
        + (whole.source_potentials[:, None] - problem.cost[:, 3:8, None]) / epsilon,
        dim=0,
    )
    torch.testing.assert_close(whole.target_potentials[3:8], -epsilon * log_mass)


def test_potentials_where_weights_are_zero_are_soft_c_transforms() -> None:
    problem = clouds()
    for epsilon in (0.3, 0.01, 1e-3):
        output = sinkhorn(problem.cost, problem.weights, problem.target, epsilon)
        expected = -epsilon * torch.logsumexp(
            problem.target.log()[None, :, None]
            + (output.target_potentials[None] - problem.cost[:, :, None]) / epsilon,
            dim=1,
        )
        torch.testing.assert_close(output.source_potentials, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("epsilon", [0.2, 0.03])
def test_gradient_is_the_source_potential(epsilon: float) -> None:
    problem = clouds(30, 20, 4)
    generator = torch.manual_seed(1)
    direction = torch.randn(30, 4, generator=generator, dtype=torch.float64)
    direction = (direction - direction.mean(dim=0)) * 1e-5
    direction[:, :3] = torch.where(problem.weights[:, :3] > 0, direction[:, :3], 0.0)
    present = problem.weights > 0
    direction = torch.where(present, direction - direction.sum(0) / present.sum(0), 0.0)
    values = [
        sinkhorn(
            problem.cost, problem.weights + sign * direction, problem.target, epsilon, 1e-11
        ).value
        for sign in (1, -1)
    ]
    output = sinkhorn(problem.cost, problem.weights, problem.target, epsilon, 1e-11)
    expected = (direction * output.source_potentials).sum(dim=0)
    torch.testing.assert_close((values[0] - values[1]) / 2, expected, rtol=1e-4, atol=1e-9)


def test_permutations_of_points_and_mixtures() -> None:
    problem = clouds()
    generator = torch.manual_seed(0)
    rows, columns = torch.randperm(40, generator=generator), torch.randperm(6, generator=generator)
    one = sinkhorn(problem.cost, problem.weights, problem.target, 0.05, 1e-9)
    other = sinkhorn(
        problem.cost[rows], problem.weights[rows][:, columns], problem.target, 0.05, 1e-9
    )
    torch.testing.assert_close(other.value, one.value[columns], rtol=1e-8, atol=1e-8)


def test_same_input_gives_the_same_bits() -> None:
    problem = clouds(100, 60, 9, dtype=torch.float32)
    outputs = [sinkhorn(problem.cost, problem.weights, problem.target, 0.02) for _ in range(2)]
    for name in ("value", "source_potentials", "target_potentials", "marginal_error"):
        assert torch.equal(getattr(outputs[0], name), getattr(outputs[1], name)), name


def test_batch_mates_change_nothing_beyond_the_tolerance() -> None:
    problem = clouds(60, 40, 30)
    whole = sinkhorn(problem.cost, problem.weights, problem.target, 0.02)
    part = sinkhorn(problem.cost, problem.weights[:, ::4], problem.target, 0.02)
    torch.testing.assert_close(part.value, whole.value[::4], rtol=0, atol=1e-5)


def test_warm_start_saves_rounds_and_agrees() -> None:
    problem = clouds(100, 80, 8)
    first = sinkhorn(problem.cost, problem.weights, problem.target, 0.02)
    moved = 0.98 * problem.weights + 0.02 * problem.weights.mean(dim=1, keepdim=True)
    cold = sinkhorn(problem.cost, moved, problem.target, 0.02)
    warm = sinkhorn(problem.cost, moved, problem.target, 0.02, start=first.target_potentials)
    assert warm.iterations < cold.iterations
    torch.testing.assert_close(warm.value, cold.value, rtol=0, atol=1e-5)
    again = sinkhorn(
        problem.cost, problem.weights, problem.target, 0.02, start=first.target_potentials
    )
    assert again.iterations == 1


def test_too_few_iterations_say_so() -> None:
    problem = clouds()
    output = sinkhorn(problem.cost, problem.weights, problem.target, 0.005, max_iterations=3)
    assert not output.converged.any()
    assert output.iterations <= 3
    assert_sound(output, problem, 0.005)


def test_float32_tolerance_beyond_its_rounding_is_met() -> None:
    problem = clouds(dtype=torch.float32)
    output = sinkhorn(problem.cost, problem.weights, problem.target, 0.05, tolerance=1e-9)
    assert output.converged.all()
    coupling = plans(output, problem, 0.05)
    error = (coupling.sum(dim=0) - problem.target[:, None]).abs().sum(dim=0)
    assert error.max() <= 1e-9


@pytest.mark.parametrize("epsilon", [10.0, 1e3, 1e6, 1e9])
def test_a_large_epsilon_loses_no_digits(epsilon: float) -> None:
    """OT_ε of two measures tends to the mean cost under their product."""
    problem = clouds(200, 100, 5, dtype=torch.float32)
    output = sinkhorn(problem.cost, problem.weights, problem.target, epsilon)
    mean = problem.weights.T @ problem.cost.double() @ problem.target
    assert bool(output.converged.all())
    torch.testing.assert_close(output.value, mean, rtol=0, atol=2e-5 + 1 / epsilon)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    points=st.integers(1, 20),
    targets=st.integers(1, 20),
    epsilon=st.floats(1e-3, 2.0),
    power=st.floats(0.3, 4.0),
    single=st.booleans(),
)
def test_any_problem_is_sound(
    seed: int, points: int, targets: int, epsilon: float, power: float, single: bool
) -> None:
    rng = np.random.default_rng(seed)
    dtype = torch.float32 if single else torch.float64
    cost = torch.from_numpy(rng.random((points, targets)) ** power).to(dtype)
    weights = rng.dirichlet(np.full(points, 0.3), 3).T
    weights[weights < 1e-3] = 0
    problem = Problem(
        cost,
        torch.from_numpy(weights / weights.sum(axis=0)),
        torch.from_numpy(rng.dirichlet(np.full(targets, 0.7))),
    )
    output = sinkhorn(cost, problem.weights, problem.target, epsilon, max_iterations=500)
    assert_sound(output, problem, epsilon)
