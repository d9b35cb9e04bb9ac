"""Noise that differs by mixture is named in the metric's own units."""

import numpy as np
import pyarrow as pa
import pytest

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.explain.facts import Fact
from projektor_ray.explain.noise_facts import noise_of_table
from projektor_ray.runs import Runs, ScaleRegressor


def facts(times: float, *, log: bool = False) -> list[Fact]:
    """Of losses near 2 whose noise rises so many times towards `crowd`, from 0.004."""
    rng = np.random.default_rng(0)
    shares = np.repeat(simplex_lattice(3, 4), 5, axis=0)
    loss = 2.0 - shares @ [0.3, -0.2, 0.1] + 0.004 * times ** shares[:, 0] * rng.normal(size=75)
    rows = np.column_stack([shares, np.full(75, 1000), loss]).T
    table = pa.table(dict(zip(("crowd", "lab", "field", "size", "loss"), rows, strict=True)))
    runs = Runs.read(table)
    model = ScaleRegressor(direction="minimize", log=log)
    return noise_of_table(model.fit(runs.features(), runs.values), runs.metric)


@pytest.mark.parametrize("log", [False, True])
def test_the_quietest_and_the_noisiest_mixture_are_named(log: bool) -> None:
    (one,) = facts(25.0, log=log)
    assert one.kind == "uneven_noise"
    assert one.text.startswith("Repeated runs show that noise differs by mixture. The standard")
    assert "for crowd 100%. Noisier runs weigh less." in one.text
    assert one.values["highest"] == pytest.approx(0.1, rel=0.6)
    assert one.values["lowest"] == pytest.approx(0.004, rel=1.0)


def test_nothing_is_said_where_noise_is_the_same() -> None:
    assert facts(1.0) == []
