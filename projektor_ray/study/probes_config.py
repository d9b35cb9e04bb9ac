"""Which probes are trained, as a study's file says it."""

import itertools
import math
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from projektor_ray.storage.settings import Config

SIZED_DESIGNS = ("lattice", "simplex_centroid")
"""Designs whose size is not a number that can be asked for."""
ONLY_ADAPTIVE = ("first", "batch", "min_expected_gain")


class ProbesConfig(Config):
    """Which probes are trained: mixtures × scales × seeds."""

    scales: tuple[int, ...] = Field(
        description="Sizes at which probes are trained, N0 < N1 < …; a factor of 4 or more apart. "
        "One alone is fitted, but not projected from."
    )
    design: (
        Literal["lattice", "simplex_centroid", "sobol", "spread", "d_optimal", "adaptive"] | None
    ) = Field(
        None,
        description="How mixtures are placed; absent: a lattice up to 4 providers, else spread. "
        "adaptive: a first batch is spread, then probes go where the best plan may be.",
    )
    lattice: int | None = Field(
        None,
        ge=1,
        description="Levels of the simplex lattice; absent: the finest of at most 66 mixtures.",
    )
    n_mixtures: int | None = Field(
        None,
        ge=1,
        description="Mixtures of a design scrambled, spread or d_optimal; absent: 4m + 1. Of an "
        "adaptive one the most; absent: 7m + 1.",
    )
    first: int | None = Field(
        None, ge=4, description="Mixtures that an adaptive design begins with; absent: 2m + 2."
    )
    batch: int = Field(
        2,
        ge=1,
        description="Mixtures that an adaptive design chooses at a time; it does so while as many "
        "are in training, so that probes of up to twice as many mixtures run at once.",
    )
    min_expected_gain: float = Field(
        0.0,
        ge=0,
        allow_inf_nan=False,
        description="An adaptive design stops when knowing the metric of every plan exactly would "
        "raise that of the plan to buy by less than this, in the mean; 0: at n_mixtures.",
    )
    mixtures: tuple[dict[str, float], ...] = Field(
        (), description="Mixtures as {provider: share}, instead of or beside a design."
    )
    seeds: int | tuple[int, ...] = Field(
        2, description="How many seeds (0, 1, …) each mixture is trained with, or a list of them."
    )
    replacement: bool = Field(
        False, description="Draw with replacement where a mixture asks more than a pilot holds."
    )
    cpus: float = Field(
        1.0, ge=0, allow_inf_nan=False, description="CPUs of one probe, and its threads."
    )
    gpus: float = Field(
        0.0, ge=0, allow_inf_nan=False, description="GPUs of one probe; a fraction packs several."
    )
    memory: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="GiB of one probe, reserved on its node; one that takes more, with the "
        "processes it starts, is stopped, tried once more with twice as much, and then failed. "
        "Absent: neither.",
    )
    resources: dict[str, float] = Field(
        default_factory=dict,
        description="What one probe reserves of a cluster's own resources: {name: amount}.",
    )
    time_limit: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="Most seconds of one probe; one that takes longer is stopped and failed.",
    )
    concurrency: int | None = Field(
        None, ge=1, description="Most probes at once; absent: as many as the resources allow."
    )
    pack: int = Field(
        1,
        ge=1,
        description="How many probes of one size one worker trains together (small_cnn). A probe "
        "of a pack has the value that it has alone up to rounding; on a worker's loss the whole "
        "pack is trained again.",
    )
    retries: int = Field(
        2,
        ge=0,
        description="How often a probe is tried again, after growing pauses, when its worker or "
        "node was lost or the network failed it.",
    )

    tensorboard: Path | None = Field(
        None,
        description="Folder, on the driver's machine, for a TensorBoard log of each finished "
        "probe; absent: none.",
    )

    @field_validator("scales")
    @classmethod
    def _ascending(cls, scales: tuple[int, ...]) -> tuple[int, ...]:
        if not scales or scales[0] < 1 or any(a >= b for a, b in itertools.pairwise(scales)):
            raise ValueError(
                "expected ascending sizes of at least 1 sample, N0 < N1 < …, "
                f"for example [250, 1000]; got {list(scales)}"
            )
        return scales

    @field_validator("seeds")
    @classmethod
    def _some_seeds(cls, seeds: int | tuple[int, ...]) -> int | tuple[int, ...]:
        if isinstance(seeds, int) and seeds < 1:
            raise ValueError(f"expected at least 1 seed; got {seeds}")
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
    def _one_design(self) -> "ProbesConfig":
        if self.lattice is not None and self.design not in (None, "lattice"):
            raise ValueError(
                f"lattice: {self.lattice} asks for a lattice, design: {self.design} for another "
                "design; drop one of them"
            )
        if self.n_mixtures is not None and (self.lattice or self.design in SIZED_DESIGNS):
            raise ValueError(
                "n_mixtures sizes the designs scrambled, spread, d_optimal and adaptive; a "
                "lattice is sized by its levels (lattice: 4), centroids by the number of providers"
            )
        alien = self.model_fields_set & set(ONLY_ADAPTIVE)
        if alien and self.design != "adaptive":
            raise ValueError(f"{', '.join(sorted(alien))}: only for design: adaptive; set it")
        if self.first and self.n_mixtures and self.first > self.n_mixtures:
            raise ValueError(
                f"first: {self.first} mixtures are more than n_mixtures: {self.n_mixtures}"
            )
        return self

    @property
    def room(self) -> dict[str, float]:
        """What one probe reserves, by Ray's names; memory in bytes."""
        asked = {"CPU": self.cpus, "GPU": self.gpus, "memory": (self.memory or 0.0) * 2**30}
        return {name: amount for name, amount in {**asked, **self.resources}.items() if amount}

    @property
    def threads(self) -> int:
        """CPU threads of one probe: its CPUs, at least one, whatever room it is tried in."""
        return max(1, int(self.cpus))

    @property
    def seed_list(self) -> tuple[int, ...]:
        return tuple(range(self.seeds)) if isinstance(self.seeds, int) else self.seeds
