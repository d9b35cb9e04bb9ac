"""What more samples of a provider add to a plan: a difference of two predictions, no slope."""

import numpy as np

from projektor_ray.explain.assemble import marginal_values
from projektor_ray.explain.formatting import sample_step
from projektor_ray.projection import Joint, NoProjection
from projektor_ray.selection import Plan, select
from projektor_ray.selection.objective import ProjectedObjective
from projektor_ray.storage.array_types import Floats
from projektor_ray.transport import Distances
from tests.helpers.joint_tables import table
from tests.helpers.predictor_data import distance
from tests.helpers.purchase_problems import providers


def distances(mixtures: Floats) -> Distances:
    return Distances.closed_form(distance(mixtures), np.zeros_like(mixtures))


def test_they_are_the_predictions_of_the_larger_purchases() -> None:
    model = Joint().fit(*table(np.random.default_rng(3), 14))
    at = lambda size: ProjectedObjective(model, size, distances)  # noqa: E731
    plan = select(at(600), providers([None, None, 100]), 600)
    step = sample_step(600)
    expected = []
    for i in range(3):
        bought = plan.samples + step * np.eye(3, dtype=int)[i]
        larger = (bought / bought.sum())[None]
        expected.append(model.predict(larger, distance(larger), 600 + step)[0] - plan.predicted)
    found = marginal_values(at, plan, grows=True)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_without_growth_they_replace_samples_of_the_mixture() -> None:
    model = NoProjection("cs").fit(*table(np.random.default_rng(3), 14))
    at = lambda size: ProjectedObjective(model, size, distances)  # noqa: E731
    plan: Plan = select(at(600), providers([None, None, 100]), 600)
    step = sample_step(600)
    changed = (1 - step / 600) * plan.mixture + step / 600 * np.eye(3)
    expected = model.predict(changed, distance(changed), 600) - plan.predicted
    np.testing.assert_allclose(marginal_values(at, plan, grows=False), expected, atol=1e-12)
