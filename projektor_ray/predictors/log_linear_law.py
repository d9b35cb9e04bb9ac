"""`log_linear_law`: the data-mixing law, fitted by non-linear least squares."""

import numpy as np
from scipy.optimize import least_squares

from projektor_ray.predictors.predictor import Predictor
from projektor_ray.predictors.probe_arrays import ProbeArrays
from projektor_ray.storage.array_types import Floats

LAW_RIDGE = 0.03
"""Prior standard deviation of the noise over that of the exponents, both in units of the spread."""
LARGEST_EXPONENT = 50.0


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
        return np.append(misfit, differences @ theta[1:])

    def jacobian(theta: Floats) -> Floats:
        slopes = sign * powers(theta)[:, None] * mixtures
        misfit = np.column_stack([np.ones(len(values)), slopes])
        return np.vstack([misfit, np.column_stack([np.zeros(m), differences])])

    offset = float(sign * ((sign * values).min() - 1))
    logs = np.log(sign * (values - offset))
    start = np.append(offset, np.linalg.lstsq(mixtures, logs, rcond=1e-6)[0])
    solution = least_squares(residuals, start, jac=jacobian, method="lm")
    return float(solution.cost), sign, [float(number) for number in solution.x]
