"""The only chooser: fit models to finished probes, and choose the one that projects and selects.

A study and a table of the same runs both come through `choose_model`, so that with the same
options they fit the same models, choose the same one and buy the same plan.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import numpy as np

from projektor_ray.errors import InputError, TooFewProbesError, listed, nearest
from projektor_ray.predictors import PREDICTORS, Predictor, ProbeArrays
from projektor_ray.predictors.blas_threads import one_blas_thread
from projektor_ray.projection.box_cox import BoxCox
from projektor_ray.projection.ceiling import ClassShares
from projektor_ray.projection.cross_validation import errs_less
from projektor_ray.projection.far_runs import FarRun, judge, weigh_less
from projektor_ray.projection.grouped import Grouped, provider_groups
from projektor_ray.projection.joint import Joint
from projektor_ray.projection.joint_power import ACCURACY, JointPower
from projektor_ray.projection.law_error import UNKNOWN, check_family
from projektor_ray.projection.line_weights import check_scales
from projektor_ray.projection.log_linear import LogLinear
from projektor_ray.projection.no_projection import NoProjection
from projektor_ray.projection.per_scale import PerScale, carried_error, decider
from projektor_ray.projection.queries import Bounds
from projektor_ray.projection.saturating import Saturating
from projektor_ray.projection.scale_model import ScaleModel

PREDICTOR_RULES = AUTO, LEAST_ERROR = "auto", "least_error"
"""Ways to choose a predictor, in addition to its name."""
COMPARED_WITH_DISTANCES = ("cs", "pq", "gp")
COMPARED_WITHOUT_DISTANCES = ("gp", "linear", "pseudo_quadratic", "quadratic", "log_linear_law")
SLOW_PREDICTOR, FEW_PROVIDERS = "log_linear_law", 100
"""Least squares of this law take seconds with more providers."""
DEFAULT_PREDICTOR, DEFAULT_AT_ONE_SCALE = "gp", "ensemble"
"""The latter for an accuracy of few providers."""
GROUPED, BOX_COX, JOINT_POWER, JOINT = "grouped", "box_cox", "joint_power", "joint"
JOINTS = (GROUPED, BOX_COX, JOINT_POWER, JOINT)
"""Projections that fit all scales at once and join no predictor, in the order of preference."""
EQ3, SATURATING, NO_PROJECTION = "eq3", "saturating", "none"
PROJECTIONS = (*JOINTS, EQ3, SATURATING, NO_PROJECTION)
SCALES_TO_COMPARE = 3
"""How many scales it takes to hold one out and still see a slope."""
MOST_COMPARED = 1500
"""With more only models that can decide are fitted, and no run is far: costs are quadratic."""


@dataclass(frozen=True)
class ChoiceReason:
    """Why a model was chosen.

    Attributes
    ----------
    rule : `one_scale`: nothing to project from; `requested`; `default`: the first projection that
        can be fitted, since two scales cannot tell which one holds, or since no other errs less at
        the largest scale held out by more than noise; `held_out`: another one does.
    errors : root mean square error at the largest scale held out, by projection, least first;
        empty with two scales.
    predictor_rule : the same of the predictor: `requested`, `default` or `least_error`.
    predictor_errors : cross-validated mean absolute error of the predictors, carried to `CARRIED`
        times the largest scale; at one scale the error there.
    """

    rule: Literal["one_scale", "requested", "default", "held_out"]
    predictor_rule: Literal["requested", "default", "least_error"]
    predictor_errors: Mapping[str, float]
    errors: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class FittedModels:
    """Every model fitted to the same probes, and the one that projects and selects.

    Attributes
    ----------
    models : by the name they have in the tables. A predictor's name: Eq. 3 over that predictor
        (with one scale: its value there). `grouped` (where there are fewer mixtures than
        providers), `box_cox` (of a metric with one bound), `joint_power`, `joint`, `saturating` and
        `none` (no projection): the models of that name, the latter two over `predictor`.
    predictor : the one joined over the scales; None where a joint is chosen and none can be fitted.
    projection : name of the projection that was chosen.
    reason : why.
    refused : why other models could not be fitted, by name.
    probes, far : what the models are fitted to, and which runs weigh less in it.
    """

    models: Mapping[str, ScaleModel]
    predictor: str | None
    projection: str
    reason: ChoiceReason
    refused: Mapping[str, InputError]
    probes: ProbeArrays
    far: tuple[FarRun, ...] = ()

    @property
    def chosen(self) -> str:
        """The name in `models` of the one that projects and selects."""
        return model_names(self.predictor)[self.projection]

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

    @property
    def by_projection(self) -> dict[str, ScaleModel]:
        """Projection → its model, over the chosen predictor where it joins one."""
        names = model_names(self.predictor)
        if len(self.scales) == 1:
            names = {NO_PROJECTION: NO_PROJECTION}
        return {law: self.models[name] for law, name in names.items() if name in self.models}

    def decides(self, name: str) -> bool:
        """Whether the plan depends on what is fitted under this name."""
        return name == decider(self.model)


def check_options(predictor: str, projection: str) -> None:
    """Check the two options of `choose_model`.

    Raises
    ------
    InputError
        If a name is unknown, or a predictor is named with a projection that joins none.
    """
    known = (*PREDICTOR_RULES, *PREDICTORS)
    if predictor not in known:
        raise InputError(f"predictor: there is no {predictor!r}; {nearest(predictor, known)}")
    if projection not in (AUTO, *PROJECTIONS):
        raise InputError(
            f"projection: there is no {projection!r}; {nearest(projection, (AUTO, *PROJECTIONS))}"
        )
    if projection in JOINTS and predictor != AUTO:
        raise InputError(
            f"the projection {projection!r} fits all scales at once and joins no predictor; got "
            f"the predictor {predictor!r}. Drop the predictor, or set the projection to 'eq3'"
        )


def choose_model(
    probes: ProbeArrays,
    bounds: Bounds | None = None,
    *,
    predictor: str = AUTO,
    projection: str = AUTO,
    compare: bool = True,
    family: str = UNKNOWN,
    classes: ClassShares | None = None,
    robust: bool = True,
) -> FittedModels:
    """Fit models of all scales to the same probes, and choose one.

    Parameters
    ----------
    bounds : range of the metric, (0, 1) for an accuracy.
    predictor : joined over the scales. `auto`: `gp`, or `ensemble` for an accuracy at one scale;
        `least_error`: by cross-validation; or a name in `PREDICTORS`, which is then used in place
        of the joint models.
    projection : `auto`: the first of `PROJECTIONS` that can be fitted, with three scales or more
        unless another errs less at the largest scale held out by more than noise; never `none`,
        which says nothing about growth; or a name in `PROJECTIONS`.
    compare : whether models that cannot be chosen under these options are fitted as well.
    family : of the learner, a key of `LAW_ERRORS`.
    classes : which classes of the validation set each provider holds, for an accuracy.
    robust : whether runs that are far from what all others predict weigh less, see `far_runs`.

    Raises
    ------
    TooFewProbesError
        If too few probes are done for every model that may be chosen, or for what the options name.
    InputError
        If an option is unknown, or what it names cannot be fitted.
    """
    check_options(predictor, projection)
    check_family(family)
    with one_blas_thread(len(probes)):
        names = _compared_predictors(probes, bounds, predictor)
        laws = _projection_models(DEFAULT_PREDICTOR, probes, bounds, family, classes)
        makers = [laws[JOINT_POWER], laws[JOINT]] if len(probes) <= MOST_COMPARED else []
        known, far = judge(probes, makers, bounds, robust=robust)
        probes = weigh_less(probes, far)
        fits = _Fits(probes, _predictor_models(names, probes, bounds))
        fits.models |= known
        joined, predictor_rule = _choose_predictor(fits, predictor)
        fits.makers |= _projection_models(joined, probes, bounds, family, classes)
        law, rule, errors = _choose_projection(fits, joined, predictor, projection)
        if compare and len(probes) <= MOST_COMPARED:
            for name in fits.makers:
                fits.get(name)
        models = {name: fits.models[name] for name in fits.makers if name in fits.models}
        carried = {name: carried_error(models[name]) for name in names if name in models}
        reason = ChoiceReason(rule, predictor_rule, carried, errors)
        return FittedModels(models, joined, law, reason, fits.refused, probes, far)


class _Fits:
    """Models of the same probes, each fitted when it is first needed."""

    def __init__(self, probes: ProbeArrays, makers: dict[str, Callable[[], ScaleModel]]) -> None:
        self.probes, self.makers = probes, makers
        self.models: dict[str, ScaleModel] = {}
        self.refused: dict[str, InputError] = {}

    def get(self, name: str) -> ScaleModel | None:
        """The fitted model of a name; None where it cannot be fitted."""
        if name not in self.models and name not in self.refused:
            try:
                self.models[name] = self.makers[name]().fit_arrays(self.probes)
            except InputError as failure:
                self.refused[name] = failure
        return self.models.get(name)

    def require(self, name: str) -> None:
        """Fit a model without which there is no answer."""
        if self.get(name) is None:
            raise self.refused[name]


def _compared_predictors(
    probes: ProbeArrays, bounds: Bounds | None, predictor: str
) -> tuple[str, ...]:
    names: tuple[str, ...] = COMPARED_WITHOUT_DISTANCES
    if probes.measured:
        names = COMPARED_WITH_DISTANCES
    if probes.n_providers > FEW_PROVIDERS:
        names = tuple(name for name in names if name != SLOW_PREDICTOR)
    if len(probes.scales) == 1 and bounds == ACCURACY:
        names = (*names, DEFAULT_AT_ONE_SCALE)
    if predictor in PREDICTORS:
        names = (*names, predictor)
    return tuple(dict.fromkeys(names))


def _predictor_models(
    names: Iterable[str], probes: ProbeArrays, bounds: Bounds | None
) -> dict[str, Callable[[], ScaleModel]]:
    law: type[PerScale] = LogLinear if len(probes.scales) > 1 else NoProjection
    return {name: partial(law, name, bounds) for name in names}


def _projection_models(
    predictor: str | None,
    probes: ProbeArrays,
    bounds: Bounds | None,
    family: str,
    classes: ClassShares | None,
) -> dict[str, Callable[[], ScaleModel]]:
    def grouped() -> Grouped:
        return Grouped(provider_groups(probes.mixtures, probes.gradients), bounds, family, classes)

    joints: dict[str, Callable[[], ScaleModel]] = {
        BOX_COX: partial(BoxCox, bounds),
        JOINT_POWER: partial(JointPower, bounds, family, classes),
        GROUPED: grouped,
        JOINT: partial(Joint, bounds),
    }
    if predictor is None:
        return joints
    return joints | {
        SATURATING: partial(Saturating, predictor, bounds),
        NO_PROJECTION: partial(NoProjection, predictor, bounds),
    }


def _choose_predictor(
    fits: _Fits, predictor: str
) -> tuple[str | None, Literal["requested", "default", "least_error"]]:
    """The predictor, None where none can be fitted, and by which rule."""
    if predictor in PREDICTORS:
        fits.require(predictor)
        return predictor, "requested"
    if predictor == AUTO:
        for default in (DEFAULT_AT_ONE_SCALE, DEFAULT_PREDICTOR):
            if default in fits.makers and fits.get(default) is not None:
                return default, "default"
    fitted = [name for name in fits.makers if fits.get(name) is not None]
    best = min(fitted, key=lambda name: carried_error(fits.models[name]), default=None)
    return best, "least_error"


def _no_predictor(fits: _Fits) -> TooFewProbesError:
    """What to raise where a predictor is needed and none can be fitted."""
    sizes, scales, m = fits.probes.sizes, fits.probes.scales, fits.probes.n_providers
    counts = listed([f"{np.count_nonzero(sizes == scale)} at {scale:,}" for scale in scales])
    refused = fits.refused.keys() & PREDICTORS.keys()
    easiest = min(sorted(refused), key=lambda name: PREDICTORS[name].fewest_probes(m))
    return TooFewProbesError(
        "no predictor can be fitted to the finished probes "
        f"({counts if len(scales) > 1 else len(sizes)}): {fits.refused[easiest]}"
    )


def model_names(predictor: str | None) -> dict[str, str]:
    """Projection → the name in `FittedModels.models` of its model; without predictor the joints."""
    if predictor is None:
        return {law: law for law in JOINTS}
    return {law: predictor if law == EQ3 else law for law in PROJECTIONS}


def _choose_projection(
    fits: _Fits, joined: str | None, predictor: str, projection: str
) -> tuple[str, Literal["one_scale", "requested", "default", "held_out"], dict[str, float]]:
    """The projection, by which rule, and the errors at the largest scale held out."""
    names, scales = model_names(joined), fits.probes.scales
    joint = len(scales) > 1 and predictor == AUTO and projection in (AUTO, *JOINTS)
    if joined is None and not joint:
        raise _no_predictor(fits)
    if len(scales) == 1:
        check_scales(scales, 1 if projection in (AUTO, NO_PROJECTION) else 2)
        fits.models[NO_PROJECTION] = fits.models[str(joined)]
        return NO_PROJECTION, "one_scale", {}
    if projection != AUTO:
        fits.require(names[projection])
        return projection, "requested", {}
    laws = [law for law in names if predictor == AUTO or law not in JOINTS]
    default = next((law for law in laws if fits.get(names[law]) is not None), None)
    if default is None:
        raise _no_predictor(fits)
    full = fits.probes.full_scales
    if len(full) < SCALES_TO_COMPARE:
        return default, "default", {}
    missed = {
        law: model.held_out_errors
        for law in laws
        if (model := fits.get(names[law])) is not None and model.held_out_errors is not None
    }
    errors = {law: float(np.sqrt(np.mean(missed[law] ** 2))) for law in missed}
    ranked = dict(sorted(errors.items(), key=lambda item: item[1]))
    groups = fits.probes.at(full[-1]).groups()
    for law in ranked:
        candidate = law != NO_PROJECTION and default in missed
        if candidate and errs_less(missed[law], missed[default], groups):
            return law, "held_out", ranked
    return default, "default", ranked
