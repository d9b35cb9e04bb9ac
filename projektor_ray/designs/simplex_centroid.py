"""The simplex screening design: vertices, the centroid, and points between."""

import numpy as np

from projektor_ray.designs.mixtures import distinct
from projektor_ray.storage.array_types import Floats


def simplex_centroid(providers: int) -> Floats:
    """The simplex screening design of Snee and Marquardt (Technometrics 18, 1976).

    Returns
    -------
    array, shape (3m + 1, m), fewer where they coincide (m < 3): the vertices; the overall
    centroid; the points half-way from it to each vertex; the centroid of each opposite face.
    """
    vertices = np.eye(providers)
    centre = np.full((1, providers), 1 / providers)
    halfway = (vertices + centre) / 2
    faces = (1 - vertices) / (providers - 1) if providers > 1 else vertices
    return distinct(np.vstack([vertices, centre, halfway, faces]))
