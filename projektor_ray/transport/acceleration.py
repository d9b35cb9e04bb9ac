"""Anderson acceleration of many fixed points at once, each with a safeguard of its own.

Type II with a window (Walker and Ni, 2011): with maps G_k = G(x_k) and residuals R_k = G_k − x_k
the next point is Σ_k α_k G_k, where α minimises ‖Σ_k α_k R_k‖ under Σ_k α_k = 1.
"""

import torch
from torch import Tensor

from projektor_ray.transport.stable_matmul import each_product

GROWTH = 2.0
"""An error this many times the best one seen means that the acceleration has gone astray."""
RIDGE = 1e-10
PART = 1 << 10


class Anderson:
    """Accelerates B fixed points x = G(x) of dimension v; one column falls back without the others.

    Parameters
    ----------
    columns : B.
    metric : (v,), weights of the residual's norm.
    window : residuals that are combined, the current one included.
    history : precision that they are kept in; a combination of maps is as precise.
    """

    def __init__(
        self, columns: int, metric: Tensor, window: int, history: torch.dtype = torch.float64
    ) -> None:
        self._root = metric.sqrt()
        self._window = window
        self._maps = metric.new_zeros(columns, window, len(metric), dtype=history)
        self._residuals = torch.zeros_like(self._maps)
        self._gram = metric.new_zeros(columns, window, window)
        self._filled = torch.zeros(columns, window, dtype=torch.bool, device=metric.device)
        self._best = metric.new_full((columns,), torch.inf)
        self._best_map = metric.new_zeros(columns, len(metric))
        self._slot = 0

    def step(self, mapped: Tensor, residual: Tensor, error: Tensor, plain: Tensor) -> Tensor:
        """The next points (B, v), given the map and its residual at the current ones.

        A column whose error has grown forgets its history and takes the plain step from its best
        point so far.

        Parameters
        ----------
        plain : (B, v), the step that never raises the error.
        """
        astray = ~(error <= GROWTH * self._best)
        better = error < self._best
        self._best = torch.minimum(self._best, error)
        if bool(better.all()):
            self._best_map = plain
        else:
            self._best_map = torch.where(better[:, None], plain, self._best_map)
        if not bool(astray.any()):
            self._record(mapped, residual * self._root)
            return self._combine()
        lost = astray[:, None]
        zero = mapped.new_zeros(())
        self._record(
            torch.where(lost, zero, mapped), torch.where(lost, zero, residual * self._root)
        )
        self._filled &= ~lost
        return torch.where(lost, self._best_map, self._combine())

    def keep(self, columns: Tensor) -> None:
        """Continue with these columns only, in ascending order."""
        self._maps = moved_up(self._maps, columns)
        self._residuals = moved_up(self._residuals, columns)
        self._gram = self._gram[columns]
        self._filled = self._filled[columns]
        self._best = self._best[columns]
        self._best_map = self._best_map[columns]

    def _record(self, mapped: Tensor, residual: Tensor) -> None:
        slot = self._slot % self._window
        self._maps[:, slot] = mapped
        self._residuals[:, slot] = residual
        latest = residual.to(self._residuals.dtype)
        products = each_product(self._residuals, latest[:, :, None])[:, :, 0].to(self._gram.dtype)
        self._gram[:, slot, :] = products
        self._gram[:, :, slot] = products
        self._filled[:, slot] = True
        self._slot += 1

    def _combine(self) -> Tensor:
        """Σ_k α_k G_k; columns without history get zeros, which the caller replaces."""
        norm = self._gram.diagonal(dim1=1, dim2=2).clamp_min(1e-300).sqrt()
        norm = torch.where(self._filled, norm, 1.0)
        both = self._filled[:, :, None] & self._filled[:, None, :]
        cosines = torch.where(both, self._gram / (norm[:, :, None] * norm[:, None, :]), 0.0)
        cosines.diagonal(dim1=1, dim2=2).fill_(1.0 + RIDGE)
        right = torch.where(self._filled, 1.0 / norm, 0.0)
        mixing = torch.linalg.solve_ex(cosines, right)[0] / norm
        mixing = torch.where(self._filled, mixing, 0.0)
        total = mixing.sum(dim=1, keepdim=True)
        mixing = mixing / torch.where(total == 0, 1.0, total)
        mixed = each_product(mixing[:, None, :].to(self._maps.dtype), self._maps)[:, 0]
        return mixed.to(mixing.dtype)


def moved_up(matrix: Tensor, kept: Tensor) -> Tensor:
    """matrix[kept] in the memory of the matrix (B, …), for ascending rows, a part at a time."""
    for part in torch.split(matrix.flatten(1), PART, dim=1):
        part[: len(kept)] = part[kept]
    return matrix[: len(kept)]
