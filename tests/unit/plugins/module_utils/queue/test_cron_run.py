# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of a cron that sends mail excludes the other senders of the collection, and they exclude it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    Conflict,
    OdooError,
    Rejected,
    Timeout,
    Unreachable,
    Unsupported,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.actions import act
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.cron_run import run_cron, run_declared
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.selection import Selection
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import SENDING_KEY
from ansible_collections.postmaster.odoo.tests.unit.enforcing import QUEUE, renew_at_every_look, written
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

SILENT = "mail.ir_cron_delete_notification"


def add_cron(odoo: SimulatedOdoo, code: str) -> int:
    (model,) = [one for one in odoo.records.tables["ir.model"].values() if one["model"] == "mail.mail"]
    return odoo.add("ir.cron", name="Own", model_id=model["id"], state="code", code=code)


def locks(odoo: SimulatedOdoo) -> list[Any]:
    """Record the lock at each run of a cron."""
    seen: list[Any] = []
    odoo.before.append(
        lambda _model, method, *_rest: (
            seen.append(odoo.parameter(SENDING_KEY)) if method == "method_direct_trigger" else None
        )
    )
    return seen


def fail_run(odoo: SimulatedOdoo, error: BaseException) -> None:
    def hook(_model: str, method: str, *_rest: Any) -> None:
        if method == "method_direct_trigger":
            raise error

    odoo.before.append(hook)


def run(odoo: SimulatedOdoo, xml_id: str = QUEUE) -> dict[str, Any]:
    return run_cron(odoo.session(), odoo.ref(xml_id), xml_id)


def test_the_queue_runs_under_the_lock(odoo: SimulatedOdoo) -> None:
    seen = locks(odoo)
    assert run(odoo)["outcome"] == "ok"
    assert len(seen) == 1
    assert " pid " in seen[0]
    assert odoo.parameter(SENDING_KEY) is False


@pytest.mark.parametrize("code", ["model.process_email_queue()", "model.search([]).send(auto_commit=True)"])
def test_a_new_cron_that_sends_mail_runs_under_the_lock(odoo: SimulatedOdoo, code: str) -> None:
    seen = locks(odoo)
    run_cron(odoo.session(), add_cron(odoo, code), "Own")
    assert " pid " in seen[0]


def test_a_cron_that_sends_nothing_takes_no_lock(odoo: SimulatedOdoo) -> None:
    seen = locks(odoo)
    run(odoo, SILENT)
    run_cron(odoo.session(), add_cron(odoo, "model.search([]).cancel()"), "Own")
    assert seen == [False, False]


def test_check_mode_runs_nothing_and_takes_no_lock(odoo: SimulatedOdoo) -> None:
    record = {"id": odoo.ref(QUEUE), "xml_id": QUEUE, "name": "Queue"}
    assert run_declared(odoo.session(read_only=True), [record], ()) == {"outcome": "not_run", "seconds": None}
    assert written(odoo) == []


def test_the_queue_is_not_run_while_another_task_sends_it(odoo: SimulatedOdoo) -> None:
    seen = locks(odoo)
    lock = odoo.add("ir.config_parameter", key=SENDING_KEY, value="elsewhere pid 1 [0a1b2c3d, 60 s]")
    renew_at_every_look(odoo, lock)
    with pytest.raises(Conflict, match="has been sending the queue of database simulated since"):
        run(odoo)
    assert seen == []


def test_no_task_sends_the_queue_while_it_is_run(odoo: SimulatedOdoo) -> None:
    odoo.add("mail.mail", state="outgoing")
    errors: list[OdooError | None] = []

    def process(_model: str, method: str, *_rest: Any) -> None:
        if method == "method_direct_trigger":
            odoo.before.clear()
            errors.append(act(odoo.session(), "process", Selection(), batch_size=50).error)

    odoo.before.append(process)
    run(odoo)
    assert isinstance(errors[0], Conflict)
    assert [mail["state"] for mail in odoo.records.tables["mail.mail"].values()] == ["sent"]


@pytest.mark.parametrize("words", ["535 no: {}", "could not obtain lock: {}", "no mailbox: {} does not exist"])
def test_an_error_repeats_no_password_of_a_mail_server(odoo: SimulatedOdoo, words: str) -> None:
    odoo.add("ir.mail_server", name="Main", smtp_pass="correct-horse")
    odoo.cron_failures[odoo.ref(QUEUE)] = words.format("CORRECT-HORSE")
    with pytest.raises(OdooError) as caught:
        run(odoo)
    assert words.partition(":")[0] in caught.value.message
    assert "HORSE" not in caught.value.message


def test_a_cron_that_deletes_itself_is_not_a_failure(odoo: SimulatedOdoo) -> None:
    cron_id = add_cron(odoo, "model.search([])")

    def delete(_model: str, method: str, *_rest: Any) -> None:
        if ran:
            odoo.records.tables["ir.cron"].pop(cron_id, None)
        if method == "method_direct_trigger":
            ran.append(method)

    ran: list[str] = []
    odoo.before.append(delete)
    assert run_cron(odoo.session(), cron_id, "Own")["outcome"] == "ok"


def test_the_lock_is_released_after_a_failure(odoo: SimulatedOdoo) -> None:
    odoo.cron_failures[odoo.ref(QUEUE)] = "no mail today"
    with pytest.raises((Rejected, Unsupported), match="no mail today"):
        run(odoo)
    assert odoo.parameter(SENDING_KEY) is False


def test_the_lock_is_released_if_the_queue_is_already_running(odoo: SimulatedOdoo) -> None:
    odoo.running_crons.add(odoo.ref(QUEUE))
    with pytest.raises(Conflict):
        run(odoo)
    assert odoo.parameter(SENDING_KEY) is False


@pytest.mark.parametrize("error", [Timeout("no answer."), Unreachable("a proxy gave up.")])
def test_without_an_answer_the_lock_stays_until_it_expires(odoo: SimulatedOdoo, error: OdooError) -> None:
    """Odoo continues to send, even if nobody waits for its answer."""
    fail_run(odoo, error)
    with pytest.raises(type(error)) as caught:
        run(odoo)
    assert "Odoo may still be working on it" in caught.value.message
    assert SENDING_KEY in caught.value.message
    odoo.before.clear()
    odoo.add("mail.mail", state="outgoing")
    for minutes, expected in ((64, Conflict), (2, type(None))):
        odoo.now += timedelta(minutes=minutes)
        assert isinstance(act(odoo.session(), "process", Selection(), batch_size=50).error, expected)
    assert odoo.parameter(SENDING_KEY) is False


def test_a_run_that_is_interrupted_keeps_the_lock(odoo: SimulatedOdoo) -> None:
    """The process ends, and Odoo continues."""
    fail_run(odoo, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        run(odoo)
    assert " pid " in odoo.parameter(SENDING_KEY)
    odoo.before.clear()
    with pytest.raises(Conflict, match="expires at 2026-01-15 13:05:00 UTC"):
        run(odoo)
