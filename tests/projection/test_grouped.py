"""Groups of providers: which they are, and that the joint model sees nothing but them."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.errors import InputError
from projektor_ray.projection import (
    ClassShares,
    Grouped,
    Joint,
    JointPower,
    ScaleModel,
    provider_groups,
    restore_scale_model,
)
from projektor_ray.storage.array_types import Floats

TYPE = np.arange(20) % 3
SIZE = 4000.0
SIZES = np.repeat([250.0, 1000.0], 12)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.fixture
def mixtures(rng: np.random.Generator) -> Floats:
    """Twelve mixtures of twenty providers of three types."""
    return np.asarray(rng.dirichlet(np.full(20, 0.3), 12))


@pytest.fixture
def features(rng: np.random.Generator) -> Floats:
    """What samples are like: much the same within a type."""
    return np.asarray(rng.normal(size=(4, 3))[:, TYPE] + 0.1 * rng.normal(size=(4, 20)))


def distance(mixtures: Floats, features: Floats) -> Floats:
    return np.asarray(np.sum((mixtures @ features.T) ** 2, axis=1))


def gradients(mixtures: Floats, features: Floats) -> Floats:
    return np.asarray(2 * mixtures @ features.T @ features)


def accuracy(mixtures: Floats, features: Floats, sizes: Floats | float) -> Floats:
    """Of the distance, and of the types in a way that the distance does not tell."""
    hidden = mixtures @ np.array([0.2, 0.0, -0.1])[TYPE]
    return np.asarray(0.5 - 0.02 * distance(mixtures, features) + hidden + 0.03 * np.log(sizes))


def test_providers_of_a_type_are_a_group(mixtures: Floats, features: Floats) -> None:
    twice = np.tile(mixtures, (2, 1))
    found = provider_groups(twice, gradients(twice, features))
    assert sorted(set(found)) == [0, 1, 2], "twelve mixtures, each trained twice"
    for kind in range(3):
        assert len(set(found[kind == TYPE])) == 1


def test_groups_are_for_fewer_mixtures_than_providers(mixtures: Floats, features: Floats) -> None:
    for few in (mixtures[:7], mixtures[:, :12]):
        with pytest.raises(InputError, match=f"got {len(few)} mixtures of {few.shape[1]}"):
            provider_groups(few, few)


def fitted(mixtures: Floats, features: Floats, bounds: tuple[float, float] | None) -> ScaleModel:
    rows = np.tile(mixtures, (2, 1))
    at = distance(rows, features)
    return Grouped(TYPE, bounds).fit(rows, at, SIZES, accuracy(rows, features, SIZES / 1000))


@pytest.mark.parametrize(("bounds", "kind"), [((0.0, 1.0), JointPower), (None, Joint)])
def test_it_is_the_joint_model_of_the_summed_shares(
    rng: np.random.Generator,
    mixtures: Floats,
    features: Floats,
    bounds: tuple[float, float] | None,
    kind: type[ScaleModel],
) -> None:
    model = fitted(mixtures, features, bounds)

    def summed(shares: Floats) -> Floats:
        return np.stack([shares[:, kind == TYPE].sum(axis=1) for kind in range(3)], axis=1)

    rows = np.tile(mixtures, (2, 1))
    at = distance(rows, features)
    alone = kind(bounds).fit(summed(rows), at, SIZES, accuracy(rows, features, SIZES / 1000))
    fresh, others = rng.dirichlet(np.ones(20), 6), rng.dirichlet(np.ones(20), 6)
    near, far = distance(fresh, features), distance(others, features)
    np.testing.assert_allclose(
        model.predict(fresh, near, SIZE), alone.predict(summed(fresh), near, SIZE)
    )
    np.testing.assert_allclose(
        model.interval(fresh, near, SIZE), alone.interval(summed(fresh), near, SIZE)
    )
    np.testing.assert_allclose(
        model.gain_interval(fresh, near, others, far, SIZE),
        alone.gain_interval(summed(fresh), near, summed(others), far, SIZE),
    )
    drawn = [
        one.sample_posterior(shares, near, SIZE, 4, np.random.default_rng(0))
        for one, shares in ((model, fresh), (alone, summed(fresh)))
    ]
    np.testing.assert_allclose(*drawn)
    again = restore_scale_model(model.to_arrow())
    np.testing.assert_array_equal(
        again.interval(fresh, near, SIZE), model.interval(fresh, near, SIZE)
    )


def test_its_gradient_is_the_total_derivative(mixtures: Floats, features: Floats) -> None:
    model, at = fitted(mixtures, features, (0.0, 1.0)), mixtures[0] / 2 + 0.025

    def predicted(p: Floats, size: float = SIZE) -> float:
        return float(model.predict(p[None], distance(p[None], features), size)[0])

    where = (at[None], distance(at[None], features))
    value, gradient = model.value_and_gradient(*where, gradients(at[None], features), SIZE)
    assert value[0] == pytest.approx(predicted(at))
    np.testing.assert_allclose(gradient[0], approx_fprime(at, predicted, 1e-7), atol=1e-5)
    slope = (predicted(at, SIZE + 1) - predicted(at, SIZE - 1)) / 2
    assert model.size_slope(*where, SIZE)[0] == pytest.approx(slope, rel=1e-5)


def test_it_learns_what_the_joint_model_cannot(
    rng: np.random.Generator, mixtures: Floats, features: Floats
) -> None:
    rows, fresh = np.tile(mixtures, (2, 1)), rng.dirichlet(np.full(20, 0.3), 100)
    at, near = distance(rows, features), distance(fresh, features)
    alone = Joint().fit(rows, at, SIZES, accuracy(rows, features, SIZES / 1000))
    truth = accuracy(fresh, features, SIZE / 1000)
    errors = [
        np.abs(model.predict(fresh, near, SIZE) - truth).mean()
        for model in (fitted(mixtures, features, None), alone)
    ]
    assert errors[0] < 0.3 * errors[1]


def test_a_group_has_the_classes_of_its_members_on_average(rng: np.random.Generator) -> None:
    held = np.array([[0.5, 0.5, 0, 0, 0], [0, 0, 0.5, 0.5, 0], [0, 0, 0, 0, 1.0]])[TYPE]
    held[0] = [1, 0, 0, 0, 0]
    classes = ClassShares(held, np.full(5, 0.2))
    by_hand = [held[kind == TYPE].mean(axis=0) for kind in range(3)]
    np.testing.assert_allclose(classes.of_groups(TYPE).providers, by_hand)


def test_accuracies_of_groups_flatten_below_their_classes(rng: np.random.Generator) -> None:
    """Providers of a type hold the same classes; a mixture without a type lacks some."""
    held = np.array([[0.5, 0.5, 0, 0, 0], [0, 0, 0.5, 0.5, 0], [0, 0, 0, 0, 1.0]])[TYPE]
    classes, members = ClassShares(held, np.full(5, 0.2)), np.eye(3)[TYPE]
    fresh = simplex_lattice(3, 4) @ (members / members.sum(axis=0)).T

    def planted(shares: Floats, size: Floats | float) -> Floats:
        alone = 0.4 * np.sum((shares @ members) ** 2, axis=1)
        odds = np.exp(0.6 - alone) * (np.asarray(size) / 1000) ** 0.5
        return (shares @ members > 0) @ [0.4, 0.4, 0.2] * odds / (1 + odds)

    trained = fresh[rng.permutation(len(fresh))[:12]]
    rows, errors = np.tile(trained, (2, 1)), []
    for known in (classes, None):
        model = Grouped(TYPE, (0.0, 1.0), "network", known)
        model.fit(rows, None, SIZES, planted(rows, SIZES))
        predicted = model.predict(fresh, None, 9000)
        errors.append(np.abs(predicted - planted(fresh, 9000)).mean())
        for again in (restore_scale_model(model.to_arrow()), model.unfitted()):
            again.fit(rows, None, SIZES, planted(rows, SIZES))
            np.testing.assert_array_equal(again.predict(fresh, None, 9000), predicted)
    assert errors[0] < 0.7 * errors[1]
