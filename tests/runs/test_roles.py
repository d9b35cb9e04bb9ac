"""Which column is what: named columns, columns found by name and value, and what is refused."""

from typing import Any

import pyarrow as pa
import pytest

from projektor_ray.errors import InputError
from projektor_ray.runs.roles import Columns, Roles, find_columns, find_metric, resolve

SHARES: dict[str, Any] = {"web": [0.2, 0.5, 0.7], "code": [0.8, 0.5, 0.3]}
TABLE = pa.table({**SHARES, "size": [10, 20, 20], "distance": [1.0, 2.0, 3.0], "loss": [3, 2, 1]})


def test_every_role_is_found() -> None:
    found = find_columns(TABLE, Roles())
    assert found == Columns(("web", "code"), "shares", "loss", "size", "distance")
    assert found.taken == {"web", "code", "size", "distance", "loss"}


def test_a_table_of_mixtures_needs_no_metric() -> None:
    assert find_columns(TABLE.drop_columns("loss"), Roles(), measured=False).metric is None
    with pytest.raises(InputError, match="--metric NAME"):
        find_columns(TABLE.drop_columns("loss"), Roles())


def test_names_are_those_of_the_table() -> None:
    table = TABLE.drop_columns("size")
    roles = resolve(table, Roles(providers=("code", "web"), metric="loss", size=500.0))
    assert find_columns(table, roles).mixture == ("code", "web")
    assert roles.size == 500.0
    with pytest.raises(InputError, match="'losss'"):
        resolve(TABLE, Roles(metric="losss"))


def test_a_column_has_one_meaning() -> None:
    with pytest.raises(InputError, match="web is named twice"):
        find_columns(TABLE, Roles(providers=("web", "code"), metric="web"))


def test_named_shares_in_per_cent() -> None:
    table = pa.table({"web": [20, 50], "code": [80, 50], "loss": [1.0, 2.0]})
    assert find_columns(table, Roles(providers=("web", "code"))).unit == "per cent"


def test_the_metric_is_not_one_of_training_data_and_no_statistic() -> None:
    table = pa.table(
        {**SHARES, "train_loss": [1, 2, 3], "val_loss": [1, 2, 3], "loss_std": [0] * 3}
    )
    assert find_metric(table, {"web", "code"}) == "val_loss"
    both = table.append_column("val_accuracy", pa.array([1, 2, 3]))
    with pytest.raises(InputError, match="val_loss, val_accuracy"):
        find_metric(both, {"web", "code"})


def test_a_metric_of_texts_is_refused_by_its_first_odd_cell() -> None:
    table = pa.table({**SHARES, "val_loss": ["1.5", "2.0 ± 0.1", "2.5"]})
    with pytest.raises(InputError, match=r"'val_loss' must hold numbers; row 2 .*2\.0 ± 0\.1"):
        find_metric(table, {"web", "code"})


def test_counts_in_place_of_shares_are_named() -> None:
    table = pa.table({"web": [4, 10], "code": [6, 10], "size": [10, 20], "loss": [1.0, 2.0]})
    with pytest.raises(InputError, match="--counts"):
        find_columns(table, Roles())
    assert find_columns(table, Roles(counts=True)).unit == "counts"
