"""A study resolved against the pilots: what its stages need to know."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data import embedder_identity
from projektor_ray.designs.drawing import largest_feasible_size
from projektor_ray.designs.mixtures import distinct, mixture_id
from projektor_ray.errors import InputError, TooFewProbesError
from projektor_ray.learners import learner_family, learner_identity
from projektor_ray.learners.metrics import METRICS, Metric
from projektor_ray.predictors import PREDICTORS
from projektor_ray.selection import Provider
from projektor_ray.selection.aggregation import Aggregation
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.hashing import digest
from projektor_ray.storage.table_metadata import TableMetadata
from projektor_ray.study.compatibility import ForeignLabels, foreign_labels
from projektor_ray.study.config import StudyConfig
from projektor_ray.study.placement import (
    Adaptive,
    max_purchase_size,
    size_bounds,
)
from projektor_ray.study.probe import Probe
from projektor_ray.study.second_stage import SecondStage
from projektor_ray.study.validation_sets import UNNAMED, SetSummary

SIMPLEST_PREDICTOR = "cs"
"""The predictor that needs fewest probes: with fewer, no study can be fitted."""
ELSEWHERE: dict[str, Any] = {
    "providers": True,
    "validation": True,
    "validations": True,
    "defaults": True,
    "selection": {"aggregate"},
    "learner": {"family"},
}
"""Of a configuration, what the hash of its results takes in another form."""


@dataclass(frozen=True, eq=False)
class Study:
    """A configuration resolved against the pilots: all that the stages need to know.

    Attributes
    ----------
    providers : sorted by name; `m` of them.
    pilots : their summaries, in the same order.
    validations : summaries of the validation sets that every probe is measured on.
    mixtures : the design, shape (B, m); of an adaptive one, what is placed so far, in order.
    adaptive, second_stage : how the design goes on after trainings; None where it does not.
    base : mixtures that were trained before providers joined or left, (b, m), see
        `study.base_design`; the design begins with them, unless the study's file lists it whole.
    budget : samples to train on that the scales and mixtures were made from, if any.
    plans, plan_sizes : mixtures of the second stage, (b, m), and at which sizes they are trained.
    first_validation : the first set of the whole study that this one is a part of; None where this
        is the whole one.
    """

    config: StudyConfig
    providers: tuple[Provider, ...]
    pilots: tuple[SetSummary, ...]
    validations: tuple[SetSummary, ...]
    mixtures: Floats
    adaptive: Adaptive | None
    second_stage: SecondStage | None
    base: Floats
    budget: int | None = None
    plans: Floats | None = None
    plan_sizes: tuple[int, ...] = ()
    first_validation: SetSummary | None = None

    @cached_property
    def each(self) -> tuple["Study", ...]:
        """A study for each validation set, which is the same but for measuring on that set alone.

        What is measured and fitted for a set does not depend on the others; what is trained does
        where learners see embedded samples, by the embedder of the first set.
        """
        return tuple(self.on([one.name]) for one in self.validations)

    def on(self, names: Sequence[str]) -> "Study":
        """The study of the validation sets of these names."""
        chosen = tuple(one for one in self.validations if one.name in names)
        first = self.first_validation or self.validations[0]
        return replace(self, validations=chosen, first_validation=first)

    @property
    def validation(self) -> SetSummary:
        """The validation set of a study that has one."""
        (only,) = self.validations
        return only

    @property
    def foreign_labels(self) -> list[ForeignLabels]:
        """The labels that no validation set has, of each provider with any."""
        return foreign_labels(self.pilots, self.validations)

    @property
    def set_name(self) -> str:
        """Of the one validation set, where it has a name; else empty."""
        named = [one.name for one in self.validations if one.name != UNNAMED]
        return named[0] if len(named) == len(self.validations) == 1 else ""

    @property
    def goal(self) -> str:
        """What is predicted, in words: the metric, on which set, or what of several sets."""
        if len(self.validations) > 1:
            return f"{self.config.selection.aggregate_name} {self.config.metric}"
        return f"{self.config.metric} on {self.set_name}" if self.set_name else self.config.metric

    @property
    def aggregation(self) -> Aggregation | None:
        """The aggregation over several validation sets; None where the study has one set."""
        names = [one.name for one in self.validations]
        return self.config.selection.aggregation(names, self.metric.direction)

    @cached_property
    def mixture_ids(self) -> tuple[str, ...]:
        """Identities of the design's mixtures."""
        return tuple(self.identify(mixture) for mixture in self.mixtures)

    @property
    def candidates(self) -> Floats:
        """What mixtures are chosen from after trainings, shape (q, m)."""
        grows = self.adaptive or self.second_stage
        return np.empty((0, len(self.names))) if grows is None else grows.candidates

    @cached_property
    def candidate_ids(self) -> tuple[str, ...]:
        """Identities of the candidates."""
        return tuple(self.identify(one) for one in self.candidates)

    @property
    def probes_each(self) -> int:
        """Probes of one mixture: scales × seeds."""
        return len(self.scales) * len(self.config.probes.seed_list)

    @property
    def open_probes(self) -> int:
        """How many probes may still be placed after trainings, at most."""
        return len(self.open_sizes)

    @property
    def open_sizes(self) -> list[int]:
        """Sizes of the probes that may still be placed after trainings, at most."""
        if self.second_stage is not None and self.plans is None:
            return self.second_stage.open_sizes
        if self.adaptive is None:
            return []
        more = max(self.adaptive.most - len(self.mixtures), 0)
        return list(self.scales) * len(self.config.probes.seed_list) * more

    @property
    def measured(self) -> Floats:
        """The mixtures whose distances are needed: candidates and placed, shape (B', m)."""
        plans = [] if self.plans is None else [self.plans]
        return distinct(np.vstack([self.candidates, self.mixtures, *plans]))

    def grown(self, mixtures: Floats, sizes: Sequence[int] = ()) -> "Study":
        """The study with more mixtures placed, shape (b, m); with sizes, as its second stage."""
        if sizes:
            return replace(self, plans=mixtures, plan_sizes=tuple(sizes))
        return replace(self, mixtures=distinct(np.vstack([self.mixtures, mixtures])))

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

    @property
    def largest_scale(self) -> int | None:
        """The largest size at which the pilots suffice for every mixture; None: any size."""
        if self.config.probes.replacement:
            return None
        return min(largest_feasible_size(mixture, self.pilot_sizes) for mixture in self.mixtures)

    @cached_property
    def max_size(self) -> int:
        """The most samples that a plan may have: the size to buy, else what bounds an open size."""
        return max_purchase_size(self.config, self.providers)

    @property
    def size_bounds(self) -> tuple[int, int | None]:
        """The fewest and the most samples for which the metric can be predicted."""
        return size_bounds(self.config)

    def check_projectable(self) -> None:
        """Refuse to project from one scale, or downwards, unless a value is taken as it is.

        Raises
        ------
        InputError
            If the size to buy is below the smallest scale, or there is no other scale.
        """
        projection, size, scales = self.config.selection.projection, self.max_size, self.scales
        if len(scales) > 1 and size < scales[0] and projection != "none":
            raise InputError(
                f"the size to buy, {size:,}, is below the smallest scale, {scales[0]:,}, "
                "where no probe is trained. Train a smaller scale (probes.scales), buy "
                f"{scales[0]:,} or more, or set selection.projection: none to take the value at "
                f"{scales[-1]:,} as it is"
            )
        if len(scales) == 1 and size != scales[0] and projection != "none":
            raise InputError(
                f"there is one scale only, {scales[0]:,}; the metric of {size:,} samples cannot be "
                "projected from it. Add a scale to probes.scales, a "
                f"factor of 4 away, or buy {scales[0]:,}, or set selection.projection: none to "
                f"take the value at {scales[0]:,} as it is"
            )

    def check_fittable(self) -> None:
        """Refuse a design from which the predictor that is asked for could not be fitted.

        Raises
        ------
        TooFewProbesError
            If it needs more probes at each scale; says which predictors would do.
        InputError
            If the design has one mixture only.
        """
        mixtures, seeds, m = len(self.mixtures), len(self.config.probes.seed_list), len(self.names)
        more = "Ask for more: probes.lattice, probes.n_mixtures or probes.mixtures"
        if mixtures == 1 and m > 1:
            raise InputError(
                f"the design has one mixture of {m} providers, which does not show how the "
                f"metric depends on the shares. {more}"
            )
        predictors = self.config.selection.predictors or (SIMPLEST_PREDICTOR,)
        needed = max(PREDICTORS[name].fewest_probes(m) for name in predictors)
        count = mixtures * seeds
        if count < needed:
            doing = [name for name, kind in PREDICTORS.items() if kind.fewest_probes(m) <= count]
            other = f"; or use a predictor that does with these: {', '.join(doing)}"
            raise TooFewProbesError(
                f"the predictor {predictors[0]!r} needs at least {needed} probes at each scale; "
                f"the study asks for {count}: {mixtures} mixtures × {seeds} seeds. {more}"
                + (other if doing else "")
            )

    @property
    def sizes(self) -> tuple[int, ...]:
        """Every size that is projected to: the scales, `projection_sizes`, and the most to buy."""
        sizes = {*self.scales, *self.config.projection_sizes, self.max_size}
        return tuple(sorted(sizes))

    def identify(self, mixture: Floats) -> str:
        """Identity of any mixture of this study's pilots."""
        return mixture_id(mixture, [(pilot.name, pilot.content_hash) for pilot in self.pilots])

    @cached_property
    def learner_family(self) -> str:
        """How the learner's accuracy grows beyond the largest scale."""
        return learner_family(self.config.learner)

    def wanted_probes(self) -> list[Probe]:
        """Every probe that the study asks for, largest first, so that no long one starts last."""
        placed = [
            (identity, mixture, size, seed)
            for size in self.scales
            for seed in self.config.probes.seed_list
            for identity, mixture in zip(self.mixture_ids, self.mixtures, strict=True)
        ]
        plans = [] if self.plans is None else zip(self.plans, self.plan_sizes, strict=True)
        first_seed = self.config.probes.seed_list[0]
        placed += [(self.identify(plan), plan, size, first_seed) for plan, size in plans]
        learner, metric = self.config.learner.name, self.config.metric
        probes = [
            Probe(identity, tuple(mixture.tolist()), size, seed, learner, metric)
            for identity, mixture, size, seed in placed
        ]
        return sorted(dict.fromkeys(probes), key=lambda probe: -probe.size)

    @cached_property
    def probes_metadata(self) -> TableMetadata:
        """Of the probes: the learner, its settings and code, what it sees, the validation set."""
        learner, own, seen = self.config.learner, self.validation.content_hash, []
        if learner.input == "embedded":
            fitted_to = (self.first_validation or self.validation).content_hash
            seen = [embedder_identity(self.config.embedder), *([fitted_to] * (fitted_to != own))]
        return self._metadata(digest("probes", learner_identity(learner), own, *seen))

    def _metadata(self, input_hash: str) -> TableMetadata:
        return TableMetadata(self.config.name, self.names, input_hash, self.set_name)

    @cached_property
    def distances_metadata(self) -> TableMetadata:
        """Of the distances: embedder, ground cost, validation, all pilots (they set the unit)."""
        input_hash = digest(
            "distances",
            self.config.transport.model_dump(mode="json"),
            embedder_identity(self.config.embedder),
            self.validation.content_hash,
            [[pilot.name, pilot.content_hash] for pilot in self.pilots],
        )
        return self._metadata(input_hash)

    @cached_property
    def results_metadata(self) -> TableMetadata:
        """Of what is computed from the ledgers: the whole configuration on these data."""
        input_hash = digest(
            self.config.model_dump(mode="json", exclude=ELSEWHERE),
            self.learner_family,
            [[one.name, one.capacity, one.price, *one.tiers] for one in self.providers],
            [[name, *astuple(own)] for name, own in sorted(self.config.terms.items())],
            *(
                x.input_hash
                for one in self.each
                for x in (one.probes_metadata, one.distances_metadata)
            ),
            *([] if self.aggregation is None else [repr(self.aggregation)]),
            *([["base", *map(self.identify, self.base)]] if len(self.base) else []),
        )
        return self._metadata(input_hash)
