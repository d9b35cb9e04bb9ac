"""Which rows of a table count as trainings: finished ones, the last step of each, each once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from projektor_ray.errors import InputError, listed
from projektor_ray.runs.column_names import bare, is_input, vocabulary
from projektor_ray.runs.numeric_columns import column, is_numeric
from projektor_ray.runs.tidy_columns import is_text

Mask = NDArray[np.bool_]
SHOWN = 5

FINISHED = vocabulary(
    "finished finish complete completed done success succeeded successful ok terminated "
    "trained passed"
)
FAILED = vocabulary(
    "failed fail failure crashed crash killed error errored diverged nan timeout "
    "out_of_memory oom node_fail cancelled canceled aborted interrupted preempted"
)
UNFINISHED = vocabulary(
    "running pruned pending waiting queued scheduled paused stopped starting created "
    "unfinished incomplete requeued suspended"
)
STATE_NAMES = vocabulary("state status run_state run_status trial_status trial_state")
DONE_NAMES = vocabulary("done finished completed is_finished is_done")
EXIT_NAMES = vocabulary("exit_code exitcode exit_status return_code returncode")
"""Names of what a process ends with: 0 where it succeeded."""
FAILURE_NAMES = vocabulary("failed crashed diverged is_failed has_failed has_crashed")
RUN_NAMES = (
    *("run_id", "trial_id", "run", "trial", "run_name", "trial_name", "id", "uid", "uuid"),
    *("name", "number", "experiment", "experiment_name", "model"),
)
STEP_NAMES = (
    *("step", "global_step", "epoch", "training_iteration", "iteration", "iter", "steps"),
    *("iterations", "epochs", "num_steps", "update", "updates"),
)
SEED_NAMES = vocabulary("seed random_seed random_state replicate repeat rep")
ROW_NUMBERS = vocabulary("index unnamed_0 level_0 row")


@dataclass(frozen=True)
class LastSteps:
    """Rows that are steps of one training, of which the last one counts.

    Attributes
    ----------
    run : the column that names the training; None where the mixture does.
    step : the column of the steps.
    """

    run: str | None
    step: str


def left_out_states(table: pa.Table) -> tuple[Mask, Counter[str]]:
    """Rows whose state is that of a finished training, and how many have which other state.

    A column of states is one by its name, `state` or `status`, and by values that are known. Where
    a column of flags, such as `done`, marks no row at all, it tells nothing.

    Raises
    ------
    InputError
        If no row is of a finished training, or no state is known.
    """
    counts = np.ones(table.num_rows, dtype=bool)
    left: Counter[str] = Counter()
    for name in table.column_names:
        kind = bare(name)
        if kind in STATE_NAMES and is_text(table[name].type):
            states = _states(table[name], name)
        elif kind in EXIT_NAMES and is_numeric(table[name].type):
            states = ["failed" if code and code == code else "" for code in table[name].to_pylist()]
        elif kind in STATE_NAMES and is_numeric(table[name].type):
            _refuse_unknown(table[name], name)
            continue
        elif kind in DONE_NAMES | FAILURE_NAMES and pa.types.is_boolean(table[name].type):
            states = _flags(table[name], kind in DONE_NAMES)
        else:
            continue
        for state, count in Counter(s for s, c in zip(states, counts, strict=True) if c).items():
            if state:
                left[state] += count
        counts &= np.array([not state for state in states])
    if not counts.any():
        ended = listed([f"{count} {state}" for state, count in left.most_common()])
        raise InputError(
            f"no row is of a finished training: {ended}. Wait for some to finish, or drop the "
            "column that tells their state"
        )
    return counts, left


def _refuse_unknown(states: pa.ChunkedArray, name: str) -> None:
    """Refuse states that differ, none of which says whether a training finished."""
    distinct = sorted({str(state) for state in states.to_pylist() if state is not None})
    if len(distinct) > 1:
        raise InputError(
            f"the column {name!r} does not say which trainings finished: it holds "
            f"{', '.join(distinct[:SHOWN])}. Write texts such as finished and failed, or drop it"
        )


def _states(texts: pa.ChunkedArray, name: str) -> list[str]:
    """For each row what its state is called if it is not finished; empty where it is.

    Where some rows are marked as finished, a row without a state is not.
    """
    written = [str(text or "").lower() for text in texts.to_pylist()]
    names = ["_".join(text.split()).rsplit(".", 1)[-1] for text in written]
    if not set(names) & (FINISHED | FAILED | UNFINISHED):
        if bare(name) != "state":  # A state of a country is none of a training.
            _refuse_unknown(texts, name)
        return [""] * len(names)
    known = dict.fromkeys(FINISHED | {""}, "") | dict.fromkeys(FAILED, "failed")
    known |= dict.fromkeys(UNFINISHED, "unfinished")
    if set(names) & FINISHED:
        known[""] = "no state"
    return [known.get(name, name) for name in names]


def _flags(flags: pa.ChunkedArray, done: bool) -> list[str]:
    values = [bool(flag) for flag in flags.to_pylist()]
    if done:
        return ["" if value or not any(values) else "unfinished" for value in values]
    return ["failed" if value and not all(values) else "" for value in values]


def find_steps(
    table: pa.Table, step: str | None, mixture: Sequence[str], size: str | None
) -> LastSteps | None:
    """How rows are steps of trainings; None where each row is a training of its own.

    Parameters
    ----------
    step : the column of steps, where it is said.
    mixture, size : the columns that a training has the same in all steps.

    Raises
    ------
    InputError
        If rows of the same mixture differ by a column of steps, but none names the training.
    """
    steps = [step] if step else _numeric(table, STEP_NAMES, {*mixture, size})
    if not steps:
        return None
    fixed = _codes(table, [*mixture, *([size] if size else [])])
    varying = [name for name in steps if _varies_within(fixed, column(table, name))]
    if not varying:
        return None
    for run in (n for key in RUN_NAMES for n in table.column_names if bare(n) == key):
        if run in {*mixture, size, *steps}:
            continue
        codes = _codes(table, [run])
        if len(np.unique(codes)) == table.num_rows:
            return None
        if not _varies_within(codes, fixed):
            named = [name for name in varying if _varies_within(codes, column(table, name))]
            if named:
                return LastSteps(run, named[0])
    if step:
        return LastSteps(None, step)
    raise InputError(
        f"rows of the same mixture differ by {varying[0]!r}: they may be steps of one training, of "
        f"which the last counts (--step {varying[0]}), or trainings of several sizes (--size "
        f"{varying[0]}). Say which"
    )


def last_steps(
    table: pa.Table, progress: LastSteps, fixed: Sequence[str], values: NDArray[np.float64]
) -> Mask:
    """The last row of each training that has a value, or its last row where none has.

    Parameters
    ----------
    fixed : columns that a training has the same in all steps, where no column names it.
    """
    seeds = [name for name in table.column_names if bare(name) in SEED_NAMES]
    codes = _codes(table, [progress.run] if progress.run else list(dict.fromkeys([*fixed, *seeds])))
    steps = column(table, progress.step)
    order = np.lexsort((np.nan_to_num(steps, nan=-np.inf), np.isfinite(values), codes))
    last = np.append(codes[order][1:] != codes[order][:-1], True)
    keeps = np.zeros(len(codes), dtype=bool)
    keeps[order[last]] = True
    return keeps


def first_of_duplicates(table: pa.Table) -> Mask:
    """The first of rows that are the same in every column but a row number."""
    names = [name for name in table.column_names if bare(name) not in ROW_NUMBERS]
    codes = _codes(table, names)
    keeps = np.zeros(len(codes), dtype=bool)
    keeps[np.unique(codes, return_index=True)[1]] = True
    return keeps


def _codes(table: pa.Table, names: Sequence[str]) -> NDArray[np.intp]:
    """A number for each distinct row of some columns."""
    codes = np.zeros(table.num_rows, dtype=np.intp)
    for name in names:
        more = _cell_codes(table[name])
        codes = np.unique(codes * (more.max() + 1) + more, return_inverse=True)[1].reshape(-1)
    return codes


def _cell_codes(cells: pa.ChunkedArray) -> NDArray[np.intp]:
    try:
        encoded = cells.combine_chunks().dictionary_encode().indices
    except (pa.ArrowException, AttributeError):  # Lists have no dictionary.
        encoded = pa.array([repr(cell) for cell in cells.to_pylist()]).dictionary_encode().indices
    return np.asarray(encoded.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.intp) + 1


def _varies_within(codes: NDArray[np.intp], values: NDArray[np.generic]) -> bool:
    """Whether rows of the same code differ in their values."""
    others = np.unique(values, return_inverse=True)[1].reshape(-1)
    return len(np.unique(np.column_stack([codes, others]), axis=0)) > len(np.unique(codes))


def _numeric(table: pa.Table, names: Sequence[str], taken: set[str | None]) -> list[str]:
    """Columns of numbers with one of these names that are no settings."""
    return [
        name
        for key in names
        for name in table.column_names
        if bare(name) == key
        and name not in taken
        and not is_input(name)
        and is_numeric(table[name].type)
    ]
