"""`sinkhorn`: entropic optimal transport of many mixtures of one set of points to one target.

The rounds are in `sinkhorn_iterations`, and epsilon scaling in `epsilon_scaling`. A module named
`sinkhorn` would hide the function of that name in the room.
"""

from dataclasses import dataclass
from numbers import Integral, Real

import torch
from torch import Tensor

from projektor_ray.errors import InputError
from projektor_ray.transport.block_correction import cost_blocks
from projektor_ray.transport.epsilon_scaling import DualSolution, InitialPotentials, solve_dual
from projektor_ray.transport.kernel import KernelOperator, safe_kernel_dtype
from projektor_ray.transport.operators import MatrixCost, RowPartition
from projektor_ray.transport.precision import strict_precision
from projektor_ray.transport.sinkhorn_iterations import StoppingRule

SUM_TOLERANCE = 1e-4
"""Weights are normalised if their sum is off 1 by no more than this, as float32 sums are."""
HALF_DTYPES = (torch.float16, torch.bfloat16)
HALF_SUM_TOLERANCE = 0.02
"""Weights of 16 bits whose sum is off by less were rounded; by more, they are no weights."""


@dataclass(frozen=True, eq=False)
class SinkhornOutput:
    """Dual solution of OT_ε(a_β, b) for every mixture a_β, β = 1 … B, and its error.

    The plan is P_ij = a_i b_j exp((f_i + g_j − C_ij)/ε). Potentials are float64. At points of
    weight zero they are soft c-transforms.

    Attributes
    ----------
    value : Tensor, shape (B,)
        Dual value Σ_i a_i f_i + Σ_j b_j g_j. At convergence it equals
        min_P ⟨P, C⟩ + ε KL(P | a ⊗ b), and its gradient with respect to a is f.
    source_potentials : Tensor, shape (n, B)
        f.
    target_potentials : Tensor, shape (v, B)
        g.
    marginal_error : Tensor, shape (B,)
        Σ_j |Σ_i P_ij − b_j|; the source marginal is exact.
    converged : bool Tensor, shape (B,)
        Whether marginal_error is within the tolerance.
    iterations : int
        The largest number of rounds of a mixture.
    column_iterations : Tensor, shape (B,)
        Rounds of each mixture.
    """

    value: Tensor
    source_potentials: Tensor
    target_potentials: Tensor
    marginal_error: Tensor
    converged: Tensor
    iterations: int
    column_iterations: Tensor


@strict_precision
def sinkhorn(
    cost: Tensor,
    weights: Tensor,
    target: Tensor,
    epsilon: float,
    tolerance: float = 1e-3,
    max_iterations: int = 2000,
    *,
    start: Tensor | None = None,
) -> SinkhornOutput:
    """Solve entropic optimal transport for B mixtures of the same n points.

    For every column a_β of `weights`, β = 1 … B,

        OT_ε(a_β, b) = min_P ⟨P, C⟩ + ε KL(P | a_β ⊗ b),  P 1 = a_β,  Pᵀ 1 = b,  P ≥ 0.

    Each half-step of Sinkhorn's algorithm is one matrix product for all mixtures (Cuturi, 2013).
    A kernel of the cost's size is stored; it becomes float64 where a small ε drives potentials out
    of float32's range.

    Parameters
    ----------
    cost : Tensor, shape (n, v)
        C, float32 or float64, on any device.
    weights : Tensor, shape (n, B)
        A column is a mixture over the points and sums to 1; zeros are allowed.
    target : Tensor, shape (v,)
        b, sums to 1; zeros are allowed.
    epsilon : float
        ε, in units of the cost.
    tolerance : float
        L1 error of the target marginal at which a mixture has converged.
    max_iterations : int
        Largest number of rounds of a mixture; `converged` is False for one that needs more.
    start : Tensor, shape (v, B), optional
        Target potentials of an earlier solve to start from.

    Raises
    ------
    InputError
        If a tensor is not dense, real and finite or has another shape; if weights are negative or
        do not sum to 1; if epsilon, tolerance or max_iterations is out of range; if epsilon is so
        small that the rounding of potentials exceeds the tolerance.

    See Also
    --------
    TransportDistances : the debiased distance of mixtures of pilots, on the same iterations.

    Examples
    --------
    >>> import torch
    >>> cost = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    >>> weights = torch.tensor([[1.0, 0.5], [0.0, 0.5]])  # two mixtures of two points
    >>> sinkhorn(cost, weights, torch.tensor([0.5, 0.5]), epsilon=0.05).value
    tensor([0.5000, 0.0347], dtype=torch.float64)
    """
    _check_numbers(epsilon, tolerance, max_iterations)
    _check_cost(cost)
    mixtures = _normalised(weights, "weights", (cost.shape[0], None), cost.device).T
    targets = _normalised(target, "target", (cost.shape[1],), cost.device)
    support = targets > 0
    full = bool(support.all())
    rows = MatrixCost(cost if full else cost[:, support])
    initial = _check_start(start, (cost.shape[1], len(mixtures)), cost.device)
    dtype = safe_kernel_dtype(cost.dtype, tolerance, epsilon / max(rows.magnitude, 1e-300))
    partition = RowPartition(cost.shape[0], cost.device)
    operator = KernelOperator(rows, targets[support], cost_blocks(rows), partition, dtype)
    solution = solve_dual(
        operator,
        mixtures,
        float(epsilon),
        StoppingRule(tolerance, max_iterations),
        None if initial is None else InitialPotentials(initial.T[:, support]),
    )
    potentials = solution.target.T
    if not full:
        potentials = _extend(cost, mixtures.T, solution, support, epsilon)
    return SinkhornOutput(
        value=solution.value,
        source_potentials=solution.source.T,
        target_potentials=potentials,
        marginal_error=solution.error,
        converged=solution.error <= tolerance,
        iterations=int(solution.rounds.max()),
        column_iterations=solution.rounds,
    )


def _extend(
    cost: Tensor, weights: Tensor, solution: DualSolution, support: Tensor, epsilon: float
) -> Tensor:
    """Target potentials (v, B); without weight, g_j = −ε log Σ_i a_i exp((f_i − C_ij)/ε)."""
    potentials = weights.new_empty(cost.shape[1], weights.shape[1])
    potentials[support] = solution.target.T
    missing = cost[:, ~support].to(torch.float64)
    for column in range(weights.shape[1]):
        source = weights[:, column].log() + solution.source[column] / epsilon
        potentials[~support, column] = -epsilon * torch.logsumexp(
            source[:, None] - missing / epsilon, dim=0
        )
    return potentials


def _check_numbers(epsilon: float, tolerance: float, max_iterations: int) -> None:
    if not (isinstance(epsilon, Real) and 0 < epsilon < float("inf")):
        raise InputError(
            f"epsilon must be a positive finite number, in the cost's units; got {epsilon!r}"
        )
    if not (isinstance(tolerance, Real) and 0 < tolerance < 1):
        raise InputError(
            "tolerance must be a number between 0 and 1: it is an L1 error of a marginal; "
            f"got {tolerance!r}"
        )
    if not (isinstance(max_iterations, Integral) and max_iterations >= 1):
        raise InputError(
            f"max_iterations must be a whole number of 1 or more; got {max_iterations!r}"
        )


def _check_dense(values: Tensor, name: str) -> None:
    if not isinstance(values, Tensor):
        raise InputError(
            f"{name} must be a tensor; got {type(values).__name__}. Use torch.as_tensor"
        )
    if values.layout != torch.strided:
        raise InputError(
            f"{name} must be a dense tensor; got {values.layout}. Use {name}.to_dense()"
        )
    if values.is_complex():
        raise InputError(f"{name} must be real; got {values.dtype}")


def _check_cost(cost: Tensor) -> None:
    _check_dense(cost, "cost")
    if cost.dtype not in (torch.float32, torch.float64):
        raise InputError(f"cost must be a float32 or float64 tensor; got {cost.dtype}")
    if cost.ndim != 2 or 0 in cost.shape:
        raise InputError(
            f"cost must have shape (n, v) with at least one point on each side; "
            f"got shape {tuple(cost.shape)}"
        )
    if not bool(torch.isfinite(cost.sum())) and not bool(torch.isfinite(cost).all()):
        bad = int((~torch.isfinite(cost)).sum())
        raise InputError(
            f"cost must be finite; {bad} of its {cost.numel()} entries are NaN or infinite. "
            "Check the features that it was computed from"
        )


def _normalised(
    weights: Tensor, name: str, shape: tuple[int | None, ...], device: torch.device
) -> Tensor:
    """Checked weights in float64; each column is divided by its sum."""
    _check_dense(weights, name)
    fits = weights.ndim == len(shape) and all(
        size > 0 and expected in (None, size)
        for size, expected in zip(weights.shape, shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("B" if size is None else str(size) for size in shape)
        raise InputError(
            f"{name} must have shape ({wanted}), one row for each point of the cost's side; "
            f"got shape {tuple(weights.shape)}"
        )
    values = weights.to(device=device, dtype=torch.float64)
    if not bool(torch.isfinite(values).all()) or bool((values < 0).any()):
        raise InputError(f"{name} must be finite and 0 or more; the smallest is {values.min()}")
    sums = values.sum(dim=0)
    excess = (sums - 1).abs()
    if bool((excess > SUM_TOLERANCE).any()):
        farthest = int(excess.argmax())
        column = f"column {farthest} of {name}" if values.ndim == 2 else name
        total = float(sums.reshape(-1)[farthest])
        rounded = weights.dtype in HALF_DTYPES and abs(total - 1) < HALF_SUM_TOLERANCE
        raise InputError(
            f"{name} must sum to 1 over the points; {column} sums to {total:g}. "
            + (
                f"{weights.dtype} is not precise enough for them; use float32 or float64"
                if rounded
                else "Divide by the sum if these are counts"
            )
        )
    return values / sums


def _check_start(
    start: Tensor | None, shape: tuple[int, int], device: torch.device
) -> Tensor | None:
    if start is None:
        return None
    _check_dense(start, "start")
    if tuple(start.shape) != shape or not bool(torch.isfinite(start).all()):
        raise InputError(
            f"start must be finite target potentials of shape {shape}, as an earlier solve "
            f"returned them; got shape {tuple(start.shape)}"
        )
    return start.to(device=device, dtype=torch.float64)
