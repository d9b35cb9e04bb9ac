"""The kernel operator against sums in the log domain, within and beyond the kernel's range."""

import numpy as np
import pytest
import torch
from torch import Tensor

from projektor_ray.transport import TransportSettings, local_problem
from projektor_ray.transport.kernel import KernelOperator, exponentiate
from projektor_ray.transport.operators import Centre, MatrixCost, RowPartition
from tests.helpers.problems import clouds, mixtures, pool, shards_of

BLOCKS = torch.arange(30) % 4


EPSILON = 0.003


def operator_and_state(
    dtype: torch.dtype, store: bool, spread: float
) -> tuple[KernelOperator, Tensor, Centre, Tensor]:
    """An operator, its cost, a centre, and scalings of the given spread around it."""
    problem = clouds()
    generator = torch.manual_seed(0)
    operator = KernelOperator(
        MatrixCost(problem.cost.to(dtype)),
        problem.target,
        BLOCKS,
        RowPartition(40),
        dtype,
        store=store,
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
@pytest.mark.parametrize("store", [True, False])
@pytest.mark.parametrize("spread", [0.0, 5.0])
@pytest.mark.parametrize("height", [0.0, 435.0, 800.0])
def test_sums_are_those_of_the_log_domain(
    dtype: torch.dtype,
    store: bool,
    spread: float,
    height: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("projektor_ray.transport.kernel.BLOCK_ELEMENTS", 30 * 3)
    operator, weights, centre, scaling = operator_and_state(dtype, store, spread)
    scaling = scaling + height
    actual = operator.sums(centre, scaling, weights)
    plan = weights[:, :, None] * torch.softmax(log_plan(centre, scaling), dim=2)
    precision = {"rtol": 1e-4, "atol": 1e-7} if dtype == torch.float32 else {}
    torch.testing.assert_close((scaling + actual.log_columns).exp(), plan.sum(dim=1), **precision)
    members = torch.nn.functional.one_hot(BLOCKS).to(torch.float64)
    nearest = (clouds().cost @ (members / members.sum(dim=0))).argmin(dim=1)
    groups = torch.nn.functional.one_hot(nearest, 4).to(torch.float64)
    flows = groups.T @ plan @ members
    torch.testing.assert_close(actual.flows, flows, **precision)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("store", [True, False])
@pytest.mark.parametrize("spread", [0.0, 5.0, 100.0, 1000.0])
def test_source_potentials_are_exact_and_finite_beyond_the_kernels_range(
    dtype: torch.dtype, store: bool, spread: float
) -> None:
    """Points without weight may lie where the kernel of a mixture vanishes."""
    operator, _, centre, scaling = operator_and_state(dtype, store, spread)
    actual = operator.source_potentials(centre, scaling)
    expected = -EPSILON * log_plan(centre, scaling).logsumexp(dim=2)
    torch.testing.assert_close(actual, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("store", [True, False])
@pytest.mark.parametrize("sizes", [(150, 200, 170), (150, 9, 11)])
def test_sums_over_providers_add_up_to_those_over_all(store: bool, sizes: tuple[int, ...]) -> None:
    """Far beyond the kernel's precision, float32; providers with many rows and with few."""
    pilots, validation = pool(sizes, 40, noise=0.2)
    local = local_problem(pilots, validation, TransportSettings())
    assert isinstance(local.operator, KernelOperator)
    centre = Centre(torch.linspace(0, 0.3, 40, dtype=torch.float64), 0.05)
    scaling = torch.randn(7, 40, generator=torch.manual_seed(0), dtype=torch.float64)
    weights = mixtures()
    call = shards_of(pilots, validation, [[2], [0], [1]], store=store)
    shift, scalings = exponentiate(scaling, torch.float32)
    parts = call("sums", local.units, centre.to_arrays(), shift.numpy(), scalings.numpy(), weights)
    whole = local.operator.partial_sums(centre, shift, scalings, torch.from_numpy(weights))
    for index, total in enumerate((whole.columns, whole.flows)):
        added = torch.from_numpy(np.sum([part[index] for part in parts], axis=0))
        torch.testing.assert_close(added, total, rtol=1e-13, atol=1e-15)
