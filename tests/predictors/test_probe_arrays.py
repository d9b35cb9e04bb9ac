"""Arrays of probes: which scales have few of them, or similar ones."""

import numpy as np
import pytest

from projektor_ray.predictors import ProbeArrays


def of_counts(counts: dict[int, int]) -> ProbeArrays:
    """Probes of evenly spread mixtures; `counts` has their number at each size."""
    sizes = np.repeat(list(counts), list(counts.values()))
    first = np.concatenate([np.linspace(0.0, 1.0, count) for count in counts.values()])
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


@pytest.mark.parametrize(("width", "full"), [(0.51, (100, 600, 2000)), (0.49, (100, 600))])
def test_scales_without_those_of_similar_mixtures(width: float, full: tuple[int, ...]) -> None:
    """Mixtures at even steps spread in proportion to their range."""
    spread = of_counts({100: 12, 600: 12, 2000: 12})
    first = spread.mixtures[:, 0].copy()
    first[24:] = 0.8 + width * (first[24:] - 0.8)
    mixtures = np.stack([first, 1 - first], axis=1)
    assert ProbeArrays.check(mixtures, None, spread.values, spread.sizes).full_scales == full
