"""The models that a study fits to its probes, and the one that projects and selects."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from projektor_ray.errors import InputError, TooFewProbesError
from projektor_ray.predictors import Predictor
from projektor_ray.projection import (
    Grouped,
    Joint,
    JointPower,
    LogLinear,
    NoProjection,
    Saturating,
    ScaleModel,
    decider,
    provider_groups,
)
from projektor_ray.projection.per_scale import PerScale
from projektor_ray.storage.arrays import Floats
from projektor_ray.study import SelectionConfig

ALWAYS_FITTED = ("cs", "pq", "gp")
DEFAULT_PREDICTOR = "gp"
DEFAULT_IN_SCALE = "ensemble"
"""What `auto` takes for an accuracy of one scale, where few enough providers allow it."""
GROUPED, JOINT_POWER, JOINT = "grouped", "joint_power", "joint"
JOINTS = (GROUPED, JOINT_POWER, JOINT)
"""Models of all scales at once, which join no predictor; the first that can be fitted is taken."""
EQ3, SATURATING, NO_PROJECTION = "eq3", "saturating", "none"
SCALES_TO_JUDGE = 3
"""How many scales it takes to hold one out and still see a slope."""


@dataclass(frozen=True, eq=False)
class Fit:
    """Every model fitted to the probes of a study, and the one that projects and selects.

    Attributes
    ----------
    models : by the name they have in the tables. A predictor's name: Eq. 3 over that predictor
        (with one scale: its value there). `grouped` (where there are fewer mixtures than
        providers), `joint_power`, `joint`, `saturating` and `none` (no projection): the models of
        that name, the latter two over `predictor`.
    predictor : name of the predictor that is joined over the scales.
    chosen : name of the model that projects and selects.
    reason : one sentence that says why.
    refused : why the other models could not be fitted, by name.
    """

    models: Mapping[str, ScaleModel]
    predictor: str
    chosen: str
    reason: str
    refused: Mapping[str, str]

    @property
    def model(self) -> ScaleModel:
        return self.models[self.chosen]

    @property
    def scales(self) -> tuple[int, ...]:
        return self.model.scales

    @property
    def predictors(self) -> dict[str, Mapping[int, Predictor]]:
        """Name → scale → the predictor fitted there."""
        return {
            name: model.predictors
            for name, model in self.models.items()
            if isinstance(model, PerScale) and name not in (SATURATING, NO_PROJECTION)
        }

    def decides(self, name: str) -> bool:
        """Whether the plan depends on what is fitted under this name."""
        return name == decider(self.model)


@dataclass(frozen=True, eq=False)
class Sample:
    """What is fitted: mixtures (k, m), distances (k,), sizes (k,), values (k,), and the bounds.

    Attributes
    ----------
    gradients : of the distances along the shares, (k, m).
    """

    mixtures: Floats
    distances: Floats
    gradients: Floats
    sizes: NDArray[np.int64]
    values: Floats
    bounds: tuple[float, float]

    def fit(self, model: ScaleModel) -> ScaleModel:
        return model.fit(self.mixtures, self.distances, self.sizes, self.values)


def fit_models(sample: Sample, asked: SelectionConfig, size: int) -> Fit:
    """Fit CS (Eq. 1), PQ (Eq. 2), `gp` and what was asked for; join them over the scales.

    Parameters
    ----------
    size : to buy; errors are compared as they are carried there.

    Raises
    ------
    TooFewProbesError
        If too few probes are done for every predictor, or for what was asked for.
    """
    scales = np.unique(sample.sizes)
    law: type[PerScale] = LogLinear if len(scales) > 1 else NoProjection
    in_scale = (DEFAULT_IN_SCALE,) if len(scales) == 1 and sample.bounds == (0.0, 1.0) else ()
    wanted = dict.fromkeys((*ALWAYS_FITTED, *in_scale, *asked.predictors))
    attempts: dict[str, Callable[[], ScaleModel]] = {
        name: partial(law, name, sample.bounds) for name in wanted
    }
    models, refused = _attempt(sample, attempts)
    if not models:
        counts = ", ".join(f"{np.count_nonzero(sample.sizes == s)} at {s}" for s in scales)
        raise TooFewProbesError(
            f"no predictor can be fitted to the probes that are done ({counts}): "
            + "; ".join(refused.values())
        )
    predictor, why = _choose_predictor(asked, size, models, refused)
    joined: dict[str, Callable[[], ScaleModel]] = {
        GROUPED: lambda: Grouped(provider_groups(sample.mixtures, sample.gradients), sample.bounds),
        JOINT: lambda: Joint(sample.bounds),
        SATURATING: lambda: Saturating(predictor, sample.bounds),
        NO_PROJECTION: lambda: NoProjection(predictor, sample.bounds),
    }
    if np.isfinite(sample.bounds).any():
        joined = {JOINT_POWER: lambda: JointPower(sample.bounds), **joined}
    more, refused_too = _attempt(sample, joined)
    models, refused = {**models, **more}, {**refused, **refused_too}
    chosen, reason = _choose_projection(asked, models, refused, predictor, why)
    if isinstance(grouped := models[chosen], Grouped):
        reason = f"{reason}; {grouped.said}"
    return Fit(models, predictor, chosen, reason, refused)


def _attempt(
    sample: Sample, attempts: Mapping[str, Callable[[], ScaleModel]]
) -> tuple[dict[str, ScaleModel], dict[str, str]]:
    models, refused = {}, {}
    for name, make in attempts.items():
        try:
            models[name] = sample.fit(make())
        except InputError as failure:
            refused[name] = str(failure)
    return models, refused


def carried_error(model: ScaleModel, size: int) -> float:
    """Cross-validated errors of the scales' predictors, amplified by the model's own weights.

    `√(Σ_s (w_s(N)·mae_cv_s)²)`; with one scale the error there.
    """
    assert isinstance(model, PerScale)
    errors = np.array([one.report.mae_cv for one in model.predictors.values()])
    return float(np.sqrt(np.sum((model.weights(size) * errors) ** 2)))


def _choose_predictor(
    asked: SelectionConfig,
    size: int,
    models: Mapping[str, ScaleModel],
    refused: Mapping[str, str],
) -> tuple[str, str]:
    carried = {name: carried_error(model, size) for name, model in models.items()}
    errors = ", ".join(f"{name} {error:.3g}" for name, error in carried.items())
    one_scale = all(len(model.scales) == 1 for model in models.values())
    where = "" if one_scale else f" carried to {size:,}"
    errors = f"cross-validated error{where}: {errors}"
    if asked.predictors:
        (name,) = asked.predictors
        if name not in models:
            raise TooFewProbesError(refused[name])
        return name, f"{name} was asked for ({errors})"
    for default in (DEFAULT_IN_SCALE, DEFAULT_PREDICTOR):
        if asked.predictor == "auto" and default in models:
            return default, f"{default} is the default ({errors})"
    best = min(carried, key=lambda name: carried[name])
    return best, f"{best} has the least error ({errors})"


def names_of_laws(predictor: str) -> dict[str, str]:
    """Projection → the name in `Fit.models` of its model, which Eq. 3 has from the predictor."""
    laws = (*JOINTS, EQ3, SATURATING, NO_PROJECTION)
    return {law: predictor if law == EQ3 else law for law in laws}


def _choose_projection(
    asked: SelectionConfig,
    models: Mapping[str, ScaleModel],
    refused: Mapping[str, str],
    predictor: str,
    why: str,
) -> tuple[str, str]:
    """Name of the model that projects and selects, and why."""
    scales = models[predictor].scales
    if len(scales) == 1:
        return NO_PROJECTION, f"one scale only, so the value there, by {predictor}: {why}"
    names = names_of_laws(predictor)
    if asked.projection != "auto":
        name = names[asked.projection]
        if name not in models:
            raise TooFewProbesError(refused[name])
        over = "" if name in JOINTS else f" over {predictor}: {why}"
        return name, f"the projection {asked.projection} was asked for{over}"
    if asked.predictor == "auto":
        candidates = [law for law in names if names[law] in models]
        lost = f"; joint cannot be fitted: {refused[JOINT]}" if JOINT in refused else ""
    else:
        candidates = [law for law in names if law not in JOINTS and names[law] in models]
        lost = f"; {why}"
    if len(scales) < SCALES_TO_JUDGE:
        law = candidates[0]
        of = "the default with two scales" if law in JOINTS else f"over {predictor}"
        return names[law], f"{law}, {of}; a third scale would tell which law holds{lost}"
    missed = {
        law: error for law in candidates if (error := models[names[law]].held_out_rms) is not None
    }
    best = min(missed, key=lambda law: missed[law])
    errors = ", ".join(f"{law} {missed[law]:.3g}" for law in sorted(missed, key=missed.__getitem__))
    over = "" if best in JOINTS else f" over {predictor}"
    held = f"least error at {scales[-1]:,} held out ({errors})"
    return names[best], f"{best}{over}, {held}{lost}"
