"""A local Ray that the tests of a module share; studies join it as a Python driver's would."""

from collections.abc import Iterator

import pytest

from tests.helpers.local_ray import ray_of


@pytest.fixture(scope="module")
def local_ray() -> Iterator[None]:
    with ray_of(cpus=1):
        yield
