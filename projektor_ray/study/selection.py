"""What is bought and how it is searched, as a study's file says it."""

from typing import Literal

from pydantic import Field, model_validator

from projektor_ray.config import Config, nearest
from projektor_ray.predictors import PREDICTORS
from projektor_ray.predictors.gaussian_process import GaussianProcess

RULES = ("auto", "least_error")
"""Ways to choose a predictor, beside its name."""


class SelectionConfig(Config):
    """What to buy: the size, the money, and how the mixture is searched."""

    size: int = Field(ge=1, description="Samples to buy in all: N_s.")
    budget: float | None = Field(
        None, ge=0, allow_inf_nan=False, description="Most money to spend; absent: no limit."
    )
    predictor: str = Field(
        "auto",
        description="Predictor joined over the scales: auto (gp; ensemble for an accuracy of one "
        "scale), least_error (cross-validated), or any name of the registry, which is then used "
        "instead of joint_power.",
    )
    projection: Literal["auto", "joint_power", "joint", "eq3", "saturating", "none"] = Field(
        "auto",
        description="Model of the scales; auto: joint_power (joint for a metric without bounds), "
        "of three scales or more the one of least error on the largest scale held out.",
    )
    starts: int = Field(32, ge=1, description="Random starts of the search, beside fixed ones.")

    @model_validator(mode="after")
    def _models_agree(self) -> "SelectionConfig":
        known = (*RULES, *PREDICTORS)
        if self.predictor not in known:
            raise ValueError(
                f"predictor: there is no {self.predictor!r}; {nearest(self.predictor, known)}"
            )
        if self.projection in ("joint_power", "joint") and self.predictor != "auto":
            raise ValueError(
                f"the projection {self.projection!r} fits all scales at once and joins no "
                f"predictor; drop predictor: {self.predictor}, or set projection: eq3"
            )
        return self

    @property
    def placed_for(self) -> str:
        """The predictor that a D-optimal design serves: the one asked for, else gp."""
        return GaussianProcess.name if self.predictor in RULES else self.predictor

    @property
    def predictors(self) -> tuple[str, ...]:
        """The predictor asked for by name, if one was."""
        return () if self.predictor in RULES else (self.predictor,)
