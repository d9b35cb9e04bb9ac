"""A local Ray."""

import pytest

from tests.helpers.local_ray import share_ray


@pytest.fixture
def local_ray() -> None:
    share_ray(cpus=2)
