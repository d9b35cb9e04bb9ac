"""Selection in a study file: what to buy, and how the search is done."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from projektor_ray.predictors.gaussian_process import GaussianProcess
from projektor_ray.projection.choose import PREDICTOR_RULES, check_options
from projektor_ray.selection import Direction, PurchaseRequest, aggregation
from projektor_ray.selection.aggregation import Aggregation
from projektor_ray.selection.purchase import Minimize
from projektor_ray.storage.settings import MAX_MONEY, MAX_SAMPLES, Config

Projection = Literal[
    "auto", "grouped", "box_cox", "joint_power", "joint", "eq3", "saturating", "none"
]


class SelectionConfig(Config):
    """The purchase: its size, budget or target, and how it is searched."""

    former_keys: ClassVar = {"least": "minimize", "largest": "max_size", "starts": "restarts"}

    size: int | None = Field(
        None,
        ge=1,
        le=MAX_SAMPLES,
        description="Samples to buy in all. Absent: the size with the best predicted metric.",
    )
    budget: float | None = Field(
        None,
        ge=0,
        le=MAX_MONEY,
        allow_inf_nan=False,
        description="Most money to spend. Absent: no limit.",
    )
    target: float | None = Field(
        None,
        allow_inf_nan=False,
        description="Metric to reach with the fewest samples or the least money, see `minimize`.",
    )
    minimize: Minimize | None = Field(
        None,
        description="What a plan that reaches the target minimizes: samples or money. Absent: "
        "money if any provider has a price, else samples.",
    )
    frontier: tuple[float, ...] = Field(
        (), description="Budgets. The best plan of any size is found for each of them."
    )
    max_size: int | None = Field(
        None,
        ge=1,
        le=MAX_SAMPLES,
        description="Most samples to buy where no size is given. Absent: as many as budget and "
        "capacities allow.",
    )
    aggregate: Literal["mean", "worst"] | dict[str, float] = Field(
        "mean",
        description="How the metrics of several validation sets make one: mean, worst, or a mean "
        "with a weight for each set, such as {everyday: 0.7, rare: 0.3}.",
    )
    predictor: str = Field(
        "auto",
        description="Predictor at each scale. auto: gp, or ensemble for an accuracy at one scale. "
        "least_error: the one of least cross-validated error. A name from the list of predictors: "
        "that predictor, joined over the scales by Eq. 3.",
    )
    projection: Projection = Field(
        "auto",
        description="Scaling model. auto: joint_power for an accuracy, box_cox for a loss, joint "
        "for a metric without bounds, grouped with fewer mixtures than providers. With three or "
        "more scales another model replaces it if its error on the largest scale, left out of the "
        "fit, is lower by more than noise. auto never takes none.",
    )
    robust: bool = Field(
        True,
        description="Whether probes far from what all others predict, such as diverged trainings, "
        "weigh less in every model. They are named in any case.",
    )
    restarts: int = Field(
        32,
        ge=1,
        le=10_000,
        description="Random mixtures that the search starts from, in addition to fixed ones.",
    )

    @field_validator("aggregate", mode="before")
    @classmethod
    def _rule(cls, rule: Any) -> Any:
        weights = list(rule.values()) if isinstance(rule, dict) else [None]
        if rule not in ("mean", "worst") and not all(_is_weight(one) for one in weights):
            raise ValueError(
                "expected mean, worst, or a weight of 0 or more for each validation set, such as "
                f"{{everyday: 0.7, rare: 0.3}}; got {rule!r}"
            )
        return rule

    @field_validator("frontier")
    @classmethod
    def _budgets(cls, budgets: tuple[float, ...]) -> tuple[float, ...]:
        if not all(0 <= budget <= MAX_MONEY for budget in budgets):
            raise ValueError(f"expected budgets from 0 to {MAX_MONEY:g}; got {list(budgets)}")
        return budgets

    @model_validator(mode="after")
    def _asks_for_one_thing(self) -> "SelectionConfig":
        _ = self.request  # which checks what it is made of
        return self

    @model_validator(mode="after")
    def _models_agree(self) -> "SelectionConfig":
        check_options(self.predictor, self.projection)
        return self

    def aggregation(self, sets: Sequence[str], direction: Direction) -> Aggregation | None:
        """The aggregation over validation sets of these names; None where there is one set.

        Raises
        ------
        InputError
            If weights and sets do not agree.
        """
        return None if len(sets) == 1 else aggregation(self.aggregate, sets, direction)

    @property
    def aggregate_name(self) -> str:
        """What the aggregate is called: mean, weighted mean or worst."""
        return "weighted mean" if isinstance(self.aggregate, dict) else str(self.aggregate)

    @property
    def request(self) -> PurchaseRequest:
        """The kind of purchase that is wanted."""
        return PurchaseRequest(
            self.size, self.budget, self.target, self.minimize, self.frontier, self.max_size
        )

    @property
    def placed_for(self) -> str:
        """The predictor that a D-optimal design serves: the one asked for, else gp."""
        return GaussianProcess.name if self.predictor in PREDICTOR_RULES else self.predictor

    @property
    def predictors(self) -> tuple[str, ...]:
        """The predictor asked for by name, if one was."""
        return () if self.predictor in PREDICTOR_RULES else (self.predictor,)


def _is_weight(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and value >= 0
