"""How solves of one batch are put together."""

import torch

from projektor_ray.transport.operators import Centre
from projektor_ray.transport.solver import Solution


def solution(first: float, error: list[float], rounds: list[int]) -> Solution:
    """Numbers that tell one column from another: first, first + 1, …"""
    value = first + torch.arange(len(error), dtype=torch.float64)
    source, target = value[:, None] + torch.zeros(2), 10 * value[:, None] + torch.zeros(3)
    centre = Centre(torch.full((3,), first, dtype=torch.float64), 0.1)
    told = torch.tensor(error, dtype=torch.float64)
    return Solution(value, source, target, told, torch.tensor(rounds), centre)


def test_of_two_solves_the_better_one_of_each_column_is_kept() -> None:
    """The second is worse for column 3, better for column 1; both took their rounds."""
    tried = solution(0.0, [1e-4, 0.5, 1e-4, 0.2], [9, 60, 8, 60])
    again = solution(100.0, [1e-5, 0.3], [70, 40])
    found = tried.improved(torch.tensor([1, 3]), again)
    assert found.value.tolist() == [0.0, 100.0, 2.0, 3.0]
    assert found.source[:, 1].tolist() == [0.0, 100.0, 2.0, 3.0]
    assert found.target[:, 2].tolist() == [0.0, 1000.0, 20.0, 30.0]
    assert found.error.tolist() == [1e-4, 1e-5, 1e-4, 0.2]
    assert found.rounds.tolist() == [9, 130, 8, 100]
    assert found.centre is tried.centre
    assert tried.value.tolist() == [0.0, 1.0, 2.0, 3.0]
    assert tried.rounds.tolist() == [9, 60, 8, 60]
