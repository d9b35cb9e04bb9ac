"""How well a model of all scales predicts mixtures that it was not fitted to."""

import numpy as np

from projektor_ray.predictors.predictor import FOLDS, mixture_groups
from projektor_ray.projection.scale_model import ScaleModel
from projektor_ray.storage.arrays import Floats


def left_out(
    model: ScaleModel,
    mixtures: Floats,
    distances: Floats | None,
    sizes: Floats,
    values: Floats,
) -> Floats:
    """What a model of the same kind says of each probe when its mixture is left out, shape (k,).

    Mixtures are left out in up to ten folds, each at all of its sizes at once.

    Parameters
    ----------
    mixtures, distances, sizes, values : the probes, as `ScaleModel.fit` takes them.

    Raises
    ------
    TooFewProbesError, InputError
        If what remains of a fold is too little to fit.
    """
    groups = mixture_groups(mixtures)
    predicted = np.empty(len(values))
    for fold in range(min(FOLDS, len(groups))):
        out = np.concatenate(groups[fold::FOLDS])
        kept = np.setdiff1d(np.arange(len(values)), out)
        near = None if distances is None else distances[kept]
        fitted = model.unfitted().fit(mixtures[kept], near, sizes[kept], values[kept])
        predicted[out] = values_at(
            fitted, mixtures[out], None if distances is None else distances[out], sizes[out]
        )
    return predicted


def values_at(
    model: ScaleModel, mixtures: Floats, distances: Floats | None, sizes: Floats
) -> Floats:
    """What a fitted model says of each mixture (k, m) at a size of its own (k,), shape (k,)."""
    predicted = np.empty(len(sizes))
    for size in np.unique(sizes):
        at = sizes == size
        there = None if distances is None else distances[at]
        predicted[at] = model.predict(mixtures[at], there, float(size))
    return predicted
