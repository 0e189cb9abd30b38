# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything can be done without a mouse, and the focus is visible."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium.webdriver.common.keys import Keys

from browser import Page
from reports import name


@pytest.fixture
def page(show: Callable[..., Page]) -> Page:
    page = show(50, "#sort=inventory")
    page.run("document.querySelector('.matrix [tabindex=\"0\"]').focus()")
    return page


def place(page: Page) -> tuple[str | None, int | None]:
    focus = page.focus()
    return focus["instance"], focus["cell"]


def test_tab_reaches_one_cell_of_the_grid(page: Page) -> None:
    assert len(page.find_all(".matrix [tabindex='0']")) == 1
    assert place(page) == (name(0), 0)
    page.press(Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
    assert len(page.find_all(".matrix [tabindex='0']")) == 1
    page.press(Keys.TAB)
    assert place(page)[1] is None
    page.press(Keys.TAB, hold=Keys.SHIFT)
    assert place(page) == (name(1), 1)


def test_the_first_tab_stop_leads_to_the_instances(show: Callable[..., Page]) -> None:
    page = show(50)
    page.press(Keys.TAB)
    assert page.focus()["id"] == "skip"
    page.press(Keys.ENTER)
    assert place(page) == (name(33), 0)


def test_arrows_move_and_stop_at_the_edges(page: Page) -> None:
    page.press(Keys.ARROW_LEFT, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
    assert place(page) == (name(1), 2)
    page.press(Keys.END)
    assert place(page) == (name(1), 15)
    page.press(Keys.ARROW_RIGHT)
    assert place(page) == (name(1), 15)
    page.press(Keys.PAGE_DOWN, Keys.PAGE_DOWN, Keys.PAGE_UP)
    assert place(page) == (name(11), 15)
    page.press(Keys.HOME)
    assert place(page) == (name(11), 0)
    page.press(Keys.END, hold=Keys.CONTROL)
    assert place(page) == (name(49), 15)
    page.press(Keys.HOME, hold=Keys.CONTROL)
    assert place(page) == (name(0), 0)


def test_headings_are_part_of_the_grid(page: Page) -> None:
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_UP)
    assert page.focus()["label"] == "mail"
    page.press(Keys.ARROW_UP)
    assert page.focus()["label"] == "Addons, 2"
    page.press(Keys.ARROW_RIGHT)
    assert page.focus()["label"] == "Parameters, 5"
    page.press(Keys.ENTER)
    assert page.headings()[2] == "5 resources"
    assert page.focus()["label"] == "Parameters, 5"
    page.press(Keys.ENTER, Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert page.focus()["text"] == "Instances"
    page.press(Keys.ARROW_DOWN)
    assert place(page) == (name(0), 0)


def test_the_focus_is_visible(page: Page) -> None:
    page.press(Keys.END, hold=Keys.CONTROL)
    page.press(Keys.ARROW_UP, Keys.ARROW_LEFT)
    for keys in ((), (Keys.ARROW_UP,) * 30, (Keys.HOME,), (Keys.PAGE_UP,) * 3):
        page.press(*keys)
        seen = page.run(
            """const cell = document.activeElement, box = cell.getBoundingClientRect(), style = getComputedStyle(cell);
            const seen = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
            return [cell.contains(seen), style.outlineStyle, parseFloat(style.outlineWidth)]"""
        )
        assert seen == [True, "solid", 2]


@pytest.mark.parametrize("key", [Keys.ENTER, Keys.SPACE])
def test_a_key_opens_a_cell_and_escape_closes_it_and_restores_the_focus(page: Page, key: str) -> None:
    page.press(*[Keys.ARROW_RIGHT] * 9, key)
    assert page.focus()["id"] == "about"
    assert "smtp_port" in page.text("#details")
    page.press(Keys.ESCAPE)
    assert not page.find("#details").is_displayed()
    assert place(page) == (name(0), 9)


def test_the_close_button_restores_the_focus_too(page: Page) -> None:
    page.press(Keys.ENTER, Keys.TAB)
    assert page.focus()["id"] == "close"
    page.press(Keys.ENTER)
    assert place(page) == (name(0), 0)


def test_escape_returns_to_an_instance_in_the_list(show: Callable[..., Page]) -> None:
    page = show(50, "#view=differences")
    page.run("document.querySelectorAll('#differences .chip')[2].focus()")
    page.press(Keys.ENTER)
    assert page.focus()["id"] == "about"
    page.press(Keys.ESCAPE)
    assert page.focus()["text"] == "acme-021"


def test_the_focus_is_kept_while_rows_are_hidden_and_shown(page: Page) -> None:
    page.press(*[Keys.ARROW_DOWN] * 10, *[Keys.ARROW_RIGHT] * 9)
    assert place(page) == (name(10), 9)
    page.click("#only")
    active = page.run(
        "const it = document.querySelector('.matrix [tabindex=\"0\"]'); return [it.parentNode.row.name, it.getAttribute('aria-label')]"
    )
    assert active == [name(10), "drifted, 3 fields"]


def test_one_cell_is_reachable_after_any_rows_were_hidden(page: Page) -> None:
    page.press(Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
    page.search("smtp_port")
    page.click("#reset")
    assert len(page.instances()) == 50
    assert len(page.find_all(".matrix [tabindex='0']")) == 1


def test_a_panel_that_covers_the_page_keeps_the_focus(page: Page) -> None:
    page.resize(390, 844)
    page.press(Keys.ENTER)
    assert page.run(
        "return ['top', 'counts', 'tools', 'main', 'foot'].every((id) => document.getElementById(id).inert)"
    )
    page.press(Keys.ESCAPE)
    assert (
        page.run("return ['top', 'counts', 'tools', 'main', 'foot'].some((id) => document.getElementById(id).inert)")
        is False
    )
    assert place(page) == (name(0), 0)
