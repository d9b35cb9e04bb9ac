"""Predictions that no finished run shows to be reachable, in words."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from projektor_ray.explain.facts import Fact, fact
from projektor_ray.explain.formatting import MetricText, count, decimals_from_intervals
from projektor_ray.explain.results import Results
from projektor_ray.predictors import ProbeArrays
from projektor_ray.projection.reachable import BestRun, passes_zero

if TYPE_CHECKING:
    from projektor_ray.runs import Runs, ScaleRegressor


def beyond_runs(results: Results) -> Iterator[Fact]:
    """Warn where the plan is predicted better than what its runs show to be reachable.

    Compared at the largest trained size: beyond it a metric may grow.
    """
    probes, metric = results.probes, results.metric_text
    last = probes.scales[-1]
    there = results.curves[0].at(last)[0] if results.curves else results.selected.predicted
    yield from beyond_best(probes, there, last, results.sign, metric, "the plan's mixture")
    if passes_zero(probes, results.selected.unclipped):
        yield negative(metric, results.selected.unclipped, of_table=results.source == "table")


def beyond_best_mixture(model: "ScaleRegressor", mixtures: "Runs", metric: str) -> Iterator[Fact]:
    """Warn where the best of mixtures is predicted better than what runs show to be reachable."""
    last = model.scales_[-1]
    values = np.asarray(model.predict(mixtures.features(), last))
    sign = 1.0 if model.goal == "maximize" else -1.0
    best = float(sign * np.max(sign * values))
    probes = model.probes_
    if model.log:
        probes = replace(probes, values=np.exp(probes.values))
    decimals = decimals_from_intervals([tuple(np.sort([best, best + np.std(probes.values)]))])
    text = MetricText(metric, model.goal, decimals)
    yield from beyond_best(probes, best, last, sign, text, "the best mixture")


def beyond_best(
    probes: ProbeArrays, predicted: float, size: int, sign: float, metric: MetricText, what: str
) -> Iterator[Fact]:
    """Warn where a prediction at a trained size is far better than the best run there."""
    best = BestRun.of(probes, size, sign)
    if best.is_beaten(predicted, sign):
        yield fact(
            "beyond_runs",
            f"At {count(size, 'sample')} the model predicts {metric.value(predicted)} for {what}; "
            f"the best run reached {metric.value(best.value)}. No run shows that any mixture "
            "reaches the prediction: train this mixture first.",
            predicted=predicted,
            best=best.value,
            size=size,
        )


def negative(metric: MetricText, predicted: float, *, of_table: bool) -> Fact:
    """A prediction below 0 of a metric that was above 0 in every run.

    Parameters
    ----------
    of_table : whether the runs are a table's, of which the logarithm can be fitted.
    """
    remedy = "the prediction is too far from the trainings: train at a larger size."
    if of_table:
        remedy = "fit its logarithm: `--log` (in Python log=True)."
    return fact(
        "negative_prediction",
        f"The model predicts {metric.value(predicted)}, though {metric.name} is above 0 in every "
        f"run. If it cannot be negative, {remedy}",
        predicted=predicted,
    )
