"""A joint model is asked by several threads of a service at once."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from projektor_ray.projection.joint import MOST_CACHED, Joint
from tests.helpers.predictor_data import accuracy, distance


@pytest.fixture
def frequent_switches() -> Iterator[None]:
    """Threads take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-7)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("frequent_switches")
def test_threads_that_ask_for_many_sizes_get_what_one_does() -> None:
    rng = np.random.default_rng(0)
    mixtures = np.tile(rng.dirichlet(np.ones(3), 6), (2, 1))
    sizes = np.repeat([300, 1000], 6)
    values = accuracy(mixtures) + 0.05 * np.log(sizes / 1000)
    model = Joint().fit(mixtures, distance(mixtures), sizes, values)
    asked = 1000 + 100.0 * np.arange(3 * MOST_CACHED)
    at = mixtures[:1], distance(mixtures[:1])
    alone = {size: model.predict(*at, size)[0] for size in asked}

    def sums(seed: int) -> list[bool]:
        order = np.random.default_rng(seed).choice(asked, 800)
        return [model.predict(*at, size)[0] == alone[size] for size in order]

    with ThreadPoolExecutor(8) as threads:
        assert all(all(same) for same in threads.map(sums, range(8)))
    assert len(model._cached) <= MOST_CACHED
