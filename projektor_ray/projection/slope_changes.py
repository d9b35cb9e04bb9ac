"""Changes of the slope common to all mixtures, at the scales between the smallest and largest one.

A law that is straight in ln N is fitted to all scales at once, so that a small scale pulls the
slope beyond the largest one. Where the slope visibly changes between the scales, that pull is an
error. Slopes change by about as much as the law's error says (`LawError.departure`), which is the
prior; small changes within the noise are shrunken away.
"""

import numpy as np

from projektor_ray.predictors.bayesian_model_averaging import AveragedFit
from projektor_ray.storage.array_types import Floats

NEGLIGIBLE = 1e-4
"""Weight of a candidate that is left out of the average."""


def hinges(logs: Floats, kinks: Floats) -> Floats:
    """`min(x − x_j, 0)` of sizes x (q,) for each kink x_j (k,), shape (q, k)."""
    return np.minimum(np.asarray(logs)[..., None] - kinks, 0.0)


def slope_changes(
    average: AveragedFit, columns: Floats, targets: Floats, deviation: float
) -> Floats:
    """Posterior mean of further coefficients under the prior `N(0, deviation²)`, shape (k,).

    `Σ w τ² (τ² HᵀPH + σ²)⁻¹ HᵀPy` over the candidates of a fit, P their restricted precision.

    Parameters
    ----------
    average : a fit without these columns, whose candidates, weights and noise are taken.
    columns, targets : H (n, k) and y (n,), noise divided out.
    """
    changes = np.zeros(columns.shape[1])
    if deviation == 0:
        return changes
    shrunken = np.eye(len(changes)) / deviation**2
    for j, spectrum in enumerate(average.spectra):
        along, of_targets = spectrum.vectors.T @ columns, spectrum.vectors.T @ targets
        for g in np.flatnonzero(average.weights[j] > NEGLIGIBLE):
            restricted = average.shrinkage[j][g][:, None] * along
            precision = along.T @ restricted + average.noise_variances[j, g] * shrunken
            change = np.linalg.solve(precision, restricted.T @ of_targets)
            changes += average.weights[j, g] * change
    return changes
