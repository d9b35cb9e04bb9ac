"""The content of a table's report against a law that is known."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from projektor_ray.explain.from_table import results_of_table
from projektor_ray.explain.results import Results
from projektor_ray.report import render_page
from projektor_ray.runs import Offers, Runs, ScaleRegressor
from projektor_ray.selection import PurchaseRequest
from tests.helpers.report_content import read

NAMES = ("ada", "bob", "cyd")
WORTH = np.array([0.3, -0.2, 0.1])


def law(shares: np.ndarray, size: Any) -> Any:
    return 2.0 - shares @ WORTH - 0.05 * np.log(size)


def told(sizes: tuple[int, ...], size: int, *, log: bool = False) -> Results:
    shares = np.random.default_rng(0).dirichlet(np.ones(3), size=11)
    rows = np.array([[*share, size, law(share, size)] for size in sizes for share in shares])
    table = pa.table(dict(zip((*NAMES, "size", "loss"), rows.T, strict=True)))
    runs = Runs.read(table)
    model = ScaleRegressor("auto", predictor="linear", direction="minimize", log=log)
    model.fit(runs.features(), runs.values)
    offers = Offers.free(NAMES).changed({"ada": 0.5}, {"ada": 300.0}, {}, (), ())
    bought = model.plans(PurchaseRequest(size, 200.0), offers)
    return results_of_table("mine", [runs], [model], None, bought)


def test_page_and_python_say_how_the_table_was_read() -> None:
    results = told((100, 400), 1000)
    parts = results.read
    assert parts[:2] == ("22 runs", "mixture: ada, bob and cyd (3 columns)")
    page = render_page(results)
    assert all(f"<li>{part}</li>" in page for part in parts)
    shares = {"ada": [0.25, 0.5], "bob": [0.5, 0.25], "cyd": [0.25, 0.25]}
    runs = Runs.read(pa.table({**shares, "size": [100, 100], "loss": [1.0, 2.0]}))
    assert runs.read_as == (
        "mixture: ada, bob and cyd (3 columns) · size: size (100) · "
        "metric: loss (minimize, never below 0)"
    )


def test_values_curves_and_gains_follow_the_law() -> None:
    report = told((100, 400, 1600), 2000)
    best = report.selected
    assert best.samples.tolist() == [300, 0, 1700]
    opinion = report.opinions[0]
    assert opinion.decides
    assert opinion.value == pytest.approx(law(best.mixture, 2000), abs=1e-4)
    uniform = report.bought.plans["uniform"]
    gained = law(uniform.mixture, 2000) - law(best.mixture, 2000)
    assert opinion.gain == pytest.approx(gained, abs=1e-3)
    assert opinion.low <= opinion.value <= opinion.high
    without_ada = report.without["ada"]
    assert without_ada is not None
    assert without_ada.samples.tolist() == [0, 0, 2000]
    lost = law(np.array([0.0, 0.0, 1.0]), 2000) - law(best.mixture, 2000)
    assert float(report.show_without("ada")) == pytest.approx(lost, abs=2e-3)
    curve = report.curves[0]
    np.testing.assert_allclose(curve.values, law(best.mixture, curve.sizes), atol=1e-4)
    assert curve.sizes[0] == 100
    trained = report.curves[2]
    at_trained = law(report.bought.plans["probe"].mixture, trained.sizes)
    np.testing.assert_allclose(trained.values, at_trained, atol=1e-3)
    assert {100, 400, 1600, 2000} <= set(curve.sizes)
    assert report.surface is not None
    np.testing.assert_allclose(report.surface.values, law(report.surface.mixtures, 2000), atol=5e-3)
    assert {one.model for one in report.opinions} == {"joint", "eq3", "saturating", "none"}


@pytest.mark.parametrize("log", [False, True])
def test_trainings_are_beside_what_is_predicted_without_them(log: bool) -> None:
    found = told((100, 400), 2000, log=log).cross_validation
    assert found.left_out
    probes = found.probes
    np.testing.assert_allclose(probes.values, law(probes.mixtures, probes.sizes), atol=1e-12)
    np.testing.assert_allclose(found.predicted, probes.values, atol=2e-2)
    assert 0 < found.error < 1e-2


def test_one_size_is_reported_without_growth() -> None:
    report = told((100,), 100)
    assert not report.curves
    shown = read(render_page(report))
    assert "How it grows" not in shown.texts["h2"]
    assert {row["predictor"] for row in report.predictors if row["chosen"]} == {"linear"}
