"""Predictors fitted by non-linear least squares: the rational baseline, the log-linear law."""

import numpy as np
from scipy.optimize import least_squares

from projektor_ray.errors import InputError
from projektor_ray.predictors.predictor import Predictor
from projektor_ray.predictors.probe_arrays import ProbeArrays
from projektor_ray.storage.array_types import Floats

RATIONAL_RIDGE = 0.03
MOST_RATIONAL_PROVIDERS = 100
OWN_KIND = 0.5
CLEARLY = 2.0
"""How many times the squared error of an accuracy's law must be that of a loss's to be one."""

LAW_RIDGE = 0.03
"""Prior standard deviation of the noise over that of the exponents, both in units of the spread."""
LARGEST_EXPONENT = 50.0


class Rational(Predictor):
    """Rational baseline (Hashimoto 2021; appendix B.1): `log(1 − L̂) = log Σ_i 1 / Σ_j λ_ij p_j`.

    `λ_ij > 0` is what provider j adds to the i-th kind of data that the learner needs. The m² of
    them are fitted by least squares of the logarithms, with a weak ridge on `log λ`, because probes
    are few. A loss has `log L̂` in place of `log(1 − L̂)`; where all values lie in [0, 1] both are
    fitted, and the loss's law is kept where it has less than half the squared error of L̂: with few
    probes chance alone makes it a little better. Errors of 0 are taken for half the least positive
    one. Coefficients: 1 for an accuracy, 0 for a loss; then `λ` (m × m), row by row.
    """

    name = "rational"

    @classmethod
    def fewest_probes(cls, providers: int) -> int:
        return 5

    def _fit(self, probes: ProbeArrays) -> None:
        m = probes.n_providers
        if m > MOST_RATIONAL_PROVIDERS:
            raise InputError(
                f"the predictor 'rational' has a coefficient for each pair of providers, too many "
                f"for {m} providers; use 'pseudo_quadratic', whose cost is linear in providers"
            )
        kinds = [(1.0, 1 - probes.values), (0.0, probes.values)]
        possible = [(ceiling, errors) for ceiling, errors in kinds if errors.min() >= 0]
        if not possible:
            raise InputError(
                "the predictor 'rational' needs an accuracy of at most 1 or a positive loss; "
                f"got values from {probes.values.min():g} to {probes.values.max():g}"
            )
        fits = [(ceiling, *_rates(probes.mixtures, errors)) for ceiling, errors in possible]
        ceiling, rates, _ = min(fits, key=lambda fit: fit[2] * (1 if fit[0] else CLEARLY))
        self.coefficients = np.append(ceiling, rates)

    def _predict(self, mixtures: Floats, distances: Floats) -> Floats:
        ceiling, rates = self._rates()
        return np.asarray(ceiling + (1 - 2 * ceiling) * _rational(rates, mixtures))

    def _derivatives(self, mixtures: Floats, distances: Floats) -> tuple[Floats, Floats]:
        ceiling, rates = self._rates()
        along = -((mixtures @ rates.T) ** -2.0) @ rates
        return np.asarray((1 - 2 * ceiling) * along), np.zeros(len(mixtures))

    def _rates(self) -> tuple[float, Floats]:
        m = round(np.sqrt(len(self.coefficients) - 1))
        return float(self.coefficients[0]), self.coefficients[1:].reshape(m, m)


def _rates(mixtures: Floats, errors: Floats) -> tuple[Floats, float]:
    """`λ` (m, m) of the law that fits errors (k,), and the sum of its squared misfits of them."""
    m = mixtures.shape[1]
    positive = errors[errors > 0]
    floor = positive.min() / 2 if len(positive) else 1.0
    logs = np.log(np.maximum(errors, floor))
    prior = np.full((m, m), np.log(m) - logs.mean()) + OWN_KIND * np.eye(m)

    def residuals(theta: Floats) -> Floats:
        misfit = np.log(_rational(np.exp(theta.reshape(m, m)), mixtures)) - logs
        return np.append(misfit, RATIONAL_RIDGE * (theta - prior.ravel()))

    def jacobian(theta: Floats) -> Floats:
        rates = np.exp(theta.reshape(m, m))
        exponents = mixtures @ rates.T
        share = -1 / (exponents**2 * _rational(rates, mixtures)[:, None])
        misfit = share[:, :, None] * rates * mixtures[:, None, :]
        return np.vstack([misfit.reshape(len(logs), -1), RATIONAL_RIDGE * np.eye(m * m)])

    solution = least_squares(residuals, prior.ravel(), jac=jacobian, method="lm")
    rates = np.exp(solution.x).reshape(m, m)
    return rates, float(np.sum((_rational(rates, mixtures) - errors) ** 2))


def _rational(rates: Floats, mixtures: Floats) -> Floats:
    """`Σ_i 1 / Σ_j λ_ij p_j`, shape (q,)."""
    return np.asarray(np.sum(1 / (mixtures @ rates.T), axis=1))


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
