"""Probes in a study file: mixtures, scales, seeds, and the resources of one training."""

import itertools
import math
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from projektor_ray.storage.settings import MAX_SAMPLES, Config

SIZED_DESIGNS = ("lattice", "simplex_centroid")
"""Designs whose size is not a number that can be asked for."""
MOST_MIXTURES = 100_000
ONLY_ADAPTIVE = ("initial_mixtures", "batch", "min_expected_gain")
BY_BUDGET = ("scales", "design", "lattice", "n_mixtures", "seeds", "second_stage", *ONLY_ADAPTIVE)
"""What a budget decides."""
MOST_SEEDS = 10_000


class SecondStageConfig(Config):
    """Plans predicted best that are trained at larger sizes once all other probes are finished."""

    plans: int = Field(
        3,
        ge=1,
        le=100,
        description="How many plans are trained, with one seed. More are, up to 4 per "
        "provider, where pilots or the size to buy leave samples of these.",
    )
    samples: int = Field(
        ge=1,
        le=MAX_SAMPLES,
        description="Samples for all of these trainings together. Each plan is trained at its "
        "share of them, at most at the size to buy and at what its pilots allow.",
    )


class ProbesConfig(Config):
    """Which probes are trained: by a budget of samples, or mixtures × scales × seeds."""

    former_keys: ClassVar = {
        "mixtures_count": "n_mixtures",
        "first": "initial_mixtures",
        "stop_below": "min_expected_gain",
    }
    former_values: ClassVar = {
        "design": {"spread": "maximin", "scrambled": "sobol", "centroids": "simplex_centroid"}
    }

    budget: int | None = Field(
        None,
        ge=1,
        le=MAX_SAMPLES,
        description="Samples to train on in all. It decides the scales, mixtures, seeds and second "
        "stage, which are then left out. `--check` shows what it buys.",
    )
    stages: Literal[1, 2] | None = Field(
        None,
        description="Of a budget. 2: six tenths of it are spent first, the rest on the plans then "
        "predicted best, at larger sizes. 1: all of it at once, for predictions rather than a "
        "plan. Absent: 2, but 1 with several validation sets or one provider.",
    )
    scales: tuple[int, ...] = Field(
        (),
        description="Sizes at which probes are trained, N0 < N1 < …; a factor of 4 or more apart. "
        "One alone is fitted, but not projected from. Required without a budget.",
    )
    second_stage: SecondStageConfig | None = Field(
        None,
        description="Absent: all probes are placed before training, or by an adaptive design.",
    )
    design: (
        Literal["lattice", "simplex_centroid", "sobol", "maximin", "d_optimal", "adaptive"] | None
    ) = Field(
        None,
        description="How the mixtures of the probes are placed. Absent: lattice for up to 4 "
        "providers, else maximin; after providers joined or left, maximin. adaptive: a maximin "
        "design first, then the mixtures that may be the best purchase.",
    )
    lattice: int | None = Field(
        None,
        ge=1,
        le=MOST_MIXTURES,
        description="Levels of the simplex lattice: shares are multiples of 1 / lattice. Absent: "
        "the finest lattice of at most 66 mixtures.",
    )
    n_mixtures: int | None = Field(
        None,
        ge=1,
        le=MOST_MIXTURES,
        description="Number of mixtures of a sobol, maximin or d_optimal design, for m providers; "
        "absent: 4m + 1. Most mixtures of an adaptive design; absent: 7m + 1. After a provider "
        "joined, a design may have more: all trained mixtures stay in it.",
    )
    initial_mixtures: int | None = Field(
        None,
        ge=4,
        le=MOST_MIXTURES,
        description="Mixtures that an adaptive design begins with. Absent: 2m + 2.",
    )
    batch: int = Field(
        2,
        ge=1,
        le=MOST_MIXTURES,
        description="Mixtures that an adaptive design chooses at a time. It chooses the next batch "
        "while one batch is in training, so that up to two batches train at once.",
    )
    min_expected_gain: float = Field(
        0.0,
        ge=0,
        allow_inf_nan=False,
        description="An adaptive design stops when the expected gain in the metric from knowing it "
        "exactly for every mixture is below this. 0: it stops at n_mixtures.",
    )
    mixtures: tuple[dict[str, float], ...] = Field(
        (),
        description="Mixtures to train, each {provider: share} with shares that sum to 1. Without "
        "a design these are the only mixtures; with one they are added to it.",
    )
    seeds: int | tuple[int, ...] = Field(
        2,
        description="Seeds of each mixture and scale: a number k for the seeds 0 … k − 1, or a "
        "list of seeds. With a budget: one.",
    )
    replacement: bool = Field(
        False,
        description="Whether samples are drawn with replacement where a mixture needs more samples "
        "than a pilot has.",
    )
    cpus: float = Field(
        1.0, ge=0, allow_inf_nan=False, description="CPUs of one probe; also its number of threads."
    )
    gpus: float = Field(
        0.0,
        ge=0,
        allow_inf_nan=False,
        description="GPUs of one probe. A fraction lets several probes share a GPU.",
    )
    memory: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="GiB of memory reserved for one probe on its node. A probe that uses more, "
        "with the processes it starts, is stopped, retried once with twice the memory, and then "
        "counted as failed. Absent: no reservation and no limit.",
    )
    resources: dict[str, float] = Field(
        default_factory=dict,
        description="Custom Ray resources that one probe reserves: {name: amount}.",
    )
    time_limit: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="Most seconds of one probe. A probe that takes longer is stopped and counted "
        "as failed. Absent: no limit.",
    )
    concurrency: int | None = Field(
        None,
        ge=1,
        description="Most probes that train at once. Absent: as many as the resources allow.",
    )
    retries: int = Field(
        2,
        ge=0,
        description="Retries of a probe, after growing pauses, when its worker or node is lost or "
        "the network fails.",
    )

    tensorboard: Path | None = Field(
        None,
        description="Folder on the driver's machine for a TensorBoard log of each finished probe. "
        "Absent: no log.",
    )

    @model_validator(mode="before")
    @classmethod
    def _no_hours(cls, values: Any) -> Any:
        if isinstance(values, dict) and "hours" in values:
            raise ValueError(
                "hours: a budget is a number of samples, since a design by measured seconds could "
                "not be repeated; got hours. Set budget: 25000, say; --check --time shows how "
                "many samples one hour of training covers"
            )
        return values

    @field_validator("scales")
    @classmethod
    def _ascending(cls, scales: tuple[int, ...]) -> tuple[int, ...]:
        if scales and scales[-1] > MAX_SAMPLES:
            raise ValueError(f"expected scales of at most {MAX_SAMPLES:,}; got {scales[-1]:,}")
        if not scales or scales[0] < 1 or any(a >= b for a, b in itertools.pairwise(scales)):
            raise ValueError(
                "expected ascending sizes of at least 1 sample, N0 < N1 < …, "
                f"for example [250, 1000]; got {list(scales)}"
            )
        return scales

    @field_validator("seeds")
    @classmethod
    def _some_seeds(cls, seeds: int | tuple[int, ...]) -> int | tuple[int, ...]:
        if isinstance(seeds, int) and not 1 <= seeds <= MOST_SEEDS:
            raise ValueError(f"expected a number of seeds from 1 to {MOST_SEEDS:,}; got {seeds}")
        if isinstance(seeds, tuple) and (not seeds or len(set(seeds)) < len(seeds)):
            raise ValueError(f"expected a list of different seeds; got {list(seeds)}")
        return seeds

    @field_validator("resources")
    @classmethod
    def _own_resources(cls, resources: dict[str, float]) -> dict[str, float]:
        fields = {"CPU": "cpus", "GPU": "gpus", "memory": "memory"}
        for name, amount in resources.items():
            if field := fields.get(name.upper(), fields.get(name.lower())):
                raise ValueError(f"{name!r} has a field of its own: set probes.{field}")
            if not 0 < amount < math.inf:
                raise ValueError(f"expected a positive amount of {name!r}; got {amount}")
        return resources

    @model_validator(mode="after")
    def _budget_or_grid(self) -> "ProbesConfig":
        decided = [name for name in BY_BUDGET if name in self.model_fields_set]
        if self.budget is not None and decided:
            raise ValueError(
                f"budget: {self.budget} decides {', '.join(decided)}, which the file sets too; "
                "drop the budget or these"
            )
        if self.budget is None and self.stages is not None:
            raise ValueError(
                f"stages: {self.stages} divides a budget, and there is none. Set budget, or "
                "second_stage: {plans: 3, samples: 6000} in place of stages"
            )
        if self.budget is None and not self.scales:
            raise ValueError(
                "expected what to train: budget: 25000 for a number of samples in all, or sizes "
                "such as scales: [250, 1000]; got neither"
            )
        second = self.second_stage
        if second and self.design == "adaptive":
            raise ValueError(
                "second_stage and design: adaptive both choose mixtures after trainings; drop one"
            )
        if second and second.samples < second.plans * self.scales[-1]:
            raise ValueError(
                f"second_stage: {second.samples} samples are too few for {second.plans} plans at "
                f"the largest scale, {self.scales[-1]}. Set samples to "
                f"{second.plans * self.scales[-1]} or more, or plans to fewer"
            )
        return self

    @model_validator(mode="after")
    def _one_design(self) -> "ProbesConfig":
        if self.lattice is not None and self.design not in (None, "lattice"):
            raise ValueError(
                f"lattice: {self.lattice} asks for a lattice, design: {self.design} for another "
                "design; drop one of them"
            )
        if self.n_mixtures is not None and (self.lattice or self.design in SIZED_DESIGNS):
            raise ValueError(
                f"n_mixtures: {self.n_mixtures} applies to the designs sobol, maximin, d_optimal "
                "and adaptive. The size of a lattice follows from its levels (lattice: 4), that of "
                "simplex_centroid from the number of providers"
            )
        misplaced = self.model_fields_set & set(ONLY_ADAPTIVE)
        if misplaced and self.design != "adaptive":
            raise ValueError(f"{', '.join(sorted(misplaced))}: only for design: adaptive; set it")
        if (self.initial_mixtures or 0) > (self.n_mixtures or math.inf):
            raise ValueError(
                f"initial_mixtures must not exceed n_mixtures; got {self.initial_mixtures} and "
                f"{self.n_mixtures}"
            )
        return self

    @property
    def reservation(self) -> dict[str, float]:
        """What one probe reserves, by Ray's names; memory in bytes."""
        usual = {"CPU": self.cpus, "GPU": self.gpus, "memory": (self.memory or 0.0) * 2**30}
        return {name: amount for name, amount in {**usual, **self.resources}.items() if amount}

    @property
    def threads(self) -> int:
        """CPU threads of one probe: its CPUs, at least one, also in a retry with more resources."""
        return max(1, int(self.cpus))

    @property
    def seed_list(self) -> tuple[int, ...]:
        return tuple(range(self.seeds)) if isinstance(self.seeds, int) else self.seeds
