"""Reading a million rows, compared with pyarrow and pandas: time and memory.

python -m benchmarks.reading [--rows 1000000]

Each reader reads each file in a process of its own, several times. Times are medians; memory is
the most that the process resided in beyond what it resided in before. pyarrow and pandas return a
table, and so does `read_table`; `read_source` goes on to samples: an array of features, and
classes, as pyarrow and NumPy do in a row of their own.
Writes `benchmarks/results/reading.md`.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from benchmarks.child import PeakMemory, in_child
from projektor_ray.data import SourceConfig, read_source, read_table

RESULTS = Path(__file__).parent / "results"
REPEATS = 7
FEATURES = 10
LISTED = 64
SECONDS = 300.0
MIB = 2**20


@dataclass(frozen=True)
class Cost:
    """What one reading takes: seconds of wall clock and of CPU, and bytes."""

    wall: float
    cpu: float
    peak: int


def pyarrow_table(path: str) -> Any:
    return pa.csv.read_csv(path) if path.endswith(".csv") else pq.read_table(path)


def pandas_frame(path: str) -> Any:
    return pd.read_csv(path) if path.endswith(".csv") else pd.read_parquet(path)


def samples(path: str) -> Any:
    return read_source(SourceConfig(path=path))


def pyarrow_arrays(path: str) -> Any:
    table = pyarrow_table(path)
    if "features" in table.column_names:
        column = table["features"].combine_chunks()
        inputs = column.flatten().to_numpy(zero_copy_only=False).reshape(len(column), -1)
    else:
        inputs = np.column_stack([column.to_numpy() for column in table.drop(["label"]).columns])
    return inputs, table["label"].dictionary_encode().combine_chunks().indices.to_numpy()


READERS: dict[str, Callable[[str], Any]] = {
    "pyarrow": pyarrow_table,
    "pandas": pandas_frame,
    "read_table": read_table,
    "pyarrow, to NumPy": pyarrow_arrays,
    "read_source": samples,
}
BASES = {"read_source": "pyarrow, to NumPy"}
"""What each reader is compared with; absent: pyarrow."""


def readings(reader: str, path: str) -> list[Cost]:
    """What each of several readings takes, after one that imports what is needed."""
    small = Path(path).with_name(f"small-{Path(path).name}")
    READERS[reader](str(small))
    costs = []
    for _ in range(REPEATS):
        memory, wall, cpu = PeakMemory(), time.perf_counter(), time.process_time()
        table = READERS[reader](path)
        costs.append(Cost(time.perf_counter() - wall, time.process_time() - cpu, memory.bytes()))
        del table
        pa.default_memory_pool().release_unused()
    return costs


def write_files(folder: Path, rows: int) -> dict[str, Path]:
    """Tables with a label of three classes, and a small one of each kind."""
    stream = np.random.default_rng(0)
    label = stream.choice(["cat", "dog", "eel"], rows)
    columns = pa.table(
        {**{f"f{i}": stream.normal(size=rows) for i in range(FEATURES)}, "label": label}
    )
    flat = pa.array(stream.normal(size=rows * LISTED).astype(np.float32))
    lists = pa.table({"features": pa.FixedSizeListArray.from_arrays(flat, LISTED), "label": label})
    files = {
        f"Parquet, {FEATURES} columns of float64": (columns, folder / "columns.parquet"),
        f"Parquet, lists of {LISTED} float32": (lists, folder / "lists.parquet"),
        f"CSV, {FEATURES} columns": (columns, folder / "columns.csv"),
    }
    for table, path in files.values():
        write = pa.csv.write_csv if path.suffix == ".csv" else pq.write_table
        write(table, path)
        write(table.slice(0, 10), path.with_name(f"small-{path.name}"))
    return {name: path for name, (_, path) in files.items()}


def rows_of(name: str, path: Path) -> list[str]:
    lines, found = [], {}
    for reader in READERS:
        outcome = in_child(readings, reader, str(path), seconds=SECONDS)
        if outcome.result is None:
            lines.append(f"| {name} | {reader} | {outcome.note} | | | |")
            continue
        wall = median(cost.wall for cost in outcome.result)
        cpu = median(cost.cpu for cost in outcome.result)
        peak = max(cost.peak for cost in outcome.result)
        found[reader] = cpu, peak
        base = found[BASES.get(reader, "pyarrow")]
        lines.append(
            f"| {name} | {reader} | {wall:.2f} | {cpu:.2f} | {cpu / base[0]:.2f} "
            f"| {peak / MIB:,.0f} | {peak / base[1]:.2f} |"
        )
    return lines


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=10**6)
    rows = options.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        files = write_files(Path(folder), rows)
        table = [line for name, path in files.items() for line in rows_of(name, path)]
    text = "\n".join(
        [
            "# Reading a table, compared with pyarrow and pandas\n",
            f"Written by `python -m benchmarks.reading`: {rows:,} rows, on {os.cpu_count()} cores.",
            f"Each reader in a process of its own: median times and most memory of {REPEATS}",
            "readings, beyond what the process resided in before each.",
            "`read_source` returns samples: an array of features, and classes. It is compared with",
            "pyarrow and the same in NumPy, the others with pyarrow. Goal for Parquet: at",
            "most 1.5 times the time and 2 times the memory.\n",
            "| file | reader | wall s | CPU s | CPU ratio | memory MiB | memory ratio |",
            "|---|---|---|---|---|---|---|",
            *table,
        ]
    )
    (RESULTS / "reading.md").write_text(f"{text}\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
