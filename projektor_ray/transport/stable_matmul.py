"""Matrix products whose rows do not depend on how many there are.

BLAS sums a row of a float32 product in the same order whether there are many rows or very many, but
in another order where there are only a few; and a product with a vector in an order that changes
with the number of rows.
"""

import torch
from torch import Tensor

ENOUGH = 16


def enough_rows(matrix: Tensor) -> Tensor:
    """The matrix with rows of zeros below, if it has only a few."""
    lacking = ENOUGH - matrix.shape[0]
    return torch.nn.functional.pad(matrix, (0, 0, 0, lacking)) if lacking > 0 else matrix


def product(left: Tensor, right: Tensor) -> Tensor:
    """left @ right, (B, r) by (r, v), each row of which is as it would be in a larger batch."""
    return (enough_rows(left) @ right)[: left.shape[0]]


def each_product(left: Tensor, right: Tensor) -> Tensor:
    """Products (B, r, s) by (B, s, t), each of which is as it would be in a larger batch."""
    if len(left) > 1:
        return torch.bmm(left, right)
    return torch.bmm(left.expand(2, -1, -1), right.expand(2, -1, -1))[:1]
