"""Arrays of probes: which scales have few of them."""

import numpy as np
import pytest

from projektor_ray.predictors import ProbeArrays


def of_counts(counts: dict[int, int]) -> ProbeArrays:
    """So many probes at each size, each of another mixture."""
    sizes = np.repeat(list(counts), list(counts.values()))
    first = np.linspace(0.0, 1.0, len(sizes))
    return ProbeArrays.check(np.stack([first, 1 - first], axis=1), None, first, sizes)


@pytest.mark.parametrize(
    ("counts", "full"),
    [
        ({100: 12, 600: 12, 2000: 3}, (100, 600)),
        ({100: 12, 600: 12, 1500: 1, 2000: 2}, (100, 600)),
        ({100: 12, 600: 6}, (100, 600)),
        ({100: 12, 600: 5}, (100, 600)),
        ({100: 5, 600: 4}, (100, 600)),
        ({100: 3, 600: 3}, (100, 600)),
        ({100: 1, 200: 1, 300: 1}, (100, 200, 300)),
        ({100: 9, 600: 4}, (100,)),
    ],
)
def test_scales_without_those_of_few_probes(counts: dict[int, int], full: tuple[int, ...]) -> None:
    assert of_counts(counts).full_scales == full
