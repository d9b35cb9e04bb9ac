"""Blocks of targets: the correction of their masses, and the rounds that it saves."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from sklearn.datasets import load_iris

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.transport import (
    PilotFeatures,
    TransportDistances,
    TransportSettings,
    ValidationFeatures,
    sinkhorn,
)
from projektor_ray.transport.block_correction import block_shifts, cluster, nearest_blocks
from projektor_ray.transport.operators import MatrixCost
from tests.helpers.problems import far_clusters, shards_of, spread
from tests.helpers.transport_checks import assert_distances_sound

SETTINGS = TransportSettings(dtype="float64")


def flowers() -> tuple[PilotFeatures, ValidationFeatures]:
    """Iris of three providers of which two lack a class: at the default ε the plan carries next to
    nothing between classes, but for what providers have too little of."""
    data, labels = load_iris(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(data))
    data, labels = data[order], labels[order]
    provider = np.repeat([3, 0, 1, 2], [50, 30, 35, 35])
    held = (provider < 3) & ~((provider == 0) & (labels == 2)) & ~((provider == 1) & (labels == 0))
    return (
        PilotFeatures(data[held], labels[held], provider[held]),
        ValidationFeatures(data[:50], labels[:50]),
    )


def blocked(pilots: PilotFeatures, validation: ValidationFeatures) -> TransportDistances:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("projektor_ray.transport.memory.kernel_fits", lambda *_: False)
        patch.setattr("projektor_ray.transport.kernel.BLOCK_ELEMENTS", 50 * 10)
        distances = TransportDistances.of_pilots(pilots, validation, SETTINGS)
    assert distances.problem.plan.layout == "blocked"
    return distances


def sharded(pilots: PilotFeatures, validation: ValidationFeatures) -> TransportDistances:
    call = shards_of(pilots, validation, [[0], [1, 2]], store=True)
    return spread(call, validation, SETTINGS)


def dense(pilots: PilotFeatures, validation: ValidationFeatures) -> TransportDistances:
    return TransportDistances.of_pilots(pilots, validation, SETTINGS)


@pytest.mark.parametrize("make", [dense, blocked, sharded])
def test_classes_that_little_mass_crosses_take_few_rounds(
    make: Callable[[PilotFeatures, ValidationFeatures], TransportDistances],
) -> None:
    """Without the blocks' correction some mixtures take thousands of rounds."""
    pilots, validation = flowers()
    distances, mixtures = make(pilots, validation), simplex_lattice(3, 10)
    cold = distances(mixtures)
    assert_distances_sound(cold, mixtures)
    assert cold.iterations.max() <= 20
    near = 0.9 * mixtures + 0.1 * np.roll(mixtures, 1, axis=1)
    warm = distances(near)
    assert_distances_sound(warm, near)
    assert warm.iterations.max() <= 12


@pytest.mark.parametrize("apart", [30.0, 1000.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_mass_crosses_between_clusters_at_any_distance(apart: float, dtype: torch.dtype) -> None:
    """Unlabelled: blocks are actual from the cost. At ε apart² / 4e5 … apart² / 2e3."""
    problem = far_clusters(apart, dtype)
    output = sinkhorn(problem.cost, problem.weights, problem.target, 0.5)
    assert output.converged.all()
    assert output.iterations <= 160


def test_shifts_solve_the_problem_of_the_blocks() -> None:
    """Against a general maximiser of the same dual; then blocks have their masses."""
    rng = np.random.default_rng(0)
    flows = rng.random((3, 4, 4)) ** 8
    flows /= flows.sum(axis=(1, 2), keepdims=True)
    weights = rng.dirichlet(np.ones(4))
    actual = block_shifts(torch.from_numpy(flows), torch.from_numpy(weights), 1e-12).numpy()
    for flow, extra in zip(flows, actual, strict=True):
        source = flow.sum(axis=1)

        def lost(t: np.ndarray, flow: np.ndarray = flow, source: np.ndarray = source) -> float:
            return float(source @ np.log(flow @ np.exp(t)) - weights @ t)

        best = minimize(lost, np.zeros(4), tol=1e-14).x
        whole = extra + np.log(weights / flow.sum(axis=0))
        np.testing.assert_allclose(whole - whole.mean(), best - best.mean(), atol=1e-4)
        plan = source[:, None] * flow * np.exp(whole) / (flow @ np.exp(whole))[:, None]
        np.testing.assert_allclose(plan.sum(axis=0), weights, atol=1e-11)


@pytest.mark.parametrize("crossing", [1e-10, 1e-40, 1e-250])
def test_shifts_bring_mass_across_where_next_to_none_goes(crossing: float) -> None:
    flows = torch.tensor([[[0.5, crossing], [crossing, 0.5]]], dtype=torch.float64)
    weights = torch.tensor([0.7, 0.3], dtype=torch.float64)
    extra = block_shifts(flows, weights, 1e-6)
    whole = extra + weights.log() - flows.sum(dim=1).log()
    plan = 0.5 * torch.softmax(flows.log() + whole[:, None], dim=2)
    torch.testing.assert_close(plan.sum(dim=1)[0], weights, rtol=0, atol=1e-6)


def test_blocks_of_clusters_are_the_clusters() -> None:
    rng = np.random.default_rng(0)
    centres = 10 * rng.normal(size=(5, 3))
    labels = rng.integers(0, 5, 200)
    actual = cluster(torch.from_numpy(centres[labels] + 0.1 * rng.normal(size=(200, 3)))).numpy()
    within = {(a, b) for a, b in zip(labels, actual, strict=True)}
    assert len({b for _, b in within}) == len(within), "a block holds points of two clusters"
    assert set(actual) == set(range(actual.max() + 1))
    assert actual.max() + 1 == 16


def test_equal_vectors_are_one_block() -> None:
    assert cluster(torch.ones(5, 2)).tolist() == [0] * 5
    assert sorted(cluster(torch.tensor([[0.0], [1.0], [0.0]])).tolist()) in ([0, 0, 1], [0, 1, 1])


def test_rows_are_next_to_the_block_of_least_mean_cost() -> None:
    cost = torch.from_numpy(np.random.default_rng(0).random((50, 12)))
    blocks = torch.arange(12) % 5
    expected = torch.stack([cost[:, blocks == k].mean(dim=1) for k in range(5)]).argmin(dim=0)
    assert torch.equal(nearest_blocks(MatrixCost(cost), blocks, 7), expected)
