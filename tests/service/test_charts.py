"""Charts: well-formed pictures in words and shapes, at the right places."""

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from projektor_ray.explain.assemble import surface_at
from projektor_ray.explain.from_study import results_of_plans
from projektor_ray.explain.results import Results
from projektor_ray.service.charts import (
    comparison_chart,
    frontier_chart,
    growth_chart,
    mixture_chart,
)
from projektor_ray.service.svg_shapes import Scale, label
from projektor_ray.study import FittedStudy, open_study


@pytest.fixture(scope="module")
def study(place: Path) -> FittedStudy:
    return open_study(place)


@pytest.fixture(scope="module")
def results(study: FittedStudy) -> Results:
    return results_of_plans(study, study.select(size=80), leave_out=False)


def shapes(picture: str, tag: str, kind: str = "") -> list[ET.Element]:
    root = ET.fromstring(picture)
    assert root.get("role") == "img"
    assert root[0].tag == "title"
    assert root[1].tag == "desc"
    assert root[1].text
    return [one for one in root.iter(tag) if kind in (one.get("class") or "")]


def test_each_plan_has_a_dot_where_its_prediction_is(results: Results) -> None:
    dots = shapes(comparison_chart(results), "circle")
    at = [float(dot.get("cx") or 0) for dot in dots]
    values = [plan.predicted for plan in results.plans.values()]
    assert len(at) == len(values)
    np.testing.assert_allclose(np.corrcoef(at, values)[0, 1], 1, atol=1e-4)


def test_three_providers_have_a_map_with_every_cell(study: FittedStudy, results: Results) -> None:
    surface = surface_at(study.problem.objective_at(80), 3)
    picture = mixture_chart(results, surface, np.array([0.2, 0.3, 0.5]))
    assert len(shapes(picture, "polygon", "cell")) == 20**2
    assert len(shapes(picture, "rect", "hand")) == 1
    assert len(shapes(picture, "circle", "chosen")) == 1


def test_more_providers_have_bars_that_fill_the_width(results: Results) -> None:
    picture = mixture_chart(results, None, np.array([0.2, 0.3, 0.5]))
    widths = [
        float(r.get("width") or 0) for r in shapes(picture, "rect") if r.get("height") == "24"
    ]
    rows = len(results.plans) + 1
    totals = np.reshape(widths, (rows, 3)).sum(axis=1)
    np.testing.assert_allclose(totals, totals[0], atol=0.3)


def test_curves_are_drawn_with_their_intervals(results: Results) -> None:
    picture = growth_chart(results, results.curves)
    assert picture is not None
    assert len(shapes(picture, "polyline")) == len(shapes(picture, "polygon")) == 2
    assert growth_chart(results, []) is None


def test_a_frontier_rises(study: FittedStudy) -> None:
    offers = {"bob": {"price": 1.0}, "cyd": {"price": 0.5}}
    plans = study.select(frontier=[20.0, 60.0, 180.0], providers=offers)
    picture = frontier_chart(results_of_plans(study.offering(offers), plans, leave_out=False))
    assert picture is not None
    heights = [float(dot.get("cy") or 0) for dot in shapes(picture, "circle")]
    assert heights == sorted(heights, reverse=True)
    assert len(heights) == 3


def test_names_are_escaped() -> None:
    assert "<script>" not in label(0, 0, "<script>", "start")


def test_ticks_are_round_and_within_the_ends() -> None:
    for low, high in [(0.61, 0.87), (0, 1), (-3, 40), (1e-6, 3e-6), (5, 5)]:
        ticks = Scale(low, high, 0, 100).ticks
        assert 1 <= len(ticks) <= 6
        assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in ticks)
    middle = Scale(10, 1000, 0, 200, logarithmic=True)(100)
    assert middle == pytest.approx(100)
