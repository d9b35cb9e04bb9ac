"""The kernel operator against sums in the log domain, within and beyond the kernel's range."""

import pytest
import torch
from torch import Tensor

from projektor_ray.transport.kernel import KernelOperator
from projektor_ray.transport.operators import Centre, MatrixCost, RowUnits
from tests.problems import clouds

BLOCKS = torch.arange(30) % 4
EPSILON = 0.003


def operator_and_state(
    dtype: torch.dtype, keep: bool, spread: float
) -> tuple[KernelOperator, Tensor, Centre, Tensor]:
    """An operator, its cost, a centre, and scalings of the given spread around it."""
    problem = clouds()
    generator = torch.manual_seed(0)
    operator = KernelOperator(
        MatrixCost(problem.cost.to(dtype)), problem.target, BLOCKS, RowUnits(40), dtype, keep=keep
    )
    centre = Centre(0.1 * torch.randn(30, generator=generator, dtype=torch.float64), EPSILON)
    scaling = spread * torch.randn(6, 30, generator=generator, dtype=torch.float64)
    return operator, problem.weights.T, centre, scaling


def log_plan(centre: Centre, scaling: Tensor) -> Tensor:
    """log of b_j exp((g_j − C_ij)/ε), (B, n, v)."""
    problem = clouds()
    potential = centre.potential + EPSILON * scaling
    return problem.target.log() + (potential[:, None] - problem.cost) / EPSILON


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("spread", [0.0, 5.0])
def test_sums_are_those_of_the_log_domain(
    dtype: torch.dtype, keep: bool, spread: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projektor_ray.transport.kernel.BLOCK_ELEMENTS", 30 * 3)
    operator, weights, centre, scaling = operator_and_state(dtype, keep, spread)
    found = operator.sums(centre, scaling, weights)
    plan = weights[:, :, None] * torch.softmax(log_plan(centre, scaling), dim=2)
    precision = {"rtol": 1e-4, "atol": 1e-7} if dtype == torch.float32 else {}
    torch.testing.assert_close(scaling.exp() * found.columns, plan.sum(dim=1), **precision)
    members = torch.nn.functional.one_hot(BLOCKS).to(torch.float64)
    nearest = (clouds().cost @ (members / members.sum(dim=0))).argmin(dim=1)
    groups = torch.nn.functional.one_hot(nearest, 4).to(torch.float64)
    flows = groups.T @ plan @ members
    torch.testing.assert_close(found.flows, flows, **precision)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("spread", [0.0, 5.0, 100.0, 1000.0])
def test_source_potentials_are_exact_and_finite_beyond_the_kernels_range(
    dtype: torch.dtype, keep: bool, spread: float
) -> None:
    """Points without weight may lie where the kernel of a mixture vanishes."""
    operator, _, centre, scaling = operator_and_state(dtype, keep, spread)
    found = operator.source_potentials(centre, scaling)
    expected = -EPSILON * log_plan(centre, scaling).logsumexp(dim=2)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
