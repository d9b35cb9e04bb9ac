"""How the distances fit the memory, in words."""

import pytest

from projektor_ray.explain.memory_plan import memory_text
from projektor_ray.transport import plan_memory

GIB = 2**30


@pytest.mark.parametrize(
    ("points", "actors", "text"),
    [
        (3000, 0, "dense, "),
        (3000, 4, "fits into the memory of each of 4 processes"),
        (1_000_000, 0, "computes it again, block by block"),
        (1_000_000, 4, "so 4 processes share it by provider"),
    ],
)
def test_each_layout_has_a_reason(points: int, actors: int, text: str) -> None:
    plan = plan_memory(points, 10_000, 64, 64, available=16 * GIB, actors=actors)
    assert text in memory_text(plan)
    assert f"a kernel of {points:,} × 10,000" in memory_text(plan)


def test_mixtures_in_turns_are_counted() -> None:
    plan = plan_memory(3_000_000, 2000, 5000, 32, available=4 * GIB)
    assert memory_text(plan).endswith(f"; {plan.batch} of 5000 mixtures at a time")
