"""A provider that no probe was trained with: a finished study's models, carried over to it.

The models see a mixture by its shares, its distance to the validation set, and the classes that its
providers hold. All three are known of a new provider from its pilot. The study's model is fitted
again to the same probes, in whose mixtures the new provider has the share 0: its trend in the
distance holds for the new provider as for the others, and its Gaussian process over the shares
returns to the trend, and its variance grows, as the new share grows. A polynomial of the shares
knows nothing of a new share, and is not used.

How far such predictions are off is measured on the study's own providers: each is left out in turn,
with all mixtures that hold any of it, and predicted as a new one is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from projektor_ray.errors import InputError
from projektor_ray.predictors import ProbeArrays, student_quantile
from projektor_ray.predictors.blas_threads import one_blas_thread
from projektor_ray.projection import Joint, JointPower
from projektor_ray.projection.choose import FittedModels, model_names
from projektor_ray.projection.no_projection import NoProjection
from projektor_ray.projection.per_scale import PerScale
from projektor_ray.projection.scale_model import ScaleModel
from projektor_ray.selection import Plan
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.settings import parse
from projektor_ray.study.config import StudyConfig
from projektor_ray.study.fitted import FittedStudy
from projektor_ray.study.fitting import class_shares
from projektor_ray.study.interpolated import candidate_mixtures, error_bound
from projektor_ray.study.predictions import LEVEL, Purchase
from projektor_ray.study.provider_config import ProviderConfig, like_names
from projektor_ray.study.purchasing import SetFit
from projektor_ray.study.study import Study
from projektor_ray.study.validation_sets import SetSummary
from projektor_ray.transport import DistanceFunction, InterpolatedDistances, refine

KNOW_DISTANCES = ("cs", "gp")
"""Predictors that say something of a provider that they were not fitted to."""
NORMAL = float(ndtri(0.5 + LEVEL / 2))
"""Half the width of a normal distribution's interval, in standard deviations."""
MOST_LEFT_OUT = 8
"""Providers that are left out in turn."""
FEWEST_MIXTURES = 4
"""That must remain where a provider is left out: three numbers of the trend, and one to err by."""
MOST_PAIRS = 24
MOST_MEASURED = 40
MOST_ROUNDS = 3
SOME = 0.02
"""Share of a new provider from which a mixture is measured for the interpolation."""

Measure = Mapping[str, DistanceFunction]
"""By validation set: mixtures (B, m + 1), the new provider last → their distances."""


@dataclass(frozen=True)
class LeftOutProvider:
    """A provider of the study, predicted as if no probe had been trained with it.

    Attributes
    ----------
    name : of the provider.
    error : root mean square error of the metric of the mixtures that hold it, at the largest scale.
    ratio : the same in standard deviations that the model itself gave, root mean square.
    """

    name: str
    error: float
    ratio: float


LeftOut = Mapping[str, tuple[LeftOutProvider, ...]]
"""By validation set."""


@dataclass(frozen=True, eq=False)
class WithNewProvider:
    """A study to which a provider was added without training.

    Attributes
    ----------
    study : over m + 1 providers, the new one last.
    left_out : what predictions of a new provider missed, by validation set; empty where the study
        has too few providers to tell.
    distances_confirmed : whether the distances at a plan of `confirmed` were interpolated rightly.
    """

    study: FittedStudy
    left_out: LeftOut
    distances_confirmed: bool = True

    @property
    def name(self) -> str:
        """Of the new provider."""
        return self.study.providers[-1]

    @property
    def models(self) -> dict[str, str]:
        """Names of the models, by validation set."""
        return {one.study.validation.name: one.fitted.chosen for one in self.study.fits}

    @property
    def widening(self) -> float | None:
        """By what factor a model's interval is widened; None where that cannot be told.

        With z_j the ratios of the k providers left out, of the set where they are largest:
        `max(1, t_k · √(mean z_j²) / 1.64)`, t_k the 95 % quantile of Student's distribution with k
        degrees of freedom. The errors of one provider's mixtures are one error, so that providers
        count, not probes.
        """
        factors = [_widening([one.ratio for one in each]) for each in self.left_out.values()]
        known = [factor for factor in factors if factor is not None]
        return max(known) if known and len(known) == len(factors) else None

    def widened(self, value: float, interval: tuple[float, float]) -> tuple[float, float] | None:
        """An interval of the model around a value, as wide as the providers left out ask for."""
        factor = self.widening
        if factor is None:
            return None
        return value - factor * (value - interval[0]), value + factor * (interval[1] - value)


def _widening(ratios: list[float]) -> float | None:
    if not ratios:
        return None
    spread = float(np.sqrt(np.mean(np.square(ratios))))
    return max(1.0, student_quantile(LEVEL, len(ratios)) / NORMAL * spread)


def check_new_name(study: FittedStudy, name: str) -> None:
    """Refuse a name that a provider has already, or that differs by spaces or case alone.

    Raises
    ------
    InputError
        If one has.
    """
    if alike := like_names([*study.providers, name]):
        raise InputError(
            f"the study has a provider {alike[0]!r} already; got {name!r} for the new one. Choose "
            "another name: names that differ only by spaces or case count as the same"
        )


def with_new_provider(
    study: FittedStudy,
    pilot: SetSummary,
    offer: ProviderConfig,
    measure: Measure,
    left_out: LeftOut | None = None,
) -> WithNewProvider:
    """The study with a further provider, whose mixtures are measured and not trained.

    Parameters
    ----------
    left_out : what `left_out_of_each` gave for the study before; absent: it is computed.

    Raises
    ------
    InputError
        If the name is taken already.
    """
    check_new_name(study, offer.name)
    whole = _extended(study.study, pilot, offer)
    with one_blas_thread(len(study.fits[0].fitted.probes)):
        fits = tuple(
            _fit(fit, own, measure[own.validation.name])
            for fit, own in zip(study.fits, whole.each, strict=True)
        )
    extended = replace(study, record=replace(study.record, study=whole), fits=fits)
    return WithNewProvider(extended, left_out or left_out_of_each(study))


def confirmed(
    extended: WithNewProvider, measure: Measure, select: Callable[[FittedStudy], Plan]
) -> tuple[WithNewProvider, Plan]:
    """The plan that a search finds, once the distances at it are measured and not interpolated.

    The search is repeated while a distance at its plan was off by more than the interpolation may
    be: three times at most. `distances_confirmed` says whether the last plan's were right.
    """
    for _ in range(MOST_ROUNDS):
        plan = select(extended.study)
        fits = [
            _with_measured(fit, measure[fit.study.validation.name], plan.mixture[None])
            for fit in extended.study.fits
        ]
        is_right = all(fit is None for fit in fits)
        known = zip(fits, extended.study.fits, strict=True)
        study = replace(extended.study, fits=tuple(new or old for new, old in known))
        extended = replace(extended, study=study, distances_confirmed=is_right)
        if is_right:
            break
    return extended, plan


def left_out_of_each(study: FittedStudy) -> LeftOut:
    """What predictions of the study's own providers as new ones miss, by validation set."""
    with one_blas_thread(len(study.fits[0].fitted.probes)):
        return {fit.study.validation.name: left_out_providers(fit) for fit in study.fits}


def left_out_providers(fit: SetFit) -> tuple[LeftOutProvider, ...]:
    """Each provider predicted as a new one; those without which too few mixtures remain are not."""
    probes, names = fit.fitted.probes, fit.study.names
    m = len(names)
    chosen = np.unique(np.linspace(0, m - 1, min(m, MOST_LEFT_OUT)).round().astype(int))
    missed = []
    for i in chosen.tolist():
        rest = probes.take(probes.mixtures[:, i] == 0)
        if len(rest.groups()) < FEWEST_MIXTURES or rest.full_scales != probes.full_scales:
            continue
        try:
            model = _unfitted(fit, fit.study).fit_arrays(rest)
        except InputError:
            continue
        trained = probes.take(probes.mixtures[:, i] > 0)
        missed.append(_missed(names[i], model, trained, probes.full_scales[-1]))
    return tuple(missed)


def _missed(name: str, model: ScaleModel, probes: ProbeArrays, scale: int) -> LeftOutProvider:
    """What the model errs at mixtures with the provider that were trained at a scale."""
    at = probes.at(scale)
    where = (at.mixtures, at.distances, at.sizes[0])
    predicted, intervals = model.predict(*where), model.interval(*where, LEVEL)
    error = at.values - predicted
    side = np.where(error > 0, intervals[:, 1] - predicted, predicted - intervals[:, 0])
    deviation = side / NORMAL
    ratios = np.abs(error) / np.maximum(deviation, 1e-12)
    return LeftOutProvider(
        name, float(np.sqrt(np.mean(error**2))), float(np.sqrt(np.mean(ratios**2)))
    )


def _extended(study: Study, pilot: SetSummary, offer: ProviderConfig) -> Study:
    """The study with a further provider, last, of which no mixture of the design holds any."""
    config = study.config.model_dump(mode="json", exclude_unset=True)
    own = offer.model_dump(mode="json", exclude_unset=True, exclude={"source"})
    config["providers"] = [*config["providers"], own]
    return replace(
        study,
        config=parse(StudyConfig, config),
        providers=(*study.providers, offer.sold_by()),
        pilots=(*study.pilots, pilot),
        mixtures=_padded(study.mixtures),
        base=_padded(study.base),
        adaptive=None,
    )


def _padded(mixtures: Floats) -> Floats:
    return np.column_stack([mixtures, np.zeros(len(mixtures))])


def _unfitted(fit: SetFit, study: Study) -> ScaleModel:
    """The study's chosen model where it says something of a new provider, else the joint one."""
    model, bounds = fit.fitted.model, fit.runs.bounds
    if isinstance(model, JointPower):
        return type(model)(bounds, study.learner_family, class_shares(study))
    is_known = isinstance(model, PerScale) and model.predictor.name in KNOW_DISTANCES
    if is_known or isinstance(model, Joint):
        return model.unfitted()
    if len(study.scales) == 1:
        return NoProjection(KNOW_DISTANCES[-1], bounds)
    return JointPower(bounds, study.learner_family, class_shares(study))


def _fit(fit: SetFit, study: Study, measure: DistanceFunction) -> SetFit:
    """The model fitted again, with distances of mixtures that hold some of the new provider."""
    probes = fit.fitted.probes
    gradients = None if probes.gradients is None else _padded(probes.gradients)
    padded = replace(probes, mixtures=_padded(probes.mixtures), gradients=gradients)
    model = _unfitted(fit, study).fit_arrays(padded)
    runs = replace(
        fit.runs,
        providers=study.names,
        mixtures=_padded(fit.runs.mixtures),
        gradients=None if fit.runs.gradients is None else _padded(fit.runs.gradients),
    )
    predictor = model.predictor.name if isinstance(model, PerScale) else None
    chosen = model_names(predictor)[model.name]
    reason, far = fit.fitted.reason, fit.fitted.far
    models = FittedModels({chosen: model}, predictor, model.name, reason, {}, padded, far)
    return SetFit(study, models, runs, _interpolated(fit, models, measure))


def _interpolated(
    fit: SetFit, models: FittedModels, measure: DistanceFunction
) -> InterpolatedDistances:
    """Distances between the study's measured mixtures and as many with the new provider as it takes
    for the interpolation error to be negligible; see `refine`."""
    known, m = fit.distances, len(fit.study.names)
    assert isinstance(known, InterpolatedDistances)
    alone = np.eye(m + 1)[-1:]
    partners = np.eye(m + 1)[: min(m, MOST_PAIRS)]
    first = np.vstack([alone, (alone + partners) / 2])
    started = InterpolatedDistances.fit(
        np.vstack([_padded(known.mixtures), first]),
        np.append(known.distances, measure(first).value),
    )
    candidates = candidate_mixtures(m + 1)
    candidates = candidates[candidates[:, -1] > SOME]
    bound = error_bound(models, models.probes)[0]
    return refine(started, measure, candidates, bound, most=MOST_MEASURED).interpolated


def _with_measured(fit: SetFit, measure: DistanceFunction, mixtures: Floats) -> SetFit | None:
    """The fit with measured distances of mixtures; None where they were interpolated rightly."""
    known = fit.distances
    assert isinstance(known, InterpolatedDistances)
    measured = measure(mixtures).value
    bound = error_bound(fit.fitted, fit.fitted.probes)[0]
    if np.abs(measured - known(mixtures).value).max() <= bound:
        return None
    values = np.append(known.distances, measured)
    return replace(
        fit, distances=InterpolatedDistances.fit(np.vstack([known.mixtures, mixtures]), values)
    )


def purchase_of(study: FittedStudy, plan: Plan) -> Purchase:
    """A plan as a purchase of a study with as many or more providers, predicted by its models."""
    bought = zip(plan.names, plan.samples.tolist(), strict=True)
    return study.purchase({name: count for name, count in bought if count})
