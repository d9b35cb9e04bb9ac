"""The screening design grows linearly with the providers."""

import numpy as np
import pytest

from projektor_ray.designs.simplex_centroid import simplex_centroid


@pytest.mark.parametrize(("providers", "count"), [(1, 1), (2, 5), (3, 10), (4, 13), (100, 301)])
def test_centroids_are_linear_in_the_providers(providers: int, count: int) -> None:
    design = simplex_centroid(providers)
    assert design.shape == (count, providers)
    np.testing.assert_allclose(design.sum(axis=1), 1)
    assert len(np.unique(design.round(12), axis=0)) == count
    assert {tuple(vertex) for vertex in np.eye(providers)} <= {tuple(p) for p in design}
