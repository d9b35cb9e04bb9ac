"""The page says what the report holds, stands alone, and is well formed."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from projektor_ray.report import page
from projektor_ray.selection import TargetResult
from projektor_ray.selection.robustness import PlanStability
from tests.helpers.report_content import a_report, beside, card, names_of, read


@pytest.mark.parametrize(
    ("count", "scales"), [(2, (100,)), (3, (100, 400)), (4, (100, 400, 1600)), (120, (100, 400))]
)
def test_the_plan_on_the_page_is_the_plan(count: int, scales: tuple[int, ...]) -> None:
    report = a_report(count, scales)
    shown = read(page(report))
    rows = {row[0]: row for row in shown.titled("provider", "samples")}
    assert set(rows) == set(names_of(count))
    best = report.selected
    for i, name in enumerate(best.names):
        _, samples, for_sale, share, price, cost, without, _ = rows[name]
        assert samples == f"{best.samples[i]:,}"
        assert for_sale == ("600" if i == 0 else "–")
        assert share == f"{best.samples[i] / 10:.1f}%"
        lost = report.bought.plans["uniform"].predicted - best.predicted
        assert without == {0: f"{lost:+.3f}", 1: "needed"}.get(i, "–")
        assert (price, cost) == ("0.5", f"{best.samples[i] / 2:,.2f}")
    assert "Buy 1,000 samples: 600 of seller-000 and 400 of seller-001." in shown.texts["h1"]
    assert "500.00" in shown.texts["b"]
    assert ("How it grows" in shown.texts["h2"]) == (len(scales) > 1)


def test_plans_stand_beside_each_other_with_gains() -> None:
    report = a_report(4)
    rows = read(page(report)).titled("plan", "predicted")
    assert [row[0] for row in rows] == ["selected", "uniform", "best single"]
    for row, plan in zip(rows, report.plans.values(), strict=True):
        assert float(row[1]) == pytest.approx(plan.predicted, abs=5e-4)
        assert float(row[4].replace(",", "")) == plan.cost
    assert [row[2:4] for row in rows] == [
        ["", ""],
        ["+0.200", "0.100…0.500"],
        ["+0.300", "0.100…0.500"],
    ]


def test_an_answer_and_a_frontier_are_told_where_they_were_asked_for() -> None:
    report = a_report(4)
    best, other = report.selected, report.bought.plans["uniform"]
    found = replace(report.bought, frontier={100.0: other, 2500.0: best})
    shown = read(page(replace(report, bought=found)))
    told = shown.titled("budget")
    assert [row[0] for row in told] == ["100.00", "2,500.00"]
    assert [float(row[1]) for row in told] == pytest.approx(
        [other.predicted, best.predicted], abs=5e-4
    )
    assert told[1][5] == "seller-000 60%, seller-001 40%"
    reached = replace(report.bought, answer=TargetResult(0.75, True, best))
    words = " ".join(read(page(replace(report, bought=reached))).texts["li"])
    assert "0.75 is reached with 1,000 samples for 500" in words
    assert "Value against money" not in read(page(report)).texts["h2"]
    told_by = dict(zip(shown.texts["title"], shown.texts["desc"], strict=False))
    assert any(name.endswith("against the budget") for name in told_by)
    missed = replace(report.bought, answer=TargetResult(0.95, False, best))
    (heading,) = read(page(replace(report, bought=missed))).texts["h1"]
    assert heading.startswith(
        "0.95 cannot be reached. The best is 0.867, with 1,000 samples: 600 of"
    )


def test_nothing_has_no_negative_sign() -> None:
    report = a_report(4)
    assert report.show_change(-1e-9) == "±0"
    assert report.show(-1e-9) == "0.000"


def test_every_predictor_has_a_row_and_the_one_that_decides_is_marked() -> None:
    text = page(a_report(4))
    assert read(text).titled("predictor") == [
        ["center-scaling (Eq. 1)", "0.0200", "0.0200"],
        ["joint", "0.0200", "0.0200"],
    ]
    assert '<tr class="chosen"><td>joint</td><td>0.0200</td>' in text


def test_the_page_needs_nothing_else_and_runs_nothing() -> None:
    text = page(a_report(4, cards=beside(*map(card, names_of(4)))))
    shown = read(text)
    assert not {"script", "link", "iframe", "img", "object", "embed", "base"} & set(shown.tags)
    for tag, name, value in shown.attributes:
        if name in ("href", "xlink:href"):
            assert value.startswith("#"), (tag, value)
        assert not name.startswith("on")
        assert name not in ("src", "srcset", "action", "background")
    without_names = re.sub(r'xmlns(:xlink)?="[^"]*"', "", text)
    assert "http" not in without_names
    assert "@import" not in text
    assert set(re.findall(r"url\((.)", text)) <= {"#"}


def test_identifiers_are_unique_and_those_referred_to_are_there() -> None:
    shown = read(page(a_report(3)))
    own = [value for _, name, value in shown.attributes if name == "id"]
    assert len(own) == len(set(own))
    used = {value for _, name, value in shown.attributes if name == "xlink:href"}
    for _, _, value in shown.attributes:
        used |= set(re.findall(r"url\((#[^)]*)\)", value))
    assert used
    assert {value[1:] for value in used} <= set(own)


@pytest.mark.parametrize("count", [3, 120])
def test_pictures_are_well_formed_and_said_in_words(count: int) -> None:
    pictures = re.findall(r"<svg.*?</svg>", page(a_report(count)), flags=re.DOTALL)
    assert len(pictures) == 5
    for picture in pictures:
        title, said = list(ElementTree.fromstring(picture))[:2]
        assert title.text
        assert len(said.text or "") > 10
        assert "#0000" not in picture, "a colour that the page's style does not know"


def test_names_are_shown_as_they_are() -> None:
    """Tags, quotes, formulae, a leading underscore, letters that the font may lack."""
    names = ("$x^2$ & 'co'", '<script>alert("b")</script>', "_hidden 数据", "plain")
    report = a_report(4, names=names, title="<i>", metric="a<b")
    report = replace(
        report, cards=beside(card(names[1], closest_provider=names[0], copies_in_closest=2))
    )
    text = page(report)
    shown = read(text)
    assert {"script", "i"}.isdisjoint(shown.tags)
    assert {row[0] for row in shown.titled("provider", "samples")} == set(names)
    assert names[1] in shown.texts["h3"]
    assert shown.texts["title"][0] == "<i>"
    drawn = set(shown.texts["text"])
    assert {"$x^2$ & 'co'", "_hidden 数据"} <= drawn
    assert "a<b" in drawn


def test_many_providers_unfold() -> None:
    told = a_report(120, cards=beside(*map(card, names_of(120))))
    shown = read(page(told))
    assert sorted(shown.texts["summary"]) == ["100 more", "108 more"]
    assert set(shown.texts["h3"]) == set(names_of(120))


def test_cards_say_what_is_known() -> None:
    cards = beside(card("seller-001", wrong_labels=None), card("seller-000", planned=70))
    shown = read(page(a_report(2, cards=cards)))
    assert shown.texts["h3"] == ["seller-000", "seller-001"]
    told = list(zip(shown.texts["dt"], shown.texts["dd"], strict=True))
    assert ("wrong labels", "1% (0–3)") in told
    assert ("wrong labels", "cannot tell") in told
    assert ("in the plan", "70") in told
    assert "What the pilots tell" not in read(page(a_report(2))).texts["h2"]


def test_what_is_the_same_beside_all_sets_is_told_once() -> None:
    cards = {
        "everyday": (card("seller-000"), card("seller-001")),
        "rare": (card("seller-000", distance=2.5), card("seller-001")),
    }
    shown = read(page(a_report(2, cards=cards)))
    assert shown.texts["h3"] == ["seller-000", "seller-001"]
    assert shown.texts["h2"].count("What the pilots tell") == 1
    told = list(zip(shown.texts["dt"], shown.texts["dd"], strict=True))
    assert told.count(("distance (everyday)", "1.250")) == 1
    assert told.count(("distance (rare)", "2.500")) == 1
    assert told.count(("distance", "1.250")) == 1
    assert told.count(("pilot", "200")) == 2


def test_a_card_explains_what_it_shows() -> None:
    found = card("seller-000", least_valuable=(46, 19, 3, 7))
    shown = read(page(a_report(2, cards=beside(found, card("seller-001")))))
    told = list(zip(shown.texts["dt"], shown.texts["dd"], strict=True))
    assert ("worth least", "46, 19, 3") in told
    assert ("without it", "needed") in told
    (says,) = [one for one in shown.texts["p"] if one.startswith("Of each provider")]
    assert "Worth least: rows of the pilot, from 0, that serve validation least" in says
    assert "needed, where no plan keeps the constraints without the provider" in says


def test_worlds_have_a_column_where_there_are_any() -> None:
    report = a_report(2)
    mixtures = np.array([[0.6, 0.4], [0.6, 0.4]])
    known = PlanStability(mixtures[0], mixtures, np.zeros(2))
    told = read(page(replace(report, bought=replace(report.bought, agreement=known))))
    rows = told.titled("provider", "samples", "for sale", "share", "worlds")
    assert [row[3:5] for row in rows] == [["60.0%", "60%"], ["40.0%", "40%"]]


def test_models_have_the_names_that_people_read() -> None:
    says = "joint_power, least error at 400 held out (joint_power 0.1, eq3 0.2, none 0.3)"
    told = " ".join(read(page(a_report(4, reasons=(says,)))).texts["li"])
    named = "Joint power law, least error at 400 held out (joint power law 0.1, Eq. 3 0.2, no "
    assert f"{named}projection 0.3)." in told


def test_nothing_costs_where_nothing_has_a_price() -> None:
    report = a_report(4)
    free = tuple(replace(one, price=0.0) for one in report.providers)
    shown = read(page(replace(report, bought=replace(report.bought, providers=free))))
    heads = [row[0] for row in shown.tables if row[0][0] in ("provider", "plan")]
    assert len(heads) == 2
    assert not [head for head in heads if {"price", "cost"} & set(head)]
    assert "no cost" in shown.texts["b"]


def test_what_a_buyer_must_know_comes_before_the_evidence() -> None:
    titles = read(page(a_report(4, cards=beside(*map(card, names_of(4)))))).texts["h2"]
    assert titles[:4] == [
        "What to buy",
        "What to be careful about",
        "What to do next",
        "Beside other plans",
    ]


def test_more_of_a_provider_is_told_as_the_model_means_it() -> None:
    """With one size nothing is known of growth: samples are valued in place of others."""
    assert "bought on top" in " ".join(read(page(a_report(4))).texts["p"])
    alone = " ".join(read(page(a_report(4, (100,)))).texts["p"])
    assert "bought in place of as many of the plan’s mixture" in alone
    assert "on top" not in alone


def test_where_less_is_better_a_minus_is_said_to_be() -> None:
    whole = page(a_report(4, direction="minimize"))
    assert "is better: a minus in both is an improvement" in whole
    assert "is better: a minus is an improvement" in whole
    assert "a minus" not in page(a_report(4))


def test_the_same_report_gives_the_same_page() -> None:
    assert page(a_report(3)) == page(a_report(3))
