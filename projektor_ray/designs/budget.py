"""A budget of samples to train on: how many mixtures, at which scales, and a second stage.

Two scales a factor of 6 apart on the same mixtures, one seed each. Four mixtures per provider come
before a larger size, a larger size before more mixtures. A loss has a third scale between. The
reasons are in `docs/decisions/designs.md`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from projektor_ray.errors import InputError
from projektor_ray.learners.metrics import Metric

MIXTURES_PER_PROVIDER, MOST_PER_PROVIDER = 4, 7
APART, BETWEEN = 6.0, 2.5
"""The largest scale over the smallest one, and over the third one of a loss."""
FIRST_SHARE = 0.6
PLANS = 3
"""How many plans a second stage trains; more where these cannot use its samples."""
NEAR_SIZES = 1.25
"""Sizes nearer than this factor become one, so that there are few scales."""


@dataclass(frozen=True)
class Spending:
    """What a budget of samples buys.

    Attributes
    ----------
    mixtures : k, each trained at every scale with one seed.
    scales : ascending.
    second_stage : samples for the plans of the second stage; 0: there is none.
    """

    mixtures: int
    scales: tuple[int, ...]
    second_stage: int

    @property
    def first_stage(self) -> int:
        """Samples of the first stage: k · Σ N."""
        return self.mixtures * sum(self.scales)


def spend(
    budget: int,
    providers: int,
    *,
    size: int,
    cap: int | None = None,
    loss: bool = False,
    stages: int = 1,
    listed: int = 0,
    largest_plan: int | None = None,
) -> Spending:
    """What a budget of samples buys: `N1 = min(cap, N*, C / (k (1 + 1/6)))` with k = 4m mixtures.

    What is left goes to more mixtures, up to 7m. Of two stages the first one has 60 % of the
    budget, and more where the pilots are too small for all plans of the second one.

    Parameters
    ----------
    size : N*, the most samples that a plan may have.
    cap : the largest size at which every mixture can be drawn; None: any.
    loss : whether there is a third scale, `N1 / 2.5`.
    listed : mixtures that are trained in any case, which count among the k.
    largest_plan : the most samples that the pilots hold for a plan; None: any number.

    Raises
    ------
    InputError
        If the budget, the pilots or the size to buy are too small for two scales.
    """
    fewest = MIXTURES_PER_PROVIDER * providers if providers > 1 else 1
    fewest = max(fewest, listed + 1)
    most = max(MOST_PER_PROVIDER * providers if providers > 1 else 1, fewest)
    shares = (1 / APART, 1 / BETWEEN, 1.0) if loss else (1 / APART, 1.0)
    of_plans = 0 if stages == 1 else most_plans(providers) * (largest_plan or budget)
    first = max(int(FIRST_SHARE * budget) if stages > 1 else budget, budget - of_plans)
    largest_scale = min(int(first / (sum(shares) * fewest)), size, first if cap is None else cap)
    scales = tuple(int(largest_scale * share + 1e-9) for share in shares)
    if scales[0] < 1 or len(set(scales)) < len(scales):
        part = max(first / budget, FIRST_SHARE)
        raise InputError(_too_small(budget, fewest, size, cap, sum(shares), part))
    mixtures = min(most, first // sum(scales))
    return Spending(mixtures, scales, min(budget - mixtures * sum(scales), of_plans))


def most_plans(providers: int, fewest: int = PLANS) -> int:
    """Plans of a second stage at most: as many as its first stage has mixtures at least."""
    return max(fewest, MIXTURES_PER_PROVIDER * providers)


def share_out(samples: int, smallest: int, caps: Sequence[int]) -> list[int]:
    """Sizes of plans, of `samples` together at most: as even as their caps allow.

    What one plan cannot have goes to the others.

    Parameters
    ----------
    smallest : the size of a plan at least, also where its cap is lower.
    caps : the most samples of each plan.
    """
    sizes, left = [0] * len(caps), samples
    order = sorted(range(len(caps)), key=lambda i: caps[i])
    for position, i in enumerate(order):
        sizes[i] = max(smallest, min(caps[i], left // (len(caps) - position)))
        left -= sizes[i]
    return sizes


def _too_small(
    budget: int, mixtures: int, size: int, cap: int | None, shares: float, part: float
) -> str:
    """Which of budget, pilots and size to buy leaves no room for two scales."""
    if size < APART:
        return (
            f"a plan may have {size} samples at most, too few for two scales a factor of {APART:g} "
            "apart. Drop probes.budget and set probes.scales"
        )
    if cap is not None and cap < APART:
        return (
            f"the smallest pilot has {cap} samples, too few for two scales a factor of {APART:g} "
            "apart. Reveal larger pilots, or set probes.replacement: true"
        )
    needed = int(2 * APART * shares * mixtures / part) + 1
    return (
        f"probes.budget: {budget:,} samples are too few for {mixtures} mixtures at two sizes, one "
        f"{APART:g} times the other. Set {needed:,} or more, or drop it and set probes.scales"
    )


def is_loss(metric: Metric) -> bool:
    """Whether a metric has one bound, so that a third scale shows its curvature."""
    return not (metric.low > -float("inf") and metric.high < float("inf"))
