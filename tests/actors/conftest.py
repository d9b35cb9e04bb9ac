"""A local Ray that the tests of a module share."""

from collections.abc import Iterator

import pytest

from tests.helpers.local_ray import ray_of


@pytest.fixture(scope="module")
def local_ray() -> Iterator[None]:
    with ray_of(cpus=2):
        yield
