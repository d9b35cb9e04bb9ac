"""What a study's budget of samples buys and leaves, and for comparison half and twice of it."""

from dataclasses import dataclass

from projektor_ray.designs.budget import Spending
from projektor_ray.designs.expected_width import expected_half_width
from projektor_ray.errors import InputError
from projektor_ray.study.placement import spending_of
from projektor_ray.study.study import Study


@dataclass(frozen=True)
class BudgetOption:
    """A budget, what it buys, and how well that would predict.

    Attributes
    ----------
    share : of the budget that the study asks for: ½, 1 or 2.
    bought : None where the budget is too small.
    half_width : expected, see `expected_half_width`.
    """

    share: float
    budget: int
    bought: Spending | None = None
    half_width: float | None = None


def budget_options(study: Study) -> list[BudgetOption]:
    """What a study's budget buys, and for comparison half and twice of it; empty without one."""
    if study.budget is None:
        return []
    options = []
    for share in (1.0, 0.5, 2.0):
        budget = int(share * study.budget)
        stages = 2 if study.second_stage else 1
        sizes = study.pilot_sizes
        try:
            bought = spending_of(study.config, study.providers, sizes.tolist(), budget, stages)
        except InputError:
            options.append(BudgetOption(share, budget))
            continue
        if options and bought == options[0].bought:
            options.append(BudgetOption(share, budget, bought, options[0].half_width))
            continue
        pilots = None if study.config.probes.replacement else sizes
        width = expected_half_width(
            bought,
            study.max_size,
            study.metric,
            family=study.learner_family,
            providers=len(study.providers),
            pilots=pilots,
        )
        options.append(BudgetOption(share, budget, bought, width))
    return options


def unspent_samples(study: Study) -> int:
    """Samples of the budget that neither the design nor the plans of a second stage can use.

    At least, until the plans are chosen. 0 where they would not train another mixture.
    """
    if study.budget is None:
        return 0
    each = sum(study.scales)
    left = study.budget - each * len(study.mixtures)
    if study.plans is not None:
        left -= sum(study.plan_sizes)
    elif study.second_stage is not None:
        left -= study.second_stage.most_samples
    return left if left >= each else 0
