"""What a user chooses about the distance; importing this loads no numerics."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

LabelDistance = Literal["auto", "exact", "bures", "diagonal"]


class TransportSettings(BaseModel):
    """How the distance between a mixture of pilots and the validation set is measured."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Literal["sinkhorn", "exact"] = Field(
        default="sinkhorn",
        description="entropic transport for all mixtures at once, or exact transport (few samples)",
    )
    epsilon: float = Field(
        default=0.1,
        gt=0,
        allow_inf_nan=False,
        description="entropic regularisation, in units of the mean feature cost",
    )
    label_weight: float = Field(
        default=3.0,
        ge=0,
        allow_inf_nan=False,
        description="λ, the weight of the label term in the ground cost; 0 compares features only",
    )
    label_distance: LabelDistance = Field(
        default="auto",
        description="W² between classes: exact, of Gaussians with full (bures) or diagonal "
        "covariances, or the dearest of these that the number of class pairs allows (auto)",
    )
    debiased: bool = Field(
        default=True,
        description="subtract the self-terms, so that the distance of a set to itself is 0; "
        "has no effect on exact transport, whose self-terms are 0",
    )
    tolerance: float = Field(
        default=1e-3,
        gt=0,
        lt=1,
        description="L1 error of the target marginal at which a mixture counts as converged",
    )
    max_iterations: int = Field(default=2000, ge=1, description="rounds at most for each mixture")
    dtype: Literal["float32", "float64"] = Field(
        default="float32", description="precision of kernels; potentials are always float64"
    )
    device: str = Field(
        default="auto",
        min_length=1,
        description="torch device of the solve (cpu, cuda, cuda:1); auto takes a GPU if present",
    )
    memory_limit_gb: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="memory the solve may plan with; absent: what the device has free",
    )
    self_term_points: int = Field(
        default=20_000,
        ge=2,
        description="pilot points of the debiasing self-term at most; of more points "
        "equally many of each provider are drawn, or all that it has",
    )
