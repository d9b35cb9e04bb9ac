"""What is bought and how it is searched, as a study's file says it."""

import math
from collections.abc import Sequence
from typing import Literal

from pydantic import Field, field_validator, model_validator

from projektor_ray.errors import nearest
from projektor_ray.predictors import PREDICTORS
from projektor_ray.predictors.gaussian_process import GaussianProcess
from projektor_ray.selection import Combination, Direction, PurchaseRequest, combination
from projektor_ray.selection.purchase import Minimize
from projektor_ray.storage.settings import Config

Projection = Literal["auto", "grouped", "joint_power", "joint", "eq3", "saturating", "none"]

RULES = ("auto", "least_error")
"""Ways to choose a predictor, beside its name."""


class SelectionConfig(Config):
    """What to buy: a size, or what is to be reached, for what money, and how it is searched."""

    size: int | None = Field(
        None, ge=1, description="Samples to buy in all: N_s; absent: as many as serve best."
    )
    budget: float | None = Field(
        None, ge=0, allow_inf_nan=False, description="Most money to spend; absent: no limit."
    )
    target: float | None = Field(
        None, allow_inf_nan=False, description="Metric to reach with as little as possible."
    )
    minimize: Minimize | None = Field(
        None,
        description="What a plan that reaches the target minimizes: samples or money. Absent: "
        "money if any provider has a price, else samples.",
    )
    frontier: tuple[float, ...] = Field(
        (), description="Budgets: the best plan of any size for each of them."
    )
    max_size: int | None = Field(
        None,
        ge=1,
        description="Most samples to buy where no size is given. Absent: as many as budget and "
        "capacities allow.",
    )
    weights: dict[str, float] | None = Field(
        None,
        description="Of several validation sets' metrics, by name; absent: they weigh the same.",
    )
    worst: bool = Field(
        False, description="Of several validation sets' metrics the worst, not their mean."
    )
    predictor: str = Field(
        "auto",
        description="Predictor joined over the scales: auto (gp; ensemble for an accuracy of one "
        "scale), least_error (cross-validated), or any name of the registry, which is then used "
        "instead of joint_power.",
    )
    projection: Projection = Field(
        "auto",
        description="Model of the scales; auto: joint_power (joint for a metric without bounds, "
        "grouped with fewer mixtures than providers), of three scales or more the one of least "
        "error on the largest scale held out.",
    )
    restarts: int = Field(
        32,
        ge=1,
        description="Random mixtures that the search starts from, in addition to fixed ones.",
    )

    @field_validator("frontier")
    @classmethod
    def _budgets(cls, budgets: tuple[float, ...]) -> tuple[float, ...]:
        if not all(math.isfinite(budget) and budget >= 0 for budget in budgets):
            raise ValueError(f"expected budgets of 0 or more; got {list(budgets)}")
        return budgets

    @model_validator(mode="after")
    def _asks_for_one_thing(self) -> "SelectionConfig":
        _ = self.request  # which checks what it is made of
        return self

    @model_validator(mode="after")
    def _models_agree(self) -> "SelectionConfig":
        known = (*RULES, *PREDICTORS)
        if self.predictor not in known:
            raise ValueError(
                f"predictor: there is no {self.predictor!r}; {nearest(self.predictor, known)}"
            )
        if self.projection in ("grouped", "joint_power", "joint") and self.predictor != "auto":
            raise ValueError(
                f"the projection {self.projection!r} fits all scales at once and joins no "
                f"predictor; drop predictor: {self.predictor}, or set projection: eq3"
            )
        return self

    def combination(self, sets: Sequence[str], direction: Direction) -> Combination | None:
        """What the metrics of several validation sets are together; None of one, which has none.

        Raises
        ------
        InputError
            If weights and sets do not agree, or both the mean and the worst are asked for.
        """
        if len(sets) == 1:
            return None
        return combination(sets, self.weights, direction, worst_of=self.worst)

    @property
    def request(self) -> PurchaseRequest:
        """The kind of purchase that is wanted."""
        return PurchaseRequest(
            self.size, self.budget, self.target, self.minimize, self.frontier, self.max_size
        )

    @property
    def placed_for(self) -> str:
        """The predictor that a D-optimal design serves: the one asked for, else gp."""
        return GaussianProcess.name if self.predictor in RULES else self.predictor

    @property
    def predictors(self) -> tuple[str, ...]:
        """The predictor asked for by name, if one was."""
        return () if self.predictor in RULES else (self.predictor,)
