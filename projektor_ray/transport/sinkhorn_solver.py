"""Entropic transport of many weightings of one set of points to one target."""

from dataclasses import dataclass
from numbers import Integral, Real

import torch
from torch import Tensor

from projektor_ray.errors import InputError
from projektor_ray.transport.block_correction import cost_blocks
from projektor_ray.transport.iterations import Stopping
from projektor_ray.transport.kernel import KernelOperator, kernel_precision
from projektor_ray.transport.operators import MatrixCost, RowUnits
from projektor_ray.transport.precision import strict_precision
from projektor_ray.transport.solver import Solution, Start, solve

SUM_TOLERANCE = 1e-4
"""Weights may miss a sum of 1 by this much, as float32 sums do; they are then normalised."""
HALF = (torch.float16, torch.bfloat16)
HALF_SUM_TOLERANCE = 0.02
"""Weights of 16 bits that miss it by more were not rounded, but are something else."""


@dataclass(frozen=True, eq=False)
class SinkhornOutput:
    """Entropic transport of B mixtures: values, potentials, and how far they can be trusted.

    Potentials belong to the plan P_ij = a_i b_j exp((f_i + g_j − C_ij)/ε). They are defined at
    points of weight zero too, by the soft c-transform, and are float64 whatever the cost is.

    Attributes
    ----------
    value : (B,), the dual value Σ_i a_i f_i + Σ_j b_j g_j, which at convergence equals
        min_P ⟨P, C⟩ + ε KL(P | a ⊗ b); its derivative with respect to a is f.
    source_potentials : (n, B), f.
    target_potentials : (v, B), g.
    marginal_error : (B,), Σ_j |Σ_i P_ij − b_j| of the potentials returned; the other marginal is
        exact.
    converged : (B,), whether marginal_error is within the tolerance.
    iterations : rounds of the column that took most.
    column_iterations : (B,), rounds of each column.
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
    """Solve entropic optimal transport for B mixtures of the same n points at once.

    OT_ε(a, b) = min_P ⟨P, C⟩ + ε KL(P | a ⊗ b) over couplings P of a and b, for every column a of
    `weights`. Each half-step is one matrix product for all mixtures (Cuturi, 2013), accelerated
    by Anderson's method. Beside the cost it holds a kernel of the cost's size, which becomes
    float64 where a small epsilon drives potentials out of float32's range.

    Parameters
    ----------
    cost : (n, v), float32 or float64, on any device.
    weights : (n, B), a column is a mixture over the points, sums to 1; zeros are allowed.
    target : (v,), sums to 1; zeros are allowed.
    epsilon : regularisation in the cost's own units.
    tolerance : L1 error of the target marginal at which a mixture has converged.
    max_iterations : rounds at most for each mixture; one that needs more says `converged` False.
    start : (v, B), target potentials of an earlier solve to start from.

    Raises
    ------
    InputError
        On tensors that are not dense and real, shapes that do not fit, values that are not finite,
        weights that are negative or do not sum to 1, and an epsilon, tolerance or max_iterations
        that is no number or out of range.
    """
    _check_numbers(epsilon, tolerance, max_iterations)
    _check_cost(cost)
    mixtures = _checked_weights(weights, "weights", (cost.shape[0], None), cost.device)
    mixtures = mixtures.T
    targets = _checked_weights(target, "target", (cost.shape[1],), cost.device)
    support = targets > 0
    whole = bool(support.all())
    reached = cost if whole else cost[:, support]
    first = _checked_start(start, (cost.shape[1], len(mixtures)), cost.device)
    held = MatrixCost(reached)
    dtype = kernel_precision(cost.dtype, tolerance, epsilon / max(held.magnitude, 1e-300))
    operator = KernelOperator(
        held,
        targets[support],
        cost_blocks(held),
        RowUnits(cost.shape[0], cost.device),
        dtype,
    )
    solution = solve(
        operator,
        mixtures,
        float(epsilon),
        Stopping(tolerance, max_iterations),
        None if first is None else Start(first.T[:, support]),
    )
    potentials = solution.target.T
    if not whole:
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
    cost: Tensor, weights: Tensor, solution: Solution, support: Tensor, epsilon: float
) -> Tensor:
    """Target potentials (v, B) also where the target has no weight: the soft c-transform of f."""
    found = weights.new_empty(cost.shape[1], weights.shape[1])
    found[support] = solution.target.T
    missing = cost[:, ~support].to(torch.float64)
    for column in range(weights.shape[1]):
        source = weights[:, column].log() + solution.source[column] / epsilon
        found[~support, column] = -epsilon * torch.logsumexp(
            source[:, None] - missing / epsilon, dim=0
        )
    return found


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


def _checked_weights(
    weights: Tensor, name: str, shape: tuple[int | None, ...], device: torch.device
) -> Tensor:
    """Weights in float64, each column normalised to sum to 1."""
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
        raise InputError(f"{name} must be finite and 0 or more; got a least of {values.min()}")
    sums = values.sum(dim=0)
    off = (sums - 1).abs()
    if bool((off > SUM_TOLERANCE).any()):
        worst = int(off.argmax())
        column = f"column {worst} of {name}" if values.ndim == 2 else name
        total = float(sums.reshape(-1)[worst])
        rounded = weights.dtype in HALF and abs(total - 1) < HALF_SUM_TOLERANCE
        raise InputError(
            f"{name} must sum to 1 over the points; {column} sums to {total:g}. "
            + (
                f"{weights.dtype} is not precise enough for them; use float32 or float64"
                if rounded
                else "Divide by the sum if these are counts"
            )
        )
    return values / sums


def _checked_start(
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
