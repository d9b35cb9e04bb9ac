"""A caller's torch settings change no result, and neither does the batch size."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from projektor_ray.transport import measure, sinkhorn
from projektor_ray.transport.precision import stable_bmm, stable_matmul, strict_precision
from tests.helpers.problems import mixtures, pool


def problem() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(0)
    cost = torch.rand(200, 100, generator=random)
    weights = torch.rand(200, 5, dtype=torch.float64, generator=random)
    return cost, weights / weights.sum(dim=0), torch.full((100,), 0.01)


@pytest.mark.parametrize("count", [1, 2, 3, 15, 17])
def test_rows_of_a_product_do_not_depend_on_how_many_there_are(count: int) -> None:
    generator = torch.manual_seed(0)
    left, right = (torch.rand(shape, generator=generator) for shape in ((100, 333), (333, 50)))
    assert torch.equal(stable_matmul(left[:count], right), stable_matmul(left, right)[:count])


@pytest.mark.parametrize("count", [1, 2, 3])
def test_batched_products_do_not_depend_on_the_batch_size(count: int) -> None:
    generator = torch.manual_seed(0)
    left, right = (torch.rand(shape, generator=generator) for shape in ((9, 4, 99), (9, 99, 1)))
    expected = torch.einsum("brs,bst->brt", left.double(), right.double())
    batch = stable_bmm(left, right)
    torch.testing.assert_close(batch.double(), expected, rtol=1e-5, atol=0)
    assert torch.equal(stable_bmm(left[:count], right[:count]), batch[:count])


@pytest.fixture
def low_precision() -> Iterator[None]:
    """A caller that requested torch for fast float32 products."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    yield
    torch.set_float32_matmul_precision(before)


def current_settings() -> tuple[str, bool, bool]:
    autocast = torch.is_autocast_enabled("cpu")
    return torch.get_float32_matmul_precision(), autocast, torch.is_grad_enabled()


def test_a_decorated_function_runs_in_full_precision_and_restores_the_settings(
    low_precision: None,
) -> None:
    @strict_precision
    def settings_inside(error: Exception | None = None) -> tuple[str, bool, bool]:
        if error is not None:
            raise error
        return current_settings()

    with torch.autocast("cpu", torch.bfloat16), torch.enable_grad():
        assert current_settings() == ("medium", True, True)
        assert settings_inside() == ("highest", False, False)
        assert current_settings() == ("medium", True, True)
        with pytest.raises(ZeroDivisionError):
            settings_inside(ZeroDivisionError())
        assert current_settings() == ("medium", True, True)


def test_autocast_around_a_solve_rounds_no_product() -> None:
    """The expected values are of a caller who changed no setting."""
    cost, weights, target = problem()
    expected = sinkhorn(cost, weights, target, 0.05, 1e-4)
    pilots, validation = pool()
    distances = measure(mixtures(), pilots, validation)
    with torch.autocast("cpu", torch.bfloat16):
        assert (cost @ cost.T).dtype == torch.bfloat16
        actual = sinkhorn(cost, weights, target, 0.05, 1e-4)
        measured = measure(mixtures(), pilots, validation)
    assert torch.equal(actual.value, expected.value)
    assert torch.equal(actual.target_potentials, expected.target_potentials)
    np.testing.assert_array_equal(measured.value, distances.value)
    np.testing.assert_array_equal(measured.gradient, distances.gradient)


def test_a_cost_that_requires_gradients_leaves_no_graph() -> None:
    cost, weights, target = problem()
    actual = sinkhorn(cost.requires_grad_(), weights, target, 0.05)
    assert not actual.value.requires_grad
    assert not actual.source_potentials.requires_grad
