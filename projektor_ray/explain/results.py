"""The numbers of a finished study or table of runs: trainings, models, plans, profiles."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from projektor_ray.explain.facts import Fact
from projektor_ray.explain.formatting import (
    FINER,
    MARGINAL_VALUE_DIGITS,
    MetricText,
    changes,
    decimals_from_intervals,
    rounded,
    sample_step,
    shares_text,
)
from projektor_ray.explain.short_labels import labels, short
from projektor_ray.predictors import ProbeArrays
from projektor_ray.projection.cross_validation import CrossValidation
from projektor_ray.selection import Direction, Plan, Provider, PurchasePlans
from projektor_ray.selection.gains import Gain
from projektor_ray.storage.array_types import Floats

if TYPE_CHECKING:
    from projektor_ray.explain.design_settings import DesignSettings
    from projektor_ray.profiles import ProviderProfile, Thumbnail

LONGEST_METRIC = 34
BEYOND = 2.0
"""Curves go on to so many times the size to buy."""
NEEDED = "needed"
"""Is a provider without whom no plan keeps the constraints."""

FIRST_PART = 4
"""The part of a plan to buy first, where the projection is far: a fourth."""


def first_part(size: int, largest_scale: int) -> int:
    """Samples to buy first of a plan that is far beyond the trainings."""
    return max(largest_scale, size // FIRST_PART)


@dataclass(frozen=True, eq=False)
class Curve:
    """A mixture's metric against the size: `sizes`, `values` (s,) and `interval` (s, 2)."""

    name: str
    sizes: Floats
    values: Floats
    interval: Floats

    def at(self, size: float) -> tuple[float, float, float]:
        """Value, low and high at a size between two of the curve's."""
        columns = (self.values, *self.interval.T)
        value, low, high = (
            float(np.interp(np.log(size), np.log(self.sizes), column)) for column in columns
        )
        return value, low, high


def grows(curves: Sequence[Curve], size: int) -> bool:
    """Whether the model of the first curve says what more samples bring than `size`."""
    return any(one.at(size)[0] != one.at(BEYOND * size)[0] for one in curves[:1])


@dataclass(frozen=True, eq=False)
class ModelPrediction:
    """What a model of all sizes says at the size to buy.

    Attributes
    ----------
    model : its name.
    decides : whether the plan is by this model.
    value, low, high : of the selected plan, and its 90 % interval.
    gain : by how much the selected plan is better than the uniform one.
    """

    model: str
    decides: bool
    value: float
    low: float
    high: float
    gain: float


@dataclass(frozen=True, eq=False)
class Surface:
    """The metric at the size to buy over the simplex: mixtures (B, 3), values (B,)."""

    mixtures: Floats
    values: Floats


@dataclass(frozen=True, eq=False)
class Results:
    """Everything that is known of a result; what terminal, page and service show.

    Attributes
    ----------
    title : of the page.
    metric, direction : what is bought for, and whether more of it is better.
    cross_validation : the finished probes, and what is predicted for each.
    measured : whether their mixtures' distances to validation are known.
    predictors : rows `predictor, on, size, mae, mae_cv, r2, chosen`; `on` says which validation
        set, where there are several.
    errors_of : what the errors in these rows are of: the metric or its logarithm.
    bought : the selected plan and others, `uniform` among them.
    curves : of some plans' mixtures, by the model that decides; none where there is one scale.
    other_models : of the selected mixture, by the other models.
    opinions : of every model, the one that decides first.
    marginal_values : change of the metric for `step` samples more of each provider, (m,); where the
        model does not say what more samples bring, of samples in place of others.
    surface : for three providers.
    reasons : why this model, and how far it reaches; a sentence each.
    notes : what is known to be amiss with the trainings; a sentence each.
    profiles : of the providers, where there are pilots, by validation set.
    thumbnails : of samples to look at, where they are images, by validation set.
    far : runs that are far from all others.
    source : whether the trainings are a study's, or a table of somebody's runs.
    largest_scale : the largest size at which the pilots allow to train every mixture; None where
        they set no limit, or there are none.
    interface : where the plan is requested, so that advice names the options of that place: a study
        file, the command `projektor`, a request to Python or the service, or the service's page.
    design : what a study's file says of its design, so that advice fits it; None for a table.
    read : how somebody's table was read, a part for each role; of a study a line for each set.
    """

    title: str
    metric: str
    direction: Direction
    cross_validation: CrossValidation
    measured: bool
    predictors: Sequence[Mapping[str, Any]]
    errors_of: str
    bought: PurchasePlans
    curves: tuple[Curve, ...]
    other_models: tuple[Curve, ...]
    opinions: tuple[ModelPrediction, ...]
    marginal_values: Floats
    surface: Surface | None
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    profiles: Mapping[str, tuple["ProviderProfile", ...]] = field(default_factory=dict)
    thumbnails: Mapping[str, tuple["Thumbnail", ...]] = field(default_factory=dict)
    far: tuple[Fact, ...] = ()
    source: Literal["study", "table"] = "table"
    largest_scale: int | None = None
    interface: Literal["study_file", "command", "request", "page"] = "request"
    design: "DesignSettings | None" = None
    read: tuple[str, ...] = ()

    @property
    def probes(self) -> ProbeArrays:
        """The finished probes."""
        return self.cross_validation.probes

    @property
    def largest_size(self) -> int:
        """The largest size of a finished probe that models are fitted to, of a plan, too."""
        return self.probes.scales[-1]

    @property
    def providers(self) -> tuple[Provider, ...]:
        """m of them, with prices and capacities."""
        return self.bought.providers

    @property
    def names(self) -> tuple[str, ...]:
        """Of the providers, as they are."""
        return tuple(provider.name for provider in self.providers)

    @property
    def selected(self) -> Plan:
        return self.bought.selected

    @property
    def plans(self) -> Mapping[str, Plan]:
        """By name, without those that buy what an earlier one does."""
        return self.bought.distinct

    @property
    def without(self) -> Mapping[str, Plan | None]:
        """The best plans that leave a provider out, by its name; None where there is none."""
        return self.bought.without

    @property
    def gains(self) -> Mapping[str, Gain]:
        """Of the selected plan over each of the other `plans`, by their names."""
        return {name: gain for name, gain in self.bought.gains.items() if name in self.plans}

    def measurable(self, gain: Gain) -> bool:
        """Whether a gain is one: its interval is above 0, and it does not round to nothing."""
        return gain.low > 0 and rounded(gain.value, self.decimals) > 0

    @property
    def every_profile(self) -> Iterator[tuple["ProviderProfile", str]]:
        """Every profile, and the name of its validation set where there are several."""
        for name, profiles in self.profiles.items():
            of_set = f" ({name})" if len(self.profiles) > 1 else ""
            yield from ((profile, of_set) for profile in profiles)

    @property
    def labels(self) -> tuple[str, ...]:
        """Of the providers, short."""
        return labels(self.names)

    def short_label(self, plan: str) -> str:
        """What people call a plan, with the short name of the provider that it is named after."""
        provider = self.bought.max_provider
        name = self.bought.label(plan)
        if provider is None or name != f"max {provider}":
            return name
        return f"max {self.labels[self.names.index(provider)]}"

    @property
    def metric_label(self) -> str:
        """The metric's name, short."""
        return short(self.metric.rpartition("/")[2] or self.metric, LONGEST_METRIC)

    @property
    def sign(self) -> float:
        """1 where more of the metric is better, else −1."""
        return 1.0 if self.direction == "maximize" else -1.0

    @property
    def step(self) -> int:
        """How many samples more of a provider are valued."""
        return sample_step(self.selected.size)

    @property
    def grows(self) -> bool:
        """Whether the model says what more samples bring."""
        return grows(self.curves, self.selected.size)

    @property
    def instead(self) -> str:
        """What becomes of the plan where samples are added to it, in words."""
        return "on top" if self.grows else "in place of as many of the plan’s mixture"

    @property
    def distance_correlations(self) -> dict[int, float]:
        """Pearson's correlation of metric and distance at each size; where both vary."""
        correlations = {}
        for size in self.probes.scales if self.measured else ():
            at = self.probes.at(size)
            if np.ptp(at.distances) > 0 and np.ptp(at.values) > 0:
                correlations[size] = float(np.corrcoef(at.distances, at.values)[0, 1])
        return correlations

    @property
    def metric_text(self) -> MetricText:
        """How values of the metric are written."""
        return MetricText(self.metric_label, self.direction, self.decimals)

    def shares_text(self, mixture: Floats, most: int = 4) -> str:
        """`high-digits 38%, low-digits 38%, …`: the largest shares of 1% or more."""
        return shares_text(self.labels, mixture, most)

    @property
    def decimals(self) -> int:
        """Of a metric: as many as its uncertainty makes sense of."""
        return decimals_from_intervals([plan.interval for plan in self.bought.plans.values()])

    @property
    def shown_marginal_values(self) -> Sequence[str]:
        """What `step` samples more of each provider are worth, m of them."""
        return changes(self.marginal_values.tolist(), MARGINAL_VALUE_DIGITS, self.decimals + FINER)

    def show_without(self, name: str) -> str:
        """How the metric of the best plan changes if a provider is left out."""
        if name not in self.without:
            return "–"
        other = self.without[name]
        if other is None:
            return NEEDED
        return self.metric_text.change(other.predicted - self.selected.predicted)
