"""The results of a table of runs."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from projektor_ray.explain.assemble import ObjectiveAt, assemble
from projektor_ray.explain.far_run_facts import far_runs_of_table
from projektor_ray.explain.model_choice import describe_choice
from projektor_ray.explain.noise_facts import noise_of_table
from projektor_ray.explain.reading_line import table_parts
from projektor_ray.explain.results import Results
from projektor_ray.projection.cross_validation import CrossValidation
from projektor_ray.runs import Runs
from projektor_ray.runs.result_tables import predictor_rows
from projektor_ray.selection import PurchasePlans
from projektor_ray.selection.aggregation import Aggregation
from projektor_ray.selection.objective import MetricObjective

if TYPE_CHECKING:
    from projektor_ray.runs import ScaleRegressor


def results_of_table(
    title: str,
    tables: Sequence[Runs],
    models: Sequence["ScaleRegressor"],
    aggregation: Aggregation | None,
    bought: PurchasePlans,
    *,
    figures: bool = True,
) -> Results:
    """The results of a table of runs, models fitted to them and plans made with these.

    Parameters
    ----------
    tables, models : the runs with each metric, and the model fitted to it.
    aggregation : of several metrics; None of one.
    figures : whether figures will be drawn of the results.
    """
    model = models[0]
    metrics = [one.metric for one in tables]
    metric = metrics[0] if aggregation is None else f"aggregate of {', '.join(metrics)}"
    names = [one.fitted_.projection for one in models]
    chosen = " / ".join(dict.fromkeys(names))
    shared = [name for name in model.models_ if all(name in one.models_ for one in models)]
    wanted = {chosen: names, **{name: [name] * len(models) for name in shared if name != chosen}}
    results = assemble(
        title=title,
        metric=metric,
        direction=model.goal,
        cross_validation=_cross_validation(models, aggregation),
        measured=model.probes_.measured,
        predictors=[row for one, of in zip(models, metrics, strict=True) for row in _rows(one, of)]
        if len(models) > 1
        else _rows(model, ""),
        errors_of=f"the logarithm of {metrics[0]}" if model.log else metric,
        bought=bought,
        objectives={
            name: _objective_at(models, each, aggregation) for name, each in wanted.items()
        },
        chosen=chosen,
        reason="; ".join(dict.fromkeys(describe_choice(one.fitted_) for one in models)),
        notes=list(dict.fromkeys(note for one in models for note in one.notes_)),
        far=[
            fact
            for one, name in zip(models, metrics, strict=True)
            for fact in (*far_runs_of_table(one, name), *noise_of_table(one, name))
        ],
        figures=figures,
    )
    return replace(
        results, read=tuple(table_parts(len(tables[0]), [one.reading for one in tables]))
    )


def _objective_at(
    models: Sequence["ScaleRegressor"], names: Sequence[str], aggregation: Aggregation | None
) -> ObjectiveAt:
    """What models of these names, one of each metric, say together at a size."""

    def at(size: float) -> MetricObjective:
        parts = [one.by(name).objective(size) for one, name in zip(models, names, strict=True)]
        return parts[0] if aggregation is None else aggregation(parts)

    return at


def _cross_validation(
    models: Sequence["ScaleRegressor"], aggregation: Aggregation | None
) -> CrossValidation:
    """Of the aggregate of the metrics; of metrics of different runs, of the first."""
    each = [CrossValidation.of(one.model_, one.probes_, one.fitted_.probes) for one in models]
    if models[0].log:
        each = [
            replace(
                one,
                probes=replace(one.probes, values=np.exp(one.probes.values)),
                predicted=np.exp(one.predicted),
            )
            for one in each
        ]
    if aggregation is None or len({len(one.probes) for one in each}) > 1:
        return each[0]
    values = aggregation.of([one.probes.values for one in each])
    return CrossValidation(
        replace(each[0].probes, values=values),
        predicted=aggregation.of([one.predicted for one in each]),
        left_out=all(one.left_out for one in each),
    )


def _rows(model: "ScaleRegressor", metric: str) -> list[dict[str, Any]]:
    """The errors of the models of one metric, with its name where there are several."""
    on = f" of {metric}" if metric else ""
    return [{**row, "on": on} for row in predictor_rows(model.fitted_)]
