"""Collect `Results` from fitted models and plans, whatever the trainings came from."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.explain.extrapolation import error_growth, extrapolation
from projektor_ray.explain.facts import Fact
from projektor_ray.explain.formatting import sample_step
from projektor_ray.explain.results import (
    BEYOND,
    Curve,
    ModelPrediction,
    Results,
    Surface,
    first_part,
    grows,
)
from projektor_ray.projection.cross_validation import CrossValidation
from projektor_ray.selection import Direction, Plan, PurchasePlans
from projektor_ray.selection.comparison import SELECTED, TRAINED, UNIFORM
from projektor_ray.selection.objective import MetricObjective
from projektor_ray.selection.plan import LEVEL
from projektor_ray.storage.array_types import Floats

if TYPE_CHECKING:
    from projektor_ray.explain.design_settings import DesignSettings
    from projektor_ray.profiles import ProviderProfile

POINTS = 33
"""Sizes at which a curve is drawn."""
SIMPLEX_LEVELS = 20
ACROSS = 3
"""How many providers a triangle can show."""

ObjectiveAt = Callable[[float], MetricObjective]


def assemble(
    *,
    title: str,
    metric: str,
    direction: Direction,
    cross_validation: CrossValidation,
    measured: bool,
    predictors: Sequence[Mapping[str, Any]],
    errors_of: str,
    bought: PurchasePlans,
    objectives: Mapping[str, ObjectiveAt],
    chosen: str,
    reason: str,
    notes: Sequence[str],
    far: Sequence[Fact] = (),
    profiles: Mapping[str, Sequence["ProviderProfile"]] = MappingProxyType({}),
    source: Literal["study", "table"] = "table",
    largest_scale: int | None = None,
    interface: Literal["study_file", "command", "request"] = "request",
    design: "DesignSettings | None" = None,
    figures: bool = True,
) -> Results:
    """The results of fitted models and plans; see `Results` for parameters of the same name.

    Parameters
    ----------
    objectives : of every fitted model of the sizes by name: the size → the metric there.
    chosen : name of the model that decides.
    reason : why it does.
    figures : whether figures will be drawn, which need more points.
    """
    best, uniform = bought.selected, bought.plans[UNIFORM]
    scales = cross_validation.probes.scales
    sizes = curve_sizes(scales, best.size, POINTS if figures else 0)
    others = {name: at for name, at in objectives.items() if name != chosen}
    sign = 1.0 if direction == "maximize" else -1.0
    opinions = [
        _model_prediction(name, at(best.size), best, uniform, sign, decides=name == chosen)
        for name, at in {chosen: objectives[chosen], **others}.items()
    ]
    drawn = [name for name in (SELECTED, UNIFORM, TRAINED) if name in bought.plans]
    curves = curves_at(objectives[chosen], {name: bought.plans[name] for name in drawn}, sizes)
    return Results(
        title=title,
        metric=metric,
        direction=direction,
        cross_validation=cross_validation,
        measured=measured,
        predictors=predictors,
        errors_of=errors_of,
        bought=bought,
        curves=curves,
        marginal_values=marginal_values(objectives[chosen], best, grows=grows(curves, best.size)),
        other_models=tuple(
            curve
            for name, at in others.items()
            if figures
            for curve in curves_at(at, {name: best}, sizes)
        ),
        opinions=tuple(opinions),
        surface=surface_at(objectives[chosen](best.size), len(bought.providers))
        if figures
        else None,
        reasons=_reasons(reason, scales, best.size),
        notes=tuple(notes),
        far=tuple(far),
        profiles={name: tuple(drawn) for name, drawn in profiles.items()},
        source=source,
        largest_scale=largest_scale,
        interface=interface,
        design=design,
    )


def marginal_values(objective_at: ObjectiveAt, plan: Plan, *, grows: bool) -> Floats:
    """Change of the metric for `sample_step` samples more of each provider, shape (m,).

    Parameters
    ----------
    grows : whether the model says what more samples bring; else they are bought in place of as many
        of the plan's mixture.
    """
    size, step = plan.size, sample_step(plan.size)
    added = step * np.eye(len(plan.samples))
    part, larger = (1.0, size + step) if grows else (1 - step / size, size)
    changed = (part * plan.samples + added) / larger
    return objective_at(larger).predict(changed) - objective_at(size).predict(plan.mixture[None])


def _model_prediction(
    name: str, objective: MetricObjective, best: Plan, uniform: Plan, sign: float, *, decides: bool
) -> ModelPrediction:
    value, other = objective.predict(np.stack([best.mixture, uniform.mixture]))
    low, high = objective.interval(best.mixture[None], LEVEL)[0]
    gain = sign * float(value - other)
    return ModelPrediction(name, decides, float(value), float(low), float(high), gain)


def curves_at(
    objective_at: ObjectiveAt, plans: Mapping[str, Plan], sizes: Floats
) -> tuple[Curve, ...]:
    """Mixtures of plans, by name, at all sizes (s,); none where there is one size."""
    if len(sizes) == 1:
        return ()
    mixtures = np.stack([plan.mixture for plan in plans.values()])
    along = [objective_at(float(size)) for size in sizes]
    values = np.array([one.predict(mixtures) for one in along])
    intervals = np.array([one.interval(mixtures, LEVEL) for one in along])
    return tuple(Curve(name, sizes, values[:, i], intervals[:, i]) for i, name in enumerate(plans))


def curve_sizes(scales: Sequence[int], size: int, points: int) -> Floats:
    """The scales, the size to buy, a first part of it and beyond it, and so many points between
    in geometric progression.

    With one scale there is nothing to draw a curve from: that size alone.
    """
    if len(scales) == 1:
        return np.array([float(scales[0])])
    last = BEYOND * max(size, scales[-1])
    named = [*scales, size, first_part(size, scales[-1]), BEYOND * size, last]
    between = np.geomspace(scales[0], last, points) if points else np.empty(0)
    return np.unique(np.concatenate([between, np.array(named, dtype=np.float64)]))


def surface_at(objective: MetricObjective, providers: int) -> Surface | None:
    """The metric over the triangle of three providers; None for other numbers of them."""
    if providers != ACROSS:
        return None
    mixtures = simplex_lattice(providers, SIMPLEX_LEVELS)
    return Surface(mixtures, objective.predict(mixtures))


def _reasons(reason: str, scales: Sequence[int], size: int) -> tuple[str, ...]:
    facts = extrapolation(size, scales), error_growth(size, scales)
    return (f"Model: {reason}.", *(str(one) for one in facts if one is not None))
