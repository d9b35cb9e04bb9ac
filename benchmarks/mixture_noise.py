"""Whether a noise level that depends on the mixture would improve models, on planted tables.

python -m benchmarks.mixture_noise [--tables 60]

Four providers, 24 mixtures, one size. The standard deviation of a training is the same everywhere
(control), or rises 25 times towards the first provider alone. Rows are divided by a noise level:
the true one (the most that weighting could give), or one estimated by provider from left-out
residuals, or from repeats. Then the same of `joint_power`, from 12 mixtures at 250 and 1,000 with
two seeds each to 4,000 samples. Writes `benchmarks/results/mixture_noise.md`.
"""

import argparse
from pathlib import Path

import numpy as np

from projektor_ray.designs.candidates import candidates
from projektor_ray.designs.maximin import maximin_design
from projektor_ray.predictors.averaged_posterior import AveragedPosterior
from projektor_ray.predictors.bayesian_model_averaging import (
    AveragedFit,
    NoisePrior,
)
from projektor_ray.predictors.gaussian_process import (
    KERNELS,
    NOISE_SHARE,
    NOISE_WEIGHT,
    RATIOS,
    GaussianProcess,
)
from projektor_ray.predictors.probe_arrays import ProbeArrays
from projektor_ray.predictors.spectra import _FACTORISED, Spectrum, Trend
from projektor_ray.projection import Joint, JointPower
from projektor_ray.projection.law_error import LawError
from projektor_ray.storage.array_types import Floats

RESULTS = Path(__file__).parent / "results"
PROVIDERS, MIXTURES, NOISE, TIMES = 4, 24, 0.003, 25.0
LOG_CHI2_MEAN, LOG_CHI2_VARIANCE, PRIOR_VARIANCE = -1.2704, 4.9348, 2.0
"""Of ln χ² with one degree of freedom; and of how much log variances of providers differ."""
SCALES, TARGET = (250, 1000), 4000
COLUMNS = ("as it is", "true level", "from residuals", "from repeats")


def predicted(probes: ProbeArrays, levels: Floats, queries: Floats) -> Floats:
    """`gp` without distances, rows divided by noise levels, whose geometric mean becomes 1."""
    weights = np.exp(np.log(levels).mean() - np.log(levels))
    kernels = KERNELS.matrices(probes.mixtures, probes.mixtures)
    trend = Trend(weights[:, None])
    weighted = [kernel * np.outer(weights, weights) for kernel in kernels]
    spectra = [Spectrum.of_kernel(trend, kernel) for kernel in weighted]
    prior = NoisePrior(NOISE_WEIGHT, NOISE_SHARE * float(probes.values.std()))
    fit = AveragedFit(weights * probes.values, spectra, RATIOS, prior)
    posterior = AveragedPosterior(trend, fit, weighted)
    process = KERNELS.weighted(probes.mixtures, [weights * dual for dual in fit.duals])
    return np.asarray(posterior.trend_coefficients[0] + process(queries)[0])


def levels_of(mixtures: Floats, squares: Floats, at: Floats | None = None) -> Floats:
    """Noise levels by provider, ln σ² linear in the shares, from squared errors; shrunken.

    Parameters
    ----------
    at : mixtures at which they are given; absent: the same.
    """
    logs = np.log(np.maximum(squares, 1e-12)) - LOG_CHI2_MEAN
    mean = logs.mean()
    precision = mixtures.T @ mixtures / LOG_CHI2_VARIANCE + np.eye(PROVIDERS) / PRIOR_VARIANCE
    slopes = np.linalg.solve(precision, mixtures.T @ (logs - mean) / LOG_CHI2_VARIANCE)
    return np.asarray(np.exp((mean + (mixtures if at is None else at) @ slopes) / 2))


def surface(stream: np.random.Generator) -> Floats:
    """Strengths of the providers, their pairs, for `values`."""
    return np.concatenate([stream.uniform(0.0, 0.1, 4), stream.uniform(-0.1, 0.2, 6)])


def values(strengths: Floats, mixtures: Floats) -> Floats:
    first, second = np.triu_indices(PROVIDERS, 1)
    pairs = mixtures[:, first] * mixtures[:, second]
    return np.asarray(0.6 + np.column_stack([mixtures, pairs]) @ strengths)


def table(seed: int, times: float, repeats: int) -> Floats:
    """RMSE and regret of each column, in points: shape (columns, 2)."""
    stream = np.random.default_rng([seed, repeats])
    design = maximin_design(PROVIDERS, MIXTURES // repeats, np.empty((0, PROVIDERS)))
    mixtures, strengths = np.repeat(design, repeats, axis=0), surface(stream)
    levels = NOISE * times ** mixtures[:, 0]
    measured = values(strengths, mixtures) + levels * stream.normal(size=len(mixtures))
    probes = ProbeArrays.check(mixtures, None, measured)
    model = GaussianProcess().fit(mixtures, None, measured)
    left_out = model.average.left_out(probes.groups())
    used = [np.ones(len(levels)), levels, levels_of(mixtures, left_out**2)]
    if repeats > 1:
        means = measured.reshape(-1, repeats).mean(axis=1)
        spread = (measured - np.repeat(means, repeats)) ** 2 * repeats / (repeats - 1)
        used.append(levels_of(mixtures, spread))
    grid = candidates(PROVIDERS)
    truth = values(strengths, grid)
    rows = []
    for one in used:
        guess = predicted(probes, one, grid)
        regret = truth.max() - truth[guess.argmax()]
        rows.append([np.sqrt(np.mean((guess - truth) ** 2)), regret])
    rows += [[np.nan, np.nan]] * (len(COLUMNS) - len(rows))
    return 100 * np.array(rows)


class Levelled(Joint):
    """`joint` whose noise at a mixture is `exp(p · slopes / 2)` times that of its size.

    Parameters
    ----------
    mixtures : of the probes, over which the levels have a geometric mean of 1, (k, m).
    slopes : of ln σ² along the shares, (m,).
    """

    def __init__(self, mixtures: Floats, slopes: Floats, law: LawError) -> None:
        super().__init__(law=law)
        self.rows, self.slopes = mixtures, slopes

    def level(self, mixtures: Floats) -> Floats:
        return np.asarray(np.exp((mixtures - self.rows.mean(axis=0)) @ self.slopes / 2))

    def _noise_of(self, sizes: Floats) -> Floats:
        usual = super()._noise_of(sizes)
        return usual * self.level(self.rows) if usual.ndim else usual

    def _spread(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        usual = super()._spread(mixtures, distances, size)
        noise = self.noise * super()._noise_of(np.array(size))
        apart = (self.level(mixtures) ** 2 - 1) * noise**2
        return np.asarray(np.sqrt(np.maximum(usual**2 + apart, 0.0)))


class LevelledPower(JointPower):
    """`joint_power` over `Levelled`."""

    def __init__(self, mixtures: Floats, slopes: Floats) -> None:
        super().__init__((0.0, 1.0), "network")
        self.rows, self.slopes = mixtures, slopes

    def _on_link(self) -> Joint:
        return Levelled(self.rows, self.slopes, self.law)


def slopes_of(mixtures: Floats, squares: Floats) -> Floats:
    """The slopes of ln σ² that `levels_of` estimates."""
    grid = np.vstack([np.zeros(PROVIDERS), np.eye(PROVIDERS)])
    logs = 2 * np.log(levels_of(mixtures, squares, grid))
    return np.asarray(logs[1:] - logs[0])


def over_scales(seed: int, times: float) -> Floats:
    """RMSE, coverage and score of 90 % intervals, and regret of each column, in points."""
    stream = np.random.default_rng([seed, 7])
    design = maximin_design(PROVIDERS, MIXTURES // 2, np.empty((0, PROVIDERS)))
    rows = np.tile(np.repeat(design, 2, axis=0), (2, 1))
    sizes = np.repeat(np.array(SCALES, dtype=float), len(rows) // 2)
    strengths, grid = surface(stream), candidates(PROVIDERS)

    def accuracy(mixtures: Floats, at: Floats | float) -> Floats:
        return values(strengths, mixtures) + 0.03 * np.log(np.asarray(at) / SCALES[-1])

    def noise(mixtures: Floats, at: Floats | float) -> Floats:
        level = NOISE * times ** mixtures[:, 0] * (np.asarray(at) / SCALES[-1]) ** -0.35
        return np.asarray(level * stream.normal(size=len(mixtures)))

    measured = np.clip(accuracy(rows, sizes) + noise(rows, sizes), 0.02, 0.98)
    pairs = measured.reshape(-1, 2)
    squares = np.repeat((pairs[:, 0] - pairs[:, 1]) ** 2 / 2, 2) * (sizes / SCALES[-1]) ** 0.7
    true = np.array([2 * np.log(times), 0.0, 0.0, 0.0])
    truth = accuracy(grid, TARGET)
    fresh = truth + noise(grid, TARGET)
    found = []
    for slopes in (np.zeros(PROVIDERS), true, slopes_of(rows, squares)):
        _FACTORISED.clear()  # its key does not hold the levels
        model = LevelledPower(rows, slopes).fit(rows, None, sizes, measured)
        guess = model.predict(grid, None, TARGET)
        low, high = model.interval(grid, None, TARGET).T
        outside = np.maximum(low - fresh, 0) + np.maximum(fresh - high, 0)
        inside = np.mean((low <= fresh) & (fresh <= high))
        score = np.mean(high - low + 20 * outside)
        regret = truth.max() - truth[guess.argmax()]
        found.append([np.sqrt(np.mean((guess - truth) ** 2)), inside / 100, score, regret])
    return 100 * np.array(found)


def rows_over_scales(times: float, tables: int) -> list[str]:
    results = np.array([over_scales(seed, times) for seed in range(tables)])
    noise = "same everywhere" if times == 1 else f"{times:g} times at a vertex"
    lines = []
    for which, name in enumerate(("RMSE", "coverage", "interval score", "regret")):
        each = results[:, :, which]
        apart = (each - each[:, :1]).std(axis=0, ddof=1) / np.sqrt(tables)
        both = zip(each.mean(axis=0), apart, strict=True)
        cells = [f"{mean:.2f} ± {error:.2f}" for mean, error in both]
        cells[0] = f"{each[:, 0].mean():.2f}"
        lines.append(f"| {noise} | {name} | {' | '.join(cells)} |")
    return lines


def row_of(times: float, repeats: int, tables: int) -> list[str]:
    """Means, with the standard error of the difference to `gp` as it is."""
    results = np.array([table(seed, times, repeats) for seed in range(tables)])
    lines = []
    for which, name in enumerate(("RMSE", "regret")):
        cells = []
        for column in range(len(COLUMNS)):
            each = results[:, column, which]
            error = (each - results[:, 0, which]).std(ddof=1) / np.sqrt(tables)
            cell = f"{each.mean():.3f}" + (f" ± {error:.3f}" if column else "")
            cells.append("–" if np.isnan(each).any() else cell)
        noise = "same everywhere" if times == 1 else f"{times:g} times at a vertex"
        lines.append(f"| {noise} | {repeats} | {name} | {' | '.join(cells)} |")
    return lines


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tables", type=int, default=60)
    tables = options.parse_args().tables
    text = "\n".join(
        [
            "# A noise level that depends on the mixture\n",
            f"Written by `python -m benchmarks.mixture_noise`: {tables} planted tables a row, 24",
            "trainings each, in points of accuracy. ±: standard error of the difference to `gp` as",
            "it is. Regret is that of the mixture predicted best.\n",
            f"| noise | trainings of a mixture | | {' | '.join(COLUMNS)} |",
            "|---|---|---|---|---|---|---|",
            *(
                line
                for times in (1.0, TIMES)
                for repeats in (1, 2)
                for line in row_of(times, repeats, tables)
            ),
            "\n## joint_power, two scales with two seeds\n",
            f"12 mixtures at {SCALES[0]} and {SCALES[1]:,}, to {TARGET:,} samples. Coverage is of",
            "new trainings with noise of their own.\n",
            "| noise | | as it is | true level | from repeats |",
            "|---|---|---|---|---|",
            *(line for times in (1.0, TIMES) for line in rows_over_scales(times, tables)),
        ]
    )
    (RESULTS / "mixture_noise.md").write_text(f"{text}\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
