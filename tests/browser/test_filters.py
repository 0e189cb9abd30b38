# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The view can be filtered, and the address contains the filters, so that a view can be linked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from browser import Page
from reports import CRONS, ORDERS, name, shuffled, worst_first


def by_status(page: Page, *statuses: str) -> list[str]:
    """Return the instances that have one of these statuses, worst first."""
    status = {instance["instance"]: instance["status"] for instance in page.report["instances"]}
    return [instance for instance in worst_first(page.report) if status[instance] in statuses]


@pytest.mark.parametrize("status", ["clean", "accepted", "corrected", "drifted", "unknown", "failed", "unreachable"])
def test_a_count_shows_only_its_instances(show: Callable[..., Page], status: str) -> None:
    page = show(50)
    page.click(f"#counts [data-status={status}]")
    assert page.instances() == by_status(page, status) != []
    assert page.address() == f"#status={status}"
    assert page.find(f"#counts [data-status={status}]").get_attribute("aria-pressed") == "true"
    page.click(f"#counts [data-status={status}]")
    assert len(page.instances()) == 50
    assert page.address() == ""


def test_counts_add_up(show: Callable[..., Page]) -> None:
    page = show(50)
    page.click("#counts [data-status=failed]")
    page.click("#counts [data-status=unreachable]")
    assert page.instances() == by_status(page, "failed", "unreachable")


@pytest.mark.parametrize(("state", "expected"), [("missing", [name(0), name(40)]), ("unmanaged", [name(0)])])
def test_missing_and_unmanaged_resources_can_be_selected(
    show: Callable[..., Page], state: str, expected: list[str]
) -> None:
    page = show(50)
    page.click(f"#counts [data-status={state}]")
    assert page.instances() == expected


def test_a_kind_shows_only_its_columns(show: Callable[..., Page]) -> None:
    page = show(50)
    page.click("#kinds [data-kind=cron]")
    assert page.headings() == list(CRONS)
    assert page.address() == "#kind=cron"
    page.click("#only")
    assert page.headings() == [f"Cron: {CRONS[0]}"]
    assert page.instances() == [name(position) for position in (33, 27, 18, 0, 40, 20)]


def test_only_differences_leaves_out_clean_rows_and_columns(show: Callable[..., Page]) -> None:
    page = show(50)
    page.click("#only")
    assert page.instances() == [name(position) for position in (33, 27, 18, 0, 40, 20, 10, 30, 6, 31, 12)]
    assert "mail" not in page.headings()
    assert "Transactional" in page.headings()
    assert page.text("#matches") == "11 of 50 instances"


@pytest.mark.parametrize(
    ("words", "instances", "headings"),
    [
        ("acme-02", [name(position) for position in (27, 20, 19, *range(21, 27), 28)], None),
        ("smtp_port", [name(position) for position in (0, 40, 20, 10, 30, 6, 31)], None),
        ("SMTP_PASS", [name(position) for position in (0, 40, 20, 10, 30)], ["Mail server: Transactional"]),
        ("acme-011 smtp_host", [name(10)], ["Mail server: Transactional"]),
        ("cron code", [name(0), name(40), name(20)], [f"Cron: {CRONS[0]}"]),
        ("authentication", [name(27)], []),
        ("no such thing", [], []),
    ],
)
def test_a_search_finds_instances_resources_and_fields(
    show: Callable[..., Page], words: str, instances: list[str], headings: list[str] | None
) -> None:
    page = show(50)
    page.search(words)
    assert page.instances() == instances
    if headings is not None:
        assert page.headings() == headings
    assert page.text("#matches") == f"{len(instances)} of 50 instances"


def test_screen_readers_announce_the_number_of_matches(show: Callable[..., Page]) -> None:
    matches = show(50).find("#matches")
    assert matches.get_attribute("role") == "status"
    assert matches.text == "50 instances"


def test_escape_clears_the_search(show: Callable[..., Page]) -> None:
    page = show(50)
    page.search("smtp_port")
    page.press(Keys.ESCAPE)
    assert len(page.instances()) == 50
    assert page.address() == ""


def test_a_slash_begins_a_search(show: Callable[..., Page]) -> None:
    page = show(50)
    page.press("/")
    assert page.focus()["id"] == "search"
    page.press("a/b")
    assert page.find("#search").get_attribute("value") == "a/b"


def test_one_button_shows_everything_again(show: Callable[..., Page]) -> None:
    page = show(50, "#status=drifted&kind=cron&q=code&only=1")
    assert page.instances() == [name(0), name(40), name(20)]
    page.click("#reset")
    assert len(page.instances()) == 50
    assert page.address() == ""
    assert not page.find("#reset").is_displayed()


def test_instances_can_be_sorted(show: Callable[..., Page]) -> None:
    report = shuffled(50)
    page = show(report)
    order = Select(page.find("#sort"))
    assert order.first_selected_option.text == "Worst first"
    assert page.instances() == worst_first(report)
    for words, address in {"Inventory order": "#sort=inventory", "By name": "#sort=name", "Worst first": ""}.items():
        order.select_by_visible_text(words)
        assert page.address() == address
        assert page.instances() == ORDERS[address](report)


def test_an_address_contains_a_view(show: Callable[..., Page]) -> None:
    page = show(50)
    page.click("#counts [data-status=drifted]")
    page.click("#kinds [data-kind=mail_server]")
    page.search("smtp")
    page.click("#only")
    page.click(".keys th[data-key=Transactional]")
    address = page.address()
    view = (page.instances(), page.headings(), page.text("#details"))
    again = show(50, address)
    assert (again.instances(), again.headings(), again.text("#details")) == view
    assert again.find("#search").get_attribute("value") == "smtp"
    assert again.find("#only").is_selected()
    assert again.find("#counts [data-status=drifted]").get_attribute("aria-pressed") == "true"


def test_a_changed_address_changes_the_view(show: Callable[..., Page]) -> None:
    page = show(50)
    page.run("location.hash = '#status=failed'")
    page.until(lambda: page.instances() == [name(27)])


def test_an_address_without_known_filters_shows_everything(show: Callable[..., Page]) -> None:
    page = show(50, "#status=toString,nothing&kind=constructor&sort=none&view=none&instance=nobody&key=&%=%")
    assert page.instances() == worst_first(page.report)
    assert not page.find("#details").is_displayed()


def test_the_browsers_back_button_restores_the_view(show: Callable[..., Page]) -> None:
    page = show(50)
    page.cell(name(0), "Transactional").click()
    assert page.find("#details").is_displayed()
    page.driver.back()
    page.until(lambda: not page.find("#details").is_displayed())
    page.click("[data-view=differences]")
    page.driver.back()
    page.until(lambda: page.find("#instances").is_displayed())
