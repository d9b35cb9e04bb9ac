"""How wide the intervals of a budget's predictions would be, before anything is trained.

Trainings are simulated on a typical surface of the metric, and the scaling model of the study is
fitted to them. Widths are means over several draws of the noise, the same for every budget (common
random numbers), so that two budgets differ by what they buy and hardly by chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from projektor_ray.designs.budget import PLANS, Spending, is_loss, most_plans
from projektor_ray.designs.candidates import candidates
from projektor_ray.designs.maximin import maximin_design
from projektor_ray.learners.metrics import Metric
from projektor_ray.predictors import ProbeArrays
from projektor_ray.projection import BoxCox, JointPower, ScaleModel
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.hashing import generator

LEVEL, SLOPE, SPREAD = 0.85, 0.25, 0.8
"""Of log-odds: at the size to buy (an accuracy of 0.7), their growth per ln N, and how far the best
and the worst provider are apart; as on the trainings of `benchmarks/results/outcomes.parquet`."""
FLOOR, REDUCIBLE, EXPONENT = 1.7, 0.3, 0.45
"""Of a loss: `FLOOR + REDUCIBLE · (N* / N)^EXPONENT`."""
NOISE, LOSS_NOISE, AT, DECAY = 0.05, 0.01, 1000.0, 0.35
"""Standard deviation of one training at so many samples, of log-odds and of ln L; `N^−DECAY`."""
LEVEL_OF_INTERVAL = 0.9
DRAWS, DRAWS_OF_LOSS = 8, 2
"""Simulations that the mean is over; a loss has less noise, and its model takes much longer."""
SIMULATED = 3
"""Most providers that are simulated."""


def expected_half_width(
    bought: Spending,
    size: int,
    metric: Metric,
    *,
    family: str,
    providers: int = SIMULATED,
    pilots: NDArray[np.int64] | None = None,
) -> float | None:
    """Mean half-width of 90 % intervals at a size; for a loss, as a share of the loss.

    None for one provider, whose single mixture no surface can be fitted to. With more providers
    than three, three are simulated and as many mixtures for each of them.

    Parameters
    ----------
    pilots : n_i, shape (m,), which bound the sizes of a second stage; None: nothing does.
    """
    if providers == 1:
        return None
    few = min(providers, SIMULATED)
    grid, count = candidates(few), max(bought.mixtures * few // providers, few + 1)
    rows, sizes = _placed(maximin_design(few, count), bought.scales)
    drawn_apart = [count] * len(bought.scales)
    if bought.second_stage:
        share = min(bought.second_stage // PLANS, size)
        most = share if pilots is None else min(share, int(np.median(pilots)))
        most = max(bought.scales[-1], most)
        paid = min(bought.second_stage // most, most_plans(providers))
        plans = np.argsort(-_quality(grid), kind="stable")[: max(PLANS, paid * few // providers)]
        rows = np.vstack([rows, grid[plans]])
        sizes = np.append(sizes, np.full(len(plans), most))
        drawn_apart.append(len(plans))
    simulated = _Simulated(rows, sizes, size, is_loss(metric), family)
    draws = DRAWS_OF_LOSS if simulated.loss else DRAWS
    models = [simulated.fit(_noise(draw, drawn_apart)) for draw in range(draws)]
    return float(np.mean([simulated.half_width(model, grid) for model in models]))


def _noise(draw: int, counts: Sequence[int]) -> Floats:
    """Standard normal noise of so many trainings at each scale, and of the second stage.

    The first mixtures of a design have the same noise however many follow.
    """
    streams = [generator("expected width", draw, position) for position in range(len(counts))]
    normal = [stream.normal(size=n) for stream, n in zip(streams, counts, strict=True)]
    return np.concatenate(normal)


@dataclass(frozen=True, eq=False)
class _Simulated:
    """Trainings on the typical surface, but for their noise.

    Attributes
    ----------
    rows, sizes : of the trainings: (k, few) and (k,).
    size : to buy.
    loss : whether the metric is one.
    family : of the learner.
    """

    rows: Floats
    sizes: Floats
    size: int
    loss: bool
    family: str

    def fit(self, normal: Floats) -> ScaleModel:
        """The scaling model fitted to trainings with this noise (k,), in standard deviations."""
        noise = (self.sizes / AT) ** -DECAY * normal
        quality = _quality(self.rows)
        model: ScaleModel
        if self.loss:
            values = _loss(self.rows, self.sizes, self.size) * np.exp(LOSS_NOISE * noise)
            model = BoxCox((0.0, np.inf))
        else:
            growth = SLOPE * np.log(self.sizes / self.size)
            values = 1 / (1 + np.exp(-(LEVEL + growth + SPREAD * quality + NOISE * noise)))
            model = JointPower((0.0, 1.0), self.family)
        return model.fit_arrays(ProbeArrays.check(self.rows, -quality, values, self.sizes))

    def half_width(self, model: ScaleModel, mixtures: Floats) -> float:
        """Mean half-width over mixtures (q, few); for a loss as a share of the prediction."""
        distances = -_quality(mixtures)
        low, high = model.interval(mixtures, distances, self.size, LEVEL_OF_INTERVAL).T
        middle = model.predict(mixtures, distances, self.size) if self.loss else 1.0
        return float(np.mean((high - low) / middle) / 2)


def _placed(mixtures: Floats, scales: Sequence[int]) -> tuple[Floats, Floats]:
    """A row for each mixture at each scale, and its size."""
    rows = np.tile(mixtures, (len(scales), 1))
    return rows, np.repeat(np.array(scales, dtype=float), len(mixtures))


def _quality(mixtures: Floats) -> Floats:
    """How good mixtures (q, m) are, from −½ for the worst provider alone to ½ for the best one."""
    return np.asarray(mixtures @ np.linspace(0.5, -0.5, mixtures.shape[1]))


def _loss(mixtures: Floats, sizes: Floats, size: int) -> Floats:
    falling = REDUCIBLE * (size / sizes) ** EXPONENT
    return np.asarray(FLOOR + falling * np.exp(-SPREAD * _quality(mixtures)))
