"""Choosing a model of all scales by its error on the largest scale held out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from numpy.typing import ArrayLike

from projektor_ray.errors import InputError, TooFewProbesError
from projektor_ray.projection.per_scale import PerScale
from projektor_ray.projection.scale_model import Bounds, ScaleModel
from projektor_ray.projection.scale_models import scale_model_class


@dataclass(frozen=True, eq=False)
class ScaleChoice:
    """Fitted models of all scales, and the one to project with.

    Attributes
    ----------
    name : of the model to use.
    fitted : every model that could be fitted, by name.
    refused : why the others could not.
    reason : one sentence that says why this one was chosen.
    """

    name: str
    fitted: Mapping[str, ScaleModel]
    refused: Mapping[str, str]
    reason: str

    @property
    def model(self) -> ScaleModel:
        return self.fitted[self.name]


def choose_scale_model(
    names: Iterable[str],
    mixtures: ArrayLike,
    distances: ArrayLike | None,
    sizes: ArrayLike,
    values: ArrayLike,
    bounds: Bounds | None = None,
    predictor: str = "cs",
) -> ScaleChoice:
    """Fit models of all scales to the same probes and choose by `held_out_rms`.

    A law of two scales needs a third to be judged: without one, the model named first is taken.
    A model that needs every scale there is cannot be judged, and is not taken. Models that join
    one predictor per scale use `predictor`.

    Raises
    ------
    TooFewProbesError
        If none of them can be fitted because there are too few probes.
    InputError
        If none can be fitted for another reason, or a name is unknown.
    """
    fitted: dict[str, ScaleModel] = {}
    refused: dict[str, InputError] = {}
    for name in names:
        kind = scale_model_class(name)
        model = kind(predictor, bounds) if issubclass(kind, PerScale) else kind(bounds=bounds)
        try:
            fitted[name] = model.fit(mixtures, distances, sizes, values)
        except InputError as failure:
            refused[name] = failure
    if not fitted:
        raise _none_fitted(refused)
    reasons = {name: str(failure) for name, failure in refused.items()}
    missed = {
        name: model.held_out_rms for name, model in fitted.items() if model.held_out_rms is not None
    }
    if not any(fitted[name].fewest_scales > 1 for name in missed):
        first = next(iter(fitted))
        why = "the only one asked for"
        if len(fitted) + len(refused) > 1:
            why = "the first choice with two scales; a third would tell which law holds"
        return ScaleChoice(first, fitted, reasons, f"{first}, {why}")
    ranked = sorted(missed, key=lambda name: missed[name])
    errors = ", ".join(f"{name} {missed[name]:.3g}" for name in ranked)
    return ScaleChoice(
        ranked[0], fitted, reasons, f"least error on the largest scale held out: {errors}"
    )


def _none_fitted(refused: Mapping[str, InputError]) -> InputError:
    """One error that says of each model why; models with the same reason together."""
    if len(refused) == 1:
        return next(iter(refused.values()))
    reasons: dict[str, list[str]] = {}
    for name, failure in refused.items():
        reasons.setdefault(str(failure), []).append(name)
    said = "; ".join(f"{', '.join(names)}: {reason}" for reason, names in reasons.items())
    few = any(isinstance(failure, TooFewProbesError) for failure in refused.values())
    kind = TooFewProbesError if few else InputError
    return kind(f"no model of all scales can be fitted. {said or 'None was named'}")
