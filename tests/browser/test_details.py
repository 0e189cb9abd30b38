# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What lies behind a cell: every difference, before and after, and all that is known of it."""

from __future__ import annotations

import re
from collections.abc import Callable

from browser import SYMBOLS, Page
from reports import MASK, differences, fleet, name

MINUS = SYMBOLS["missing"]


def test_a_cell_opens_its_resource(show: Callable[..., Page]) -> None:
    page = show(50)
    page.cell(name(10), "Transactional").click()
    assert page.address() == "#instance=acme-011&resource=mail_server&key=Transactional"
    lines = page.text("#details").split("\n")
    assert lines[:2] == ["acme-011", "≠ drifted Everything of acme-011"]
    assert page.find("#details h4").text == "Transactional"
    at = lines.index("smtp_port")
    assert lines[at : at + 6] == [
        "smtp_port",
        "found",
        "25",
        "declared",
        "587",
        "since 20 Nov 2026, 00:40 UTC, for 5 days",
    ]
    assert "acme.example" not in lines
    page.click("#whole")
    assert "14 resources as declared" in page.text("#details")


def test_an_instance_opens_all_of_its_resources(show: Callable[..., Page]) -> None:
    page = show(50)
    page.cell(name(0), "").click()
    text = page.text("#details")
    for instance, resource, difference in differences(page.report):
        if instance == name(0):
            assert resource["key"] in text
            if difference["field"] is not None:
                assert difference["field"] in text
    assert "9 resources as declared" in text
    assert "mail.session.batch.size" in text


def test_an_instance_says_what_a_plan_changes_for_its_mail(show: Callable[..., Page]) -> None:
    report = fleet(2)
    sender = {"mails": 214, "sources": ["mail"], "companies": [], "effects": ["rewritten"]}
    sender |= dict.fromkeys(["server_before", "server_after", "email_from_before", "email_from_after"])
    configured = {**sender, "from": "", "mails": 0, "sources": ["template", "company"]}
    report["instances"][1]["replay"] = {
        "days": 30,
        "since": "2026-10-25 15:04:05",
        "counted_since": "2026-11-01 12:00:00",
        "complete": False,
        "mails": 5000,
        "changed": {"senders": 3, "mails": 214, "effects": {"rewritten": 214}},
        "senders": [
            {**sender, "from": "<b>ann@acme.example</b>", "change": "From a -> b"},
            {**configured, "change": "c"},
        ],
        "left_out": 1,
    }
    page = show(report, "#instance=acme-002")
    lines = page.text("#details .replay").split("\n")
    assert lines == [
        "Mail of the last 30 days",
        "214 messages of 5000 from 3 senders leave in another way with this plan. Messages are counted since 1 Nov 2026, 12:00 UTC."
        " Not all senders were compared. 1 more sender not listed here.",
        "<b>ann@acme.example</b>",
        "214 messages",
        "From a -> b",
        "no sender",
        "template, company",
        "c",
    ]
    page = show(report, "#instance=acme-001")
    assert not page.run("return document.querySelectorAll('#details .replay').length")


def test_a_secret_differs_and_is_nowhere(show: Callable[..., Page]) -> None:
    page = show(50)
    page.cell(name(0), "Transactional").click()
    lines = page.text("#details").split("\n")
    at = lines.index("smtp_pass")
    assert lines[at + 1 : at + 3] == ["differs", "a secret, shown nowhere"]
    assert MASK not in page.run("return document.body.innerText")


def test_a_text_of_several_lines_is_compared_line_by_line(show: Callable[..., Page]) -> None:
    page = show(50)
    page.cell(name(20), "mail.ir_cron_mail_scheduler_action").click()
    lines = page.run(
        "return [...document.querySelectorAll('#details .code > span')].map((one) => [one.className, one.dataset.sign, one.lastChild.textContent])"
    )
    assert lines == [
        ["same", " ", "# The queue, in batches."],
        ["gone", MINUS, "batch = 100"],
        ["come", "+", "batch = 500"],
        ["same", " ", "mails = model.search([('state', '=', 'outgoing')], limit=batch)"],
        ["same", " ", "for mail in mails:"],
        ["gone", MINUS, "    mail.send()"],
        ["come", "+", "    mail.send(auto_commit=True)"],
        ["same", " ", "log('sent %s' % len(mails))"],
    ]
    spoken = page.run("return [...document.querySelectorAll('#details .code .unseen')].map((one) => one.textContent)")
    assert spoken == ["found: ", "declared: ", "found: ", "declared: "]


def test_of_a_long_text_only_what_is_near_a_difference_is_shown(show: Callable[..., Page]) -> None:
    report = fleet(1)
    before = [f"line {number}" for number in range(5000)]
    after = [*before[:2000], "new", *before[2000:3000], "changed", *before[3001:]]
    resource = next(
        one for one in report["instances"][0]["resources"] if one["key"] == "mail.ir_cron_mail_scheduler_action"
    )
    resource["differences"][0] |= {"before": "\n".join(before), "after": "\n".join(after)}
    page = show(report, "#instance=acme-001&resource=cron&key=mail.ir_cron_mail_scheduler_action")
    lines = page.run(
        "return [...document.querySelectorAll('#details .code > span')].map((one) => one.dataset.sign + one.lastChild.textContent)"
    )
    assert lines == [
        "1997 lines alike",
        *(f" line {number}" for number in range(1997, 2000)),
        "+new",
        *(f" line {number}" for number in range(2000, 2003)),
        "994 lines alike",
        *(f" line {number}" for number in range(2997, 3000)),
        f"{MINUS}line 3000",
        "+changed",
        *(f" line {number}" for number in range(3001, 3004)),
        "1996 lines alike",
    ]


def test_values_that_read_alike_are_told_apart(show: Callable[..., Page]) -> None:
    report = fleet(1)
    resource = next(one for one in report["instances"][0]["resources"] if one["key"] == "Transactional")
    pairs = [("25", 25), (None, False), ("", None), (["a"], []), ("mail.acme.example", "mail.acme.test")]
    resource["differences"] = [
        {"field": f"field {position}", "before": before, "after": after, "status": "drifted", "since": None}
        for position, (before, after) in enumerate(pairs)
    ]
    page = show(report, "#instance=acme-001&resource=mail_server&key=Transactional")
    values = page.run("return [...document.querySelectorAll('#details .value')].map((one) => one.innerText)")
    assert values == [
        '"25"',
        "25",
        "not set",
        "false",
        "empty",
        "not set",
        '[\n  "a"\n]',
        "[]",
        "mail.acme.example",
        "mail.acme.test",
    ]
    marked = page.run("return [...document.querySelectorAll('#details mark')].map((one) => one.innerText)")
    assert marked == ["example", "test"]


def test_what_else_is_known_of_a_difference_is_said(show: Callable[..., Page]) -> None:
    page = show(50)
    page.cell(name(0), "").click()
    text = page.text("#details")
    assert "No longer accepted: Until the old relay is gone (mail team, until 31 Oct 2026)" in text
    assert "Accepted: The provider blocks 587 until the move (mail team, until 31 Jan 2027)" in text
    assert "Managed elsewhere: " in text
    assert "since 15 Oct 2026, 15:04 UTC, for 40 days" in text
    assert "first seen in this run" in text
    assert "since 24 Nov 2026, 12:40 UTC, for 2 hours" in text
    assert "It is there, and nobody declared it." in text
    assert "It is there, and declared to be absent." in text


def test_a_missing_record_shows_what_it_is_declared_as(show: Callable[..., Page]) -> None:
    page = show(50, "#instance=acme-001&resource=mail_server&key=Outgoing+acme-001")
    assert f"{MINUS} missing" in page.text("#details")
    fields = page.run(
        "return [...document.querySelectorAll('#details .fields tr')].map((tr) => [...tr.cells].map((cell) => cell.innerText))"
    )
    assert fields == [
        ["smtp_host", "smtp.acme.example"],
        ["smtp_port", "465"],
        ["smtp_encryption", "ssl"],
        ["smtp_user", "empty"],
        ["active", "true"],
    ]


def test_what_a_run_has_put_right_is_told_in_the_past(show: Callable[..., Page]) -> None:
    report = fleet(1)
    for resource in report["instances"][0]["resources"]:
        if resource["status"] == "drifted" and resource["action"] != "unmanaged":
            resource["status"] = "corrected"
            for difference in resource["differences"]:
                difference["status"] = "corrected"
    text = show(report).text("#details")
    assert "It was declared, and not there: it is made." in text
    assert "It was there, and declared to be absent: it is removed." in text
    assert "It is declared, and not there." not in text


def test_an_instance_that_was_not_judged_says_why(show: Callable[..., Page]) -> None:
    page = show(50)
    for position, words in {
        33: "The mail of an instance: unreachable\nacme-034.example does not answer: connection refused. Is it up?",
        27: "The mail of an instance: authentication\nOdoo does not accept this user and password.",
        18: "The state is not known: no task has compared anything.",
    }.items():
        page.cell(name(position), "Transactional").click()
        assert words in page.text("#details")


def test_a_heading_opens_its_resource_on_all_instances(show: Callable[..., Page]) -> None:
    page = show(50)
    page.click(".keys th[data-key=Transactional]")
    text = page.text("#details")
    assert "differs on 7 of 47 instances" in text
    assert {"acme-001", "acme-011", "acme-021", "acme-031", "acme-041", "acme-007", "acme-032"} == set(
        re.findall(r"acme-\d+", text)
    )


def test_the_baseline_opens_its_problems_and_what_it_accepts(show: Callable[..., Page]) -> None:
    page = show(50)
    page.click("#baseline")
    text = page.text("#details")
    assert "baseline.yml: 2 entries accept what differs, 2 problems" in text
    assert "On acme-001: accepted until 31 Oct 2026." in text
    assert "On every instance: nothing there differs like this any more, so the entry can go." in text
    assert "acme-032" in text
    assert page.address() == "#baseline=1"


def test_without_a_baseline_there_is_nothing_to_open(show: Callable[..., Page]) -> None:
    assert show(fleet(3, baseline=False), "#baseline=1").find_all("#baseline") == []


def test_of_one_instance_the_details_are_open_at_once(show: Callable[..., Page]) -> None:
    assert "7 of 16 resources differ" in show(1).text("#details")


def groups(page: Page) -> list[list[str]]:
    return page.run(
        """return [...document.querySelectorAll("#differences li[data-of]")].map((li) => [
            li.querySelector(".badge").textContent, li.querySelector("h3").textContent, li.querySelector(".many").textContent,
            [...li.querySelectorAll(".chip")].map((chip) => chip.textContent).join(" ")])"""
    )


def test_every_difference_is_listed_once_with_its_instances(show: Callable[..., Page]) -> None:
    page = show(50, "#view=differences")
    listed = groups(page)
    tens = "acme-001 acme-041 acme-021 acme-011 acme-031"
    assert listed[:3] == [
        ["≠ drifted", f"Transactional {field}", "5 instances", tens]
        for field in ("smtp_port", "smtp_pass", "smtp_host")
    ]
    assert [
        "≠ drifted",
        "mail.ir_cron_mail_scheduler_action code",
        "3 instances",
        "acme-001 acme-041 acme-021",
    ] in listed
    assert [f"{MINUS} missing", "google_gmail", "2 instances", "acme-001 acme-041"] in listed
    assert ["+ unmanaged", "Legacy relay", "1 instance", "acme-001"] in listed
    assert ["! failed", "authentication", "1 instance", "acme-028"] in listed
    assert len({tuple(one[:2]) for one in listed}) == len(listed)
    assert page.text("#matches") == f"{len(listed) - 3} differences and 3 problems on 11 of 50 instances"


def test_the_list_follows_the_filters(show: Callable[..., Page]) -> None:
    page = show(50, "#view=differences&status=accepted")
    assert groups(page) == [["≈ accepted", "Transactional smtp_port", "2 instances", "acme-007 acme-032"]]
    page.click("#reset")
    page.click("#kinds [data-kind=cron]")
    assert groups(page)[0][1] == "mail.ir_cron_mail_scheduler_action code"
    page.search("nothing like it")
    assert page.text("#differences") == "Nothing here differs."


def test_of_many_instances_the_list_names_some_until_asked(show: Callable[..., Page]) -> None:
    page = show(500, "#view=differences")
    assert len(page.find_all("#differences li:first-child .chip")) == 12
    more = page.find("#differences li:first-child .chips .link")
    assert more.text == "and 38 more"
    more.click()
    assert len(page.find_all("#differences li:first-child .chip")) == 50
    assert page.focus()["text"] == "acme-361"


def test_an_instance_in_the_list_opens_what_differs_there(show: Callable[..., Page]) -> None:
    page = show(50, "#view=differences")
    page.click("#differences li:first-child .chip")
    assert page.address() == "#view=differences&instance=acme-001&resource=mail_server&key=Transactional"
    assert "smtp_port" in page.text("#details")
