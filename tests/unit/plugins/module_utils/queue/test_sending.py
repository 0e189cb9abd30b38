# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sending mails of the queue: in batches, the oldest first, and past mail servers that fail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    AccessRefused,
    Conflict,
    OdooError,
    Unsupported,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.actions import act
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.selection import Selection
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.work import warnings, work_result
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.queue.queued_mails import (
    REFUSED,
    THROTTLED,
    add,
    do,
    states,
)
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.mails import HANGS_UP
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.tasks import connect_to, shipped


def test_sent_and_failed_mails(odoo: SimulatedOdoo) -> None:
    reasons: dict[int, str | None] = {add(odoo): None, add(odoo): REFUSED, add(odoo): THROTTLED}
    deleted = add(odoo, auto_delete=True)
    reasons[deleted] = None
    odoo.delivery = lambda mail: reasons[mail["id"]]
    work = do(odoo, "process", batch_size=3)
    assert (work.count, work.sent, work.failed, work.postponed, work.unsent) == (4, 2, 2, 0, 0)
    assert [(one["class"], one["count"]) for one in work.as_result()["failures"]] == [
        ("recipient_rejected", 1),
        ("throttled", 1),
    ]
    assert deleted not in states(odoo)
    assert warnings(work) == []


def test_only_due_mails_are_sent(odoo: SimulatedOdoo) -> None:
    later = (odoo.now + timedelta(minutes=1)).strftime("%Y-%m-%d %H:%M:%S")
    scheduled, now = add(odoo, scheduled_date=later), add(odoo)
    assert do(odoo, "process").sent == 1
    assert states(odoo) == {scheduled: "outgoing", now: "sent"}


def test_the_oldest_are_sent_first_although_odoo_prefers_the_newest(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.config_parameter", key="mail.mail.queue.batch.size", value="2")
    mails = [add(odoo) for _number in range(5)]
    assert do(odoo, "process", limit=3).sent == 3
    assert [key for key, state in states(odoo).items() if state == "sent"] == mails[:3]


def test_batches_are_bounded(odoo: SimulatedOdoo) -> None:
    for _number in range(5):
        add(odoo)
    do(odoo, "process", batch_size=2)
    sizes = [len(ids or ()) for _model, method, ids, _arguments in odoo.log if method == "send"]
    assert sizes == [2, 2, 1]


def test_after_a_disconnection_the_rest_waits_for_the_next_run(odoo: SimulatedOdoo) -> None:
    mails = [add(odoo) for _number in range(6)]
    odoo.delivery = lambda mail: HANGS_UP if mail["id"] == mails[2] else None
    work = do(odoo, "process", batch_size=4, limit=4)
    assert (work.count, work.sent, work.failed, work.unsent) == (2, 2, 0, 2)
    assert warnings(work)[0].startswith("2 mails are still outgoing and left for the next run: ")
    assert "SMTPServerDisconnected" in warnings(work)[0]
    assert warnings(work)[1:] == [
        "2 more mails are still due. The limit is 4. Run the task again, or set a higher limit."
    ]
    odoo.delivery = lambda _mail: None
    assert do(odoo, "process").sent == 4
    assert set(states(odoo).values()) == {"sent"}


@pytest.mark.parametrize("batch_size", [50, 2])
def test_a_server_at_which_odoo_stops_does_not_stop_mail_of_another(odoo: SimulatedOdoo, batch_size: int) -> None:
    bad = [add(odoo, email_from="a@bad.example"), add(odoo, email_from="a@bad.example")]
    good = [add(odoo, email_from="b@good.example"), add(odoo, email_from="c@good.example")]
    bad.append(add(odoo, email_from="a@bad.example"))
    tried: list[int] = []

    def deliver(mail: Mapping[str, Any]) -> str | None:
        tried.append(mail["id"])
        return HANGS_UP if mail["id"] in bad else None

    odoo.delivery = deliver
    work = do(odoo, "process", batch_size=batch_size)
    assert (work.sent, work.failed, work.unsent) == (2, 0, 3)
    assert {key for key, state in states(odoo).items() if state == "sent"} == set(good)
    assert sorted(tried) == [bad[0], *good]  # no mail twice
    assert warnings(work)[0].startswith("3 mails are still outgoing and left for the next run: ")


def test_a_run_ends_if_odoo_stops_at_one_server_after_the_other(odoo: SimulatedOdoo) -> None:
    for number in range(30):
        add(odoo, email_from=f"a@bad{number}.example")
    odoo.delivery = lambda _mail: HANGS_UP
    work = do(odoo, "process")
    assert (work.sent, work.unsent) == (0, 30)
    assert len([method for _model, method, _ids, _arguments in odoo.log if method == "send"]) == 10


def test_many_senders_of_a_failing_server_do_not_stop_the_others(odoo: SimulatedOdoo) -> None:
    for number in range(30):
        add(odoo, email_from=f'"A {number}" <a{number}@bad.example>')
    good = add(odoo, email_from="a@good.example")
    odoo.delivery = lambda mail: HANGS_UP if "bad" in mail["email_from"] else None
    work = do(odoo, "process")
    assert (work.sent, work.unsent, states(odoo)[good]) == (1, 30, "sent")
    assert len([method for _model, method, _ids, _arguments in odoo.log if method == "send"]) == 4


def test_a_mail_that_was_cancelled_meanwhile_is_not_sent(odoo: SimulatedOdoo) -> None:
    first, second = add(odoo), add(odoo)

    def deliver(_mail: Mapping[str, Any]) -> None:
        odoo.record("mail.mail", second)["state"] = "cancel"

    odoo.delivery = deliver
    work = act(odoo.session(), "process", Selection(failure_class=["unknown"]), batch_size=1)  # one page, two batches
    assert (work.count, work.sent) == (1, 1)
    assert states(odoo) == {first: "sent", second: "cancel"}


def test_a_mail_that_odoo_postpones_is_not_a_failure(odoo: SimulatedOdoo) -> None:
    mail = add(odoo)

    def postpone(model: str, method: str, *_rest: Any) -> None:
        record = odoo.record("mail.mail", mail)
        if (model, method, record["state"]) == ("mail.mail", "search_read", "sent"):
            later = (odoo.now + timedelta(minutes=1)).strftime("%Y-%m-%d %H:%M:%S")
            record.update(state="outgoing", scheduled_date=later)

    odoo.before.append(postpone)
    work = do(odoo, "process")
    assert (work.count, work.postponed, work.sent) == (1, 1, 0)


def test_failing_mails_are_not_a_failure_of_the_task(
    odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    connect_to(odoo, monkeypatch)
    add(odoo)
    odoo.delivery = lambda _mail: REFUSED
    result = shipped("mail_queue", {"action": "process"}, capsys)
    assert "failed" not in result
    assert result["outcomes"] == {"sent": 0, "failed": 1, "postponed": 0, "unsent": 0, "due": 0}


@pytest.mark.parametrize("error", [Conflict, Unsupported, AccessRefused])
def test_an_error_of_any_kind_repeats_no_password_of_a_mail_server(odoo: SimulatedOdoo, error: type[OdooError]) -> None:
    odoo.add("ir.mail_server", name="Main", smtp_pass="correct-horse")
    add(odoo)

    def refuse(_model: str, method: str, *_rest: Any) -> None:
        if method == "send":
            raise error("535 no: CORRECT-HORSE")

    odoo.before.append(refuse)
    result = work_result(act(odoo.session(), "process", Selection(), batch_size=5, max_attempts=5))
    assert "535 no: ********" in result.failure
