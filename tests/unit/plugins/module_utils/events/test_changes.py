# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The differences between diagnoses that are events."""

from __future__ import annotations

from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.events.changes import MOST_FINDINGS, KnownFindings

LOST = {"id": "not_queried", "severity": "error", "fixable": None, "resource": None}


def finding(name: str = "cron_disabled", severity: str = "error", about: int = 3, **more: Any) -> dict[str, Any]:
    resource = {"model": "ir.cron", "id": about, "name": "Queue"}
    return {"id": name, "severity": severity, "fixable": "crons", "resource": resource, "evidence": "1", **more}


def told(known: KnownFindings, *findings: dict[str, Any], now: float = 0) -> list[tuple[str, str]]:
    return [(change.kind, change.finding["id"]) for change in known.take(findings, now)]


def test_a_finding_appears_once_and_clears_once() -> None:
    known = KnownFindings("warning", 0)
    assert told(known, finding()) == [("appeared", "cron_disabled")]
    assert told(known, finding(evidence="2"), now=1e6) == []
    assert told(known) == [("cleared", "cron_disabled")]
    assert told(known) == []
    assert told(known, finding()) == [("appeared", "cron_disabled")]


def test_a_cleared_finding_has_its_newest_evidence() -> None:
    known = KnownFindings("warning", 0)
    told(known, finding())
    told(known, finding(evidence="2"))
    (change,) = known.take([], 0)
    assert change.finding["evidence"] == "2"


def test_another_severity_and_another_fix_are_changes() -> None:
    known = KnownFindings("warning", 0)
    told(known, finding())
    assert told(known, finding(severity="warning")) == [("changed", "cron_disabled")]
    assert told(known, finding(severity="warning", fixable=None)) == [("changed", "cron_disabled")]
    assert told(known, finding(severity="warning", fixable=None)) == []


def test_the_same_finding_of_two_records_is_two_findings() -> None:
    known = KnownFindings("warning", 0)
    assert len(told(known, finding(), finding(about=4))) == 2
    assert told(known, finding(about=4)) == [("cleared", "cron_disabled")]


def test_a_less_severe_finding_is_not_an_event() -> None:
    known = KnownFindings("error", 0)
    assert told(known, finding(severity="warning")) == []
    assert told(known, finding()) == [("appeared", "cron_disabled")]
    assert told(known, finding(severity="info")) == [("cleared", "cron_disabled")]


def test_a_finding_is_repeated() -> None:
    known = KnownFindings("warning", 60)
    told(known, finding())
    assert told(known, finding(), now=59) == []
    assert told(known, finding(), now=60) == [("persists", "cron_disabled")]
    assert told(known, finding(), now=119) == []
    assert told(known, finding(severity="warning"), now=121) == [("changed", "cron_disabled")]
    assert told(known, finding(severity="warning"), now=180) == []


def test_an_instance_without_an_answer_clears_nothing() -> None:
    known = KnownFindings("warning", 60)
    told(known, finding())
    assert [change.kind for change in known.take_not_queried(LOST, 1)] == ["appeared"]
    assert known.take_not_queried(LOST, 2) == []
    assert [change.kind for change in known.take_not_queried(LOST, 61)] == ["persists"]
    assert told(known, finding(), now=62) == [("persists", "cron_disabled"), ("cleared", "not_queried")]


def test_memory_is_bounded() -> None:
    known = KnownFindings("info", 0)
    for start in range(0, 5 * MOST_FINDINGS, MOST_FINDINGS):
        told(known, *(finding(about=start + number) for number in range(2 * MOST_FINDINGS)))
        assert len(known._known) == MOST_FINDINGS
