"""A small study that the tests of the jobs run, and what they read of its tables."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from projektor_ray.data import Samples, read_source
from projektor_ray.storage.schemas import SCHEMAS
from projektor_ray.storage.settings import parse
from projektor_ray.study import SetSummary, Study, StudyConfig, resolve

LEDGERS = ("probes", "distances", "adaptive_design", "base_design")
OF_SEVERAL = "validation_sets"
"""The table that a study of one validation set does not have."""
CLOCKS = ("seconds", "started_at", "sources")
"""Columns that differ between runs of one study: by the time, or by who gave the samples."""

IRIS = {"sklearn": "iris", "shuffle": 0}
PROVIDERS: list[dict[str, Any]] = [
    {
        "name": "ada",
        "source": {**IRIS, "rows": [50, 80], "classes": [0, 1]},
        "capacity": 40,
        "price": 2,
    },
    {"name": "bob", "source": {**IRIS, "rows": [80, 115], "classes": [1, 2]}, "price": 1},
    {"name": "cyd", "source": {**IRIS, "rows": [115, 150]}, "capacity": 90, "price": 0.5},
]
MIXTURES = 6
PROBES = MIXTURES * 2


def values(**changes: Any) -> dict[str, Any]:
    """A study of three providers of iris flowers: 6 mixtures × 2 scales × 1 seed."""
    study: dict[str, Any] = {
        "name": "iris",
        "validation": {**IRIS, "rows": [0, 50]},
        "providers": PROVIDERS,
        "transport": {"dtype": "float64"},
        "learner": {"name": "tests.helpers.job_learners:nearest_mean"},
        "probes": {"scales": [4, 16], "lattice": 2, "seeds": 1},
        "selection": {"size": 100, "budget": 120, "restarts": 4},
    }
    return {**study, **changes}


def config(**changes: Any) -> StudyConfig:
    return parse(StudyConfig, values(**changes))


def resolved(asked: StudyConfig) -> Study:
    """A study of sources, without Ray."""
    pilots = [SetSummary.of(p.name, read_source(p.source)) for p in asked.providers if p.source]
    sources = asked.validation_sources
    sets = [SetSummary.of(name, read_source(source)) for name, source in sources.items()]
    return resolve(asked, pilots, sets)


def arrays() -> tuple[dict[str, Samples], Samples]:
    """The pilots and the validation set, read here."""
    asked = config()
    pilots = {p.name: read_source(p.source) for p in asked.providers if p.source}
    assert asked.validation is not None
    return pilots, read_source(asked.validation)


def table(out: Path, name: str) -> pa.Table:
    """A table of a study's folder; of a ledger, all rows that were ever appended."""
    if name not in LEDGERS:
        return pq.read_table(out / f"{name}.parquet")
    parts = [pq.read_table(part) for part in sorted((out / name).glob("*.parquet"))]
    return pa.concat_tables(
        [part.replace_schema_metadata() for part in parts] or [SCHEMAS[name].empty_table()]
    )


def rows(out: Path, name: str) -> list[dict[str, Any]]:
    """A table's rows without the clock, in an order of their own."""
    kept = table(out, name)
    kept = kept.drop_columns([column for column in CLOCKS if column in kept.column_names])
    return sorted(kept.to_pylist(), key=repr)


def tables(out: Path) -> dict[str, list[dict[str, Any]]]:
    made = [name for name in SCHEMAS if name in LEDGERS or (out / f"{name}.parquet").exists()]
    return {name: rows(out, name) for name in made}
