"""`log_linear_law`: the data-mixing law, fitted by non-linear least squares."""

import numpy as np
from scipy.optimize import leastsq

from projektor_ray.predictors.predictor import Predictor
from projektor_ray.predictors.probe_arrays import ProbeArrays
from projektor_ray.storage.array_types import Floats

LAW_RIDGE = 0.03
"""Prior standard deviation of the noise over that of the exponents, both in units of the spread."""
LARGEST_EXPONENT = 50.0
TOLERANCE = 1e-8
"""Relative, of the cost and of the coefficients."""
CALLS_PER_COEFFICIENT = 100
"""A fit ends after so many: where the law is nearly straight, the least cost is far away along a
valley that is nearly flat."""


class LogLinearLaw(Predictor):
    """Data-mixing law (Ye et al. 2024): `L̂ = c + k·exp(Σ_i t_i p_i)`.

    Least squares with a ridge on the exponents' differences, once with positive and once with
    negative k, the better one kept. Coefficients: `c, k, t (m)`; the t sum to 0, because a constant
    added to all of them is a factor of k on the simplex.
    """

    name = "log_linear_law"

    @classmethod
    def fewest_probes(cls, providers: int) -> int:
        return 5

    def _fit(self, probes: ProbeArrays) -> None:
        centre, spread = float(probes.values.mean()), float(probes.values.std())
        standard = (probes.values - centre) / (spread or 1.0)
        fits = [_law(probes.mixtures, standard, sign) for sign in (1.0, -1.0)]
        _, sign, (offset, *exponents) = min(fits, key=lambda fit: fit[0])
        level = float(np.mean(exponents))
        self.coefficients = np.concatenate(
            [
                [centre + spread * offset, spread * sign * np.exp(level)],
                np.array(exponents) - level,
            ]
        )

    def _predict(self, mixtures: Floats, distances: Floats) -> Floats:
        return np.asarray(self.coefficients[0] + self._powers(mixtures))

    def _derivatives(self, mixtures: Floats, distances: Floats) -> tuple[Floats, Floats]:
        along = np.outer(self._powers(mixtures), self.coefficients[2:])
        return along, np.zeros(len(mixtures))

    def _powers(self, mixtures: Floats) -> Floats:
        return np.asarray(self.coefficients[1] * np.exp(mixtures @ self.coefficients[2:]))


def _law(mixtures: Floats, values: Floats, sign: float) -> tuple[float, float, list[float]]:
    """Cost, sign and (c, t) of `c + sign·exp(t·p)` fitted to standardised values."""
    m = mixtures.shape[1]
    differences = LAW_RIDGE * (np.eye(m) - 1 / m)

    def powers(theta: Floats) -> Floats:
        return np.asarray(np.exp(np.minimum(mixtures @ theta[1:], LARGEST_EXPONENT)))

    def residuals(theta: Floats) -> Floats:
        misfit = theta[0] + sign * powers(theta) - values
        return np.concatenate([misfit, differences @ theta[1:]])

    slopes = np.zeros((len(values) + m, 1 + m))
    slopes[: len(values), 0] = 1
    slopes[len(values) :, 1:] = differences

    def jacobian(theta: Floats) -> Floats:
        np.multiply(sign * powers(theta)[:, None], mixtures, out=slopes[: len(values), 1:])
        return slopes

    offset = float(sign * ((sign * values).min() - 1))
    logs = np.log(sign * (values - offset))
    start = np.append(offset, np.linalg.lstsq(mixtures, logs, rcond=1e-6)[0])
    solution = leastsq(
        residuals,
        start,
        Dfun=jacobian,
        ftol=TOLERANCE,
        xtol=TOLERANCE,
        gtol=TOLERANCE,
        maxfev=CALLS_PER_COEFFICIENT * len(start),
        full_output=True,
    )[0]
    cost = float(np.sum(residuals(solution) ** 2)) / 2
    return cost, sign, [float(number) for number in solution]
