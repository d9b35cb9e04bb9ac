"""How well a model of all scales predicts mixtures that it was not fitted to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from projektor_ray.errors import InputError
from projektor_ray.predictors import ProbeArrays
from projektor_ray.predictors.predictor import FOLDS
from projektor_ray.predictors.probe_arrays import mixture_groups
from projektor_ray.projection.scale_model import ScaleModel
from projektor_ray.storage.array_types import Floats


def predict_left_out(model: ScaleModel, probes: ProbeArrays) -> Floats:
    """What a fitted model says of each of its probes when its mixture is left out, shape (k,).

    From the errors that the fit has computed, where it has; else by `cross_validate`.

    Raises
    ------
    TooFewProbesError, InputError
        As `cross_validate`.
    """
    if model.left_out is None:
        return cross_validate(model, probes)
    return model.clip(probes.values - model.left_out)


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """Finished probes, and what a model of the same kind predicts for each.

    Attributes
    ----------
    probes : k of them.
    predicted : (k,), each from the probes of other mixtures, where there are enough of those.
    left_out : whether there are; else what the model predicts that is fitted to all probes.
    """

    probes: ProbeArrays
    predicted: Floats
    left_out: bool

    @staticmethod
    def of(
        model: ScaleModel, probes: ProbeArrays, fitted_to: ProbeArrays | None = None
    ) -> "CrossValidation":
        """The cross-validation of a fitted model.

        Parameters
        ----------
        fitted_to : the probes with the values that the model saw, where far runs weigh less.
        """
        seen = probes if fitted_to is None else fitted_to
        try:
            return CrossValidation(probes, predict_left_out(model, seen), left_out=True)
        except InputError:
            return CrossValidation(probes, predict_probes(model, seen), left_out=False)

    @property
    def error(self) -> float:
        """Mean absolute error of the predictions."""
        return float(np.mean(np.abs(self.probes.values - self.predicted)))


def cross_validate(model: ScaleModel, probes: ProbeArrays) -> Floats:
    """What a model of the same kind says of each probe when its mixture is left out, shape (k,).

    Mixtures are left out in up to ten folds, each at all of its sizes at once.

    Raises
    ------
    TooFewProbesError, InputError
        If what remains of a fold is too little to fit.
    """
    groups = mixture_groups(probes.mixtures)
    predicted = np.empty(len(probes))
    for fold in range(min(FOLDS, len(groups))):
        out = np.concatenate(groups[fold::FOLDS])
        rest = np.setdiff1d(np.arange(len(probes)), out)
        fitted = model.unfitted().fit_arrays(probes.take(rest))
        predicted[out] = predict_probes(fitted, probes.take(out))
    return predicted


def predict_probes(model: ScaleModel, probes: ProbeArrays) -> Floats:
    """What a fitted model says of each probe's mixture at the probe's size, shape (k,)."""
    predicted = np.empty(len(probes))
    for size in probes.scales:
        at = probes.sizes == size
        predicted[at] = model.predict(probes.mixtures[at], probes.distances[at], float(size))
    return predicted


def errs_less(errors: Floats, others: Floats, groups: Sequence[NDArray[np.intp]]) -> bool:
    """Whether squared errors (k,) are below other ones of the same probes by more than noise.

    That is the standard error of the mean difference over mixtures.

    Parameters
    ----------
    groups : rows of each mixture; of one mixture alone nothing tells the noise.
    """
    saved = others**2 - errors**2
    of_mixtures = np.array([saved[rows].mean() for rows in groups])
    if len(groups) < 2:
        return False
    return bool(of_mixtures.mean() > of_mixtures.std(ddof=1) / np.sqrt(len(groups)))
