"""Blocks of targets, and the correction that moves mass between them.

Between classes that the cost keeps apart a plan carries little mass, and Sinkhorn's steps move
potentials of whole classes against each other by no more than that mass allows: thousands of
rounds. So a round also solves the problem aggregated over blocks of targets and of the rows next to
them, whose unknowns are one shift t_k of the log-scaling for each block of targets,

    max_t Σ_k b_k t_k − Σ_l a_l log Σ_k F_lk e^(t_k) / a_l,   F_lk the mass from rows l to block k:

the dual of the whole problem over shifts of whole blocks. It is as small as the blocks are few.
"""

import numpy as np
import torch
from torch import Tensor

from projektor_ray.transport.operators import CostRows
from projektor_ray.transport.stable_matmul import each_product, product

MOST_BLOCKS = 16
SAMPLED_ROWS = 64
LLOYD_STEPS = 10
NEWTON_STEPS = 40
FLOOR = 1e-12
"""Of a block's weight: curvature this small is rounding, and no guide to the length of a step."""


def cluster(vectors: Tensor, most: int = MOST_BLOCKS) -> Tensor:
    """Labels 0 … k − 1 of vectors (v, d) in at most so many clusters, none empty.

    Lloyd's algorithm from centres that are each the vector farthest from those before it.
    """
    vectors = vectors.to(torch.float64)
    centres = vectors.mean(dim=0, keepdim=True)
    near = (vectors - centres).square().sum(dim=1)
    found = vectors[:0]
    for _ in range(min(most, len(vectors))):
        if len(found) and not bool(near.max() > 0):
            break
        found = torch.cat([found, vectors[near.argmax()][None]])
        apart = (vectors - found[-1]).square().sum(dim=1)
        near = apart if len(found) == 1 else torch.minimum(near, apart)
    labels = torch.cdist(vectors, found).argmin(dim=1)
    for _ in range(LLOYD_STEPS):
        members = torch.nn.functional.one_hot(labels).to(torch.float64)
        members = members[:, members.sum(dim=0) > 0]
        means = (members / members.sum(dim=0)).T @ vectors
        moved = torch.cdist(vectors, means).argmin(dim=1)
        if torch.equal(moved, labels):
            break
        labels = moved
    used = torch.bincount(labels) > 0
    return (used.cumsum(dim=0) - 1)[labels]


def cost_blocks(cost: CostRows) -> Tensor:
    """Blocks (v,) of targets that cost much the same from everywhere."""
    count = cost.shape[0]
    sampled = torch.from_numpy(np.unique(np.linspace(0, count - 1, SAMPLED_ROWS).astype(np.int64)))
    return cluster(cost.rows(sampled).T)


def nearest_blocks(cost: CostRows, blocks: Tensor, step: int) -> Tensor:
    """For every row (n,) the block of targets whose mean cost is least."""
    members = torch.nn.functional.one_hot(blocks)
    share = members / members.sum(dim=0)
    rows = cost.shape[0]
    found = []
    for start in range(0, rows, step):
        block = cost.rows(slice(start, min(rows, start + step)))
        found.append(product(block, share.to(block.dtype)).argmin(dim=1))
    return torch.cat(found)


def block_shifts(flows: Tensor, weights: Tensor, tolerance: float) -> Tensor:
    """What shifts (B, k) to add to Sinkhorn's step, given the flows (B, l, k) before it.

    Sinkhorn's step alone shifts a block of weight b_k by log b_k − log Σ_l F_lk on the whole.

    Newton's method, a step d shortened to log(1 + δ)/δ of itself, δ the spread of d: for such a
    logarithm of sums of exponentials that never descends.
    """
    source = flows.sum(dim=2)
    even = weights.log() - flows.sum(dim=1).clamp_min(1e-300).log()
    shifts = even
    log_flows = flows.clamp_min(1e-300).log()
    for _ in range(NEWTON_STEPS):
        plan = torch.softmax(log_flows + shifts[:, None], dim=2)
        mass = source[:, :, None] * plan
        lacking = weights - mass.sum(dim=1)
        going = lacking.abs().sum(dim=1) > tolerance
        if not bool(going.any()):
            break
        curvature = torch.diag_embed(mass.sum(dim=1) + FLOOR * weights)
        curvature -= each_product(plan.transpose(1, 2), mass)
        curvature += weights[:, None] * weights
        move = torch.linalg.solve_ex(curvature, lacking)[0]
        spread = (move.amax(dim=1) - move.amin(dim=1)).clamp_min(1e-12)
        moved = shifts + move * (spread.log1p() / spread)[:, None]
        shifts = torch.where(going[:, None], moved, shifts)
    shifts = shifts - even
    return shifts - (shifts * weights).sum(dim=1, keepdim=True)
