"""How wide the intervals of a budget's predictions would be, before anything is trained.

Trainings are simulated on a typical surface of the metric, and the scaling model of the study is
fitted to them. On two budgets, the same surface tells which one predicts better, and by how much.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from projektor_ray.designs.budget import PLANS, Spending, is_loss
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
    if bought.second_stage:
        plans = grid[np.argsort(-_quality(grid), kind="stable")[:PLANS]]
        share = min(bought.second_stage // PLANS, size)
        most = share if pilots is None else min(share, int(np.median(pilots)))
        rows = np.vstack([rows, plans])
        sizes = np.append(sizes, np.full(len(plans), max(bought.scales[-1], most)))
    stream = generator("expected width", few, count, *bought.scales)
    noise = (sizes / AT) ** -DECAY * stream.normal(size=len(sizes))
    model: ScaleModel
    if is_loss(metric):
        values = _loss(rows, sizes, size) * np.exp(LOSS_NOISE * noise)
        model = BoxCox((0.0, np.inf))
    else:
        odds = LEVEL + SLOPE * np.log(sizes / size) + SPREAD * _quality(rows) + NOISE * noise
        values = 1 / (1 + np.exp(-odds))
        model = JointPower((0.0, 1.0), family)
    model.fit_arrays(ProbeArrays.check(rows, -_quality(rows), values, sizes))
    low, high = model.interval(grid, -_quality(grid), size, LEVEL_OF_INTERVAL).T
    middle = model.predict(grid, -_quality(grid), size) if is_loss(metric) else 1.0
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
