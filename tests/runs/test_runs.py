"""Any table in, and what is said of tables that cannot be used."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from projektor_ray.errors import InputError
from projektor_ray.runs import Roles, Runs, read_table

FRAME = pd.DataFrame(
    {
        "index": [1, 2, 3, 4],
        "zeta": [0.2, 0.5, 0.0, 0.3],
        "alpha": [0.8, 0.25, 1.0, 0.3],
        "mid": [0.0, 0.25, 0.0, 0.4],
        "size": [100, 100, 400, 400],
        "accuracy": [0.5, 0.6, 0.7, 0.8],
        "distance": [0.1, 0.2, 0.3, 0.4],
        "note": ["a", "b", "c", "d"],
    }
)


def stored(kind: str, folder: Path) -> Any:
    if kind == "csv":
        FRAME.to_csv(folder / "runs.csv", index=False)
        return folder / "runs.csv"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pandas(FRAME), folder / "runs.parquet")
        return str(folder / "runs.parquet")
    if kind == "arrow":
        return pa.Table.from_pandas(FRAME)
    return FRAME if kind == "pandas" else {name: FRAME[name].tolist() for name in FRAME}


@pytest.mark.parametrize("kind", ["csv", "parquet", "arrow", "pandas", "dict"])
def test_every_kind_of_table_gives_the_same_arrays(kind: str, tmp_path: Path) -> None:
    runs = Runs.read(stored(kind, tmp_path))
    assert runs.providers == ("alpha", "mid", "zeta")
    np.testing.assert_allclose(runs.mixtures, FRAME[["alpha", "mid", "zeta"]], atol=1e-15)
    assert runs.values is not None
    assert runs.sizes is not None
    assert runs.distances is not None
    np.testing.assert_array_equal(runs.values, FRAME["accuracy"])
    np.testing.assert_array_equal(runs.sizes, FRAME["size"])
    np.testing.assert_array_equal(runs.distances, FRAME["distance"])
    assert (runs.metric, runs.scales, len(runs)) == ("accuracy", (100, 400), 4)


def test_providers_are_found_among_other_numbers_whatever_their_names() -> None:
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(5), size=20)
    frame = pd.DataFrame(rng.random((20, 9)), columns=list("uvabcdewx"))
    frame[list("abcde")] = shares
    runs = Runs.read(frame, Roles(metric="x"))
    assert runs.providers == tuple("abcde")
    assert runs.sizes is None
    assert runs.scales == ()


def test_a_provider_without_a_share_is_a_provider_still() -> None:
    frame = FRAME.assign(unused=0.0)[["zeta", "alpha", "mid", "unused", "accuracy"]]
    assert Runs.read(frame).providers == ("alpha", "mid", "unused", "zeta")


def test_columns_can_be_named_and_a_size_said() -> None:
    roles = Roles(providers=("zeta", "mid", "alpha"), metric="distance", size=250)
    runs = Runs.read(FRAME.drop(columns="size"), roles)
    assert runs.scales == (250,)
    assert runs.metric == "distance"


def test_shares_printed_to_three_decimals_are_renormalised() -> None:
    shares = np.round(np.random.default_rng(1).dirichlet(np.ones(17), size=40), 3)
    assert np.abs(shares.sum(axis=1) - 1).max() > 1e-3
    frame = pd.DataFrame(shares).rename(columns=str).assign(loss=np.arange(40.0))
    np.testing.assert_allclose(Runs.read(frame).mixtures.sum(axis=1), 1, atol=1e-12)


def bad(**changes: Any) -> pd.DataFrame:
    return FRAME.assign(**changes)


@pytest.mark.parametrize(
    ("frame", "roles", "message"),
    [
        (bad(mid=[0.0, 0.25, 0.1, 0.4]), None, r"sum to 1 .*not so in row 3 .*sums to 1\.1"),
        (FRAME.drop(columns="mid"), Roles(providers=("alpha", "mid", "zeta")), "no column 'mid'"),
        (FRAME.drop(columns="alpha"), None, r"zeta, mid look like shares, but sum to 0 … 0\.75"),
        (FRAME[["size", "accuracy"]], None, "cannot tell which columns are the providers"),
        (bad(mid=[0, None, 0, 0.4]), None, r"'mid' is empty \(NaN\) in row 2"),
        (bad(mid=[0, -0.25, 0, 0.4]), None, r"0 or more; 'mid' is -0\.25 in row 2"),
        (bad(accuracy=[50, 60, 70, 80]), None, "in per cent. Divide it by 100"),
        (
            bad(accuracy=[0.5, 0.6, 1.7, 0.8]),
            None,
            r"in 0 … 1; it is 1\.7 in row 3 \(counted .*\)\. Correct it",
        ),
        (bad(accuracy=0.5), None, "is 0.5 in all 4 rows: nothing can be learned"),
        (bad(size=[100, 0, 100, 100]), None, "at least 1; it is 0 in row 2"),
        (bad(size=[1.0, 1.5, 2.0, 2.0]), None, "whole number .* it is 1.5 in row 2 .*billions"),
        (
            bad(distance=[0.1, 0.2, None, 1]),
            None,
            "'distance' must hold .*none in row 3",
        ),
        (FRAME, Roles(metric="acuracy"), "did you mean 'accuracy'"),
        (bad(loss=1.0), None, "several could be; name one of accuracy, loss"),
        (FRAME.drop(columns="accuracy"), None, "none could be"),
        (FRAME, Roles(metric="note"), "'note' must hold numbers"),
        (FRAME.iloc[:0], None, "no rows"),
        (FRAME, Roles(providers=("alpha",)), "two or more providers"),
        (FRAME, Roles(providers=("alpha", "size")), r"sums to 100\.8"),
        (FRAME, Roles(providers=("alpha", "size"), size="size"), "named twice"),
        (3, None, "expected a path, a DataFrame or a pyarrow Table; got int"),
        ("runs.xlsx", None, "there is no file"),
    ],
)
def test_bad_tables_are_refused_in_words(frame: Any, roles: Roles | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Runs.read(frame, roles)


def test_a_broken_file_and_a_foreign_one(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 not at all")
    (tmp_path / "b.xlsx").write_bytes(b"")
    with pytest.raises(InputError, match=r"a\.parquet"):
        read_table(tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"b\.xlsx"):
        read_table(tmp_path / "b.xlsx")


def test_bounds_that_are_said_go_before_those_of_the_name() -> None:
    per_cent = FRAME.assign(accuracy=FRAME["accuracy"] * 100)
    with pytest.raises(InputError, match=r"it is in per cent"):
        Runs.read(per_cent)
    assert Runs.read(per_cent, Roles(bounds=(0.0, 100.0))).bounds == (0.0, 100.0)
    assert Runs.read(FRAME).bounds == (0.0, 1.0)
    with pytest.raises(InputError, match=r"in 0 … 0\.1;"):
        Runs.read(FRAME, Roles(bounds=(0.0, 0.1)))
