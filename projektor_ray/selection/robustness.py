"""How much the plan depends on what the probes leave open: the best plans of plausible worlds."""

from dataclasses import dataclass

import numpy as np

from projektor_ray.selection.feasible_set import FeasibleSet
from projektor_ray.selection.objective import MetricObjective
from projektor_ray.selection.plan import Direction, Plan
from projektor_ray.storage.arrays import Floats
from projektor_ray.storage.hashing import generator

WORLDS = 1000
WORLDS_LEVEL = 0.8
"""In which part of the worlds the best shares lie between those that are told."""
CANDIDATES = 400
SHORTEST, LONGEST = 0.02, 2.0
"""Of the steps from the plan to the candidates, as Euclidean distances of mixtures."""
NEARLY = 0.1
"""Plans are nearly the same if they differ in at most this part of the samples."""


@dataclass(frozen=True, eq=False)
class PlanStability:
    """The best mixtures in worlds as plausible as the one that is predicted.

    A world is a metric that agrees with the probes as well as their noise asks for, sampled from
    what the fitted model leaves open; the law of the sizes is taken to hold.

    Attributes
    ----------
    mixture : of the plan, shape (m,).
    mixtures : the best of each world, shape (W, m).
    regrets : what the metric of each world loses by the plan against its best one, shape (W,).
    """

    mixture: Floats
    mixtures: Floats
    regrets: Floats

    @property
    def shares(self) -> Floats:
        """Between which shares the best plans of 80 % of the worlds are, shape (m, 2)."""
        tail = (1 - WORLDS_LEVEL) / 2
        return np.asarray(np.quantile(self.mixtures, [tail, 1 - tail], axis=0).T)

    @property
    def nearly_same(self) -> float:
        """In which part of the worlds the best plan moves at most a tenth of the samples."""
        moved = 0.5 * np.abs(self.mixtures - self.mixture).sum(axis=1)
        return float(np.mean(moved <= NEARLY))

    @property
    def regret(self) -> float:
        """What knowing the world would gain over the plan, on average."""
        return float(self.regrets.mean())


def agree(objective: MetricObjective, plan: Plan, direction: Direction) -> PlanStability | None:
    """The plan beside the best of 400 mixtures around it, in each of 1,000 worlds.

    Where price tiers or minimum orders divide the feasible set, in the plan's part of it. None
    where the model that predicts has no posterior to sample worlds from.
    """
    mixtures = _around(plan.mixture, plan.part)
    stream = generator("plausible worlds", plan.size, *plan.samples.tolist())
    metrics = objective.sample_posterior(mixtures, WORLDS, stream)
    if metrics is None:
        return None
    values = metrics if direction == "maximize" else -metrics
    best = values.argmax(axis=1)
    return PlanStability(plan.mixture, mixtures[best], values.max(axis=1) - values[:, 0])


def _around(mixture: Floats, feasible: FeasibleSet) -> Floats:
    """A mixture (m,), then feasible ones by steps of it in random directions: (400, m).

    Lengths are in geometric progression, so that near mixtures are told apart and far ones are
    reached; the constraints turn the longest steps into the corners of the feasible set.
    """
    stream = generator("candidates", len(mixture))
    directions = stream.normal(size=(CANDIDATES - 1, len(mixture)))
    directions -= directions.mean(axis=1, keepdims=True)
    directions /= np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-300)
    lengths = np.geomspace(SHORTEST, LONGEST, CANDIDATES - 1)
    return np.vstack([mixture, feasible.project(mixture + lengths[:, None] * directions)])
