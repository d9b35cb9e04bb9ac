"""Runs far from all others are named, with what they cost and how to count them in full."""

import numpy as np
import pyarrow as pa
import pytest

from projektor_ray.explain.facts import Fact
from projektor_ray.explain.far_run_facts import far_runs_of_table
from projektor_ray.runs import Runs, ScaleRegressor

WORTH = np.array([0.3, -0.2, 0.1])


def facts(spoil: dict[int, float], *, log: bool = False, robust: bool = True) -> list[Fact]:
    rng = np.random.default_rng(0)
    shares = np.tile(rng.dirichlet(np.ones(3), size=30), (2, 1))
    sizes = np.repeat([1000, 4000], 30)
    loss = 3.0 - shares @ WORTH - 0.05 * np.log(sizes) + 0.003 * rng.normal(size=60)
    for row, value in spoil.items():
        loss[row] = value
    rows = np.column_stack([shares, sizes, loss]).T
    table = pa.table(dict(zip(("web", "code", "books", "size", "val_loss"), rows, strict=True)))
    runs = Runs.read(table)
    model = ScaleRegressor(direction="minimize", log=log, robust=robust)
    return far_runs_of_table(model.fit(runs.features(), runs.values), runs.metric)


@pytest.mark.parametrize("log", [False, True])
def test_a_diverged_run_is_named_with_its_mixture_and_size(log: bool) -> None:
    (one,) = facts({35: 10.8}, log=log)
    assert one.kind == "far_run"
    assert "4,000 samples): val_loss is 10.8; the other runs predict 2." in one.text
    assert "weighs less in every model; `--no-robust`" in one.text
    assert one.values["value"] == pytest.approx(10.8)
    assert one.values["deviations"] > 100


def test_with_robust_off_the_run_is_named_and_counts_in_full() -> None:
    (one,) = facts({35: 10.8}, robust=False)
    assert "counts in full" in one.text


def test_of_many_far_runs_three_are_named_and_the_others_counted() -> None:
    found = facts({3: 9.0, 15: 8.0, 35: 10.8, 50: 7.0})
    assert [one.kind for one in found] == ["far_run"] * 3 + ["further_far_runs"]
    apart = [one.values["deviations"] for one in found[:3]]
    assert apart == sorted(apart, reverse=True)
    assert found[3].text == "1 further run of val_loss is far from all others."


def test_no_run_is_named_where_none_is_far() -> None:
    assert facts({}) == []
