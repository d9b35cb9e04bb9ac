"""Addresses that no job can use; no Ray is started."""

import pytest

from jobs.cluster import check_reachable
from projektor_ray.errors import InputError


def test_an_address_of_ray_client_is_refused_in_words() -> None:
    with pytest.raises(InputError, match=r"Ray Client.*ray job submit"):
        check_reachable("ray://127.0.0.1:10001")
