"""From the ledgers to predictors and projections: appendix A.1, stages II and III."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from projektor_ray.errors import InputError, TooFewProbesError
from projektor_ray.probes.faults import last_line
from projektor_ray.projection import ClassShares
from projektor_ray.projection.choose import NO_PROJECTION, FittedModels, choose_model
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.schemas import Key, Row
from projektor_ray.study.probe import Probe
from projektor_ray.study.study import Study

if TYPE_CHECKING:
    from projektor_ray.runs import Runs
    from projektor_ray.transport import Distances

SHOWN_ERRORS = 3
WITH_CEILINGS = ("accuracy", "balanced_accuracy", "f1_macro")
"""Metrics that a mixture without a class cannot bring to 1."""


def unmeasured(study: Study, distances: Mapping[Key, Row]) -> Floats:
    """Mixtures of the design, and candidates, that lack a distance: (b, m)."""
    lacks = [(study.identify(mixture),) not in distances for mixture in study.measured]
    return np.asarray(study.measured[lacks])


def missing_probes(
    study: Study, rows: Mapping[Key, Row], *, retry_failed: bool = False
) -> list[Probe]:
    """The probes that a study asks for and the ledger lacks, largest first."""
    return [
        probe
        for probe in study.wanted_probes()
        if probe.key not in rows or (retry_failed and rows[probe.key]["status"] == "failed")
    ]


def distance_rows(
    study: Study, mixtures: Floats, distances: "Distances", seconds: float
) -> list[Row]:
    """Rows of the `distances` table for mixtures (b, m).

    A distance is measured at the expected weights p_i / n_i of provider i's pilot samples, so that
    one row serves training sets of every size. `seconds` of the batch are shared evenly.
    """
    return [
        {
            "mixture_id": study.identify(mixture),
            "mixture": mixture.tolist(),
            "value": float(distances.value[position]),
            "gradient": distances.gradient[position].tolist(),
            "marginal_error": float(distances.marginal_error[position]),
            "converged": bool(distances.converged[position]),
            "iterations": int(distances.iterations[position]),
            "seconds": seconds / len(mixtures),
        }
        for position, mixture in enumerate(mixtures)
    ]


def join_ledgers(study: Study, probes: Mapping[Key, Row], distances: Mapping[Key, Row]) -> "Runs":
    """The finished probes of a study, joined with the distances of their mixtures.

    Raises
    ------
    TooFewProbesError
        If no probe, or none at some scale, is finished; names what went wrong.
    InputError
        If the distance of a mixture is missing.
    """
    from projektor_ray.runs import Runs

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
    sizes = np.array([float(probe.size) for probe, _ in done])
    empty = [scale for scale in study.scales if scale not in sizes]
    if empty:
        raise TooFewProbesError(
            f"no probe is done at scale {empty[0]:,} ({len(failed)} failed in all); train it "
            "(jobs.probe, jobs.study --retry-failed), or drop it from probes.scales"
        )
    measured = [distances[(probe.mixture_id,)] for probe, _ in done]
    return Runs(
        study.names,
        np.array([probe.mixture for probe, _ in done]),
        np.array([row["value"] for _, row in done]),
        sizes,
        np.array([row["value"] for row in measured]),
        study.config.metric,
        (study.metric.low, study.metric.high),
        gradients=np.array([row["gradient"] for row in measured]),
        failed=len(failed),
    )


def fit_study(study: Study, runs: "Runs", *, compare: bool = True) -> FittedModels:
    """Fit what the study asks for to its finished probes.

    Parameters
    ----------
    compare : whether models that cannot be chosen are fitted as well.

    Raises
    ------
    TooFewProbesError
        If there are too few for any predictor, or for the one that is named.
    """
    selection = study.config.selection
    try:
        return choose_model(
            runs.arrays(),
            runs.bounds,
            predictor=selection.predictor,
            projection=selection.projection,
            compare=compare,
            family=study.learner_family,
            classes=class_shares(study),
            robust=selection.robust,
        )
    except TooFewProbesError as error:
        failed = f" ({runs.failed} failed in all)" if runs.failed else ""
        raise TooFewProbesError(f"{error}{failed}") from None


def class_shares(study: Study) -> ClassShares | None:
    """Which classes of the validation set each pilot holds; None where the metric has no ceiling.

    An accuracy counts every sample of the validation set alike, a mean over classes every class.
    """
    counted = study.validation
    if study.config.metric not in WITH_CEILINGS or not counted.classes:
        return None
    counts = [dict(zip(one.classes, one.counts, strict=True)) for one in study.pilots]
    shares = [
        [count.get(number, 0) / one.size for number in counted.classes]
        for one, count in zip(study.pilots, counts, strict=True)
    ]
    weights = np.array(counted.counts) if study.config.metric == "accuracy" else None
    weights = np.ones(len(counted.classes)) if weights is None else weights
    return ClassShares(np.array(shares), weights / weights.sum())


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
