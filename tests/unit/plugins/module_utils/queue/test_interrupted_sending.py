# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sending that is interrupted: mails that were postponed for a batch are restored, and nothing remains."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Timeout, Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.actions import act
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.selection import Selection
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.state import ask_queue
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.work import warnings
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import PUT_OFF_KEY, SENDING_KEY
from ansible_collections.postmaster.odoo.tests.unit.clock import Clock
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.queue.queued_mails import (
    REFUSED,
    add,
    do,
    own_parameters,
    states,
)
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.mails import HANGS_UP
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.tasks import connect_to, shipped


@pytest.mark.parametrize(("minutes", "is_left"), [(0.9, True), (1.1, False)])
def test_a_run_without_mails_removes_a_dead_lock(odoo: SimulatedOdoo, minutes: float, is_left: bool) -> None:
    odoo.add("ir.config_parameter", key=SENDING_KEY, value="elsewhere pid 1 [0a1b2c3d, 60 s]")
    odoo.now += timedelta(minutes=minutes)
    act(odoo.session(read_only=True), "process", Selection(), batch_size=50)
    assert own_parameters(odoo) == [SENDING_KEY]
    act(odoo.session(), "process", Selection(), batch_size=50)
    assert own_parameters(odoo) == ([SENDING_KEY] if is_left else [])


def test_mails_that_were_postponed_for_the_batch_are_restored(odoo: SimulatedOdoo) -> None:
    scheduled = (odoo.now - timedelta(minutes=5)).strftime("%Y-%m-%d %H:%M:%S")
    mails = {add(odoo): False, add(odoo, scheduled_date=scheduled): scheduled, add(odoo): False}
    reasons = iter([None, REFUSED, HANGS_UP])
    odoo.delivery = lambda _mail: next(reasons)
    work = do(odoo, "process")
    assert (work.sent, work.failed, work.unsent) == (1, 1, 1)
    assert {mail: odoo.record("mail.mail", mail)["scheduled_date"] for mail in mails} == mails


DATE = '"2026-01-15 13:00:00"'


@pytest.mark.parametrize(
    "note",
    [
        *("", "text", "[1]", '{"until": 1}', "null", "[" * 100_000, '{"a":' * 100_000),
        *(
            f'{{"until": "{until}", "dates": {{"": [1]}}}}'
            for until in ("", "garbage", "2026-1-5 1:00:00", "0000-00-00")
        ),
        *(
            f'{{"until": {DATE}, "dates": {{"": {ids}}}}}'
            for ids in ('["x"]', "[true]", "[-1]", "[2147483648]", "1", "{}")
        ),
        f'{{"until": {DATE}, "dates": {{"": [{"9" * 5000}]}}}}',
        f'{{"until": {DATE}, "dates": {{"garbage": [1]}}}}',
        f'{{"until": {DATE}, "dates": [[1]]}}',
    ],
    ids=lambda note: note[:70],
)
def test_an_edited_note_of_postponed_mails_is_removed(odoo: SimulatedOdoo, note: str) -> None:
    odoo.add("ir.config_parameter", key=PUT_OFF_KEY, value=note)
    mail = add(odoo)
    assert ask_queue(odoo.session())["put_off"] == 0
    work = do(odoo, "process")
    assert (work.error, work.put_back, states(odoo)[mail]) == (None, 0, "sent")
    assert odoo.parameter(PUT_OFF_KEY) is False
    (warning,) = warnings(work)
    assert f"The system parameter {PUT_OFF_KEY}" in warning
    assert warnings(do(odoo, "process")) == []


def test_no_answer_in_time(
    odoo: SimulatedOdoo, clock: Clock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    connect_to(odoo, monkeypatch)
    first, second = add(odoo), add(odoo)

    def late(model: str, method: str, *_rest: Any) -> None:
        if (model, method) == ("mail.mail", "send"):
            odoo.record("mail.mail", first)["state"] = "sent"
            raise Timeout("no answer in time.")

    odoo.before.append(late)
    result = shipped("mail_queue", {"action": "process"}, capsys)
    assert (result["failed"], result["error_kind"]) == (True, "timeout")
    assert result["msg"] == (
        "no answer in time. Odoo may still be sending. Of 2 mails, those that were not sent are postponed until 2026-01-15 13:00:00 UTC. "
        "The next run of mail_queue with action: process restores them."
    )
    assert (result["changed"], result["outcomes"]["sent"], result["outcomes"]["unsent"]) == (True, 1, 1)
    assert states(odoo)[second] == "outgoing"
    odoo.before.clear()
    result = shipped("mail_queue", {"action": "process"}, capsys)
    assert (result.get("failed"), result["outcomes"]["sent"]) == (None, 1), "Odoo has ended"
    assert 360 <= clock.monotonic() < 365, "60 seconds for the lock, 300 seconds in which no mail left"
    assert result["warnings"] == ["1 mail that an interrupted run had postponed is due again."]
    assert own_parameters(odoo) == []


@pytest.mark.parametrize("call", ["scheduled_date", "running"])
def test_mails_are_restored_at_once_if_sending_cannot_have_started(odoo: SimulatedOdoo, call: str) -> None:
    """The connection breaks once, at the call that postpones them, or at the one right before they are sent."""
    mails = [add(odoo), add(odoo)]
    lost: list[str] = []

    def cut(model: str, method: str, _ids: Any, arguments: Mapping[str, Any]) -> None:
        is_it = model == "ir.cron" if call == "running" else "scheduled_date" in arguments.get("vals", {})
        puts_off = any(odoo.record("mail.mail", mail).get("scheduled_date") for mail in mails)
        if method == "write" and is_it and not lost and puts_off == (call == "running"):
            lost.append(method)
            raise Unreachable("the connection was cut.")

    odoo.before.append(cut)
    work = act(odoo.session(), "process", Selection(), batch_size=50)
    assert (lost, getattr(work.error, "message", None)) == (["write"], "the connection was cut.")
    assert [odoo.record("mail.mail", mail).get("scheduled_date") or False for mail in mails] == [False, False]
    assert own_parameters(odoo) == []


def test_a_request_that_was_never_sent_starts_nothing(odoo: SimulatedOdoo) -> None:
    mail = add(odoo)

    def refuse(_model: str, method: str, *_rest: Any) -> None:
        if method == "send":
            raise Unreachable("connection refused.", is_sent=False)

    odoo.before.append(refuse)
    assert act(odoo.session(), "process", Selection(), batch_size=50).error is not None
    assert odoo.record("mail.mail", mail)["scheduled_date"] is False
    assert own_parameters(odoo) == []


def test_odoo_becomes_unreachable_during_a_batch(
    odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The state of the mails cannot be read and the lock cannot be released. Previous changes are still reported."""
    connect_to(odoo, monkeypatch)
    for _mail in range(4):
        add(odoo)
    sent = []

    def gone(model: str, method: str, *_rest: Any) -> None:
        sent.extend([method] if (model, method) == ("mail.mail", "send") else [])
        if len(sent) > 1:
            raise Unreachable("connection refused.")

    odoo.before.append(gone)
    result = shipped("mail_queue", {"action": "process", "batch_size": 2}, capsys)
    assert (result["failed"], result["error_kind"]) == (True, "unreachable")
    assert "Of 2 mails, those that were not sent are postponed until 2026-01-15 13:00:00 UTC" in result["msg"]
    assert result["outcomes"]["sent"] == 2
