"""Exact transport against POT and finite differences."""

import numpy as np
import ot
import pytest

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.errors import InputError
from projektor_ray.transport import PilotFeatures, TransportSettings, measure
from projektor_ray.transport.exact import solve_exact
from tests.helpers.problems import mixtures, pool


def test_exact_transport_is_pots() -> None:
    sizes = (12, 1, 20)
    pilots, validation = pool(sizes, 16)
    pilots = PilotFeatures(pilots.features, None, pilots.provider)
    lattice = simplex_lattice(3, 2)
    actual = measure(
        lattice, pilots, validation, TransportSettings(method="exact", dtype="float64")
    )
    cost = ot.dist(pilots.features, validation.features)
    for mixture, value in zip(lattice, actual.value, strict=True):
        weights = (mixture / np.array(sizes))[pilots.provider]
        expected = ot.emd2(weights, np.full(16, 1 / 16), cost / cost.mean())
        assert value == pytest.approx(expected, rel=1e-9)


def test_exact_gradient_holds_against_differences() -> None:
    pilots, validation = pool((7, 1, 9), 8)
    settings = TransportSettings(method="exact")
    mixture, step = np.array([0.311, 0.262, 0.427]), 1e-6
    at = measure(mixture[None], pilots, validation, settings)
    for direction in np.eye(3) - mixture:
        ahead, behind = measure(
            mixture + step * np.stack([direction, -direction]), pilots, validation, settings
        ).value
        assert at.gradient[0] @ direction == pytest.approx((ahead - behind) / (2 * step), abs=1e-6)
    assert at.converged.all()


def test_exact_at_vertices_is_the_one_sided_derivative() -> None:
    """No part of 5 or 6 points weighs as much as a part of 7: potentials are unique."""
    pilots, validation = pool((5, 1, 6), 7, seed=3)
    settings = TransportSettings(method="exact", label_weight=0)
    actual = measure(np.eye(3), pilots, validation, settings)
    step = 1e-7
    for vertex in range(3):
        for other in range(3):
            towards = np.eye(3)[other] - np.eye(3)[vertex]
            moved = measure(
                (np.eye(3)[vertex] + step * towards)[None], pilots, validation, settings
            )
            slope = (moved.value[0] - actual.value[vertex]) / step
            assert slope == pytest.approx(actual.gradient[vertex] @ towards, abs=1e-5)


def test_entropic_nears_exact_as_epsilon_falls() -> None:
    pilots, validation = pool()
    exact = measure(
        mixtures(), pilots, validation, TransportSettings(method="exact", dtype="float64")
    )
    fine = TransportSettings(epsilon=1e-3, debiased=False, dtype="float64", max_iterations=5000)
    entropic = measure(mixtures(), pilots, validation, fine)
    assert entropic.converged.all()
    np.testing.assert_allclose(entropic.value, exact.value, atol=5e-3)


def test_a_cost_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projektor_ray.transport.exact.MAX_ENTRIES", 5)
    with pytest.raises(InputError, match="2 × 3"):
        solve_exact(np.ones((2, 3)), np.full((1, 2), 0.5), np.full(3, 1 / 3))
