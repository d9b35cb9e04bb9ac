"""From the ledgers to predictors and projections: appendix A.1, stages II and III."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from projektor_ray.errors import InputError, TooFewProbesError
from projektor_ray.predictors import ProbeArrays
from projektor_ray.probes.faults import last_line
from projektor_ray.projection.choose import NO_PROJECTION, FittedModels, choose_model
from projektor_ray.storage.arrays import Floats
from projektor_ray.storage.schemas import Key, Row
from projektor_ray.study.study import Study

if TYPE_CHECKING:
    from projektor_ray.transport import Distances

SHOWN_ERRORS = 3


def unmeasured(study: Study, distances: Mapping[Key, Row]) -> Floats:
    """Mixtures of the design, and candidates, that lack a distance: (b, m)."""
    lacks = [(study.identify(mixture),) not in distances for mixture in study.measured]
    return np.asarray(study.measured[lacks])


def distance_rows(study: Study, mixtures: Floats, found: "Distances", seconds: float) -> list[Row]:
    """Rows of the `distances` table for mixtures (b, m).

    A distance is measured at the expected weights p_i / n_i of provider i's pilot samples, so that
    one row serves training sets of every size. `seconds` of the batch are shared evenly.
    """
    return [
        {
            "mixture_id": study.identify(mixture),
            "mixture": mixture.tolist(),
            "value": float(found.value[position]),
            "gradient": found.gradient[position].tolist(),
            "marginal_error": float(found.marginal_error[position]),
            "converged": bool(found.converged[position]),
            "iterations": int(found.iterations[position]),
            "seconds": seconds / len(mixtures),
        }
        for position, mixture in enumerate(mixtures)
    ]


@dataclass(frozen=True, eq=False)
class Observations:
    """Finished probes beside the distances of their mixtures, a row per probe.

    Attributes
    ----------
    mixtures : (k, m).
    distances : (k,).
    gradients : of the distances along the shares, (k, m).
    sizes : (k,).
    values : (k,), the metric.
    failed : how many wanted probes failed.
    """

    mixtures: Floats
    distances: Floats
    gradients: Floats
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
        errors = sorted({last_line(error) for error in failed if error.strip()})
        says = f"all {len(failed)} failed: " + "; ".join(errors[:SHOWN_ERRORS])
        raise TooFewProbesError(
            "no probe is done, so there is nothing to fit; "
            + (says if failed else "train the probes first (jobs.probe, or jobs.study)")
        )
    missing = [probe.label for probe, _ in done if (probe.mixture_id,) not in distances]
    if missing:
        raise InputError(
            f"{len(missing)} finished probes have no distance; measure their mixtures first "
            "(jobs.measure, or jobs.study)"
        )
    return Observations(
        mixtures=np.array([probe.mixture for probe, _ in done]),
        distances=np.array([distances[(probe.mixture_id,)]["value"] for probe, _ in done]),
        gradients=np.array([distances[(probe.mixture_id,)]["gradient"] for probe, _ in done]),
        sizes=np.array([probe.size for probe, _ in done]),
        values=np.array([row["value"] for _, row in done]),
        failed=len(failed),
    )


def probe_arrays(study: Study, seen: Observations) -> ProbeArrays:
    """What models are fitted to.

    Raises
    ------
    TooFewProbesError
        If at some scale no probe is done.
    """
    empty = [scale for scale in study.scales if scale not in seen.sizes]
    if empty:
        raise TooFewProbesError(
            f"no probe is done at scale {empty[0]:,} ({seen.failed} failed in all); train it "
            "(jobs.probe, jobs.study --retry-failed), or drop it from probes.scales"
        )
    return ProbeArrays.check(
        seen.mixtures, seen.distances, seen.values, seen.sizes, gradients=seen.gradients
    )


def fit_study(study: Study, seen: Observations, *, compare: bool = True) -> FittedModels:
    """Fit what the study asks for to the probes that are done.

    Parameters
    ----------
    compare : whether models that cannot be chosen are fitted beside them.

    Raises
    ------
    TooFewProbesError
        If at some scale no probe is done, or too few for any predictor or for the one asked for.
    """
    asked = study.config.selection
    bounds = (study.metric.low, study.metric.high)
    probes = probe_arrays(study, seen)
    try:
        return choose_model(
            probes,
            bounds,
            predictor=asked.predictor,
            projection=asked.projection,
            compare=compare,
        )
    except TooFewProbesError as error:
        failed = f" ({seen.failed} failed in all)" if seen.failed else ""
        raise TooFewProbesError(f"{error}{failed}") from None


def projection_rows(
    fit: FittedModels, mixtures: Floats, distances: Floats, sizes: Sequence[int]
) -> list[Row]:
    """The `projections` table: every mixture at every size, by every model.

    With one scale, the models are asked for that scale only; `none` stays the value there.
    """
    rows = []
    for name, model in fit.models.items():
        for size in sizes:
            if len(model.scales) == 1 and size not in model.scales and name != NO_PROJECTION:
                continue
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
