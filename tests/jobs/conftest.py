"""A local Ray; studies join it as a Python driver's would."""

import pytest

from tests.helpers.local_ray import share_ray


@pytest.fixture(scope="module")
def local_ray() -> None:
    share_ray(cpus=1)
