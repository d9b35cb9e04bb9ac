"""From the ledgers to predictors and projections: appendix A.1, stages II and III."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from projektor_ray.errors import InputError, TooFewProbesError
from projektor_ray.predictors import Choice, Predictor, choose
from projektor_ray.projection import LogLinear, NoProjection, ScaleModel, scale_weights
from projektor_ray.study import Probe, Study
from projektor_ray.tables import Key, Row

if TYPE_CHECKING:
    from projektor_ray.transport import Distances

Floats = NDArray[np.float64]

PREDICTOR_NAMES = ("cs", "pq")
NO_PROJECTION = "none"
SHOWN_ERRORS = 3


def missing_mixtures(study: Study, distances: Mapping[Key, Row]) -> NDArray[np.intp]:
    """Which of the design's mixtures lack a distance at some scale."""
    lacks = [
        any((identity, scale, None) not in distances for scale in study.scales)
        for identity in study.mixture_ids
    ]
    return np.flatnonzero(lacks)


def distance_rows(
    study: Study, which: NDArray[np.intp], found: "Distances", seconds: float
) -> list[Row]:
    """Rows of the `distances` table for some of the design's mixtures, at every scale.

    `draw` is null: these are the distances at the expected weights p_i / n_i, which serve every
    size. `seconds` is the time of the whole batch, shared evenly.
    """
    share = seconds / (len(which) * len(study.scales))
    return [
        {
            "mixture_id": study.mixture_ids[index],
            "mixture": study.mixtures[index].tolist(),
            "size": scale,
            "draw": None,
            "value": float(found.value[position]),
            "gradient": found.gradient[position].tolist(),
            "marginal_error": float(found.marginal_error[position]),
            "converged": bool(found.converged[position]),
            "iterations": int(found.iterations[position]),
            "seconds": share,
        }
        for scale in study.scales
        for position, index in enumerate(which)
    ]


@dataclass(frozen=True, eq=False)
class Observations:
    """Finished probes beside the distances of their mixtures, a row per probe.

    Attributes
    ----------
    mixtures : (k, m).
    distances : (k,).
    sizes : (k,).
    values : (k,), the metric.
    failed : how many wanted probes failed.
    """

    mixtures: Floats
    distances: Floats
    sizes: NDArray[np.int64]
    values: Floats
    failed: int


def observe(study: Study, probes: Mapping[Key, Row], distances: Mapping[Key, Row]) -> Observations:
    """The wanted probes that are done, joined with their distances.

    Raises
    ------
    TooFewProbesError
        If none is done; says what went wrong.
    """
    wanted = [(probe, probes[probe.key]) for probe in study.wanted_probes() if probe.key in probes]
    done = [(probe, row) for probe, row in wanted if row["status"] == "done"]
    failed = [row["error"] for _, row in wanted if row["status"] == "failed"]
    if not done:
        errors = sorted({error.strip().splitlines()[-1] for error in failed if error.strip()})
        reason = f"all {len(failed)} failed: " + "; ".join(errors[:SHOWN_ERRORS])
        raise TooFewProbesError(
            "no probe is done, so there is nothing to fit; "
            + (reason if failed else "train the probes first (jobs.probe, or jobs.study)")
        )
    missing = [probe.label for probe, _ in done if _distance_key(probe) not in distances]
    if missing:
        raise InputError(
            f"{len(missing)} finished probes have no distance; measure their mixtures first "
            "(jobs.measure, or jobs.study)"
        )
    return Observations(
        mixtures=np.array([probe.mixture for probe, _ in done]),
        distances=np.array([distances[_distance_key(probe)]["value"] for probe, _ in done]),
        sizes=np.array([probe.size for probe, _ in done]),
        values=np.array([row["value"] for _, row in done]),
        failed=len(failed),
    )


def _distance_key(probe: Probe) -> Key:
    return (probe.mixture_id, probe.size, None)


@dataclass(frozen=True, eq=False)
class Fit:
    """Predictors at every scale, and the one that projects and selects.

    Attributes
    ----------
    chosen : name of the predictor that is used at all scales.
    reason : one sentence that says why.
    choices : scale → all predictors fitted there.
    """

    chosen: str
    reason: str
    choices: Mapping[int, Choice]
    bounds: tuple[float, float]

    def model(self, name: str) -> ScaleModel:
        """Eq. 3 over the predictor of that name; "none": no projection of the chosen one."""
        if name == NO_PROJECTION:
            return NoProjection.of(self._predictors(self.chosen), self.bounds)
        return LogLinear.of(self._predictors(name), self.bounds)

    def names(self) -> list[str]:
        """The predictors that could be fitted at every scale."""
        return [
            name
            for name in PREDICTOR_NAMES
            if all(name in choice.fitted for choice in self.choices.values())
        ]

    def _predictors(self, name: str) -> dict[int, Predictor]:
        return {scale: choice.fitted[name] for scale, choice in self.choices.items()}


def fit_scales(study: Study, seen: Observations) -> Fit:
    """Fit CS (Eq. 1) and PQ (Eq. 2) at every scale; choose by the error carried to the size to buy.

    A predictor's cross-validated errors at the scales, amplified as Eq. 3 amplifies independent
    errors: `√Σ_s (w_s(N)·mae_cv_s)²`.

    Raises
    ------
    TooFewProbesError
        If at some scale too few probes are done for any predictor, or for the one asked for.
    """
    choices = {}
    for scale in study.scales:
        at = seen.sizes == scale
        try:
            choices[scale] = choose(
                PREDICTOR_NAMES, seen.mixtures[at], seen.distances[at], seen.values[at]
            )
        except TooFewProbesError as error:
            raise TooFewProbesError(
                f"at scale {scale}, {np.count_nonzero(at)} probes are done "
                f"({seen.failed} failed in all): {error}"
            ) from None
    bounds = (study.metric.low, study.metric.high)
    fit = Fit("", "", choices, bounds)
    size = study.config.selection.size
    weights = scale_weights(size, study.scales)
    carried = {
        name: float(
            np.sqrt(
                sum(
                    (weight * choice.fitted[name].report.mae_cv) ** 2
                    for weight, choice in zip(weights, choices.values(), strict=True)
                )
            )
        )
        for name in fit.names()
    }
    chosen, reason = _choice(study.config.selection.predictor, carried, choices, size)
    return Fit(chosen, reason, choices, bounds)


def _choice(
    asked: str, carried: Mapping[str, float], choices: Mapping[int, Choice], size: int
) -> tuple[str, str]:
    errors = ", ".join(f"{name} {error:.3g}" for name, error in carried.items())
    if asked != "auto":
        if asked not in carried:
            refusals = [choice.refused.get(asked) for choice in choices.values()]
            raise TooFewProbesError(next(text for text in refusals if text))
        return asked, f"{asked} was asked for; cross-validated error carried to {size}: {errors}"
    best = min(carried, key=lambda name: carried[name])
    return best, f"least cross-validated error carried to {size}: {errors}"


def predictor_rows(fit: Fit) -> list[Row]:
    """The `predictors` table: every predictor at every scale."""
    return [
        {
            "predictor": name,
            "size": scale,
            "coefficients": predictor.coefficients.tolist(),
            "mae": predictor.report.mae,
            "mae_cv": predictor.report.mae_cv,
            "r2": predictor.report.r2,
            "chosen": name == fit.chosen,
        }
        for scale, choice in fit.choices.items()
        for name, predictor in choice.fitted.items()
    ]


def projection_rows(
    fit: Fit, mixtures: Floats, distances: Floats, sizes: Sequence[int]
) -> list[Row]:
    """The `projections` table: every mixture at every size, by each predictor and by none."""
    rows = []
    for name in [*fit.names(), NO_PROJECTION]:
        model = fit.model(name)
        for size in sizes:
            values = model.predict(mixtures, distances, size)
            intervals = model.interval(mixtures, distances, size)
            rows += [
                {
                    "mixture": mixture.tolist(),
                    "size": size,
                    "predictor": name,
                    "value": float(value),
                    "low": float(low),
                    "high": float(high),
                }
                for mixture, value, (low, high) in zip(mixtures, values, intervals, strict=True)
            ]
    return rows
