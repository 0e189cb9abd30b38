# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The matrix says what the report says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from browser import SYMBOLS, WORDS, Page
from reports import CRONS, ORDERS, PARAMETERS, fleet, name, shuffled


@pytest.mark.parametrize("address", ORDERS)
def test_a_row_for_each_instance_in_the_order_that_is_asked_for(show: Callable[..., Page], address: str) -> None:
    report = shuffled(50)
    assert len({tuple(order(report)) for order in ORDERS.values()}) == 3
    assert show(report, address).instances() == ORDERS[address](report)


def test_a_row_for_each_instance_the_worst_first_and_the_inventory_among_equals(show: Callable[..., Page]) -> None:
    worst = [33, 27, 18, 0, 40, 20, 10, 30, 6, 31, 12]
    clean = [position for position in range(50) if position not in worst]
    assert show(50).instances() == [name(position) for position in worst + clean]


def test_the_verdict_is_in_words_and_counted(show: Callable[..., Page]) -> None:
    page = show(50)
    verdict = "5 of 50 instances have drifted, 1 failed, 1 is unreachable and 1 could not be judged"
    assert verdict in page.text("#verdict")
    assert page.driver.title == f"Drift report: {verdict}"
    counts = {
        count.get_attribute("data-status"): count.text.split() for count in page.find_all("#counts [data-status]")
    }
    for status, number in page.report["verdict"]["instances"].items():
        assert counts[status] == [SYMBOLS[status], str(number), *WORDS[status].split()]
    assert counts["missing"][1] == "2"
    assert counts["unmanaged"][1] == "1"
    run = page.text("#run")
    for part in (
        "36 differences: 32 drifted, 1 corrected, 3 accepted",
        "24 Nov 2026, 15:04 UTC",
        "postmaster.odoo.drift in 22.0 s",
        "exit code 4",
    ):
        assert part in run


@pytest.mark.parametrize(
    ("statuses", "words"),
    [
        (["clean"], "a is as declared"),
        (["clean", "clean"], "All 2 instances are as declared"),
        (["accepted", "clean"], "1 of 2 instances differs as accepted"),
        (
            ["corrected", "corrected", "accepted"],
            "2 of 3 instances had drifted and are corrected and 1 differs as accepted",
        ),
        (["drifted", "accepted"], "1 of 2 instances has drifted"),
        (["unreachable", "failed"], "1 of 2 instances failed and 1 is unreachable"),
        ([], "No instance was looked at"),
    ],
)
def test_every_verdict_has_words(show: Callable[..., Page], statuses: list[str], words: str) -> None:
    report = fleet(0, baseline=False, runs=0)
    report["instances"] = [
        {"instance": chr(ord("a") + position), "status": status, "resources": [], "errors": [], "warnings": []}
        for position, status in enumerate(statuses)
    ]
    report["verdict"]["instances"] |= {status: statuses.count(status) for status in statuses}
    page = show(report)
    assert page.text("#verdict").split("\n")[-1] == words


def test_a_baseline_that_does_not_hold_is_the_verdict_where_nothing_drifts(show: Callable[..., Page]) -> None:
    report = fleet(1)
    report["instances"][0] |= {"status": "clean", "resources": []}
    report["verdict"] |= {"status": "drifted", "instances": {"clean": 1}}
    assert "acme-001 is as declared and the baseline has 2 problems" in show(report).text("#verdict")


def test_every_cell_has_the_state_its_symbol_and_words(show: Callable[..., Page]) -> None:
    page = show(50)
    matrix = page.matrix()
    assert matrix[name(0)]["google_gmail"] == ("missing", SYMBOLS["missing"], "missing")
    assert matrix[name(0)]["Transactional"] == ("drifted", "≠", "drifted, 3 fields")
    assert matrix[name(0)]["Alias domain: acme.example"] == ("accepted", "≈", "accepted, 1 field")
    assert matrix[name(12)]["mail.bounce.alias"] == ("corrected", "↻", "corrected, 1 field")
    state, text, label = matrix[name(33)]["Transactional"]
    assert (state, text.split(":")[0], label.split(":")[0]) == (
        "unreachable",
        f"{SYMBOLS['unreachable']} unreachable",
        "unreachable",
    )
    # What a run that failed has not compared is empty, in the columns of other instances, too.
    assert matrix[name(27)]["Transactional"] == ("none", "", "not declared here")
    assert matrix[name(27)]["google_gmail"] == ("clean", "✓", "clean")
    for instance in page.report["instances"]:
        for resource in instance["resources"]:
            cell = matrix[instance["instance"]].get(resource["key"])
            if cell and resource["status"] == "clean":
                assert cell == ("clean", "✓", "clean")
            elif cell:
                assert cell[1] == SYMBOLS[cell[0]]


def test_an_undeclared_record_is_seen_as_unmanaged(show: Callable[..., Page]) -> None:
    assert show(1).matrix()[name(0)]["Legacy relay"] == ("unmanaged", "+", "unmanaged")


def test_a_resource_that_an_instance_does_not_declare_leaves_its_cell_empty(show: Callable[..., Page]) -> None:
    report = fleet(3)
    first = report["instances"][0]
    first["resources"] = [one for one in first["resources"] if one["key"] != "google_gmail"]
    matrix = show(report).matrix()
    assert matrix[name(0)]["google_gmail"] == ("none", "", "not declared here")
    assert matrix[name(1)]["google_gmail"] == ("clean", "✓", "clean")


def test_what_only_one_instance_has_shares_a_column(show: Callable[..., Page]) -> None:
    """A customer's own mail server has no column of its own, in which all others have nothing."""
    matrix = show(5).matrix()
    for position in range(5):
        assert f"Outgoing {name(position)}" not in matrix[name(0)]
    assert sum("other resources" in heading for heading in matrix[name(0)]) == 1


def test_columns_are_grouped_by_kind_in_the_order_of_a_stack(show: Callable[..., Page]) -> None:
    page = show(50)
    kinds = page.run(
        "return [...document.querySelectorAll('.kinds th')].slice(1).map((th) => [th.getAttribute('aria-label'), th.colSpan])"
    )
    assert kinds == [
        ["Addons, 2", 2],
        ["Parameters, 5", 5],
        ["Alias domains, 1", 1],
        ["Mail servers, 49", 2],
        ["Crons, 4", 4],
        ["Queue rules, 1", 1],
    ]
    assert page.headings()[2:7] == list(PARAMETERS)
    assert page.headings()[10:] == [*CRONS, "Queue rule: retry"]


@pytest.mark.parametrize("size", [50, 500])
def test_what_few_instances_have_shares_a_column_that_names_it_when_asked(show: Callable[..., Page], size: int) -> None:
    page = show(fleet(size, own=3))
    headings = page.headings()
    assert len(headings) == 15
    others = next(heading for heading in headings if "other resources" in heading)
    assert page.matrix()[name(0)][others] == ("missing", f"{SYMBOLS['missing']} 2", "missing, 2 of 4")
    assert page.matrix()[name(1)][others] == ("clean", "✓ 3", "clean, 3")
    page.click(".keys th[data-name]")
    assert page.address() == "#named=mail_server"
    cell = next(words for heading, words in page.matrix()[name(0)].items() if "other resources" in heading)
    assert cell[1].split("\n") == [
        f"{SYMBOLS['missing']} Outgoing acme-001",
        f"{SYMBOLS['clean']} Outgoing acme-001 1",
        f"{SYMBOLS['clean']} Outgoing acme-001 2",
        "+ Legacy relay",
    ]
    assert len(page.headings()) == 15


def test_a_kind_folds_into_one_column(show: Callable[..., Page]) -> None:
    page = show(50)
    page.click(".kinds [data-fold=system_parameter]")
    assert page.headings()[2] == "5 resources"
    assert page.matrix()[name(0)]["5 resources"] == ("drifted", "≠ 1", "drifted, 1 of 5")
    assert page.matrix()[name(1)]["5 resources"] == ("clean", "✓ 5", "clean, 5")
    assert page.find(".kinds [data-fold=system_parameter]").get_attribute("aria-expanded") == "false"
    page.click(".kinds [data-fold=system_parameter]")
    assert page.headings()[2:7] == list(PARAMETERS)


def test_a_grid_says_that_it_is_one(show: Callable[..., Page]) -> None:
    page = show(50, "#sort=inventory")
    roles = page.run(
        """const of = (selector) => [...new Set([...document.querySelectorAll(selector)].map((one) => one.getAttribute("role")))];
        return {table: of(".matrix"), groups: of(".matrix > *"), rows: of(".matrix tr"), heads: of("thead th"), names: of("tbody th"), cells: of("tbody td")}"""
    )
    assert roles == {
        "table": ["grid"],
        "groups": ["rowgroup"],
        "rows": ["row"],
        "heads": ["columnheader"],
        "names": ["rowheader"],
        "cells": ["gridcell"],
    }
    assert page.find(".matrix").get_attribute("aria-rowcount") == "52"
    assert page.find("tbody th").get_attribute("aria-label") == "acme-001, drifted, 7 resources differing"


def test_former_runs_are_a_timeline(show: Callable[..., Page]) -> None:
    page = show(50)
    bars = page.find_all("#timeline svg g")
    assert len(bars) == 31
    title = page.run("return document.querySelector('#timeline g:last-of-type title').textContent")
    assert (
        title
        == "24 Nov 2026, 15:04 UTC: 5 drifted, 1 failed, 1 unreachable, 1 unknown, 1 corrected, 2 accepted, 39 clean"
    )
    heights = page.run(
        "return [...document.querySelectorAll('#timeline g:last-of-type rect')].map((rect) => Number(rect.getAttribute('height')))"
    )
    assert sum(heights) == 48
    assert min(heights) >= 3
    spoken = page.run("return [...document.querySelectorAll('#timeline tr')].map((tr) => tr.innerText)")
    assert len(spoken) == 31


def test_runs_of_one_day_are_told_apart_by_their_time(show: Callable[..., Page]) -> None:
    report = fleet(3, runs=1)
    report["history"][0]["generated"] = "2026-11-24T03:00:00Z"
    assert show(report).text("#timeline figcaption").split("\n") == ["03:00 UTC", "2 runs", "15:04 UTC"]


def test_of_a_long_limit_the_beginning_is_shown(show: Callable[..., Page]) -> None:
    report = fleet(1)
    report["run"] |= {
        "limit": ",".join(f"acme{number}" for number in range(99)),
        "tags": ["crons"],
        "skip_tags": ["servers"],
        "start_at_task": "Compare the crons",
    }
    page = show(report)
    assert "limited to acme0,acme1" in page.text("#run")
    assert "acme98" not in page.text("#run")
    assert "only crons" in page.text("#run")
    assert "without servers" in page.text("#run")
    assert "from the task Compare the crons" in page.text("#run")
    assert page.find("#run [title]").get_attribute("title").endswith("acme98")


@pytest.mark.parametrize("part", [{"tags": ["crons"]}, {"skip_tags": ["crons"]}, {"start_at_task": "Compare"}])
def test_a_run_of_a_part_says_so(show: Callable[..., Page], part: dict[str, Any]) -> None:
    report = fleet_of("clean", "clean")
    report["run"] |= part
    run = show(report).text("#run")
    assert "no differences in what was compared" in run
    assert "only a part was compared" in run


def fleet_of(*statuses: str, compared: bool = True) -> dict[str, Any]:
    """Instances of these statuses, of which nothing is known but a clean addon, if it was compared."""
    report = fleet(0, baseline=False, runs=0)
    resources = [{"resource": "addon", "key": "mail", "status": "clean", "action": "none"}] if compared else []
    report["instances"] = [
        {"instance": name(position), "status": status, "resources": resources, "errors": [], "warnings": []}
        for position, status in enumerate(statuses)
    ]
    report["verdict"]["instances"] |= {status: statuses.count(status) for status in statuses}
    return report


@pytest.mark.parametrize(
    ("statuses", "compared", "words"),
    [
        (["clean", "clean"], True, "no differences"),
        (["clean", "unreachable"], True, "no differences in what was compared"),
        (["failed"], True, "no differences in what was compared"),
        (["unreachable", "unreachable"], False, "nothing was compared"),
        ([], False, "nothing was compared"),
    ],
)
def test_what_was_not_compared_is_not_said_to_be_without_differences(
    show: Callable[..., Page], statuses: list[str], compared: bool, words: str
) -> None:
    page = show(fleet_of(*statuses, compared=compared), "#view=differences")
    assert page.run("return document.querySelector('#run span').innerText") == words
    assert "as declared" not in page.text("#verdict") or set(statuses) == {"clean"}
    judged = "unreachable" not in statuses and "failed" not in statuses
    assert page.text("#matches").startswith("0 differences on" if judged else "1 problem on")


@pytest.mark.parametrize(
    ("status", "plays", "statuses", "words"),
    [
        ("unknown", ["Acme"], ["clean", "clean"], "No host matches a play and 2 instances are as declared"),
        ("unknown", ["Acme"], ["clean"], "No host matches a play and acme-001 is as declared"),
        ("unknown", ["Acme", "Zoo"], ["drifted", "clean"], "No host matches 2 plays and 1 of 2 instances has drifted"),
        ("failed", ["Acme"], ["failed", "clean"], "1 of 2 instances failed and no host matches a play"),
        ("unknown", ["Acme"], [], "No instance was looked at"),
    ],
)
def test_a_play_without_hosts_is_told(
    show: Callable[..., Page], status: str, plays: list[str], statuses: list[str], words: str
) -> None:
    report = fleet_of(*statuses)
    report["run"]["without_hosts"] = plays
    report["verdict"]["status"] = status
    page = show(report)
    assert page.text("#verdict").split("\n")[-1] == words
    assert page.driver.title == f"Drift report: {words}"
    assert page.text("#nobody").split("\n") == [f"? unknown No host matches the play {play}." for play in plays]
    if statuses:
        assert "no differences in what was compared" in page.text("#run")


def test_where_every_play_has_hosts_nothing_is_said(show: Callable[..., Page]) -> None:
    assert not show(3).find("#nobody").is_displayed()


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        (" lead", '" lead"'),
        ("trail ", '"trail "'),
        ("two  blanks", '"two  blanks"'),
        ("line\u2028separator", r'"line\u2028separator"'),
        ("hard\u00a0blank", r'"hard\u00a0blank"'),
        ("\u202egnp.exe", r'"\u202egnp.exe"'),
        ('a " b', 'a " b'),
        ("one blank", "one blank"),
    ],
)
def test_what_cannot_be_seen_in_a_key_is_seen(show: Callable[..., Page], key: str, shown: str) -> None:
    report = fleet(2)
    resource = next(one for one in report["instances"][0]["resources"] if one["key"] == "google_gmail")
    resource["key"] = key
    page = show(report)

    def read(selector: str) -> list[str]:
        return page.run("return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText)", selector)

    assert shown in page.headings()
    assert shown in read(".keys .label")
    page.cell(name(0), shown).click()
    assert read("#details h4") == [shown]
    page.click(f".keys th:nth-child({page.headings().index(shown) + 1})")
    assert read("#about") == [shown]
    page.click("[data-view=differences]")
    page.settle()  # before its first frame, an item of the list has no innerText
    assert shown in read("#differences h3")
    page.open(page.address())
    assert read("#about") == [shown]


def test_without_former_runs_there_is_no_timeline(show: Callable[..., Page]) -> None:
    assert show(fleet(3, runs=0)).find_all("#timeline svg") == []


def test_a_report_without_instances_says_so(show: Callable[..., Page]) -> None:
    assert show(fleet(0, runs=0)).text("#instances") == "There is no instance in this report."
