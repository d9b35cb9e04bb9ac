"""A study: its configuration, and what the configuration asks of the pilots that were revealed."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from projektor_ray.config import Config, nearest
from projektor_ray.designs import LARGEST_GRID, centroids, default_count, design_of, distinct
from projektor_ray.embedding import EmbedderConfig
from projektor_ray.errors import InputError
from projektor_ray.identity import digest
from projektor_ray.learners import LearnerConfig
from projektor_ray.learners.metrics import METRICS, Metric
from projektor_ray.mixtures import (
    check_mixtures,
    largest_feasible_size,
    mixture_id,
    round_counts,
    simplex_lattice,
)
from projektor_ray.predictors import PREDICTORS
from projektor_ray.projection import SCALE_MODELS
from projektor_ray.providers import Provider, Samples, Target
from projektor_ray.sources import SourceConfig
from projektor_ray.tables import Stamp
from projektor_ray.transport.settings import TransportSettings

RULES = ("auto", "least_error")
"""Ways to choose a predictor, beside its name."""
LARGEST_DEFAULT_LATTICE = 66
"""The default design is the finest lattice of at most this many mixtures (the paper's 66)."""

SIZED_DESIGNS = ("lattice", "centroids")
"""Designs whose size is not a number that can be asked for."""


class TierConfig(Config):
    """A price that holds for the samples beyond a quantity; those before it keep theirs."""

    beyond: int = Field(ge=1, description="Samples of the provider before this price holds.")
    price: float = Field(ge=0, allow_inf_nan=False, description="Money per sample from there on.")


class ProviderConfig(Config):
    """Who reveals a pilot and sells up to a capacity at a price."""

    name: str = Field(min_length=1, description="Unique name; the provider's identity.")
    source: SourceConfig | None = Field(
        None, description="Where its pilot is read; absent when a Python driver passes arrays."
    )
    capacity: int | None = Field(
        None, ge=0, description="Samples for sale, pilot included; absent: unlimited."
    )
    price: float = Field(
        0.0, ge=0, allow_inf_nan=False, description="Money per sample, in any one currency."
    )
    tiers: tuple[TierConfig, ...] = Field(
        (), description="Prices that fall or rise with the quantity, in ascending order."
    )

    @field_validator("tiers")
    @classmethod
    def _ascending(cls, tiers: tuple[TierConfig, ...]) -> tuple[TierConfig, ...]:
        if any(a.beyond >= b.beyond for a, b in itertools.pairwise(tiers)):
            raise ValueError(
                "expected tiers beyond ascending quantities, such as [{beyond: 1000, price: 0.8}, "
                f"{{beyond: 5000, price: 0.5}}]; got beyond {[tier.beyond for tier in tiers]}"
            )
        return tiers

    def sold_by(self) -> Provider:
        """The provider as the selection sees it."""
        tiers = tuple((tier.beyond, tier.price) for tier in self.tiers)
        return Provider(self.name, self.capacity, self.price, tiers)


class ProbesConfig(Config):
    """Which probes are trained: mixtures × scales × seeds."""

    scales: tuple[int, ...] = Field(
        description="Sizes at which probes are trained, N0 < N1 < …; a factor of 4 or more apart. "
        "One alone is fitted, but not projected from."
    )
    design: Literal["lattice", "centroids", "scrambled", "spread", "d_optimal"] | None = Field(
        None,
        description="How mixtures are placed; absent: a lattice up to 4 providers, else spread.",
    )
    lattice: int | None = Field(
        None,
        ge=1,
        description="Levels of the simplex lattice; absent: the finest of at most 66 mixtures.",
    )
    mixtures_count: int | None = Field(
        None,
        ge=1,
        description="Mixtures of a design scrambled, spread or d_optimal; absent: 4m + 1.",
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
    cpus: float = Field(1.0, ge=0, allow_inf_nan=False, description="CPUs of one probe.")
    gpus: float = Field(
        0.0, ge=0, allow_inf_nan=False, description="GPUs of one probe; a fraction packs several."
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
        2, ge=0, description="How often a probe is run again when its worker or node was lost."
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

    @model_validator(mode="after")
    def _one_design(self) -> "ProbesConfig":
        if self.lattice is not None and self.design not in (None, "lattice"):
            raise ValueError(
                f"lattice: {self.lattice} asks for a lattice, design: {self.design} for another "
                "design; drop one of them"
            )
        if self.mixtures_count is not None and (self.lattice or self.design in SIZED_DESIGNS):
            raise ValueError(
                "mixtures_count sizes the designs scrambled, spread and d_optimal; a lattice is "
                "sized by its levels (lattice: 4), centroids by the number of providers"
            )
        return self

    @property
    def seed_list(self) -> tuple[int, ...]:
        return tuple(range(self.seeds)) if isinstance(self.seeds, int) else self.seeds


class SelectionConfig(Config):
    """What to buy: the size, the money, and how the mixture is searched."""

    size: int = Field(ge=1, description="Samples to buy in all: N_s.")
    budget: float | None = Field(
        None, ge=0, allow_inf_nan=False, description="Most money to spend; absent: no limit."
    )
    predictor: str = Field(
        "auto",
        description="Predictor joined over the scales: auto (gp), least_error (cross-validated), "
        "or any name of the registry, which is then used instead of joint.",
    )
    projection: Literal["auto", "joint", "eq3", "saturating", "none"] = Field(
        "auto",
        description="Model of the scales; auto: joint, of three scales or more the one of least "
        "error on the largest scale held out.",
    )
    starts: int = Field(32, ge=1, description="Random starts of the search, beside fixed ones.")

    @model_validator(mode="after")
    def _models_agree(self) -> "SelectionConfig":
        known = (*RULES, *PREDICTORS)
        if self.predictor not in known:
            raise ValueError(
                f"predictor: there is no {self.predictor!r}; {nearest(self.predictor, known)}"
            )
        if self.projection == "joint" and self.predictor != "auto":
            raise ValueError(
                f"the projection 'joint' fits all scales at once and joins no predictor; drop "
                f"predictor: {self.predictor}, or set projection: eq3"
            )
        return self

    @property
    def predictors(self) -> tuple[str, ...]:
        """The predictor asked for by name, if one was."""
        return () if self.predictor in RULES else (self.predictor,)


class StudyConfig(Config):
    """One study, as written in its YAML file."""

    name: str = Field(min_length=1, description="The study's name, in every table.")
    providers: tuple[ProviderConfig, ...] = Field(min_length=1, description="Who sells.")
    validation: SourceConfig | None = Field(
        None, description="The collector's validation set; absent when a driver passes arrays."
    )
    embedder: EmbedderConfig = Field(
        default_factory=EmbedderConfig, description="Samples → features, for the distance."
    )
    transport: TransportSettings = Field(
        default_factory=TransportSettings, description="Ground cost and optimal transport."
    )
    learner: LearnerConfig = Field(description="What is trained on a drawn set.")
    metric: str = Field("accuracy", description="The metric of a probe on the validation set.")
    probes: ProbesConfig = Field(description="Which probes are trained.")
    project: tuple[int, ...] = Field(
        (), description="Further sizes to project to, beside the scales and the size to buy."
    )
    selection: SelectionConfig = Field(description="What to buy.")

    @model_validator(mode="after")
    def _names_agree(self) -> "StudyConfig":
        names = [provider.name for provider in self.providers]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"providers need different names; listed more than once: {twice}")
        for mixture in self.probes.mixtures:
            for name in mixture:
                if name not in names:
                    raise ValueError(
                        f"a mixture names the provider {name!r}: {nearest(name, names)}"
                    )
        if any(size < 1 for size in self.project):
            raise ValueError(f"sizes to project to must be 1 or more; got {list(self.project)}")
        law = SCALE_MODELS.get(self.selection.projection)
        if law is not None and len(self.probes.scales) < law.fewest_scales:
            raise ValueError(
                f"the projection {law.name!r} needs {law.fewest_scales} or more scales; "
                f"got {list(self.probes.scales)}. Train another, a factor of 4 away, or set "
                "selection.projection to another"
            )
        if self.metric not in METRICS:
            raise ValueError(f"unknown metric {self.metric!r}; {nearest(self.metric, METRICS)}")
        return self


@dataclass(frozen=True)
class SetSummary:
    """What the checks and identities need to know of a pilot or the validation set.

    Attributes
    ----------
    name : the provider's, or "validation".
    size : number of samples, `n_i` or `v`.
    content_hash : of inputs and labels.
    input_shape : shape of one sample.
    target : classes, regression or none.
    classes : the classes that occur, sorted.
    """

    name: str
    size: int
    content_hash: str
    input_shape: tuple[int, ...]
    target: Target
    classes: tuple[int, ...]

    @staticmethod
    def of(name: str, samples: Samples) -> "SetSummary":
        classes: list[int] = []
        if samples.target == "classes" and samples.labels is not None:
            classes = np.unique(samples.labels).tolist()
        return SetSummary(
            name=name,
            size=len(samples),
            content_hash=samples.content_hash,
            input_shape=tuple(samples.inputs.shape[1:]),
            target=samples.target,
            classes=tuple(classes),
        )


@dataclass(frozen=True)
class Probe:
    """One training: (mixture, size, seed) → metric."""

    mixture_id: str
    mixture: tuple[float, ...]
    size: int
    seed: int
    learner: str
    metric: str

    @property
    def key(self) -> tuple[str, int, int, str, str]:
        """The ledger's key of this probe."""
        return (self.mixture_id, self.size, self.seed, self.learner, self.metric)

    @property
    def label(self) -> str:
        """What names this probe within its study: MIXTURE:SIZE:SEED."""
        return f"{self.mixture_id}:{self.size}:{self.seed}"


@dataclass(frozen=True, eq=False)
class Study:
    """A configuration resolved against the pilots: all that the stages need to know.

    Attributes
    ----------
    providers : sorted by name; `m` of them.
    pilots : their summaries, in the same order.
    mixtures : the design, shape (B, m).
    """

    config: StudyConfig
    providers: tuple[Provider, ...]
    pilots: tuple[SetSummary, ...]
    validation: SetSummary
    mixtures: NDArray[np.float64]

    @cached_property
    def mixture_ids(self) -> tuple[str, ...]:
        """Identities of the design's mixtures."""
        return tuple(self.identify(mixture) for mixture in self.mixtures)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(provider.name for provider in self.providers)

    @property
    def metric(self) -> Metric:
        return METRICS[self.config.metric]

    @property
    def pilot_sizes(self) -> NDArray[np.int64]:
        """n_i, shape (m,)."""
        return np.array([pilot.size for pilot in self.pilots], dtype=np.int64)

    @property
    def scales(self) -> tuple[int, ...]:
        return self.config.probes.scales

    def check_projectable(self) -> None:
        """Refuse to project from one scale, unless its value is asked for as it is.

        Raises
        ------
        InputError
            If there is one scale, and it is not the size to buy.
        """
        asked, scales = self.config.selection, self.scales
        if len(scales) == 1 and asked.size != scales[0] and asked.projection != "none":
            raise InputError(
                f"probes are asked for at one scale only, {scales[0]:,}; what {asked.size:,} "
                "samples are worth cannot be projected from it. Add a scale to probes.scales, a "
                f"factor of 4 away, or buy {scales[0]:,}, or set selection.projection: none to "
                f"take the value at {scales[0]:,} as it is"
            )

    @property
    def sizes(self) -> tuple[int, ...]:
        """Every size that is projected to: the scales, what was asked for, the size to buy."""
        asked = {*self.scales, *self.config.project, self.config.selection.size}
        return tuple(sorted(asked))

    def identify(self, mixture: NDArray[np.float64]) -> str:
        """Identity of any mixture of this study's pilots."""
        return mixture_id(mixture, [(pilot.name, pilot.content_hash) for pilot in self.pilots])

    def wanted_probes(self) -> list[Probe]:
        """Every probe that the study asks for, largest first, so that no long one starts last."""
        return [
            Probe(
                identity,
                tuple(mixture.tolist()),
                size,
                seed,
                self.config.learner.name,
                self.config.metric,
            )
            for size in sorted(self.scales, reverse=True)
            for seed in self.config.probes.seed_list
            for identity, mixture in zip(self.mixture_ids, self.mixtures, strict=True)
        ]

    @cached_property
    def probes_stamp(self) -> Stamp:
        """Of the probes: the learner, its settings and code, and the validation set."""
        made_by = digest("probes", self.config.learner.identity(), self.validation.content_hash)
        return Stamp(self.config.name, self.names, made_by)

    @cached_property
    def distances_stamp(self) -> Stamp:
        """Of the distances: embedder, ground cost, validation, all pilots (they set the unit)."""
        made_by = digest(
            "distances",
            self.config.transport.model_dump(mode="json"),
            self.config.embedder.identity(),
            self.validation.content_hash,
            [[pilot.name, pilot.content_hash] for pilot in self.pilots],
        )
        return Stamp(self.config.name, self.names, made_by)

    @cached_property
    def results_stamp(self) -> Stamp:
        """Of what is computed from the ledgers: the whole configuration on these data."""
        made_by = digest(
            self.config.model_dump(mode="json", exclude={"providers", "validation"}),
            [[one.name, one.capacity, one.price, *one.tiers] for one in self.providers],
            self.probes_stamp.made_by,
            self.distances_stamp.made_by,
        )
        return Stamp(self.config.name, self.names, made_by)


def resolve(config: StudyConfig, pilots: Sequence[SetSummary], validation: SetSummary) -> Study:
    """The study that a configuration asks for, given what the pilots hold; every check is here.

    Raises
    ------
    InputError
        If the pilots and the validation set cannot be used together, or cannot give the largest
        mixture that the design asks of them.
    """
    pilots = tuple(sorted(pilots, key=lambda pilot: pilot.name))
    by_name = {provider.name: provider for provider in config.providers}
    providers = tuple(by_name[pilot.name].sold_by() for pilot in pilots)
    _check_sets(pilots, validation, METRICS[config.metric])
    names = [pilot.name for pilot in pilots]
    mixtures = _design(config.probes, names)
    study = Study(config, providers, pilots, validation, mixtures)
    if not config.probes.replacement:
        _check_pilots_suffice(study)
    return study


def _design(probes: ProbesConfig, names: Sequence[str]) -> NDArray[np.float64]:
    listed: list[Mapping[str, float]] = list(probes.mixtures)
    rows = [np.array([mixture.get(name, 0.0) for name in names]) for mixture in listed]
    design = check_mixtures(np.array(rows), len(names)) if rows else np.empty((0, len(names)))
    if probes.lattice or probes.design or probes.mixtures_count or not rows:
        design = np.vstack([_placed(probes, len(names)), design])
    return distinct(design)


def _placed(probes: ProbesConfig, providers: int) -> NDArray[np.float64]:
    """The mixtures that a design places; a lattice is the default up to 4 providers only."""
    by_default = "spread" if providers > LARGEST_GRID or probes.mixtures_count else "lattice"
    design = probes.design or ("lattice" if probes.lattice else by_default)
    if design == "lattice":
        return simplex_lattice(providers, probes.lattice or _default_levels(providers))
    if design == "centroids":
        return centroids(providers)
    return design_of(design, providers, probes.mixtures_count or default_count(providers))


def _default_levels(providers: int) -> int:
    levels = 1
    while math.comb(levels + providers, providers - 1) <= LARGEST_DEFAULT_LATTICE and providers > 1:
        levels += 1
    return levels


def _check_sets(pilots: Sequence[SetSummary], validation: SetSummary, metric: Metric) -> None:
    if validation.size == 0:
        raise InputError("the validation set is empty; it needs labelled samples to measure on")
    for pilot in pilots:
        if pilot.size == 0:
            raise InputError(f"provider {pilot.name!r} has revealed no samples; drop it or ask")
        if pilot.input_shape != validation.input_shape:
            raise InputError(
                f"provider {pilot.name!r} has samples of shape {pilot.input_shape}, the validation "
                f"set {validation.input_shape}; all must have the same width"
            )
        if pilot.target != validation.target:
            raise InputError(
                f"provider {pilot.name!r} has labels of the kind {pilot.target!r}, the validation "
                f"set {validation.target!r}; set `target` in the sources so that all agree"
            )
    if metric.target != validation.target:
        raise InputError(
            f"the metric {metric.name!r} needs labels of the kind {metric.target!r}; the sets have "
            f"{validation.target!r}"
        )
    if validation.target == "classes":
        revealed = sorted({c for pilot in pilots for c in pilot.classes})
        for whose, classes in [
            ("the validation set", validation.classes),
            ("all pilots", revealed),
        ]:
            if len(classes) < 2:
                raise InputError(
                    f"{whose} hold one class only ({classes[0]}); there is nothing to learn. Check "
                    "the label column and the filters of the sources"
                )


def _check_pilots_suffice(study: Study) -> None:
    size, sizes = max(study.scales), study.pilot_sizes
    for mixture in study.mixtures:
        asked = round_counts(mixture, size, study.names)
        short = np.flatnonzero(asked > sizes)
        if short.size:
            first = short[0]
            feasible = min(largest_feasible_size(p, sizes) for p in study.mixtures)
            raise InputError(
                f"provider {study.names[first]!r} has revealed {sizes[first]} samples, but a "
                f"mixture asks {asked[first]} of it at scale {size}. The largest feasible scale is "
                f"{feasible}; use it, list mixtures with less of this provider, or set "
                "probes.replacement: true"
            )
