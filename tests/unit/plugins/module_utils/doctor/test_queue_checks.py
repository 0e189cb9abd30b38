# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checks of the queue: mails that wait, failed mails, and runs that end early."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import Limits, Observation
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.queue_checks import check_queue
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.doctor.observations import NOW, ago, cron


def queue(failures: list[dict[str, Any]] | None = None, **values: Any) -> dict[str, Any]:
    failed = failures or []
    own = {
        "states": {"exception": sum(one["count"] for one in failed)},
        "due": 0,
        "oldest_due": {"id": 7, "since": ago(600), "age_minutes": 600},
        "failures": failed,
        "unclassified": 0,
        "interrupted": {"count": 0, "last_run": ago(30)},
        "left_behind": {"count": 0, "last_run": ago(30)},
    }
    return {**own, **values}


def failure(kind: str, count: int = 1, *, transient: bool = False) -> dict[str, Any]:
    reason = f"because {kind}"
    about = {"reason": reason, "reasons": [reason], "id": 4, "given_up": 0}
    return {"class": kind, "count": count, "transient": transient, **about}


def test_an_unknown_failure_shows_several_reasons() -> None:
    several = {**failure("unknown", 3), "reasons": ["because unknown", "for another one", "and a third"]}
    (finding,) = in_queue(failures=[several])
    assert finding["evidence"].endswith("because unknown Another reason: for another one Another reason: and a third")
    (known,) = in_queue(failures=[{**several, "class": "auth"}])
    assert "Another reason" not in known["evidence"]


def in_queue(
    *, late: int = 0, stale: int = 0, limits: Mapping[str, int] | None = None, **values: Any
) -> list[dict[str, Any]]:
    seen = Observation(NOW, queue=queue(**values), late=late, stale=stale)
    return [finding.as_result() for finding in check_queue(seen, Limits(**(limits or {})))]


def test_a_good_queue() -> None:
    assert in_queue(due=1000) == []


def test_waiting() -> None:
    assert [one["id"] for one in in_queue(due=1001)] == ["backlog"]
    (late,) = in_queue(late=3)
    assert (late["id"], late["severity"], late["resource"]["id"]) == ("oldest_too_old", "error", 7)
    (stale,) = in_queue(late=3, stale=3)
    assert (stale["id"], stale["fixable"]) == ("stale_outgoing", "stale")
    assert [one["id"] for one in in_queue(late=4, stale=3)] == ["stale_outgoing", "oldest_too_old"]


def test_failures() -> None:
    kinds = ["throttled", "no_recipient", "dns", "interrupted", "auth"]
    findings = in_queue(failures=[failure(kind, transient=kind in ("throttled", "dns")) for kind in kinds])
    assert [(one["id"], one["resource"]["name"], one["fixable"]) for one in findings] == [
        ("throttled", "throttled", "transient"),
        ("no_recipient", "no_recipient", None),
        ("failures_by_class", "dns", "transient"),
        ("failures_by_class", "interrupted", "transient"),
        ("failures_by_class", "auth", None),
    ]
    assert "because auth" in findings[-1]["evidence"]
    assert in_queue(failures=[failure("auth", 5)], limits={"max_exceptions": 5}) == []
    assert len(in_queue(failures=[failure("auth", 5)], unclassified=3)) == 2


def test_mails_left_behind() -> None:
    left = {"count": 4, "last_run": ago(30)}
    (finding,) = in_queue(interrupted=left, due=4)
    assert (finding["id"], finding["fixable"]) == ("interrupted_batch", "interrupted")
    assert "4 mails that come after it are still outgoing." in finding["evidence"]


def test_a_queue_that_sends_nothing() -> None:
    left = {"count": 4, "last_run": ago(30)}
    (finding,) = in_queue(left_behind=left, due=4)
    assert (finding["id"], finding["severity"], finding["fixable"]) == ("queue_blocked", "error", "interrupted")
    assert finding["evidence"].startswith("4 mails were due when the queue last ran")
    # A batch has no room for more.
    assert [one["id"] for one in in_queue(left_behind=left, due=1000)] == []
    assert [one["id"] for one in in_queue(left_behind=left, interrupted=left, due=4)] == ["interrupted_batch"]


def test_mails_after_too_many_attempts() -> None:
    (finding,) = in_queue(failures=[{**failure("throttled", 5), "given_up": 5}])
    assert (finding["id"], finding["severity"], finding["fixable"]) == ("given_up", "error", None)
    assert finding["evidence"].startswith("5 mails have failed as throttled at every attempt: because throttled")
    assert "failure_class throttled and max_attempts 0" in finding["remedy"]
    both = in_queue(failures=[{**failure("throttled", 5), "given_up": 2}])
    assert [(one["id"], one["evidence"].split(" ")[0]) for one in both] == [("given_up", "2"), ("throttled", "3")]


def test_a_batch_that_is_too_small_for_the_queue() -> None:
    left = {"count": 4, "last_run": ago(30)}
    seen = Observation(NOW, queue=queue(left_behind=left, due=10), parameters={"mail.mail.queue.batch.size": "10"})
    (finding,) = check_queue(seen, Limits())
    assert finding.id == "queue_batch_full"
    assert "A run sends 10 mails." in finding.evidence
    in_code = Observation(NOW, queue=queue(left_behind=left, due=999), crons=[cron(code="f(batch_size=7)")])
    assert in_code.queue_batch is None
    sends_seven = cron(code="model.process_email_queue(batch_size=7)")
    assert Observation(NOW, crons=[sends_seven]).queue_batch == 7
