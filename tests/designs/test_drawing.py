"""Drawing D(N, p): draws that depend on their identity only."""

import numpy as np
import pytest

from projektor_ray.designs.drawing import draw, largest_feasible_size, repetitions
from projektor_ray.errors import InputError

SIZES = np.array([50, 40, 30])


NAMES = ["a", "b", "c"]


def test_a_drawn_set_depends_on_its_identity_only() -> None:
    p = np.array([0.2, 0.5, 0.3])
    drawn = draw(p, 40, 7, SIZES, NAMES)
    again = draw(p[::-1], 40, 7, SIZES[::-1], NAMES[::-1])[::-1]
    for index, other, size in zip(drawn, again, SIZES, strict=True):
        np.testing.assert_array_equal(index, other)
        assert len(set(index.tolist())) == len(index)
        assert index.max() < size
    assert [len(index) for index in drawn] == [8, 20, 12]


@pytest.mark.parametrize(("size", "seed"), [(40, 8), (41, 7)])
def test_another_size_or_seed_draws_another_set(size: int, seed: int) -> None:
    p = np.array([0.2, 0.5, 0.3])
    drawn = draw(p, 40, 7, SIZES, NAMES)
    other = draw(p, size, seed, SIZES, NAMES)
    assert drawn[1].tolist() != other[1].tolist()


def test_an_unused_provider_does_not_change_the_draw() -> None:
    with_c = draw(np.array([0.4, 0.6, 0.0]), 30, 1, SIZES, NAMES)
    without = draw(np.array([0.4, 0.6]), 30, 1, SIZES[:2], NAMES[:2])
    for index, other in zip(with_c, without, strict=False):
        np.testing.assert_array_equal(index, other)
    assert len(with_c[2]) == 0


def test_a_pilot_too_small_names_the_largest_feasible_size() -> None:
    p = np.array([0.0, 0.0, 1.0])
    with pytest.raises(InputError, match=r"'c'.* 30 .* 30"):
        draw(p, 31, 0, SIZES, NAMES)
    assert largest_feasible_size(np.array([0.5, 0.5, 0.0]), SIZES) == 80
    drawn = draw(p, 100, 0, SIZES, NAMES, replacement=True)
    assert len(drawn[2]) == 100
    assert drawn[2].max() < 30


def test_repetitions_are_those_of_drawn_sets() -> None:
    """The number of different samples is the mean over 400 drawn sets."""
    mixtures = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.0, 0.25, 0.75]])
    a, c = repetitions(mixtures, 60, SIZES, NAMES)
    assert (a.provider, a.revealed, a.drawn, a.size) == ("a", 50, 60, 60)
    assert (c.provider, c.revealed, c.drawn, c.size) == ("c", 30, 45, 60)
    for one, mixture, place in [(a, mixtures[0], 0), (c, mixtures[2], 2)]:
        sets = [draw(mixture, 60, seed, SIZES, NAMES, replacement=True) for seed in range(400)]
        seen = [len(np.unique(drawn[place])) for drawn in sets]
        error = float(np.std(seen)) / 20
        assert one.different == pytest.approx(np.mean(seen), abs=4 * error)
    assert repetitions(mixtures, 40, SIZES, NAMES) == []
