"""Where tables of trainings come from: any table, or a folder that a tool of this field writes."""

import json
import posixpath
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from projektor_ray.data import read_table
from projektor_ray.errors import InputError
from projektor_ray.runs.joined_tables import join_tables
from projektor_ray.runs.tidy_columns import tidy
from projektor_ray.storage.locations import Location, locate

RATIOS, METRICS = "ratios.csv", "metrics.csv"
STANDARD_INPUT = "-"


def read_run_table(source: Any) -> pa.Table:
    """A tidy table of trainings: any table, a folder of olmix, results of lm-evaluation-harness.

    A folder of olmix holds `ratios.csv` and `metrics.csv`, which are joined by the run. Results of
    lm-evaluation-harness are JSON files, or folders of them, a row for each model: `run`, the last
    part of the model's name, and a column for each task and metric, `arc_easy/acc,none`.

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
    rows: dict[str, dict[str, Any]] = {}
    for one in sorted(results, key=lambda one: (float(one.get("date") or 0), str(one["path"]))):
        folder = posixpath.basename(posixpath.dirname(str(one["path"])))
        run = posixpath.basename(str(one.get("model_name") or folder).rstrip("/"))
        values = rows.setdefault(run, {"run": run})
        for task, metrics in one["results"].items():
            numbers = {name: v for name, v in metrics.items() if isinstance(v, int | float)}
            values |= {f"{task}/{name}": float(value) for name, value in numbers.items()}
    names = dict.fromkeys(name for row in rows.values() for name in row)
    return pa.table({name: [row.get(name) for row in rows.values()] for name in names})
