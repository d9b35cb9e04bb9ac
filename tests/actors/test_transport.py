"""Distances by the actors that hold the pilots: as in one process, in either way."""

from typing import Any

import numpy as np
import pytest
import ray

from actors.fetch import fetch
from actors.transport import PilotDistances
from projektor_ray.transport import Distances, ValidationFeatures
from projektor_ray.transport.memory import SAFE_SHARE
from projektor_ray.transport.problem import plan_solve
from tests.helpers.actor_studies import (
    MIXTURES,
    NAMES,
    SCANT,
    SIZES,
    VALIDATION,
    held,
    in_one_process,
)

pytestmark = pytest.mark.ray


def assert_equal(found: Distances, expected: Distances) -> None:
    assert found.converged.all()
    assert expected.converged.all()
    np.testing.assert_allclose(found.value, expected.value, rtol=1e-6)
    largest = np.abs(expected.gradient).max()
    np.testing.assert_allclose(found.gradient, expected.gradient, rtol=1e-6, atol=1e-6 * largest)


@pytest.mark.parametrize(
    ("layout", "shards", "names"),
    [
        ("dense", 1, NAMES),
        ("by mixture", 2, NAMES[::-1]),
        ("by provider", 2, NAMES),
        ("by provider", 3, NAMES[::-1]),
    ],
)
def test_actors_measure_as_one_process_does(
    local_ray: None, monkeypatch: pytest.MonkeyPatch, layout: str, shards: int, names: list[str]
) -> None:
    """At the default settings; cold, warm, and cold again. Memory decides about the layout."""
    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": float(shards)})
    memory = shards * SCANT if layout == "by provider" else None
    pilots, study = held(names, memory_limit_gb=memory)
    assert len(pilots.shards) == shards
    assert sorted(name for _, part in pilots.shards for name in part) == NAMES
    distances = PilotDistances(pilots, study)
    assert distances.plan.layout == layout
    if memory is not None:
        assert distances.plan.bytes_available == pytest.approx(0.7 * SCANT * 2**30)
        assert (distances.plan.layout, distances.plan.processes) == ("by provider", shards)

    cold = distances(MIXTURES)
    assert_equal(cold, in_one_process())
    near = 0.999 * MIXTURES + 0.001 / len(NAMES)
    warm, one = distances(near), distances(near[:1])
    distances.reset()
    again = distances(near)
    assert warm.iterations.sum() < again.iterations.sum()
    assert one.iterations <= 2
    np.testing.assert_allclose(warm.value, again.value, rtol=0, atol=2e-5)


def test_exact_transport_is_by_mixture(local_ray: None) -> None:
    distances = PilotDistances(*held(method="exact"))
    assert distances.plan.layout == "by mixture"
    found, expected = distances(MIXTURES), in_one_process(method="exact")
    np.testing.assert_allclose(found.value, expected.value, rtol=1e-6)
    np.testing.assert_allclose(found.gradient, expected.gradient, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("embedder", "width"),
    [
        ({"name": "standardize"}, 5),
        ({"name": "tests.helpers.custom_embedders:repeated", "settings": {"times": 7}}, 35),
    ],
)
def test_memory_is_planned_for_the_width_of_the_embedded_features(
    local_ray: None, embedder: dict[str, Any], width: int
) -> None:
    """The plan is known before any pilot is embedded; the pilots' features have its width."""
    pilots, study = held(embedder=embedder)
    distances = PilotDistances(pilots, study)
    plan = distances.plan
    embedded = ValidationFeatures(np.zeros((len(VALIDATION), width)))
    settings = study.config.transport.model_copy(
        update={"memory_limit_gb": plan.bytes_available / SAFE_SHARE / 2**30}
    )
    points, actors = sum(SIZES.values()), len(pilots.shards)
    expected = plan_solve(points, embedded, settings, actors=actors)
    assert plan.bytes_needed == expected.bytes_needed
    actor, _ = pilots.shards[0]
    features = fetch(actor.features.remote(pilots.sources, [distances.ground]))
    assert features.features.shape[1] == width
