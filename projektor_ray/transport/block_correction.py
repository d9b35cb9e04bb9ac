"""Blocks of targets, and the correction that moves mass between them.

Between classes that the cost separates, a plan carries little mass. Sinkhorn's steps move the
potentials of whole classes against each other by no more than that mass allows, which takes
thousands of rounds. A round therefore also solves the dual problem over shifts t_k of whole blocks,

    max_t Σ_k b_k t_k − Σ_l a_l log Σ_k F_lk e^(t_k) / a_l,

where F_lk is the plan's mass from the rows nearest to block l into block k. The problem has one
unknown for each block.
"""

import numpy as np
import torch
from torch import Tensor

from projektor_ray.transport.operators import CostRows
from projektor_ray.transport.precision import stable_bmm, stable_matmul

MAX_BLOCKS = 16
SAMPLED_ROWS = 64
LLOYD_STEPS = 10
NEWTON_STEPS = 40
CURVATURE_FLOOR = 1e-12
"""In units of a block's weight: smaller curvature is rounding."""


def cluster(vectors: Tensor, most: int = MAX_BLOCKS) -> Tensor:
    """Labels 0 … k − 1 of vectors (v, d) in at most `most` clusters, none empty.

    Lloyd's algorithm; each initial centre is the vector farthest from the earlier ones (Gonzalez).
    """
    vectors = vectors.to(torch.float64)
    centres = vectors.mean(dim=0, keepdim=True)
    distance = (vectors - centres).square().sum(dim=1)
    centres = vectors[:0]
    for _ in range(min(most, len(vectors))):
        if len(centres) and not bool(distance.max() > 0):
            break
        centres = torch.cat([centres, vectors[distance.argmax()][None]])
        to_last = (vectors - centres[-1]).square().sum(dim=1)
        distance = to_last if len(centres) == 1 else torch.minimum(distance, to_last)
    labels = torch.cdist(vectors, centres).argmin(dim=1)
    for _ in range(LLOYD_STEPS):
        members = torch.nn.functional.one_hot(labels).to(torch.float64)
        members = members[:, members.sum(dim=0) > 0]
        means = (members / members.sum(dim=0)).T @ vectors
        assigned = torch.cdist(vectors, means).argmin(dim=1)
        if torch.equal(assigned, labels):
            break
        labels = assigned
    used = torch.bincount(labels) > 0
    return (used.cumsum(dim=0) - 1)[labels]


def cost_blocks(cost: CostRows) -> Tensor:
    """Blocks (v,) of targets whose columns of the cost are similar."""
    count = cost.shape[0]
    sampled = torch.from_numpy(np.unique(np.linspace(0, count - 1, SAMPLED_ROWS).astype(np.int64)))
    return cluster(cost.rows(sampled).T)


def nearest_blocks(cost: CostRows, blocks: Tensor, step: int) -> Tensor:
    """The block of targets with the smallest mean cost, for every source row (n,)."""
    members = torch.nn.functional.one_hot(blocks)
    share = members / members.sum(dim=0)
    rows = cost.shape[0]
    nearest = []
    for start in range(0, rows, step):
        part = cost.rows(slice(start, min(rows, start + step)))
        nearest.append(stable_matmul(part, share.to(part.dtype)).argmin(dim=1))
    return torch.cat(nearest)


def block_shifts(flows: Tensor, weights: Tensor, tolerance: float) -> Tensor:
    """Shifts (B, k) to add to Sinkhorn's step, from the flows (B, l, k) before the step.

    Sinkhorn's step alone shifts a block of weight b_k by log b_k − log Σ_l F_lk on average.

    Damped Newton's method: a step d is shortened by log(1 + δ)/δ, δ = max d − min d. The objective
    is a logarithm of sums of exponentials, for which such a step never descends.
    """
    source = flows.sum(dim=2)  # a_l
    sinkhorn = weights.log() - flows.sum(dim=1).clamp_min(1e-300).log()
    shifts = sinkhorn
    log_flows = flows.clamp_min(1e-300).log()
    for _ in range(NEWTON_STEPS):
        plan = torch.softmax(log_flows + shifts[:, None], dim=2)
        mass = source[:, :, None] * plan
        gradient = weights - mass.sum(dim=1)
        active = gradient.abs().sum(dim=1) > tolerance
        if not bool(active.any()):
            break
        curvature = torch.diag_embed(mass.sum(dim=1) + CURVATURE_FLOOR * weights)
        curvature -= stable_bmm(plan.transpose(1, 2), mass)
        curvature += weights[:, None] * weights  # a constant shift changes nothing: fix it
        step = torch.linalg.solve_ex(curvature, gradient)[0]
        spread = (step.amax(dim=1) - step.amin(dim=1)).clamp_min(1e-12)
        damped = shifts + step * (spread.log1p() / spread)[:, None]
        shifts = torch.where(active[:, None], damped, shifts)
    shifts = shifts - sinkhorn
    return shifts - (shifts * weights).sum(dim=1, keepdim=True)
