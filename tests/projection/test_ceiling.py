"""Ceilings of accuracies: a mixture that lacks a class cannot be right on it."""

import numpy as np
import pytest
from scipy.special import expit, logit

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.projection import ClassShares, JointPower, restore_scale_model
from projektor_ray.projection.ceiling import CeilingCurve
from projektor_ray.selection import ProjectedObjective, Provider, select
from projektor_ray.storage.array_types import Floats
from projektor_ray.transport import Distances
from tests.helpers.accuracies_below_ceilings import (
    ACCURACY,
    COMPLETE,
    DISJOINT,
    GRID,
    SIZE,
    planted,
    share_held,
    table,
)
from tests.helpers.predictor_data import distance, distance_gradient


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def fitted(rng: np.random.Generator, classes: ClassShares | None = DISJOINT) -> JointPower:
    return JointPower(ACCURACY, "network", classes).fit(*table(rng))


def test_the_ceiling_is_the_weight_of_classes_that_are_drawn(
    rng: np.random.Generator,
) -> None:
    rare = ClassShares(np.array([[0.999, 0.001], [1.0, 0.0]]), np.array([0.7, 0.3]))
    for size in (100, 1000):
        for mixture in ([0.0, 1.0], [1.0, 0.0], [0.3, 0.7]):
            drawn = rng.poisson(size * mixture[0] * 0.001, size=100_000) > 0
            found = rare.ceiling(np.array([mixture]), size)[0]
            assert found == pytest.approx(0.7 + 0.3 * drawn.mean(), abs=0.003)
    np.testing.assert_allclose(DISJOINT.ceiling(GRID, 1e6), share_held(GRID))
    assert DISJOINT.bind(1000)
    assert not COMPLETE.bind(1000)


@pytest.mark.parametrize("mixture", [(0.2, 0.5, 0.3), (0.001, 0.998, 0.001), (0.0, 0.6, 0.4)])
@pytest.mark.parametrize("size", [500.0, 3000.0, SIZE])
def test_gradient_and_slope_are_derivatives(
    mixture: tuple[float, ...], size: float, rng: np.random.Generator
) -> None:
    model, at = fitted(rng), np.array(mixture)

    def predicted(p: Floats, of: float = size) -> float:
        return float(model.predict(p[None], distance(p[None]), of)[0])

    value, gradient = model.value_and_gradient(
        at[None], distance(at[None]), distance_gradient(at)[None], size
    )
    assert value[0] == pytest.approx(predicted(at))
    steps = 1e-7 * np.eye(3)
    numeric = [(predicted(at + step) - predicted(at)) / 1e-7 for step in steps]
    np.testing.assert_allclose(gradient[0], numeric, rtol=2e-3, atol=2e-5)
    slope = (predicted(at, size + 1) - predicted(at, size - 1)) / 2
    assert model.size_slope(at[None], distance(at[None]), size)[0] == pytest.approx(slope, rel=1e-4)


def test_where_every_provider_has_every_class_nothing_changes(rng: np.random.Generator) -> None:
    rows = table(rng)
    plain, complete = (JointPower(ACCURACY, "network", c).fit(*rows) for c in (None, COMPLETE))
    np.testing.assert_array_equal(
        *(model.predict(GRID, distance(GRID), SIZE) for model in (plain, complete))
    )


def test_at_the_scales_nothing_changes_and_growth_begins_there(rng: np.random.Generator) -> None:
    rows = table(rng)
    plain, below = (JointPower(ACCURACY, "network", c).fit(*rows) for c in (None, DISJOINT))
    for size in (250, 700, 1000):
        np.testing.assert_array_equal(
            *(model.interval(GRID, distance(GRID), size) for model in (plain, below))
        )
    np.testing.assert_allclose(
        *(below.predict(GRID, distance(GRID), size) for size in (1000, 1000 + 1e-6)), atol=1e-6
    )


def test_edges_are_predicted_below_their_ceilings_and_better(rng: np.random.Generator) -> None:
    errors: dict[bool, list[float]] = {True: [], False: []}
    inside, truth = [], planted(GRID, SIZE)
    for _ in range(5):
        rows = table(rng)
        for ceilings in (True, False):
            model = JointPower(ACCURACY, "network", DISJOINT if ceilings else None).fit(*rows)
            predicted = model.predict(GRID, distance(GRID), SIZE)
            errors[ceilings].append(float(np.abs(predicted - truth).mean()))
            if ceilings:
                low, high = model.interval(GRID, distance(GRID), SIZE).T
                now = model.predict(GRID, distance(GRID), 1000)
                assert (high <= np.maximum(share_held(GRID), now / 0.95) + 1e-9).all()
                inside.append((low <= truth) & (truth <= high))
    assert np.mean(errors[True]) < 0.6 * np.mean(errors[False])
    assert np.mean(inside) >= 0.85


def test_near_a_ceiling_a_mixture_of_its_own_departs_as_little_as_all(
    rng: np.random.Generator,
) -> None:
    """Both are shares of the growth that the ceiling leaves."""
    model = fitted(rng)
    where = (GRID, distance(GRID), 1e5)
    own, common = model._own_discrepancy(*where), model._model_discrepancy(*where)
    np.testing.assert_allclose(own, common * model.law.own / model.law.deviation)


def test_a_model_above_its_ceiling_at_the_scales_raises_it(rng: np.random.Generator) -> None:
    """The pilot missed a class: the probes show more than the pilots can explain."""
    mixtures, distances, sizes, _ = table(rng)
    values = expit(1.5 + 0.3 * np.log(sizes / 1000) - 0.1 * mixtures[:, 0])
    model = JointPower(ACCURACY, "network", DISJOINT).fit(mixtures, distances, sizes, values)
    now, then = (model.predict(GRID, distance(GRID), size) for size in (1000, SIZE))
    assert (now > 0.7).all()
    assert (then >= now).all()


@pytest.mark.parametrize("held", [0.6, 0.9, 0.97, 1.0])
@pytest.mark.parametrize("accuracy", [0.5, 0.9, 0.94, 0.96, 0.99])
def test_no_accuracy_lies_beyond_1_and_differentials_are_those_of_the_value(
    accuracy: float, held: float
) -> None:
    """Predictions near 1 at the largest scale raise the ceiling to 1 at most."""
    at = np.array([logit(accuracy), 1.5, 0.8, held])

    def curve(four: Floats) -> CeilingCurve:
        return CeilingCurve(four[:1], four[1:2], float(four[2]), four[3:])

    assert curve(at).ceiling <= 1.0
    assert curve(at).value(30.0) <= 1.0
    found, numeric = [], []
    for step in np.eye(4) * [1, 1, 1, -1]:  # a ceiling of 1 can only fall
        found.append(curve(at).differential(step[:1], step[1:2], float(step[2]), step[3:])[0])
        numeric.append((curve(at + 1e-7 * step).value() - curve(at).value())[0] / 1e-7)
    np.testing.assert_allclose(found, numeric, rtol=1e-4, atol=1e-6)


def test_posterior_samples_stay_below_and_have_the_first_order_covariance(
    rng: np.random.Generator,
) -> None:
    model, few = fitted(rng), GRID[::4]
    drawn = model.sample_posterior(few, distance(few), SIZE, 4000, rng)
    now = model.predict(few, distance(few), 1000)
    assert (drawn <= np.maximum(share_held(few), now / 0.95)).all()
    spread = np.sqrt(np.diag(model.covariance(few, distance(few), SIZE)))
    np.testing.assert_allclose(drawn.std(axis=0), spread, rtol=0.25)


def test_to_arrow_and_back(rng: np.random.Generator) -> None:
    model = fitted(rng)
    again = restore_scale_model(model.to_arrow())
    for found in ("predict", "interval"):
        np.testing.assert_array_equal(
            getattr(again, found)(GRID, distance(GRID), SIZE),
            getattr(model, found)(GRID, distance(GRID), SIZE),
        )


def test_losses_have_no_ceiling(rng: np.random.Generator) -> None:
    mixtures, distances, sizes, values = table(rng)
    plain, below = (JointPower((0.0, np.inf), "network", c) for c in (None, DISJOINT))
    for model in (plain, below):
        model.fit(mixtures, distances, sizes, 2 - values)
    np.testing.assert_array_equal(
        *(model.predict(GRID, distance(GRID), SIZE) for model in (plain, below))
    )


def test_the_search_finds_the_best_mixture_though_ceilings_are_steep_at_faces(
    rng: np.random.Generator,
) -> None:
    model = fitted(rng)

    def distances(mixtures: Floats) -> Distances:
        gradients = np.array([distance_gradient(p) for p in mixtures])
        return Distances.closed_form(distance(mixtures), gradients)

    objective = ProjectedObjective(model, SIZE, distances)
    sellers = [Provider(name) for name in "abc"]
    plan = select(objective, sellers, int(SIZE), candidates=GRID, restarts=8)
    fine = simplex_lattice(3, 40)
    assert plan.predicted >= model.predict(fine, distance(fine), SIZE).max() - 1e-4
