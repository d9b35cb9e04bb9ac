"""Mixtures in one table and metrics in another, joined by what names the training."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from projektor_ray.errors import InputError
from projektor_ray.runs import Roles, Runs, join_tables

FRAME = pd.DataFrame(
    {
        "index": [1, 2, 3, 4],
        "zeta": [0.2, 0.5, 0.0, 0.3],
        "alpha": [0.8, 0.5, 1.0, 0.7],
        "accuracy": [0.5, 0.6, 0.7, 0.8],
    }
)
SHARES, METRICS = FRAME[["index", "zeta", "alpha"]], FRAME[["index", "accuracy"]]


def join(left: pd.DataFrame, right: pd.DataFrame, key: str | None = None) -> pa.Table:
    return join_tables(pa.Table.from_pandas(left), pa.Table.from_pandas(right), key)


def test_a_join_is_by_key_not_by_position() -> None:
    runs = Runs.read(join(SHARES, METRICS.iloc[::-1].reset_index(drop=True)))
    assert runs.values is not None
    np.testing.assert_array_equal(runs.values, FRAME["accuracy"])


def test_rows_without_a_partner_are_left_out_and_counted() -> None:
    runs = Runs.read(join(SHARES.iloc[1:], METRICS.iloc[:3]))
    assert runs.reading is not None
    assert runs.reading.left_out == {"no mixture": 1, "no value": 1}
    assert runs.values is not None
    np.testing.assert_array_equal(runs.values, [0.6, 0.7])


@pytest.mark.parametrize("key", ["run", "run_id", "Run ID", "name", "trial_id", "Unnamed: 0"])
def test_the_key_is_found_by_its_name(key: str) -> None:
    runs = Runs.read(
        join(SHARES.rename(columns={"index": key}), METRICS.rename(columns={"index": key}))
    )
    assert len(runs) == 4


def test_keys_are_the_same_as_numbers_and_as_texts() -> None:
    texts = METRICS.assign(index=METRICS["index"].astype(str))
    floats = SHARES.assign(index=SHARES["index"].astype(float))
    assert len(Runs.read(join(floats, texts))) == 4


def test_columns_of_both_tables_must_agree_but_for_row_numbers() -> None:
    run = {"run": list("abcd"), "note": list("wxyz")}
    left, right = SHARES.assign(**run), METRICS.iloc[::-1].assign(**pd.DataFrame(run).iloc[::-1])
    right = right.assign(index=range(4))
    assert len(Runs.read(join(left, right), Roles(metric="accuracy"))) == 4
    with pytest.raises(InputError, match="'note' differs"):
        join(left, right.assign(note="v"))


def test_joins_that_cannot_be_made() -> None:
    with pytest.raises(InputError, match="second one lacks"):
        join(SHARES, METRICS.rename(columns={"index": "run"}), "index")
    with pytest.raises(InputError, match="--key NAME"):
        join(SHARES, METRICS.rename(columns={"index": "run"}))
    with pytest.raises(InputError, match=r"1 rows.*repeat"):
        join(SHARES.assign(index=[1, 1, 3, 4]), METRICS)
    with pytest.raises(InputError, match=r"1, 2, 3 and 4.* 5"):
        join(SHARES, METRICS.assign(index=METRICS["index"] + 4))


def test_rows_without_a_key_have_no_partner() -> None:
    keys = ["0", "1", None, None]
    runs = Runs.read(join(SHARES.assign(index=keys), METRICS.assign(index=keys[::-1])))
    assert runs.reading is not None
    assert runs.reading.left_out == {"no mixture": 2, "no value": 2}
    np.testing.assert_array_equal(runs.values, METRICS["accuracy"].to_numpy()[[3, 2]])
    with pytest.raises(InputError, match=r"value of 'index'.*both"):
        join(SHARES.assign(index=[None] * 4), METRICS.assign(index=[None] * 4))
