"""What the commands of `projektor` do with a table of runs."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from projektor_ray.cli import screen, terminal
from projektor_ray.cli.number_lists import bounds_of, is_number
from projektor_ray.cli.options import (
    Goal,
    ModelInputs,
    ModelOptions,
    OutputOptions,
    PurchaseInputs,
    TableOptions,
)
from projektor_ray.cli.output_files import finish, save
from projektor_ray.cli.purchase_arguments import (
    aggregation_of,
    check_aggregate,
    offers_of,
    one_direction,
    request_of,
)
from projektor_ray.cli.study_folders import fit_on, fitted_runs, study_of, study_results
from projektor_ray.data.tables import STANDARD_INPUT
from projektor_ray.errors import InputError, nearest
from projektor_ray.explain.beyond_runs import beyond_best_mixture
from projektor_ray.explain.extrapolation import extrapolation
from projektor_ray.explain.far_run_facts import far_runs_of_table
from projektor_ray.explain.from_study import set_rows
from projektor_ray.explain.from_table import results_of_table
from projektor_ray.explain.json_results import results_to_dict
from projektor_ray.explain.model_choice import describe_choice
from projektor_ray.explain.noise_facts import noise_of_table
from projektor_ray.explain.reading_line import reading_parts, table_parts
from projektor_ray.explain.results import Results
from projektor_ray.explain.unidentified_effects import unidentified_effects
from projektor_ray.runs import (
    Roles,
    Runs,
    ScaleRegressor,
    join_tables,
    read_class_shares,
    unbounded_note,
)
from projektor_ray.runs.name_lists import split_names
from projektor_ray.runs.plan_formats import PLAN_FORMATS, plan_text
from projektor_ray.runs.purchase_order import PurchaseOrder
from projektor_ray.runs.result_tables import fit_scale, predictor_rows, projection_table
from projektor_ray.runs.run_sources import read_run_table
from projektor_ray.selection import (
    Direction,
    aggregate,
    buy,
)
from projektor_ray.study import FittedStudy


def fit(inputs: ModelInputs, output: OutputOptions) -> None:
    """Fit models, and show their errors."""
    if (study := study_of(inputs)) is not None:
        _fit_study(study, output)
        return
    data = inputs.data
    (runs,) = _read(data, None, most=1)
    one_size = runs.sizes is None
    sized = replace(runs, sizes=np.ones(len(runs))) if one_size else runs
    model = _fit_to(inputs, sized, None)
    rows = predictor_rows(model.fitted_)
    if one_size:
        rows = [{**row, "size": None} for row in rows]
    terminal.show_errors(rows, f"{runs.metric}{', its logarithm' if data.log else ''}")
    far = [*far_runs_of_table(model, runs.metric), *noise_of_table(model, runs.metric)]
    screen.bullets("Warnings", map(str, far))
    finish(pa.Table.from_pylist(rows), output)
    if output.as_json:
        warnings = [one.to_dict() for one in far]
        screen.print_json({"read": _reading(runs), "models": rows, "warnings": warnings})


def project(
    inputs: ModelInputs,
    sizes: Sequence[int],
    mixtures: str | None,
    output: OutputOptions,
) -> None:
    """Project mixtures to sizes, and show the best."""
    study, data = study_of(inputs), inputs.data
    if study is None:
        runs, model = fitted_table(inputs)
    else:
        runs, model = fitted_runs(study, data.metric)
    rows = runs if mixtures is None else _read_mixtures(data, mixtures, runs.providers)
    if study is not None and mixtures is not None:
        distances = fit_on(study, data.metric).distances(rows.mixtures).value
        rows = replace(rows, distances=distances)
    for size in sizes:
        model.check_target(size)
        screen.statement(str(extrapolation(size, model.scales_)))
    projected = projection_table(model, rows, sizes)
    terminal.show_projections(projected, model, runs.metric)
    cautions = [
        *far_runs_of_table(model, runs.metric),
        *noise_of_table(model, runs.metric),
        *beyond_best_mixture(model, rows, runs.metric),
    ]
    screen.bullets("Warnings", map(str, cautions))
    finish(projected, output)
    if output.as_json:
        warnings = [one.to_dict() for one in cautions]
        projections = projected.to_pylist()
        screen.print_json(
            {"read": _reading(runs), "projections": projections, "warnings": warnings}
        )


def select(
    inputs: PurchaseInputs,
    output: OutputOptions,
    form: str,
) -> None:
    """Select a purchase, show it, and write it in a format."""
    if form not in (known := ("plans", "purchase-order", *PLAN_FORMATS)):
        raise InputError(f"there is no --format {form}; {nearest(form, known)}")
    if form != "plans" and output.out is None:
        raise InputError(f"--format {form} needs a file to write: --out FILE")
    results = _results(inputs, figures=False)
    terminal.show_results(results, verbose=output.verbose)
    plans = results.bought
    if form == "plans":
        finish(plans.table(), output)
    elif output.out is not None:
        order = PurchaseOrder.of_plan(plans.selected, plans.providers)
        if form == "purchase-order":
            rows = f"{len(order.lines):,} rows to "
            save(output.out, order.content(output.out.suffix), rows)
        else:
            save(output.out, plan_text(order, form).encode())
    if output.as_json:
        screen.print_json(results_to_dict(results))


def report(
    inputs: PurchaseInputs,
    out: Path,
    title: str | None,
) -> None:
    """Write the page of a purchase."""
    from projektor_ray.report import render_page  # which needs a second for its figures

    results = _results(inputs, title, figures=True)
    save(out, render_page(results).encode())


def _results(
    inputs: PurchaseInputs,
    title: str | None = None,
    *,
    figures: bool,
) -> Results:
    """Read the table, fit a model for each metric, and select."""
    data = inputs.fitted.data
    if (study := study_of(inputs.fitted)) is not None:
        return study_results(study, inputs, title, figures=figures)
    request = request_of(inputs.bought)
    tables = _read(data, _goal(inputs.fitted.wanted))
    check_aggregate(inputs.joined, [runs.metric for runs in tables])
    models = [_fit(inputs.fitted, runs) for runs in tables]
    offers = offers_of(inputs.sold, models[0].providers_)
    if request.size is not None:
        models[0].check_target(request.size)
    problem, how = models[0].problem(offers), None
    if len(models) > 1:
        names = [runs.metric for runs in tables]
        how = aggregation_of(
            inputs.joined, names, one_direction(dict(zip(names, models, strict=True)))
        )
        problems = [model.problem(offers) for model in models]
        problem = aggregate(dict(zip(names, problems, strict=True)), how)
    plans = buy(problem, request)
    name = title or ("runs" if data.table == STANDARD_INPUT else Path(data.table).stem)
    results = results_of_table(name, tables, models, how, plans, figures=figures)
    return replace(results, interface="command")


def fitted_table(inputs: ModelInputs) -> tuple[Runs, ScaleRegressor]:
    """The runs of one metric in a table, and the scaling model fitted to them."""
    (runs,) = _read(inputs.data, _goal(inputs.wanted), most=1)
    return runs, _fit(inputs, runs)


def _fit_study(study: FittedStudy, output: OutputOptions) -> None:
    """Show the errors of a study's models, of each validation set."""
    rows = [row for fit in study.fits for row in set_rows(fit)]
    terminal.show_errors(rows, study.study.config.metric)
    finish(pa.Table.from_pylist(rows), output)
    if output.as_json:
        screen.print_json({"read": {"study": study.name}, "models": rows})


def _read(data: TableOptions, direction: Direction | None, most: int | None = None) -> list[Runs]:
    """The runs by each metric that is named, a,b; shows how they were read.

    Parameters
    ----------
    direction : whether more of the metric is better, if that is given.
    most : how many metrics the command takes.

    Raises
    ------
    InputError
        If more metrics are named, or the table cannot be read.
    """
    table = _table(data)
    names: tuple[str | None, ...] = (None,)
    if data.metric is not None:
        names = split_names(data.metric, table.column_names, "--metric")
    if most is not None and len(names) > most:
        raise InputError(
            f"only select and report take several metrics; got --metric {data.metric}. Give one of "
            f"them, such as --metric '{names[0]}'"
        )
    tables_read = [Runs.read(table, _roles(data, table, name, direction)) for name in names]
    screen.status(
        "Runs", " · ".join(table_parts(len(tables_read[0]), [one.reading for one in tables_read]))
    )
    first = tables_read[0]
    for effect in unidentified_effects(first.mixtures, first.providers, first.distances):
        screen.status("Caution", str(effect))
    return tables_read


def _reading(runs: Runs) -> dict[str, object]:
    """How the runs were read, for JSON."""
    text = [] if runs.reading is None else reading_parts(runs.reading)
    return {"runs": len(runs), "metric": runs.metric, "text": text}


def _table(data: TableOptions) -> pa.Table:
    table = read_run_table(data.table)
    if data.join is None:
        return table
    return join_tables(table, read_run_table(data.join), data.key)


def _read_mixtures(data: TableOptions, source: str, names: tuple[str, ...]) -> Runs:
    """Mixtures of the same providers, without a metric."""
    roles = Roles(names, distance=data.distance, counts=data.counts)
    return Runs.read(source, roles, measured=False)


def _roles(
    data: TableOptions, table: pa.Table, metric: str | None, direction: Direction | None
) -> Roles:
    columns = table.column_names
    size: str | float | None = data.size
    if data.size is not None and data.size not in columns and is_number(data.size):
        size = float(data.size)
    return Roles(
        () if data.providers is None else split_names(data.providers, columns, "--providers"),
        metric,
        size,
        data.distance,
        bounds_of(data.bounds),
        direction,
        data.counts,
        data.step,
    )


def _goal(wanted: ModelOptions) -> Direction | None:
    """Whether more is better, where that is given."""
    if wanted.direction is None:
        return None
    return "maximize" if wanted.direction is Goal.maximize else "minimize"


def _fit(inputs: ModelInputs, runs: Runs) -> ScaleRegressor:
    """The scaling model; shows which one was chosen and why."""
    return _fit_to(inputs, runs, _goal(inputs.wanted) or runs.direction)


def _fit_to(inputs: ModelInputs, runs: Runs, goal: str | None) -> ScaleRegressor:
    """The same for a given direction of the metric; None where it does not matter."""
    wanted, log = inputs.wanted, inputs.data.log
    model = fit_scale(
        runs,
        goal,
        log,
        wanted.predictor,
        wanted.projection,
        wanted.learner_family,
        None if wanted.classes is None else read_class_shares(wanted.classes, runs.providers),
        robust=wanted.robust,
    )
    screen.status("Model", describe_choice(model.fitted_))
    assert runs.values is not None
    note = unbounded_note(runs.metric, runs.values, runs.bounds)
    if note and not log and goal != "minimize":
        screen.status("Caution", note)
    return model
