"""Failed, unfinished and repeated trainings are left out and counted; of steps the last counts."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projektor_ray.errors import InputError
from projektor_ray.runs import Roles, Runs

K = 20


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(3), K)
    loss = 2 + shares @ [0.3, 0.1, 0.6]
    return pd.DataFrame(shares, columns=["web", "code", "books"]).assign(size=500, val_loss=loss)


def left_out(table: Any, roles: Roles | None = None) -> tuple[int, dict[str, int]]:
    runs = Runs.read(table, roles)
    assert runs.reading is not None
    assert runs.reading.rows == len(runs)
    return len(runs), dict(runs.reading.left_out)


def with_first(name: str, first: list[Any], rest: Any) -> pd.DataFrame:
    return frame().assign(**{name: first + [rest] * (K - len(first))})


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (with_first("state", ["failed", "crashed", "running"], "finished"), (17, 2, 1)),
        (with_first("state", ["PRUNED", "FAIL", "COMPLETE"], "COMPLETE"), (18, 1, 1)),
        (with_first("State", ["TrialState.FAIL"], "TrialState.COMPLETE"), (19, 1, 0)),
        (with_first("status", ["KILLED", "RUNNING"], "FINISHED"), (18, 1, 1)),
        (with_first("status", ["ERROR"], "TERMINATED"), (19, 1, 0)),
        (with_first("status", ["OUT_OF_MEMORY", "Out of memory"], "COMPLETED"), (18, 2, 0)),
        (with_first("done", [False, False], True), (18, 0, 2)),
        (with_first("done", [], False), (20, 0, 0)),
        (with_first("diverged", [True], False), (19, 1, 0)),
        (with_first("exit_code", [1, 137, None], 0), (18, 2, 0)),
        (with_first("status", [0] * 3, 0), (20, 0, 0)),
        (with_first("state", ["Ohio", "Utah"], "Iowa"), (20, 0, 0)),
    ],
)
def test_trainings_are_left_out_by_their_state(
    table: pd.DataFrame, expected: tuple[int, int, int]
) -> None:
    rows, left = left_out(table)
    assert (rows, left.get("failed", 0), left.get("unfinished", 0)) == expected


@pytest.mark.parametrize(("name", "first", "rest"), [("state", 3, 1), ("Status", "✗", "✓")])
def test_states_that_say_nothing_are_asked_about(name: str, first: Any, rest: Any) -> None:
    with pytest.raises(InputError, match=f"'{name}' does not say which trainings finished.*drop"):
        Runs.read(with_first(name, [first], rest))


def test_an_unknown_state_is_left_out_by_its_name() -> None:
    assert left_out(with_first("state", ["lost"], "done")) == (19, {"lost": 1})


def test_a_row_without_a_state_counts_only_where_no_row_is_marked_as_finished() -> None:
    assert left_out(with_first("state", ["failed", None, ""], "finished")) == (
        *(17, {"failed": 1, "no state": 2}),
    )
    assert left_out(with_first("state", ["failed", "running"], None)) == (
        *(18, {"failed": 1, "unfinished": 1}),
    )


def test_no_finished_training_at_all_is_refused() -> None:
    with pytest.raises(InputError, match="20 unfinished"):
        Runs.read(with_first("state", [], "running"))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_trainings_without_a_value_are_left_out(value: float) -> None:
    table = frame()
    table.loc[[3, 5], "val_loss"] = value
    assert left_out(table) == (18, {"no value": 2})
    texts = table.assign(val_loss=[f"{v}" for v in table["val_loss"]])
    assert left_out(texts) == (18, {"no value": 2})


def test_rows_of_other_experiments_have_no_mixture() -> None:
    table = frame()
    table.loc[[3, 5], ["web", "code", "books"]] = np.nan
    assert left_out(table) == (18, {"no mixture": 2})


def test_a_table_without_any_usable_row_is_refused() -> None:
    with pytest.raises(InputError, match=r"'web'.*'val_loss'"):
        Runs.read(frame().assign(web=np.nan, code=np.nan, books=np.nan), Roles(("web", "code")))


def test_errors_name_the_rows_of_the_file_not_of_what_is_left() -> None:
    table = frame().assign(state=["failed"] * 4 + ["finished"] * (K - 4))
    table.loc[6, "web"] = -0.5
    with pytest.raises(InputError, match=r"in row 7 "):
        Runs.read(table)


def test_exact_duplicates_count_once_and_seeds_do_not() -> None:
    table = frame()
    twice = pd.concat([table, table.iloc[:3]], ignore_index=True).reset_index()
    assert left_out(twice) == (K, {"duplicate": 3})
    assert left_out(twice.assign(seed=range(K + 3))) == (K + 3, {})


def history(**changes: Any) -> pd.DataFrame:
    """Four steps of each training; the last has the value of `frame`."""
    steps = [
        frame().assign(run_id=[f"r{i}" for i in range(K)], step=100 * step, **changes)
        for step in range(1, 5)
    ]
    for extra, part in zip((0.6, 0.3, 0.1, 0.0), steps, strict=True):
        part["val_loss"] += extra
    return pd.concat(steps, ignore_index=True).sample(frac=1, random_state=0)


def test_of_the_steps_of_a_training_the_last_counts() -> None:
    runs = Runs.read(history())
    assert runs.reading is not None
    assert runs.reading.left_out == {"earlier step": 3 * K}
    assert runs.values is not None
    np.testing.assert_allclose(np.sort(runs.values), np.sort(frame()["val_loss"]))


def test_the_last_step_is_the_last_with_a_value() -> None:
    table = history()
    table.loc[table["step"] == 400, "val_loss"] = np.nan
    runs = Runs.read(table)
    assert runs.values is not None
    np.testing.assert_allclose(np.sort(runs.values), np.sort(frame()["val_loss"] + 0.1))


def test_steps_without_a_name_of_the_training_are_asked_about() -> None:
    table = history().drop(columns=["run_id", "size"])
    with pytest.raises(InputError, match=r"--step step.*--size step"):
        Runs.read(table)
    assert len(Runs.read(table, Roles(step="step"))) == K
    assert Runs.read(table, Roles(size="step")).scales == (100, 200, 300, 400)


def test_trainings_of_their_own_may_end_at_different_steps() -> None:
    table = pd.concat([frame(), frame()], ignore_index=True)
    table["val_loss"] += np.linspace(0, 0.01, 2 * K)
    assert left_out(table.assign(name=range(2 * K), _step=range(2 * K))) == (2 * K, {})


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_every_row_is_either_used_or_counted(data: st.DataObject) -> None:
    table = frame()
    kinds = st.sampled_from(["finished", "failed", "running", "crashed", "Complete"])
    states = data.draw(st.lists(kinds, min_size=K, max_size=K))
    empty = data.draw(st.lists(st.booleans(), min_size=K, max_size=K))
    table["state"] = states
    table.loc[empty, "val_loss"] = np.nan
    usable = [
        s.lower() in ("finished", "complete") and not e for s, e in zip(states, empty, strict=True)
    ]
    try:
        rows, left = left_out(table)
    except InputError:
        assert sum(usable) < 2
        return
    assert rows == sum(usable)
    assert rows + sum(left.values()) == K
