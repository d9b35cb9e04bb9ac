"""What to buy by a fitted model of all sizes: of a size, of any, for a target, for the money."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from projektor_ray.observed.buying import Exponential, Floats, GuessedDistances
from projektor_ray.observed.offers import Offers
from projektor_ray.projection import ScaleModel
from projektor_ray.selection import (
    Answer,
    Direction,
    Market,
    MetricObjective,
    Plan,
    ProjectedObjective,
    PurchasePlans,
    cheapest_reaching,
    frontier,
    select_under_budget,
    smallest_reaching,
)
from projektor_ray.selection.compared import BEST_PROBES, beside, select_beside

Least = Literal["samples", "money"]


@dataclass(frozen=True, eq=False)
class Buyer:
    """Offers, and a model of what they are worth.

    Attributes
    ----------
    model : of all sizes, of the metric or of its logarithm.
    offers : providers in the order of the model's mixtures.
    oracle : mixtures → distances.
    trained : mixtures (c, m) with trainings, best first.
    direction : whether more of the metric is better.
    log : whether the model is of the logarithm.
    """

    model: ScaleModel
    offers: Offers
    oracle: GuessedDistances
    trained: Floats
    direction: Direction
    log: bool

    def at(self, size: int, budget: float | None = None) -> PurchasePlans:
        """The plan predicted best at a size (`selected`), and the plans to compare it with.

        Raises
        ------
        InfeasibleError
            If no plan keeps every constraint; names the one that cannot be kept.
        """
        return select_beside(
            self.objective(size),
            self.offers.providers,
            size,
            self.trained,
            budget=budget,
            terms=self.offers.terms,
            direction=self.direction,
        )

    def under(self, budget: float | None, largest: int | None = None) -> PurchasePlans:
        """The plan predicted best of any size for the money, and others of the same size.

        Raises
        ------
        InfeasibleError
            As `at`, for every size.
        InputError
            If nothing bounds the size: neither `largest`, nor capacities, nor the budget.
        """
        return self._compared(select_under_budget(self._market(largest), budget), budget)

    def reaching(
        self,
        target: float,
        least: Least | None = None,
        budget: float | None = None,
        largest: int | None = None,
    ) -> tuple[Answer, PurchasePlans]:
        """The least money, or the fewest samples, that reach a target; or the best there is.

        Parameters
        ----------
        least : absent: money where anything costs any, else samples.

        Raises
        ------
        InfeasibleError, InputError
            As `under`.
        """
        costs = any(price > 0 for one in self.offers.providers for _, price in one.schedule)
        money = costs if least is None else least == "money"
        search = cheapest_reaching if money else smallest_reaching
        answer = search(self._market(largest), target, budget)
        return answer, self._compared(answer.plan, budget)

    def frontier(self, budgets: Sequence[float], largest: int | None = None) -> list[Plan]:
        """The plan predicted best of any size at each budget.

        Raises
        ------
        InfeasibleError, InputError
            As `under`.
        """
        return frontier(self._market(largest), budgets)

    def objective(self, size: float) -> MetricObjective:
        """The metric of mixtures at a size."""
        objective = ProjectedObjective(self.model, size, self.oracle)
        return Exponential(objective) if self.log else objective

    def _market(self, largest: int | None) -> Market:
        """Of the sizes that can be predicted at: the trained one, or the smallest and above."""
        scales = self.model.scales
        return Market(
            self.objective,
            self.offers.providers,
            self.offers.terms,
            smallest=scales[0],
            largest=scales[0] if len(scales) == 1 else largest,
            direction=self.direction,
            candidates=self.trained[:BEST_PROBES],
        )

    def _compared(self, plan: Plan, budget: float | None) -> PurchasePlans:
        return beside(
            plan,
            self.objective(plan.size),
            self.offers.providers,
            self.trained,
            budget=budget,
            terms=self.offers.terms,
            direction=self.direction,
        )
