# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Light and dark colours, wide and narrow windows, and paper."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from pypdf import PdfReader
from selenium.webdriver.support.select import Select

from browser import WORDS, Page
from reports import MASK, ORDERS, differences, fleet, name, shuffled

AA = 4.5

# The contrast of every visible text with its background.
CONTRASTS = """
const parse = (text) => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return {r, g, b, a} };
const over = (top, under) => {
  const mixed = (c) => top[c] * top.a + under[c] * (1 - top.a);
  return {r: mixed("r"), g: mixed("g"), b: mixed("b"), a: 1};
};
const light = (colour) => {
  const linear = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  return 0.2126 * linear(colour.r) + 0.7152 * linear(colour.g) + 0.0722 * linear(colour.b);
};
const behind = (element) => {
  const layers = [];
  for (let it = element; it; it = it.parentElement) {
    const layer = parse(getComputedStyle(it).backgroundColor);
    layers.push(layer);
    if (layer.a === 1) break;
  }
  return layers.reverse().reduce((under, top) => over(top, under), {r: 255, g: 255, b: 255, a: 1});
};
const result = [];
for (const element of document.body.querySelectorAll("*")) {
  const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent.trim()).join("");
  if (!text || element.closest("svg, script, noscript, style") || !element.checkVisibility({visibilityProperty: true})) continue;
  const back = behind(element), front = over(parse(getComputedStyle(element).color), back);
  const [high, low] = [light(back), light(front)].sort((a, b) => b - a);
  result.push([(high + 0.05) / (low + 0.05), text.slice(0, 30), element.className]);
}
return result.sort((a, b) => a[0] - b[0]);
"""


def background(page: Page) -> str:
    return page.run("return getComputedStyle(document.body).backgroundColor")


def test_the_colours_follow_the_system(show: Callable[..., Page]) -> None:
    page = show(3)
    page.wear("light")
    light = background(page)
    page.wear("dark")
    assert background(page) != light
    assert page.run("return getComputedStyle(document.documentElement).colorScheme") == "dark"


def test_a_choice_of_colours_applies_and_is_remembered(show: Callable[..., Page]) -> None:
    page = show(3)
    page.wear("light")
    light = background(page)
    Select(page.find("#theme")).select_by_value("dark")
    dark = background(page)
    assert dark != light
    page.open()
    assert background(page) == dark
    Select(page.find("#theme")).select_by_value("")
    assert background(page) == light


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "address",
    [
        "#instance=acme-001",
        "#instance=acme-021&status=drifted,failed,unreachable,unknown,corrected,accepted",
        "#instance=acme-028&status=failed&kind=cron",
        "#view=differences&baseline=1",
        "#named=mail_server&folded=system_parameter&only=1",
    ],
)
def test_every_text_has_enough_contrast(show: Callable[..., Page], scheme: str, address: str) -> None:
    page = show(50)
    page.wear(scheme)
    page.open(address)
    contrasts = page.run(CONTRASTS)
    assert len(contrasts) > 100
    assert [one for one in contrasts if one[0] < AA] == []


@pytest.mark.parametrize(
    ("width", "height"), [(320, 640), (390, 844), (768, 1024), (1024, 700), (1440, 900), (2560, 1300)]
)
@pytest.mark.parametrize("address", ["", "#view=differences", "#instance=acme-001"])
def test_nothing_is_wider_than_the_window(show: Callable[..., Page], width: int, height: int, address: str) -> None:
    page = show(50)
    page.resize(width, height)
    page.open(address)
    assert page.run("return document.documentElement.scrollWidth") <= width
    assert page.run("const it = document.getElementById('details'); return it.scrollWidth - it.clientWidth") == 0


def test_headings_and_names_stay_visible(show: Callable[..., Page]) -> None:
    page = show(500, "#sort=inventory")
    page.resize(800, 700)
    page.run("const pane = document.getElementById('instances'); pane.scrollIntoView(false); pane.scrollTo(200, 5000)")
    page.settle()
    top, first, left = page.run(
        """const box = (it) => it.getBoundingClientRect(), pane = box(document.getElementById("instances"));
        const first = document.elementFromPoint(pane.x + 60, pane.y + pane.height - 60).closest("th");
        return [box(document.querySelector("thead")).top - pane.top, first.parentNode.row.name, box(document.querySelector(".corner")).left - pane.left]"""
    )
    assert top == 0
    assert first > name(100)
    assert 0 <= left < 40


@pytest.mark.parametrize(("width", "height"), [(720, 450), (320, 256)])
def test_in_a_low_window_headings_scroll_away(show: Callable[..., Page], width: int, height: int) -> None:
    page = show(50, "#sort=inventory")
    page.resize(width, height)
    page.run("const pane = document.getElementById('instances'); pane.scrollIntoView(false); pane.scrollTo(0, 600)")
    page.settle()
    bottom, seen = page.run(
        """const box = (it) => it.getBoundingClientRect(), pane = box(document.getElementById("instances"));
        const inView = (tr) => box(tr).top >= Math.max(0, pane.top) && box(tr).bottom <= Math.min(innerHeight, pane.bottom);
        return [box(document.querySelector("thead")).bottom - pane.top, [...document.querySelectorAll(".matrix tbody tr")].filter(inView).length]"""
    )
    assert bottom < 0
    assert seen >= 5


def printed(page: Page) -> tuple[str, int]:
    reader = PdfReader(io.BytesIO(page.pdf()))
    text = "\n".join(page.extract_text() for page in reader.pages)
    # A printer's ligatures are separate letters in the text.
    for ligature, letters in {"\ufb00": "ff", "\ufb01": "fi", "\ufb03": "ffi"}.items():
        text = text.replace(ligature, letters)
    return " ".join(text.split()), len(reader.pages)


def test_all_differences_are_printed(show: Callable[..., Page]) -> None:
    page = show(50, "#instance=acme-001")
    page.wear("dark")
    text, pages = printed(page)
    assert pages > 1
    assert "5 of 50 instances have drifted" in text
    for instance, resource, difference in differences(page.report):
        for words in (instance, resource["key"], difference["field"]):
            assert words is None or words in text
    for words in (
        "found 25",
        "declared 587",
        "batch = 100",
        "batch = 500",
        "Managed elsewhere",
        "No longer accepted",
        "differs",
        "39 instances without differences",
    ):
        assert words in text
    for instance in page.report["instances"]:
        for error in instance["errors"]:
            assert error["message"] in text
    assert MASK not in text
    for control in ("By instance", "Only what differs", "Worst first", "Inventory order", "Enter opens", "Close"):
        assert control not in text


@pytest.mark.parametrize("address", ORDERS)
def test_the_order_on_paper_is_that_of_the_screen(show: Callable[..., Page], address: str) -> None:
    report = shuffled(50)
    text, _pages = printed(show(report, address))
    status = {one["instance"]: one["status"] for one in report["instances"] if one["status"] != "clean"}
    expected = [instance for instance in ORDERS[address](report) if instance in status]
    assert len(expected) == 11
    assert sorted(expected, key=lambda instance: text.index(f"{instance}: {WORDS[status[instance]]}")) == expected


def test_a_filtered_view_is_printed_with_its_filters(show: Callable[..., Page]) -> None:
    text, _pages = printed(show(50, "#q=acme-011"))
    assert "Only a part is printed: search for acme-011." in text
    assert "acme-011: drifted" in text
    assert "acme-021" not in text


def test_paper_is_white(show: Callable[..., Page]) -> None:
    page = show(fleet(3))
    page.cdp("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    assert page.run("return getComputedStyle(document.querySelector('#verdict')).color") == "rgb(29, 30, 34)"


def test_without_javascript_the_page_names_the_missing_parts(show: Callable[..., Page]) -> None:
    page = show(3)
    page.cdp("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page.open()
        text = page.find("body").text
    finally:
        page.cdp("Emulation.setScriptExecutionDisabled", value=False)
    assert "The report does not show without JavaScript." in text
    assert "drift.json" in text
    assert "By instance" not in text
