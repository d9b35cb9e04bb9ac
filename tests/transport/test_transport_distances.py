"""Distances and gradients of mixtures against a loop, POT, and finite differences."""

import numpy as np
import ot
import pytest

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.errors import InputError
from projektor_ray.transport import (
    PilotFeatures,
    TransportDistances,
    TransportSettings,
    ValidationFeatures,
    measure,
    transport_distances,
)
from projektor_ray.transport.epsilon_scaling import solve_dual

SIZES = (12, 1, 20)


def problem(seed: int = 0, labelled: bool = True) -> tuple[PilotFeatures, ValidationFeatures]:
    """Three providers of unlike size, the third with wrong labels; the classes overlap.

    Classes so far apart that no mass can pass between them leave the potentials of balanced sets
    free by a constant for each class: there the gradient is any of many, and no distances for this.
    """
    random = np.random.default_rng(seed)
    provider = np.repeat(np.arange(3), SIZES)
    labels = random.integers(0, 2, len(provider))
    features = random.normal(size=(len(provider), 5)) + 0.7 * labels[:, None]
    shown = np.where(provider == 2, random.permutation(labels), labels)
    validation_labels = np.arange(16) % 2
    validation = random.normal(size=(16, 5)) + 0.7 * validation_labels[:, None]
    return (
        PilotFeatures(features, shown if labelled else None, provider),
        ValidationFeatures(validation, validation_labels if labelled else None),
    )


def exact_settings(**changes: object) -> TransportSettings:
    chosen = {"epsilon": 0.3, "tolerance": 1e-9, "dtype": "float64"} | changes
    return TransportSettings.model_validate(chosen)


def ground_cost(
    pilots: PilotFeatures, validation: ValidationFeatures, weight: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Costs of pilots × validation, and of each with itself, straight from the formula."""
    x, y = pilots.features, validation.features
    mean = ot.dist(x, y).mean()
    groups = [(i, int(c)) for i, c in zip(pilots.provider, pilots.labels, strict=True)]

    def of(group: tuple[int, int]) -> np.ndarray:
        return x[[g == group for g in groups]]

    def of_class(c: int) -> np.ndarray:
        return y[validation.labels == c]

    def wasserstein(a: np.ndarray, b: np.ndarray) -> float:
        return ot.emd2(ot.unif(len(a)), ot.unif(len(b)), ot.dist(a, b))

    own = [of(group) for group in groups]
    theirs = [of_class(int(c)) for c in validation.labels]

    def cost(points: np.ndarray, sets: list, others: np.ndarray, other_sets: list) -> np.ndarray:
        labels = np.array([[wasserstein(a, b) for b in other_sets] for a in sets])
        return (ot.dist(points, others) + weight * labels) / mean

    return cost(x, own, y, theirs), cost(x, own, x, own), cost(y, theirs, y, theirs)


def entropic(cost: np.ndarray, a: np.ndarray, b: np.ndarray, epsilon: float) -> float:
    """min ⟨P, C⟩ + ε KL(P | a ⊗ b) by POT, over the points that have weight."""
    rows, columns = a > 0, b > 0
    a, b, cost = a[rows], b[columns], cost[np.ix_(rows, columns)]
    plan = ot.bregman.sinkhorn_log(a, b, cost, epsilon, numItermax=20_000, stopThr=1e-9, warn=False)
    assert np.abs(plan.sum(axis=0) - b).sum() < 1e-5
    relative = np.sum(plan * np.log(np.maximum(plan, 1e-300) / np.outer(a, b)))
    return float(np.sum(plan * cost) + epsilon * relative)


@pytest.mark.parametrize("debiased", [True, False])
def test_the_batch_equals_pot_on_a_cost_built_from_the_text(debiased: bool) -> None:
    pilots, validation = problem()
    mixtures = simplex_lattice(3, 2)
    settings = exact_settings(debiased=debiased, label_distance="exact")
    actual = measure(mixtures, pilots, validation, settings)
    cross, own, theirs = ground_cost(pilots, validation, settings.label_weight)
    even = np.full(16, 1 / 16)
    validations_own = entropic(theirs, even, even, settings.epsilon) if debiased else 0.0
    for mixture, value in zip(mixtures, actual.value, strict=True):
        weights = (mixture / np.array(SIZES))[pilots.provider]
        expected = entropic(cross, weights, even, settings.epsilon) - validations_own / 2
        if debiased:
            expected -= entropic(own, weights, weights, settings.epsilon) / 2
        assert value == pytest.approx(expected, rel=1e-6, abs=1e-7)
    assert actual.converged.all()


def test_the_batch_equals_the_loop() -> None:
    pilots, validation = problem()
    mixtures = simplex_lattice(3, 4)
    batch = measure(mixtures, pilots, validation, exact_settings())
    for row, mixture in enumerate(mixtures):
        alone = measure(mixture[None], pilots, validation, exact_settings())
        np.testing.assert_allclose(batch.value[row], alone.value[0], rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(batch.gradient[row], alone.gradient[0], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("settings", [{}, {"debiased": False}, {"label_weight": 0.0}])
def test_the_gradient_is_the_derivative_along_the_simplex(settings: dict) -> None:
    pilots, validation = problem()
    distances = TransportDistances.of_pilots(pilots, validation, exact_settings(**settings))
    mixture, step = np.array([0.5, 0.2, 0.3]), 1e-4
    for direction in ([1, -1, 0], [0, 1, -1], [1, 1, -2]):
        move = step * np.array(direction, dtype=float)
        ahead, behind = distances(np.stack([mixture + move, mixture - move])).value
        slope = distances(mixture[None]).gradient[0] @ np.array(direction)
        assert slope == pytest.approx((ahead - behind) / (2 * step), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize(("debiased", "epsilon"), [(False, 0.3), (True, 5.0)])
@pytest.mark.parametrize("vertex", range(3))
def test_at_a_vertex_absent_providers_have_the_one_sided_derivative(
    vertex: int, debiased: bool, epsilon: float
) -> None:
    """The self-term bends within shares of e^(−C/ε), which a step must be smaller than."""
    pilots, validation = problem()
    distances = TransportDistances.of_pilots(
        pilots, validation, exact_settings(debiased=debiased, epsilon=epsilon)
    )
    corner, step = np.eye(3)[vertex], 1e-5
    at = distances(corner[None])
    assert at.gradient[0] @ corner == pytest.approx(0, abs=1e-9)
    for other in np.delete(np.eye(3), vertex, axis=0):
        moved = distances((corner + step * (other - corner))[None]).value[0]
        assert at.gradient[0] @ (other - corner) == pytest.approx(
            (moved - at.value[0]) / step, rel=1e-3, abs=1e-4
        )


def test_value_and_gradient_take_one_solve(monkeypatch: pytest.MonkeyPatch) -> None:
    pilots, validation = problem()
    distances = TransportDistances.of_pilots(pilots, validation)
    solves: list[int] = []
    monkeypatch.setattr(
        transport_distances,
        "solve_dual",
        lambda *given: solves.append(len(given[1])) or solve_dual(*given),
    )
    for mixture in simplex_lattice(3, 2):
        actual = distances(mixture[None])
        assert actual.gradient.shape == (1, 3)
    assert solves == [1] * 6


@pytest.mark.parametrize("epsilon", [0.02, 0.1, 1.0])
def test_a_set_is_at_distance_zero_from_itself(epsilon: float) -> None:
    _, validation = problem()
    same = PilotFeatures(validation.features, validation.labels, np.zeros(16, dtype=int))
    actual = measure(np.array([[1.0]]), same, validation, exact_settings(epsilon=epsilon))
    assert abs(actual.value[0]) < 1e-6


def test_the_order_of_providers_does_not_matter() -> None:
    pilots, validation = problem()
    order = np.array([2, 0, 1])
    rows = np.concatenate([np.flatnonzero(pilots.provider == i) for i in order])
    labels = pilots.labels[rows]
    renamed = PilotFeatures(
        pilots.features[rows], labels, np.repeat(np.arange(3), np.array(SIZES)[order])
    )
    mixtures = simplex_lattice(3, 3)
    one = measure(mixtures, pilots, validation, exact_settings())
    other = measure(mixtures[:, order], renamed, validation, exact_settings())
    np.testing.assert_allclose(one.value, other.value, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(one.gradient[:, order], other.gradient, rtol=1e-6, atol=1e-8)


def test_wrong_labels_are_seen_with_the_label_term_and_not_without() -> None:
    random = np.random.default_rng(1)
    classes = np.arange(200) % 2
    points = random.normal(size=(200, 4)) + 4.0 * classes[:, None]
    wrong = np.where(random.random(200) < 0.4, 1 - classes, classes)
    pilots = PilotFeatures(
        np.concatenate([points, points]), np.concatenate([classes, wrong]), np.repeat([0, 1], 200)
    )
    validation = ValidationFeatures(
        random.normal(size=(80, 4)) + 4.0 * (np.arange(80) % 2)[:, None], np.arange(80) % 2
    )
    seen = measure(np.eye(2), pilots, validation).value
    unseen = measure(np.eye(2), pilots, validation, TransportSettings(label_weight=0)).value
    assert seen[1] > seen[0] + 0.1
    assert unseen[1] == pytest.approx(unseen[0], abs=1e-3)


def test_units_do_not_depend_on_the_scale_of_the_features() -> None:
    pilots, validation = problem()
    large = PilotFeatures(pilots.features * 1e4, pilots.labels, pilots.provider)
    far = ValidationFeatures(validation.features * 1e4, validation.labels)
    one = measure(np.eye(3), pilots, validation, exact_settings())
    other = measure(np.eye(3), large, far, exact_settings())
    np.testing.assert_allclose(one.value, other.value, rtol=1e-7)


def test_mixtures_off_the_simplex_are_refused() -> None:
    pilots, validation = problem()
    with pytest.raises(InputError, match="sum to 1"):
        measure(np.array([[0.5, 0.1, 0.1]]), pilots, validation)


def test_features_of_another_width_are_refused() -> None:
    pilots, validation = problem()
    with pytest.raises(InputError, match="same space"):
        measure(
            np.eye(3), pilots, ValidationFeatures(validation.features[:, :3], validation.labels)
        )
