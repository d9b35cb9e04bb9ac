"""The page in a headless Chromium: by clicking and typing, wide and narrow, light and dark."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from projektor_ray.service import create_app
from tests.helpers.browsers import browser, needs_chromium, serving
from tests.helpers.twin_pilots import TwinPilots, pilot_csv

pytestmark = needs_chromium
WAIT = 20.0
HELD_BACK = """
window.answer = [];
window.fetch = (address, { signal }) => new Promise((resolve, reject) => {
  signal.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
  answer.push(() => resolve(new Response("<h2 id='plan-heading' tabindex='-1'>a plan</h2>")));
});
"""
"""Answers of the service wait until the functions in `answer` are called."""
SUBMIT_TWICE = """
const form = document.querySelector(arguments[0]).form;
for (let i = 0; i < 2; i++) form.dispatchEvent(new Event("submit", { cancelable: true }));
setTimeout(arguments[1], 300);
"""


@pytest.fixture(scope="module")
def address(place: Path) -> Iterator[str]:
    with serving(create_app([str(place)])) as found:
        yield found


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with browser(tmp_path_factory.mktemp("chromium")) as found:
        yield found


@pytest.fixture(autouse=True)
def _no_errors(chrome: Any) -> Iterator[None]:
    yield
    assert chrome.get_log("browser") == [], "nothing is refused by the content policy, or fails"


def until(true: Callable[[], Any]) -> Any:
    """What a function gives once it is true; the page may be replaced meanwhile."""
    end = time.monotonic() + WAIT
    while True:
        try:
            if found := true():
                return found
        except Exception:
            if time.monotonic() > end:
                raise
        assert time.monotonic() < end, "the page did not change as it should"
        time.sleep(0.03)


def heading(chrome: Any) -> str:
    return str(until(lambda: chrome.find_element("id", "plan-heading").text))


def status(chrome: Any) -> str:
    """What those hear who do not see the page."""
    return str(chrome.find_element("id", "status").get_attribute("textContent"))


def fill(chrome: Any, name: str, value: str) -> None:
    field = chrome.find_element("name", name)
    field.clear()
    field.send_keys(value)


def bought(chrome: Any) -> dict[str, float]:
    place = chrome.find_element("css selector", "[data-shares]")
    return dict(json.loads(place.get_attribute("data-shares")))


def test_a_plan_is_shown_at_once_and_changes_with_the_fields(address: str, chrome: Any) -> None:
    chrome.get(address)
    assert "100 samples" in heading(chrome)
    fill(chrome, "size", "80")
    until(lambda: "80 samples" in heading(chrome))
    assert bought(chrome)["ada"] > 0
    chrome.find_element("css selector", 'input[name="exclude"][value="ada"]').click()
    until(lambda: bought(chrome)["ada"] == 0)
    assert "exclude=ada" in chrome.current_url
    fill(chrome, "price.bob", "1")
    until(lambda: "price.bob=1" in chrome.current_url)


def test_a_link_restores_the_state(address: str, chrome: Any) -> None:
    chrome.get(f"{address}/?form=1&ask=size&size=60&exclude=bob&price.ada=1.5&share.ada=40")
    assert "60 samples" in heading(chrome)
    assert chrome.find_element("name", "size").get_attribute("value") == "60"
    assert chrome.find_element("name", "price.ada").get_attribute("value") == "1.5"
    assert chrome.find_element("css selector", '[name="exclude"][value="bob"]').is_selected()
    assert chrome.find_element("name", "share.ada").get_attribute("value") == "40"
    before = bought(chrome)
    chrome.refresh()
    heading(chrome)
    assert bought(chrome) == before


def test_a_mixture_is_moved_by_the_keyboard(address: str, chrome: Any) -> None:
    chrome.get(address)
    heading(chrome)
    slider = chrome.find_element("name", "share.bob")
    slider.send_keys("\ue014" * 5)  # the right arrow
    until(lambda: "your mixture" in chrome.find_element("id", "by-hand").text)
    assert slider.get_attribute("aria-valuetext") == "100%"
    chrome.find_element("id", "as-plan").click()
    until(lambda: "Both buy the same" in chrome.find_element("id", "by-hand").text)
    chrome.find_element("id", "clear").click()
    until(lambda: "Move a slider" in chrome.find_element("id", "by-hand").text)


def test_other_questions_show_their_own_fields(address: str, chrome: Any) -> None:
    chrome.get(f"{address}/?max_size=120")
    heading(chrome)
    size, target = (chrome.find_element("name", name) for name in ("size", "target"))
    assert size.is_displayed()
    assert not target.is_displayed()
    chrome.find_element("css selector", '[name="ask"][value="target"]').click()
    until(target.is_displayed)
    assert not size.is_displayed()
    until(lambda: chrome.find_element("css selector", "#answer .waiting"))
    assert not chrome.find_elements("css selector", "#answer [role=alert]")
    assert not chrome.find_element("id", "downloads").is_displayed()
    fill(chrome, "target", "0.6")
    until(lambda: "ask=target" in chrome.current_url and "target=0.6" in chrome.current_url)


def test_a_mistake_is_said_where_the_plan_was(address: str, chrome: Any) -> None:
    chrome.get(address)
    heading(chrome)
    fill(chrome, "size", "3")
    alert = until(lambda: chrome.find_element("css selector", "#answer [role=alert]"))
    assert "smallest scale" in alert.text
    until(lambda: status(chrome).startswith("No plan"))


def test_the_state_is_told_to_those_who_do_not_see_it(address: str, chrome: Any) -> None:
    chrome.get(address)
    heading(chrome)
    assert chrome.find_element("id", "status").get_attribute("aria-live") == "polite"
    until(lambda: "100 samples" in status(chrome))
    for picture in chrome.find_elements("css selector", "#answer svg"):
        assert picture.get_attribute("role") == "img"
        assert picture.find_element("css selector", "desc").get_attribute("textContent")


def test_charts_read_out_their_marks_by_the_arrow_keys(address: str, chrome: Any) -> None:
    chrome.get(address)
    heading(chrome)
    chart = chrome.find_element("css selector", "#answer svg.chart")
    bubble = chrome.find_element("css selector", ".bubble")
    chart.send_keys("\ue014")  # the right arrow
    first = until(lambda: bubble.text)
    assert first.startswith("selected ")
    chart.send_keys("\ue014")
    until(lambda: bubble.text != first)
    chart.send_keys("\ue00c")  # Escape
    until(lambda: not bubble.is_displayed())


def test_export_links_carry_the_state(address: str, chrome: Any) -> None:
    chrome.get(f"{address}/?form=1&ask=size&size=70")
    heading(chrome)
    link = chrome.find_element("css selector", 'a[data-form="purchase-order.csv"]')
    until(lambda: "size=70" in link.get_attribute("href"))
    text = chrome.execute_async_script(
        "const done = arguments[1]; fetch(arguments[0]).then((r) => r.text()).then(done);",
        link.get_attribute("href"),
    )
    samples = [int(line.split(",")[1]) for line in text.splitlines()[1:]]
    assert sum(samples) == 70


def test_budgets_are_compared_on_demand(address: str, chrome: Any) -> None:
    chrome.get(f"{address}/?form=1&ask=size&size=70&price.bob=1&price.cyd=0.5")
    heading(chrome)
    fill(chrome, "frontier", "20, 60")
    chrome.find_element("css selector", "#frontier-form button").click()
    until(lambda: chrome.find_element("css selector", "#frontier svg"))
    assert "60.00" in chrome.find_element("id", "frontier").text


def test_a_link_restores_a_frontier_and_a_change_takes_it_away(address: str, chrome: Any) -> None:
    link = f"{address}/?form=1&ask=size&size=70&price.bob=1&price.cyd=0.5&frontier=20,60"
    chrome.get(link)
    heading(chrome)
    assert "60.00" in chrome.find_element("css selector", "#frontier table").text
    chrome.find_element("css selector", "#frontier-form button").click()
    until(lambda: "frontier=20%2C+60" in chrome.current_url)
    until(lambda: chrome.find_elements("css selector", "#frontier table"))
    fill(chrome, "price.bob", "2")
    until(lambda: "price.bob=2" in chrome.current_url)
    assert "frontier" not in chrome.current_url
    assert "has changed" in chrome.find_element("id", "frontier").text


def test_a_new_provider_is_sent_as_a_file(place: Path, chrome: Any, tmp_path: Path) -> None:
    pilot = tmp_path / "dan.csv"
    pilot.write_bytes(pilot_csv())
    with serving(create_app([str(place)], None, {"test": TwinPilots(0, 0.6)})) as found:
        chrome.get(found)
        heading(chrome)
        chrome.find_element("id", "new-file").send_keys(str(pilot))
        fill(chrome, "new-name", "dan")
        fill(chrome, "new-price", "0.5")
        chrome.find_element("css selector", "#new-provider button").click()
        answer = until(lambda: chrome.find_element("id", "new-heading"))
        assert answer.text == "dan: what would change"
        until(lambda: chrome.switch_to.active_element == answer)
        fill(chrome, "new-name", "ada")
        chrome.find_element("css selector", "#new-provider button").click()
        alert = until(lambda: chrome.find_element("css selector", "#new-answer [role=alert]"))
        assert "already" in alert.text


def test_an_earlier_answer_says_nothing_while_a_later_one_is_on_its_way(
    place: Path, chrome: Any
) -> None:
    with serving(create_app([str(place)], None, {"test": TwinPilots()})) as found:
        chrome.get(found)
        heading(chrome)
        chrome.execute_script(HELD_BACK)
        for button in ("#new-provider button", "#question button:not([type])"):
            chrome.execute_async_script(SUBMIT_TWICE, button)
            note = chrome.find_element("id", "new-status" if "new" in button else "status")
            until(lambda note=note: "Computing" in note.text)
            focused = chrome.switch_to.active_element.get_attribute("id")
            assert focused not in ("new-answer", "new-heading", "plan-heading")
            chrome.execute_script("for (const one of answer.splice(0)) one();")
            until(lambda note=note: "Computing" not in note.get_attribute("textContent"))
            chrome.execute_script("document.activeElement.blur();")


def test_the_form_works_without_scripts(address: str, tmp_path: Path) -> None:
    with browser(tmp_path) as found:
        chrome: Any = found
        chrome.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        chrome.get(address)
        assert not chrome.find_element("id", "copy").is_displayed()
        fill(chrome, "size", "80")
        chrome.find_element("css selector", "#question button:not([type])").click()
        assert "80 samples" in heading(chrome)


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_shows_the_page_without_scrolling_sideways(
    address: str, tmp_path: Path, dark: bool
) -> None:
    with browser(tmp_path, width=390, dark=dark) as phone:
        chrome: Any = phone
        chrome.get(address)
        heading(chrome)
        assert chrome.execute_script("return document.documentElement.scrollWidth") <= 390
        assert not chrome.find_element("name", "exclude").is_displayed()
        chrome.find_element("css selector", "details.fold summary").click()
        until(chrome.find_element("name", "exclude").is_displayed)
        colour = chrome.execute_script("return getComputedStyle(document.body).backgroundColor")
        brightness = sum(int(part) for part in colour.strip("rgb()").split(",")[:3]) / 3
        assert (brightness < 100) == dark
