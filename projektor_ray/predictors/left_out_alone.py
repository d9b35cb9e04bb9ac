"""Each probe predicted from all the others, its seeds and its other sizes included."""

import numpy as np
from scipy.special import logsumexp

from projektor_ray.predictors.bayesian_model_averaging import LEVERAGE_TOLERANCE, AveragedFit
from projektor_ray.storage.array_types import Floats


class LeftOutAlone:
    """Residuals of an averaged fit when each probe is left out by itself, for any targets.

    With `P_jg` (n, n) the restricted precision of candidate kernel j and ratio g over σ², the
    residual of probe i is `(P_jg y)_i / (P_jg)_ii` (Dubrule 1983). Candidates are averaged by their
    marginal likelihood without the probe.
    """

    def __init__(self, average: AveragedFit) -> None:
        self._average = average
        self._precisions, self._usable = [], []
        for spectrum, shrinkage in zip(average.spectra, average.shrinkage, strict=True):
            precision = spectrum.vectors**2 @ shrinkage.T
            usable = precision > LEVERAGE_TOLERANCE * shrinkage.min(axis=1)
            self._precisions.append(np.where(usable, precision, 1.0))
            self._usable.append(usable)

    def __call__(self, targets: Floats) -> tuple[Floats, Floats]:
        """Residuals of targets (n,) and their predictive standard deviations: (n,), (n,).

        A probe without which the trend cannot be determined has a residual of 0.
        """
        average = self._average
        parts = [self._of_kernel(j, targets) for j in range(len(average.spectra))]
        errors, variances, logs = (np.array(part) for part in zip(*parts, strict=True))
        weights = np.exp(logs - logsumexp(logs, axis=(0, 2))[None, :, None])
        mean = np.einsum("jng,jng->n", weights, errors)
        between = (errors - mean[None, :, None]) ** 2
        return mean, np.sqrt(np.einsum("jng,jng->n", weights, variances + between))

    def _of_kernel(self, j: int, targets: Floats) -> tuple[Floats, Floats, Floats]:
        """Of one kernel's candidates: residuals, variances and log evidence, (n, G) each."""
        average, precision = self._average, self._precisions[j]
        vectors, shrinkage = average.spectra[j].vectors, average.shrinkage[j]
        contrasts = vectors.T @ targets
        pushed = vectors @ (shrinkage * contrasts).T
        errors = np.where(self._usable[j], pushed / precision, 0.0)
        squares = np.maximum(shrinkage @ contrasts**2 - errors * pushed, 0.0)
        others = len(contrasts) - 1
        prior = average.prior
        noise = (prior.sum_of_squares + squares) / (prior.weight + others)
        logs = average.log_determinants[j] - np.log(precision)
        return errors, noise / precision, average.candidate_log_evidence(logs, squares, others)
