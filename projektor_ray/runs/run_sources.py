"""Where tables of trainings come from: any table, or a folder that a tool of this field writes."""

import json
import posixpath
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa

from projektor_ray.data import read_table
from projektor_ray.data.tables import STANDARD_INPUT
from projektor_ray.errors import InputError
from projektor_ray.runs.joined_tables import join_tables
from projektor_ray.runs.tidy_columns import tidy
from projektor_ray.storage.locations import Location, locate

RATIOS, METRICS = "ratios.csv", "metrics.csv"


def read_run_table(source: Any) -> pa.Table:
    """A tidy table of trainings: any table, a folder of olmix, results of lm-evaluation-harness.

    A folder of olmix holds `ratios.csv` and `metrics.csv`, which are joined by the run. Results of
    lm-evaluation-harness are JSON files, or folders of them, a row for each model: `run`, as many
    last parts of the models' names as tell them apart, and a column for each task and metric,
    `arc_easy/acc,none`.

    Raises
    ------
    InputError
        If there is nothing, or it cannot be read.
    """
    if isinstance(source, str | Path) and str(source) != STANDARD_INPUT:
        where = str(source)
        location = locate(where)
        names = {posixpath.basename(path) for path in location.files}
        if location.is_folder and {RATIOS, METRICS} <= names:
            return join_tables(*(read_table(f"{where}/{name}") for name in (RATIOS, METRICS)))
        if results := _evaluations(location):
            return tidy(_evaluation_table(results))
    return tidy(read_table(source))


def _evaluations(location: Location) -> list[Mapping[str, Any]]:
    """Results of lm-evaluation-harness; none where a file is something else."""
    files = [path for path in location.files if _is_result(path, location.is_folder)]
    evaluations = [_parsed(location.read(path), path, location.is_folder) for path in files]
    return [one for one in evaluations if one is not None]


def _is_result(path: str, in_folder: bool) -> bool:
    name = posixpath.basename(path)
    return name.endswith(".json") and (not in_folder or name.startswith("results"))


def _parsed(content: bytes, path: str, required: bool) -> Mapping[str, Any] | None:
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError) as failure:
        if required:
            raise InputError(f"cannot read {path} as JSON: {failure}") from None
        return None
    tasks = parsed.get("results") if isinstance(parsed, dict) else None
    known = isinstance(tasks, dict) and all(isinstance(task, dict) for task in tasks.values())
    return parsed | {"path": path} if known and tasks else None


def _evaluation_table(results: Sequence[Mapping[str, Any]]) -> pa.Table:
    """A row for each model; of a task that was evaluated twice the later date counts."""
    names = _run_names([_model(one) for one in results])
    rows: dict[str, dict[str, Any]] = {}
    folders: dict[tuple[str, str], str] = {}
    for one in sorted(results, key=lambda one: (_date(one.get("date")), str(one["path"]))):
        run, folder = names[_model(one)], posixpath.dirname(str(one["path"]))
        values = rows.setdefault(run, {"run": run})
        for task, metrics in one["results"].items():
            _check_one_folder(run, task, folders.setdefault((run, task), folder), folder)
            numbers = {name: v for name, v in metrics.items() if isinstance(v, int | float)}
            values |= {f"{task}/{name}": float(value) for name, value in numbers.items()}
    columns = dict.fromkeys(name for row in rows.values() for name in row)
    return pa.table({name: [row.get(name) for row in rows.values()] for name in columns})


def _model(result: Mapping[str, Any]) -> str:
    """The model that was evaluated: its name, often a path, else the folder of the results."""
    folder = posixpath.dirname(str(result["path"]))
    return str(result.get("model_name") or folder).rstrip("/")


def _run_names(models: Sequence[str]) -> dict[str, str]:
    """As many last parts of each model's path as tell all models apart."""
    parts = {model: model.split("/") for model in models}
    for count in range(1, max(map(len, parts.values())) + 1):
        names = {model: "/".join(path[-count:]) for model, path in parts.items()}
        if len(set(names.values())) == len(names):
            break
    return names


def _check_one_folder(run: str, task: str, first: str, folder: str) -> None:
    """Refuse two results of one task under one name in different folders: of different models?"""
    if folder != first:
        raise InputError(
            f"results of {task!r} are in {first} and in {folder}, both of a model called {run!r}. "
            "Read one of the folders, or give the models different names"
        )


def _date(written: Any) -> float:
    """Seconds since 1970 of a date, a number or a text in ISO 8601; 0 where it is neither."""
    try:
        return float(written)
    except (TypeError, ValueError):
        pass
    try:
        moment = datetime.fromisoformat(str(written))
    except ValueError:
        return 0.0
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
