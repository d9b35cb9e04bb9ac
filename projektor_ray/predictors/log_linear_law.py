"""`log_linear_law`: the data-mixing law, fitted by non-linear least squares."""

import numpy as np

from projektor_ray.predictors.predictor import Predictor
from projektor_ray.predictors.probe_arrays import ProbeArrays
from projektor_ray.storage.array_types import Floats

LAW_RIDGE = 0.03
"""Prior standard deviation of the noise over that of the exponents, both in units of the spread."""
LARGEST_EXPONENT = 50.0
TOLERANCE = 1e-8
"""Relative, of the cost and of the coefficients."""
NEGLIGIBLE = 1e-2
"""A residual that never changes, in units of the spread. Values on a straight line are fitted ever
better by ever smaller t and larger k; the fit ends where that is no gain beside this one."""
CALLS_PER_COEFFICIENT = 100
FLATTEST = float(np.sqrt(np.finfo(float).eps))
"""Least range of the exponents t·p. At a range r the law differs from a straight line by about r,
and `c + k·exp(t·p)` is rounded by about eps / r, both in units of the values' range."""


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
        centre, spread = float(probes.values.mean()), float(probes.values.std()) or 1.0
        standard = (probes.values - centre) / spread
        fits = [_law(probes.mixtures, standard, sign) for sign in (1.0, -1.0)]
        _, factor, exponents = min(fits, key=lambda fit: fit[0])
        powers = np.exp(probes.mixtures @ exponents)
        offset = centre - spread * factor * powers.mean()
        self.coefficients = np.array([offset, spread * factor, *exponents])

    def _predict(self, mixtures: Floats, distances: Floats) -> Floats:
        return np.asarray(self.coefficients[0] + self._powers(mixtures))

    def _derivatives(self, mixtures: Floats, distances: Floats) -> tuple[Floats, Floats]:
        along = np.outer(self._powers(mixtures), self.coefficients[2:])
        return along, np.zeros(len(mixtures))

    def _powers(self, mixtures: Floats) -> Floats:
        return np.asarray(self.coefficients[1] * np.exp(mixtures @ self.coefficients[2:]))


def _law(mixtures: Floats, values: Floats, sign: float) -> tuple[float, float, Floats]:
    """Cost, k and t of `c + k·exp(t·p)` fitted to standardised values, k of a sign at the start.

    For given t both c and k are a linear regression, so that the search is over t alone (variable
    projection: Golub and Pereyra, SIAM J. Numer. Anal. 10, 1973). A search over c and k as well
    follows a long bent valley wherever the law is nearly straight.
    """
    m = mixtures.shape[1]
    basis = np.linalg.svd(np.ones((1, m)))[2][1:]
    along = mixtures @ basis.T
    ridge, constant = LAW_RIDGE * np.eye(m - 1), np.zeros((1, m - 1))
    centered = along - along.mean(axis=0)

    def residuals(place: Floats) -> Floats:
        power, factor, _ = regression(place)
        return np.concatenate([factor * power - values, LAW_RIDGE * place, [NEGLIGIBLE]])

    def jacobian(place: Floats) -> Floats:
        """The factor changes along with the powers."""
        power, factor, slopes = regression(place)
        bends = (values - 2 * factor * power) @ slopes / (power @ power or 1.0)
        return np.concatenate([np.outer(power, bends) + factor * slopes, ridge, constant])

    def regression(place: Floats) -> tuple[Floats, float, Floats]:
        """Powers less their mean, their factor k, and the derivatives of these powers."""
        exponents = np.minimum(along @ place, LARGEST_EXPONENT)
        power, slopes = np.expm1(exponents), np.exp(exponents)[:, None] * along
        power, slopes = power - power.mean(), slopes - slopes.mean(axis=0)
        return power, float(power @ values) / float(power @ power or 1.0), slopes

    logs = np.log(sign * values - (sign * values).min() + 1)
    start = np.linalg.lstsq(centered, logs, rcond=1e-6)[0]
    from scipy.optimize import leastsq  # slow to import, and rarely needed

    place = leastsq(
        residuals,
        start,
        Dfun=jacobian,
        ftol=TOLERANCE,
        xtol=TOLERANCE,
        gtol=TOLERANCE,
        maxfev=CALLS_PER_COEFFICIENT * m,
        full_output=True,
    )[0]
    place = place * max(1.0, FLATTEST / (float(np.ptp(along @ place)) or FLATTEST))
    cost = float(np.sum(residuals(place) ** 2)) / 2
    return cost, regression(place)[1], place @ basis
