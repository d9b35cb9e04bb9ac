"""Charts: well-formed pictures in words and shapes, at the right places."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.explain.assemble import surface_at
from projektor_ray.explain.from_study import results_of_plans
from projektor_ray.explain.results import Curve, Results, Surface
from projektor_ray.explain.short_labels import labels
from projektor_ray.report.charts import (
    APART,
    comparison_chart,
    frontier_chart,
    growth_chart,
    marginal_value_chart,
    moved_apart,
)
from projektor_ray.report.evidence_charts import distance_chart, fit_chart
from projektor_ray.report.mixture_chart import band, mixture_chart
from projektor_ray.report.svg_shapes import LETTER, MARKS, WIDTH, Scale, label, mark
from projektor_ray.study import FittedStudy, open_study
from tests.helpers.study_folders import small_study, write_study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> FittedStudy:
    return open_study(write_study(tmp_path_factory.mktemp("drawn"), small_study()))


@pytest.fixture(scope="module")
def results(study: FittedStudy) -> Results:
    return results_of_plans(study, study.select(size=80))


def shapes(picture: str, tag: str, kind: str = "") -> list[ET.Element]:
    root = ET.fromstring(picture)
    assert root.get("role") == "img"
    assert root[0].tag == "title"
    assert root[1].tag == "desc"
    assert root[1].text
    return [one for one in root.iter(tag) if kind in (one.get("class") or "")]


def area_of(points: str) -> float:
    x, y = np.array([pair.split(",") for pair in points.split()], dtype=float).T
    return float(abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2)


def test_bands_are_cut_where_a_linear_function_has_their_ends() -> None:
    triangle = [(0.0, 0.0, 0.0), (4.0, 0.0, 4.0), (0.0, 4.0, 0.0)]
    middle = band(triangle, 1.0, 2.0)
    assert {(x, y) for x, y, _ in middle} == {(1, 0), (2, 0), (2, 2), (1, 3)}
    assert band(triangle, 5.0, 6.0) == []
    whole = band(triangle, -np.inf, np.inf)
    assert sorted(whole) == sorted(triangle)


@pytest.mark.parametrize("value", [0.0, 0.7, 1e6])
def test_a_surface_without_slope_has_one_colour(value: float, results: Results) -> None:
    flat = Surface(simplex_lattice(3, 4), np.full(15, value))
    cells = shapes(mixture_chart(results, flat), "polygon", "cell")
    assert len(cells) == 16
    assert len({one.get("class") for one in cells}) == 1


def test_each_plan_has_a_dot_where_its_prediction_is(results: Results) -> None:
    dots = shapes(comparison_chart(results), "circle", "dot")
    at = [float(dot.get("cx") or 0) for dot in dots]
    values = [plan.predicted for plan in results.plans.values()]
    assert len(at) == len(values)
    np.testing.assert_allclose(np.corrcoef(at, values)[0, 1], 1, atol=1e-4)


def test_three_providers_have_a_map_with_every_cell(study: FittedStudy, results: Results) -> None:
    surface = surface_at(study.problem.objective_at(80), 3)
    picture = mixture_chart(results, surface, np.array([0.2, 0.3, 0.5]))
    areas = [area_of(one.get("points") or "") for one in shapes(picture, "polygon", "cell")]
    assert len(areas) >= 20**2
    np.testing.assert_allclose(sum(areas), area_of("45,302 385,302 215,26"), rtol=5e-3)
    assert len(shapes(picture, "rect", "hand")) == 2
    assert len(shapes(picture, "circle", "chosen")) == 2, "the plan, and its mark in the legend"


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
    assert [one.name for one in results.curves] == ["selected", "uniform", "probe"]
    assert len(shapes(picture, "polyline")) == len(shapes(picture, "polygon")) == 3
    other = Curve("eq3", results.curves[0].sizes, 0.9 * results.curves[0].values, np.zeros((1, 2)))
    assert len(shapes(growth_chart(results, results.curves, [other]) or "", "polyline")) == 4
    last = f"{int(results.curves[0].sizes[-1]):,}"
    assert last in [one.text for one in shapes(picture, "text")]
    assert growth_chart(results, []) is None


def test_a_frontier_rises_above_the_best_baselines(study: FittedStudy) -> None:
    offers = {"bob": {"price": 1.0}, "cyd": {"price": 0.5}}
    plans = study.select(frontier=[20.0, 60.0, 180.0], providers=offers)
    picture = frontier_chart(results_of_plans(study.offering(offers), plans))
    assert picture is not None
    *heights, _ = [float(dot.get("cy") or 0) for dot in shapes(picture, "circle")]
    assert heights == sorted(heights, reverse=True)
    assert len(heights) == 3
    *squares, _ = shapes(picture, "polygon", "spot muted")
    lower = [float(str(one.get("points")).split()[0].split(",")[1]) + 4 for one in squares]
    assert len(lower) == 3
    assert all(y >= best for y, best in zip(lower, heights, strict=True))


def test_more_samples_of_each_provider_have_a_bar_from_zero(results: Results) -> None:
    bars = shapes(marginal_value_chart(results), "rect")
    widths = sorted(float(one.get("width") or 0) for one in bars)
    values = np.sort(np.abs(results.marginal_values))
    np.testing.assert_allclose(np.array(widths) / widths[-1], values / values[-1], atol=5e-3)


@pytest.mark.parametrize("values", [[0.0, -0.1, -0.2], [0.3, 0.0, 0.1], [0.2, -0.1, 0.0]])
def test_words_beside_the_bars_stay_in_the_picture(results: Results, values: list[float]) -> None:
    changed = replace(results, marginal_values=np.array(values))
    for text in shapes(marginal_value_chart(changed), "text"):
        width = LETTER * len(text.text or "")
        begin = float(text.get("x") or 0) - {"end": width}.get(text.get("text-anchor") or "", 0)
        assert begin >= 0
        assert begin + width <= WIDTH


def test_a_plan_is_called_after_the_short_name_of_a_provider(study: FittedStudy) -> None:
    results = results_of_plans(study, study.select(size=120))
    assert results.short_label("single") == f"max {results.bought.max_provider}"
    assert results.short_label("uniform") == "uniform"
    names = ("acme north gmbh", "acme south gmbh")
    bought = SimpleNamespace(max_provider=names[1], label=lambda name: f"max {names[1]}")
    long = SimpleNamespace(bought=bought, names=names, labels=labels(names))
    assert Results.short_label(long, "single") == "max south"  # type: ignore[arg-type]


def test_every_training_has_a_mark_at_its_distance_and_metric(results: Results) -> None:
    for picture, across, up in (
        (distance_chart(results), results.probes.distances, results.probes.values),
        (fit_chart(results), results.probes.values, results.cross_validation.predicted),
    ):
        assert picture is not None
        said = [one.text or "" for one in ET.fromstring(picture).iter("title")][1:]
        assert len(said) == len(results.probes)
        places = [
            [float(n) for n in (one.get("points") or "").replace(",", " ").split()]
            for one in shapes(picture, "polygon", "spot")
        ]
        circles = [
            (float(one.get("cx") or 0), float(one.get("cy") or 0))
            for one in shapes(picture, "circle", "spot")
        ][:-1]
        first = results.probes.sizes == results.probes.scales[0]
        assert len(circles) == first.sum()
        assert len(places) == (~first).sum() + 1
        xs, ys = np.transpose(circles)
        np.testing.assert_allclose(np.corrcoef(xs, across[first])[0, 1], 1, atol=1e-3)
        np.testing.assert_allclose(np.corrcoef(ys, up[first])[0, 1], -1, atol=1e-3)


def test_series_differ_by_shape() -> None:
    assert len({mark(shape, 0, 0, "x") for shape in MARKS}) == len(MARKS)


@pytest.mark.parametrize(
    "heights", [[20.0, 80.0], [97.0, 98.0, 130.0], [-40.0, -30.0, 0.0], [50.0] * 4, []]
)
def test_names_at_the_ends_of_curves_lie_within_the_axes_and_apart(heights: list[float]) -> None:
    moved = moved_apart(heights, 0.0, 100.0)
    assert len(moved) == len(heights)
    assert all(-1e-9 <= one <= 100 for one in moved)
    assert (np.diff(moved) >= APART - 1e-9).all()
    if heights == [20.0, 80.0]:
        assert moved == heights


def test_names_are_escaped() -> None:
    assert "<script>" not in label(0, 0, "<script>", "start")


def test_ticks_are_round_and_within_the_ends() -> None:
    for low, high in [(0.61, 0.87), (0, 1), (-3, 40), (1e-6, 3e-6), (5, 5)]:
        ticks = Scale(low, high, 0, 100).ticks
        assert 1 <= len(ticks) <= 6
        assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in ticks)
    middle = Scale(10, 1000, 0, 200, logarithmic=True)(100)
    assert middle == pytest.approx(100)
