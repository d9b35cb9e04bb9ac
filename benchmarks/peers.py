"""Other solvers of entropic transport, each run to the same L1 marginal error.

A peer is a function of a `Case` that returns a `Run`. Peers that solve one mixture at a time are
timed on the case's first few mixtures and extrapolated to all; the table says so.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec

import numpy as np
import torch
from torch import Tensor

from projektor_ray.transport import sinkhorn

CHUNK = 20
"""Rounds between looks at the marginal error of a peer that cannot be asked for an L1 error."""

GEOMLOSS_ROUNDS = 500
VERIFIED = 1 << 16
"""Pairs of points that are verified at a time, so that it takes next to no memory."""


@dataclass(frozen=True, eq=False)
class Case:
    """A problem for all peers, the clock, and how long a peer may take on it by that clock."""

    cost: Tensor
    weights: Tensor
    target: Tensor
    epsilon: float
    tolerance: float
    seconds: float
    clock: Callable[[], float]


@dataclass(frozen=True)
class Run:
    """A peer's run: seconds for the mixtures it solved.

    Attributes
    ----------
    error : the L1 error, verified from potentials where it is called: that takes memory of its own.
    rounds : the most that any mixture took; None where the peer does not count.
    note : why it failed, or what the numbers leave out.
    """

    seconds: float
    solved: int
    rounds: int | None
    error: Callable[[], float]
    note: str = ""


def verified(case: Case, log_source: Tensor, log_target: Tensor) -> float:
    """Largest L1 error of either marginal of P_ij = exp(log u_i + log v_j − C_ij/ε), float64."""
    worst, step = 0.0, max(1, VERIFIED // len(case.target))
    for start in range(0, log_source.shape[1], 8):
        part = slice(start, start + 8)
        columns = torch.zeros(len(case.target), log_target[:, part].shape[1], dtype=torch.float64)
        rows_error = torch.zeros(columns.shape[1], dtype=torch.float64)
        for first in range(0, len(case.cost), step):
            rows = slice(first, first + step)
            plan = log_target[None, :, part] - case.cost[rows].double()[:, :, None] / case.epsilon
            plan = (plan + log_source[rows, None, part]).exp_()
            columns += plan.sum(dim=0)
            rows_error += (plan.sum(dim=1) - case.weights[rows, part]).abs().sum(dim=0)
        error = (columns - case.target[:, None]).abs().sum(dim=0)
        worst = max(worst, float(torch.maximum(error, rows_error).nan_to_num(nan=np.inf).max()))
    return worst


def known(error: float) -> Callable[[], float]:
    """An error that was computed on the way."""
    return lambda: error


def ours(case: Case) -> Run:
    """This project's solver."""
    started = case.clock()
    out = sinkhorn(case.cost, case.weights, case.target, case.epsilon, case.tolerance)
    seconds = case.clock() - started

    def error() -> float:
        log_source = case.weights.log() + out.source_potentials / case.epsilon
        log_target = case.target.log()[:, None] + out.target_potentials / case.epsilon
        return verified(case, log_source, log_target)

    return Run(seconds, case.weights.shape[1], out.iterations, error)


def pot_many(case: Case, dtype: torch.dtype | None) -> Run:
    """POT's sinkhorn_knopp with many histograms on one cost.

    Its own stopping rule is another one. The rounds it needs are counted first, in chunks that are
    not timed; the timed run does that many, with its own looks at the error every tenth round and
    the loss that it ends with.

    Parameters
    ----------
    dtype : what torch computes in; None for NumPy in float64.
    """
    import ot

    arrays = [t.to(dtype or torch.float64) for t in (case.target, case.weights, case.cost.T)]
    if dtype is None:
        arrays = [array.numpy() for array in arrays]
    settings = {"reg": case.epsilon, "stopThr": 0.0, "warn": False, "log": True}

    def solve(rounds: int, warm: object) -> tuple[object, object]:
        log = ot.bregman.sinkhorn_knopp(*arrays, numItermax=rounds, warmstart=warm, **settings)[1]
        return log["u"], log["v"]

    rounds, warm, error, begun = 0, None, np.inf, case.clock()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            while error > case.tolerance:
                left = case.seconds - (case.clock() - begun)
                if left < 0:
                    return Run(
                        np.inf, 0, rounds, known(error), f"not there after {case.seconds:.0f} s"
                    )
                u, v = solve(CHUNK, warm)
                rounds += CHUNK
                error = _knopp_error(case, torch.as_tensor(u), torch.as_tensor(v))
                with np.errstate(divide="ignore"):
                    warm = (np.log(u), np.log(v)) if dtype is None else (u.log(), v.log())
        except UserWarning:
            return Run(np.inf, 0, rounds, known(error), "numerical errors: its kernel vanished")
    started = case.clock()
    u, v = solve(rounds, None)
    seconds = case.clock() - started

    def verify() -> float:
        return verified(case, *(torch.as_tensor(x).double().log() for x in (v, u)))

    return Run(seconds, case.weights.shape[1], rounds, verify)


def _knopp_error(case: Case, u: Tensor, v: Tensor) -> float:
    kernel = torch.exp(-case.cost.T.to(u.dtype) / case.epsilon)
    found = v * (kernel.T @ u)
    return float((found.double() - case.weights).abs().sum(dim=0).max())


def pot_log(case: Case) -> Run:
    """POT's sinkhorn_log, a mixture at a time."""
    import ot

    seconds, solved, rounds, worst = 0.0, 0, 0, 0.0
    for weights in case.weights.T:
        present = weights > 0
        args = weights[present].numpy(), case.target.numpy(), case.cost[present].double().numpy()
        started = case.clock()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            plan, log = ot.bregman.sinkhorn_log(
                *args, case.epsilon, stopThr=case.tolerance / len(case.target) ** 0.5, log=True
            )
        seconds += case.clock() - started
        solved, rounds = solved + 1, max(rounds, log["niter"])
        error = np.abs(plan.sum(axis=0) - args[1]).sum() + np.abs(plan.sum(axis=1) - args[0]).sum()
        worst = max(worst, float(error))
        if seconds > case.seconds:
            break
    return Run(seconds, solved, rounds, known(worst), "stops at an L2 error of tolerance/√v")


def pot_exact(case: Case) -> Run:
    """POT's network simplex, a mixture at a time."""
    import ot

    seconds, solved = 0.0, 0
    for weights in case.weights.T:
        present = weights > 0
        args = weights[present].numpy(), case.target.numpy(), case.cost[present].double().numpy()
        started = case.clock()
        ot.emd2(*args, numItermax=10_000_000)
        seconds, solved = seconds + case.clock() - started, solved + 1
        if seconds > case.seconds:
            break
    return Run(seconds, solved, None, known(0.0), "exact, no entropy")


def geomloss_one(case: Case) -> Run:
    """geomloss 0.3's ot.solve, a mixture at a time."""
    from geomloss import ot

    seconds, solved, worst = 0.0, 0, 0.0
    for weights in case.weights.T:
        present = weights > 0
        a, b = weights[present].float(), case.target.float()
        started = case.clock()
        out = ot.solve(case.cost[present], reg=case.epsilon, a=a, b=b, max_iter=GEOMLOSS_ROUNDS)
        plan = out.plan
        seconds, solved = seconds + case.clock() - started, solved + 1
        worst = max(worst, float((plan.sum(0) - b).abs().sum() + (plan.sum(1) - a).abs().sum()))
        if seconds > case.seconds:
            break
    return Run(seconds, solved, GEOMLOSS_ROUNDS, known(worst), "a given number of iterations")


def ott_vmapped(case: Case) -> Run:
    """ott-jax's Sinkhorn, jitted and mapped over a few mixtures at a time."""
    import jax
    import jax.numpy as jnp
    from ott.geometry import geometry
    from ott.problems.linear import linear_problem
    from ott.solvers.linear import sinkhorn as ott_sinkhorn

    cost, target = jnp.asarray(case.cost.numpy()), jnp.asarray(case.target.float().numpy())
    solver = ott_sinkhorn.Sinkhorn(threshold=case.tolerance, max_iterations=20_000)

    def one(weights: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        geom = geometry.Geometry(cost_matrix=cost, epsilon=case.epsilon)
        out = solver(linear_problem.LinearProblem(geom, a=weights, b=target))
        return out.f, out.g, out.n_iters

    batch = jax.jit(jax.vmap(one))
    few = case.weights[:, :: max(1, case.weights.shape[1] // 4)][:, :4]
    arguments = jnp.asarray(few.T.float().numpy())
    batch.lower(arguments).compile()
    started = case.clock()
    f, g, rounds = jax.block_until_ready(batch(arguments))
    seconds = case.clock() - started
    part = replace(case, weights=few)

    def error() -> float:
        return verified(
            part, *(torch.from_numpy(np.array(x.T)).double() / case.epsilon for x in (f, g))
        )

    return Run(seconds, few.shape[1], int(rounds.max()), error)


PEERS: dict[str, tuple[str, Callable[[Case], Run]]] = {
    "projektor": ("torch", ours),
    "pot-many-torch": ("ot", lambda case: pot_many(case, torch.float32)),
    "pot-many-torch64": ("ot", lambda case: pot_many(case, torch.float64)),
    "pot-many-numpy": ("ot", lambda case: pot_many(case, None)),
    "pot-log": ("ot", pot_log),
    "pot-emd2": ("ot", pot_exact),
    "geomloss": ("geomloss", geomloss_one),
    "ott-jax": ("ott", ott_vmapped),
}
"""Name → the package it needs, and how to run it."""


def missing(name: str) -> str | None:
    """The package that a peer needs and this environment lacks."""
    package = PEERS[name][0]
    return package if find_spec(package) is None else None
