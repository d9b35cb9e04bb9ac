"""Changes of the slope common to all mixtures, at the scales between the smallest and largest one.

A law that is straight in ln N is fitted to all scales at once, so that a small scale pulls the
slope beyond the largest one. Where the slope visibly changes between the scales, that pull is an
error. A slope changes by about as much of the slope before as the law's error says
(`LawError.departure`), which is the prior; small changes within the noise are shrunken away.
"""

import numpy as np

from projektor_ray.predictors.bayesian_model_averaging import AveragedFit
from projektor_ray.storage.array_types import Floats

NEGLIGIBLE = 1e-4
"""Weight of a candidate that is left out of the average."""


def hinges(logs: Floats, kinks: Floats) -> Floats:
    """`min(x − x_j, 0)` of sizes x (q,) for each kink x_j (k,), shape (q, k)."""
    return np.minimum(np.asarray(logs)[..., None] - kinks, 0.0)


def slopes_before(slope: float, changes: Floats) -> Floats:
    """Slope below each kink, ascending, down to the next one: `b + Σ_(i ≥ j) c_i`, shape (k,)."""
    return np.asarray(slope + np.cumsum(changes[::-1])[::-1])


def slope_changes(
    average: AveragedFit, columns: Floats, targets: Floats, deviations: Floats
) -> Floats:
    """Posterior mean of further coefficients under the prior `N(0, diag(τ)²)`, shape (k,).

    `Σ w T(T HᵀPH T + σ²)⁻¹T HᵀPy` over the candidates of a fit, P their restricted precision and
    T = diag(τ).

    Parameters
    ----------
    average : a fit without these columns, whose candidates, weights and noise are taken.
    columns, targets : H (n, k) and y (n,), noise divided out.
    deviations : τ, shape (k,).
    """
    changes = np.zeros(columns.shape[1])
    columns = columns * deviations
    for j, spectrum in enumerate(average.spectra):
        along, of_targets = spectrum.vectors.T @ columns, spectrum.vectors.T @ targets
        for g in np.flatnonzero(average.weights[j] > NEGLIGIBLE):
            restricted = average.shrinkage[j][g][:, None] * along
            noise = average.noise_variances[j, g] * np.eye(len(changes))
            change = np.linalg.solve(along.T @ restricted + noise, restricted.T @ of_targets)
            changes += average.weights[j, g] * change
    return deviations * changes
