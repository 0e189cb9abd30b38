# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two diagnoses of one fault have the same finding, although it has another sample."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.cron_checks import check_crons
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import CATALOGUE, Finding
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.identity import identity_of
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import (
    Limits,
    Observation,
    ObservedSender,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.queue_checks import check_queue
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.routing_checks import check_routing
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.setup_checks import check_setup
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import QUEUE
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.route import Rules

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=timezone.utc)


def ago(minutes: float) -> str:
    return (NOW - timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M:%S")


def queue(mail: int, **more: Any) -> dict[str, Any]:
    """Return an observation of a queue with one failed mail of each class, whose samples are this mail."""
    failures = [
        {"class": kind, "count": 2, "transient": False, "reason": kind, "reasons": [], "id": mail, "given_up": 1}
        for kind in ("auth", "throttled", "no_recipient")
    ]
    own = {
        "states": {"exception": 6},
        "due": 9999,
        "oldest_due": {"id": mail, "since": ago(600)},
        "failures": failures,
        "unclassified": 0,
        "interrupted": {"count": 0, "last_run": ago(30)},
        "left_behind": {"count": 0, "last_run": ago(30)},
    }
    return {"queue": {**own, **more}, "late": 3}


def cron(number: int, due: float, xml_id: str | None = None) -> dict[str, Any]:
    return {
        "id": number,
        "xml_id": xml_id,
        "name": f"Action {number}",
        "active": True,
        "interval_number": 1,
        "interval_type": "hours",
        "lastcall": ago(300),
        "nextcall": ago(due),
        "write_date": ago(5000),
    }


def crons(*late: int, **more: Any) -> dict[str, Any]:
    return {"crons": [cron(3, -30, QUEUE), *(cron(number, 100 + number) for number in late)], **more}


def call(number: int) -> dict[str, Any]:
    return {"cron_id": [number, f"Action {number}"], "call_at": ago(30)}


def routed(*names: str, server: int) -> dict[str, Any]:
    one = {"id": server, "name": f"Server {server}", "sequence": 10, "from_filter": "d1.example", "active": True}
    more = {"owner_user_id": False, "smtp_authentication": "login", "smtp_user": "u", "leads_nowhere": False}
    senders = [ObservedSender(f"{name}@else.example", f"user {name}") for name in names]
    return {"servers": [{**one, **more}], "senders": senders, "rules": [Rules()]}


def company(number: int) -> dict[str, Any]:
    lone = {"id": number, "name": f"Company {number}", "alias_domain_id": False}
    return {"companies": [lone], "alias_domains": [], "parameters": {"web.base.url": "https://acme.example"}}


LEFT = {"count": 4, "last_run": ago(30)}


@pytest.mark.parametrize(
    ("test_check", "test_before", "test_after", "test_found"),
    [
        (check_queue, queue(4), queue(5), {"backlog", "oldest_too_old", "given_up", "throttled", "no_recipient"}),
        (check_queue, {**queue(4), "stale": 1}, {**queue(5), "stale": 2}, {"stale_outgoing", "oldest_too_old"}),
        (check_queue, queue(4, interrupted=LEFT), queue(5, interrupted=LEFT), {"interrupted_batch"}),
        (check_queue, queue(4, left_behind=LEFT, due=9), queue(5, left_behind=LEFT, due=8), {"queue_blocked"}),
        (
            check_queue,
            queue(4, left_behind=LEFT, due=99999),
            queue(5, left_behind=LEFT, due=88888),
            {"queue_batch_full"},
        ),
        (check_crons, crons(7, 8), crons(8), {"cron_overdue_no_worker"}),
        (check_crons, crons(late_triggers=[call(3)]), crons(late_triggers=[call(4)]), {"cron_trigger_backlog"}),
        (check_crons, crons(pending_addons={"b": ""}), crons(pending_addons={"a": "", "b": ""}), {"addons_pending"}),
        (check_routing, routed("a", server=1), routed("b", server=2), {"sender_without_server"}),
        (check_setup, company(1), company(2), {"alias_domain_missing"}),
    ],
)
def test_another_sample_is_the_same_finding(
    test_check: Any, test_before: dict[str, Any], test_after: dict[str, Any], test_found: set[str]
) -> None:
    before, after = (
        [finding.as_result() for finding in test_check(Observation(NOW, **seen), Limits())]
        for seen in (test_before, test_after)
    )
    assert test_found <= {finding["id"] for finding in before}
    assert set(map(identity_of, before)) == set(map(identity_of, after))
    # Otherwise findings of one diagnosis hide each other.
    assert len(set(map(identity_of, before))) == len(before)


def test_records_and_names_are_told_apart() -> None:
    def identity(kind: str, number: int | None, name: str) -> Any:
        return identity_of(Finding(kind, "", {"model": "x", "id": number, "name": name}).as_result())

    assert identity("auth_failed", 1, "Main") == identity("auth_failed", 1, "Renamed")
    assert identity("auth_failed", 1, "Main") != identity("auth_failed", 2, "Main")
    assert identity("spf_missing", None, "a.example") != identity("spf_missing", None, "b.example")
    assert identity("failures_by_class", 1, "auth") != identity("failures_by_class", 1, "dns")


def test_a_mail_is_only_a_sample() -> None:
    """The catalogue says so with `one_per`. Otherwise each mail would be a finding of its own."""
    assert [name for name, kind in CATALOGUE.items() if kind.check == "queue" and kind.one_per == "record"] == []
