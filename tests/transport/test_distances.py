"""The result of measuring mixtures, and results that are cached."""

import numpy as np

from projektor_ray.storage.array_types import Floats
from projektor_ray.transport import CachedDistances, Distances
from tests.helpers.distances import paraboloid
from tests.helpers.problems import mixtures


def test_parts_are_joined_and_taken_apart() -> None:
    whole = paraboloid(mixtures())
    assert whole.converged.all()
    assert not whole.marginal_error.any()
    joined = Distances.concatenate([paraboloid(mixtures()[:2]), paraboloid(mixtures()[2:])])
    index = np.array([4, 0])
    for name in ("value", "gradient", "marginal_error", "converged", "iterations"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name))
        np.testing.assert_array_equal(getattr(whole.take(index), name), getattr(whole, name)[index])


def test_a_batch_is_measured_once() -> None:
    batches: list[Floats] = []

    def counted(batch: Floats) -> Distances:
        batches.append(batch)
        return paraboloid(batch)

    cached = CachedDistances(counted)
    first = cached(mixtures())
    assert cached(mixtures().copy()) is first
    np.testing.assert_array_equal(cached(mixtures()[:2]).value, first.value[:2])
    assert len(batches) == 2
