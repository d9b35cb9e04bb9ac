"""What a caller has set torch to do changes no result."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import pytest
import torch

from projektor_ray.errors import InputError
from projektor_ray.transport import PilotFeatures, TransportSettings, measure, sinkhorn
from tests.helpers.problems import mixtures, pool


def problem() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(0)
    cost = torch.rand(200, 100, generator=random)
    weights = torch.rand(200, 5, dtype=torch.float64, generator=random)
    return cost, weights / weights.sum(dim=0), torch.full((100,), 0.01)


@pytest.fixture
def low_precision() -> Iterator[None]:
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    yield
    assert torch.get_float32_matmul_precision() == "medium"
    torch.set_float32_matmul_precision(before)


@pytest.mark.parametrize(
    "context", [nullcontext(), torch.autocast("cpu", torch.bfloat16)], ids=["medium", "autocast"]
)
def test_products_are_not_rounded(low_precision: None, context: AbstractContextManager) -> None:
    cost, weights, target = problem()
    expected = sinkhorn(cost, weights, target, 0.05, 1e-4)
    torch.set_float32_matmul_precision("medium")
    with context:
        found = sinkhorn(cost, weights, target, 0.05, 1e-4)
    assert torch.equal(found.value, expected.value)
    assert torch.equal(found.target_potentials, expected.target_potentials)


def test_a_cost_that_asks_for_gradients_keeps_no_graph() -> None:
    cost, weights, target = problem()
    found = sinkhorn(cost.requires_grad_(), weights, target, 0.05)
    assert not found.value.requires_grad
    assert not found.source_potentials.requires_grad


@pytest.mark.parametrize("epsilon", [10.0, 1e3, 1e6, 1e9])
def test_a_large_epsilon_loses_no_digits(epsilon: float) -> None:
    """OT_ε of two measures tends to the mean cost under their product."""
    cost, weights, target = problem()
    found = sinkhorn(cost, weights, target, epsilon)
    mean = weights.T @ cost.double() @ target.double()
    assert bool(found.converged.all())
    torch.testing.assert_close(found.value, mean, rtol=0, atol=1e-5 + 0.1 / epsilon)
    pilots, validation = pool()
    settings = TransportSettings(debiased=False)
    far, near = (
        measure(mixtures(), pilots, validation, settings.model_copy(update={"epsilon": e})).value
        for e in (epsilon, 1e6)
    )
    np.testing.assert_allclose(far, near, atol=2e-5 + 3 / epsilon)


def test_a_tight_tolerance_is_reached_in_truth() -> None:
    """Asked for 1e-8, float32 kernels would report what they cannot tell."""
    pilots, validation = pool()
    rough, fine = (
        measure(mixtures(), pilots, validation, TransportSettings(tolerance=1e-8, dtype=dtype))
        for dtype in ("float32", "float64")
    )
    assert rough.converged.all()
    np.testing.assert_allclose(rough.value, fine.value, rtol=1e-12)


@pytest.mark.parametrize("scale", [1e200, 1e-200])
def test_features_whose_squares_are_lost_are_refused(scale: float) -> None:
    pilots, validation = pool()
    far = PilotFeatures(pilots.features.astype(np.float64) * scale, pilots.labels, pilots.provider)
    validation = type(validation)(validation.features.astype(np.float64) * scale, validation.labels)
    with pytest.raises(InputError, match="too large or too small"):
        measure(mixtures(), far, validation)
