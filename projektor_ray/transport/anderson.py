"""Anderson acceleration of many fixed points at once, each with a safeguard of its own.

Type II with a window (Walker and Ni, 2011): with maps G_k = G(x_k) and residuals R_k = G_k − x_k
the next point is Σ_k α_k G_k, where α minimises ‖Σ_k α_k R_k‖ under Σ_k α_k = 1.
"""

import torch
from torch import Tensor

WINDOW = 7
"""The current residual and the six before it."""
GROWTH = 2.0
"""An error this many times the best one seen means that the acceleration has gone astray."""
RIDGE = 1e-10


class Anderson:
    """Accelerates B fixed points x = G(x) of dimension v; one column falls back without the others.

    Parameters
    ----------
    metric : (v,), weights of the residual's norm.
    """

    def __init__(self, columns: int, metric: Tensor) -> None:
        shape = (WINDOW, columns, len(metric))
        self._metric = metric
        self._maps = metric.new_zeros(shape)
        self._residuals = metric.new_zeros(shape)
        self._gram = metric.new_zeros(columns, WINDOW, WINDOW)
        self._filled = torch.zeros(columns, WINDOW, dtype=torch.bool, device=metric.device)
        self._best = metric.new_full((columns,), torch.inf)
        self._best_map = metric.new_zeros(columns, len(metric))
        self._slot = 0

    def step(self, mapped: Tensor, residual: Tensor, error: Tensor) -> Tensor:
        """The next points (B, v), given the map and its residual at the current ones.

        A column whose error has grown forgets its history and takes the plain step from its best
        point so far.
        """
        astray = ~(error <= GROWTH * self._best)
        better = error < self._best
        self._best = torch.where(better, error, self._best)
        self._best_map[better] = mapped[better]
        if bool(astray.any()):
            self._filled[astray] = False
        self._record(torch.where(astray[:, None], 0.0, mapped), residual, ~astray)
        accelerated = self._combine()
        return torch.where(astray[:, None], self._best_map, accelerated)

    def keep(self, columns: Tensor) -> None:
        """Continue with these columns only."""
        self._maps = self._maps[:, columns]
        self._residuals = self._residuals[:, columns]
        self._gram = self._gram[columns]
        self._filled = self._filled[columns]
        self._best = self._best[columns]
        self._best_map = self._best_map[columns]

    def _record(self, mapped: Tensor, residual: Tensor, valid: Tensor) -> None:
        slot = self._slot % WINDOW
        residual = torch.where(valid[:, None], residual, 0.0) * self._metric.sqrt()
        self._maps[slot] = mapped
        self._residuals[slot] = residual
        products = torch.einsum("kbv,bv->bk", self._residuals, residual)
        self._gram[:, slot, :] = products
        self._gram[:, :, slot] = products
        self._filled[:, slot] = valid
        self._slot += 1

    def _combine(self) -> Tensor:
        both = self._filled[:, :, None] & self._filled[:, None, :]
        gram = torch.where(both, self._gram, 0.0)
        scale = gram.diagonal(dim1=1, dim2=2).clamp_min(1e-300)
        diagonal = torch.where(self._filled, scale * (1 + RIDGE), 1.0)
        gram = gram - torch.diag_embed(gram.diagonal(dim1=1, dim2=2)) + torch.diag_embed(diagonal)
        norm = diagonal.sqrt()
        normalised = gram / (norm[:, :, None] * norm[:, None, :])
        right = torch.where(self._filled, 1.0 / norm, 0.0)
        mixing = torch.linalg.solve(normalised, right) / norm
        mixing = torch.where(self._filled, mixing, 0.0)
        mixing = mixing / mixing.sum(dim=1, keepdim=True)
        return torch.einsum("bk,kbv->bv", mixing, self._maps)
