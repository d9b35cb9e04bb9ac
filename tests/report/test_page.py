"""The page says what the report holds, stands alone, and is well formed."""

import base64
import re
import unicodedata
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from projektor_ray.explain.headline import heading
from projektor_ray.explain.plan_summary import target_result
from projektor_ray.profiles import Thumbnail
from projektor_ray.report import render_page
from projektor_ray.report.page import chart_script, style_sheet
from projektor_ray.report.svg_shapes import RADII
from projektor_ray.selection.robustness import PlanStability
from projektor_ray.selection.size_search import TargetResult
from tests.helpers.report_content import a_report, for_one_set, names_of, profile, read


@pytest.mark.parametrize(
    ("count", "scales"), [(2, (100,)), (3, (100, 400)), (4, (100, 400, 1600)), (120, (100, 400))]
)
def test_the_plan_on_the_page_is_the_plan(count: int, scales: tuple[int, ...]) -> None:
    report = a_report(count, scales)
    shown = read(render_page(report))
    rows = {row[0]: row for row in shown.titled("provider", "samples")}
    assert set(rows) == set(names_of(count))
    best = report.selected
    for i, name in enumerate(best.names):
        _, samples, for_sale, share, price, cost, _, without = rows[name]
        assert samples == f"{best.samples[i]:,}"
        assert for_sale == ("600" if i == 0 else "–")
        assert share == f"{best.samples[i] / 10:.1f}%"
        lost = report.bought.plans["uniform"].predicted - best.predicted
        assert without == {0: f"{lost:+.3f}", 1: "needed"}.get(i, "–")
        assert (price, cost) == ("0.5", f"{best.samples[i] / 2:,.2f}")
    assert heading(report) in shown.texts["h1"]
    assert "500.00" in shown.texts["b"]
    assert bool(shown.titled("model", "selected")) == (len(scales) > 1)


def test_the_plan_is_compared_with_its_baselines() -> None:
    report = a_report(4)
    rows = read(render_page(report)).titled("plan", "predicted")
    assert [row[0] for row in rows] == ["selected", "uniform", "best single provider"]
    for row, plan in zip(rows, report.plans.values(), strict=True):
        assert float(row[1]) == pytest.approx(plan.predicted, abs=5e-4)
        assert float(row[5].replace(",", "")) == plan.cost
    assert [row[3:5] for row in rows] == [
        ["", ""],
        ["+0.200", "0.100…0.500"],
        ["+0.300", "0.100…0.500"],
    ]


def test_a_target_and_budgets_are_shown_where_they_were_asked_for() -> None:
    report = a_report(4)
    best, other = report.selected, report.bought.plans["uniform"]
    found = replace(report.bought, frontier={100.0: other, 2500.0: best})
    shown = read(render_page(replace(report, bought=found)))
    told = shown.titled("budget", "predicted")
    assert [row[0] for row in told] == ["100.00", "2,500.00"]
    assert [float(row[1]) for row in told] == pytest.approx(
        [other.predicted, best.predicted], abs=5e-4
    )
    assert told[1][-1] == "seller-000 60%, seller-001 40%"
    assert '<td class="text">seller-000 60%, seller-001 40%</td>' in render_page(
        replace(report, bought=found)
    )
    assert not read(render_page(report)).titled("budget")
    assert "accuracy against the budget" in shown.texts["title"]
    reached = TargetResult(0.75, True, best)
    aimed = replace(report, bought=replace(report.bought, target_result=reached))
    told = read(render_page(aimed))
    assert str(target_result(aimed.bought, aimed.metric_text)) in told.texts["li"]


def test_nothing_has_no_negative_sign() -> None:
    report = a_report(4)
    assert report.metric_text.change(-1e-9) == "±0"
    assert report.metric_text.value(-1e-9) == "0.000"


def test_every_predictor_has_a_row_and_the_one_that_decides_is_marked() -> None:
    text = render_page(a_report(4))
    assert read(text).titled("model", "error at 100") == [
        ["joint", "0.0200", "0.0200", "0.900"],
        ["cs", "0.0200", "0.0200", "0.900"],
    ]
    assert '<tr class="chosen"><td>joint</td>' in text


def test_the_page_needs_nothing_else_and_runs_its_own_script_alone() -> None:
    text = render_page(a_report(4, profiles=for_one_set(*map(profile, names_of(4)))))
    shown = read(text)
    assert text.count("<script") == 1
    assert f"<script>{chart_script()}</script>\n</body>" in text
    assert not {"link", "iframe", "img", "object", "embed", "base"} & set(shown.tags)
    for tag, name, value in shown.attributes:
        if name in ("href", "xlink:href"):
            assert value.startswith("#"), (tag, value)
        assert not name.startswith("on")
        assert name not in ("src", "srcset", "action", "background")
    without_names = re.sub(r'xmlns(:xlink)?="[^"]*"', "", text)
    assert "http" not in without_names
    assert "@import" not in text
    assert set(re.findall(r"url\((.)", text)) <= {"#"}


def test_every_colour_is_one_of_the_style_sheet() -> None:
    text, sizes = render_page(a_report(3)), {"dot", *RADII}
    for picture in re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL):
        assert not re.search(r'(fill|stroke|style)="', picture)
        for kind in set(re.findall(r'class="([^"]*)"', picture)):
            words = set(kind.split()) - sizes
            assert all(f".{word}" in style_sheet() for word in words), kind


@pytest.mark.parametrize("count", [3, 120])
def test_pictures_are_well_formed_and_said_in_words(count: int) -> None:
    pictures = re.findall(r"<svg.*?</svg>", render_page(a_report(count)), flags=re.DOTALL)
    assert len(pictures) == 5
    for picture in pictures:
        title, said = list(ElementTree.fromstring(picture))[:2]
        assert title.text
        assert len(said.text or "") > 10


def test_names_are_shown_as_they_are() -> None:
    """Tags, quotes, formulae, a leading underscore, letters that the font may lack."""
    names = ("$x^2$ & 'co'", '<script>alert("b")</script>', "_hidden 数据", "plain")
    report = a_report(4, names=names, title="<i>", metric="a<b")
    report = replace(
        report,
        profiles=for_one_set(profile(names[1], closest_provider=names[0], duplicates_in_closest=2)),
    )
    text = render_page(report)
    shown = read(text)
    assert shown.tags.count("script") == 1
    assert "i" not in shown.tags
    assert {row[0] for row in shown.titled("provider", "samples")} == set(names)
    assert names[1] in shown.texts["h3"]
    assert shown.texts["title"][0] == "<i>"
    drawn = set(shown.texts["text"])
    assert {"$x^2$ & 'co'", "_hidden 数据"} <= drawn
    assert "a<b" in drawn


def test_no_name_reorders_or_hides_text() -> None:
    """Neither in a table, nor in a sentence, nor in a picture."""
    names = ("\u202egnp.exe", "a\u200bb", "\u2066c\u2069", "\x1b[2Jd", "\x9b31me")
    report = a_report(5, names=names, title="\u202eeltit", metric="a\u200fb")
    report = replace(report, profiles=for_one_set(profile(names[0], closest_provider=names[1])))
    text = render_page(report)
    found = {letter for letter in text if unicodedata.category(letter) in ("Cc", "Cf", "Cs")}
    assert found == {"\n"}
    shown = read(text)
    expected = {"gnp.exe", "ab", "c", "[2Jd", "31me"}
    assert {row[0] for row in shown.titled("provider", "samples")} == expected
    assert expected <= set(shown.texts["text"])


def test_many_providers_unfold() -> None:
    told = a_report(120, profiles=for_one_set(*map(profile, names_of(120))))
    shown = read(render_page(told))
    assert sorted(shown.texts["summary"]) == ["100 more", "108 more"]
    assert set(shown.texts["h3"]) == set(names_of(120))


def test_profiles_show_what_is_known() -> None:
    profiles = for_one_set(
        profile("seller-001", wrong_labels=None), profile("seller-000", planned_samples=70)
    )
    shown = read(render_page(a_report(2, profiles=profiles)))
    assert shown.texts["h3"] == ["seller-000", "seller-001"]
    told = list(zip(shown.texts["dt"], shown.texts["dd"], strict=True))
    assert ("wrong labels", "1% (0–3%)") in told
    assert ("wrong labels", "cannot tell") in told
    assert ("in the plan", "70") in told
    assert "dl" not in read(render_page(a_report(2))).tags


def test_a_fact_that_all_validation_sets_share_is_shown_once() -> None:
    profiles = {
        "everyday": (profile("seller-000"), profile("seller-001")),
        "rare": (profile("seller-000", distance=2.5), profile("seller-001")),
    }
    shown = read(render_page(a_report(2, profiles=profiles)))
    assert shown.texts["h3"] == ["seller-000", "seller-001"]
    told = list(zip(shown.texts["dt"], shown.texts["dd"], strict=True))
    assert told.count(("distance (everyday)", "1.250")) == 1
    assert told.count(("distance (rare)", "2.500")) == 1
    assert told.count(("distance", "1.250")) == 1
    assert told.count(("pilot samples", "200")) == 2


def test_a_profile_shows_least_valuable_rows_and_the_plan_without_the_provider() -> None:
    found = profile("seller-000", least_valuable=(46, 19, 3, 7))
    shown = read(render_page(a_report(2, profiles=for_one_set(found, profile("seller-001")))))
    told = list(zip(shown.texts["dt"], shown.texts["dd"], strict=True))
    assert ("least valuable rows", "46, 19, 3") in told
    assert ("without it", "needed") in told


def shown_images(html: str) -> list[dict[str, str]]:
    """The attributes of every image of a page."""
    images: list[dict[str, str]] = []
    for tag, name, value in read(html).attributes:
        if tag == "img":
            if name == "src":
                images.append({})
            images[-1][name] = value
    return images


def test_images_to_look_at_are_in_the_page_itself_and_said_in_words() -> None:
    hostile = '"><script>alert(1)</script>'
    told = (
        Thumbnail("seller-000", "least valuable", 1046, "cat", None, -0.1234, b"one"),
        Thumbnail("seller-000", "suspected label", 7, hostile, "dog", 0.5, b"two"),
    )
    profiles = for_one_set(*map(profile, names_of(20)))
    last = replace(told[0], provider="seller-019")
    html = render_page(a_report(20, profiles=profiles, thumbnails={"validation": (*told, last)}))
    images = shown_images(html)
    assert [
        base64.b64decode(one["src"].removeprefix("data:image/png;base64,")) for one in images
    ] == [
        b"one",
        b"two",
    ], "those of providers that unfold are left out"
    assert [one["alt"] for one in images] == [
        "row 1,046, label cat, value -0.123",
        f"row 7, label {hostile}, suggested dog",
    ]
    assert html.count("<script") == 1
    assert read(html).texts["h4"] == ["least valuable images", "suspected labels"]
    assert not shown_images(render_page(a_report(20, profiles=profiles)))


def test_images_of_several_validation_sets_are_told_apart() -> None:
    profiles = {name: (profile("seller-000"), profile("seller-001")) for name in ("all", "rare")}
    one = Thumbnail("seller-000", "least valuable", 3, None, None, -1.0, b"one")
    told = a_report(2, profiles=profiles, thumbnails={"all": (one,), "rare": (one,)})
    titles = read(render_page(told)).texts["h4"]
    assert titles == ["least valuable images (all)", "least valuable images (rare)"]


def test_the_range_of_shares_has_a_column_where_there_is_a_posterior() -> None:
    report = a_report(2)
    mixtures = np.array([[0.6, 0.4], [0.6, 0.4]])
    known = PlanStability(mixtures[0], mixtures, np.zeros(2))
    told = read(render_page(replace(report, bought=replace(report.bought, stability=known))))
    rows = told.titled("provider", "samples", "capacity", "share", "80% range")
    assert [row[3:5] for row in rows] == [["60.0%", "60%"], ["40.0%", "40%"]]


def test_nothing_costs_where_nothing_has_a_price() -> None:
    report = a_report(4)
    free = tuple(replace(one, price=0.0) for one in report.providers)
    shown = read(render_page(replace(report, bought=replace(report.bought, providers=free))))
    heads = [row[0] for row in shown.tables if row[0][0] in ("provider", "plan")]
    assert len(heads) == 2
    assert not [head for head in heads if {"price", "cost"} & set(head)]
    assert "no cost" in shown.texts["b"]


def test_what_a_buyer_must_know_comes_before_the_evidence() -> None:
    report = a_report(4, profiles=for_one_set(*map(profile, names_of(4))))
    html = render_page(report)
    order = [html.index(one) for one in ("<h1>", "Warnings", "Next steps", "<svg", "<dl>")]
    assert order == sorted(order)


@pytest.mark.parametrize("scales", [(100, 400), (100,)])
def test_captions_follow_what_the_model_knows_of_more_samples(scales: tuple[int, ...]) -> None:
    """With one size nothing is known of growth: samples are valued in place of others."""
    report = a_report(4, scales)
    said = " ".join(read(render_page(report)).texts["figcaption"])
    assert report.instead in said


def test_captions_explain_the_sign_where_less_is_better() -> None:
    loss, gain = (a_report(4, direction=one) for one in ("minimize", "maximize"))
    assert "a minus is" in render_page(loss)
    assert "a minus is" not in render_page(gain)


def test_the_same_report_gives_the_same_page() -> None:
    assert render_page(a_report(3)) == render_page(a_report(3))
