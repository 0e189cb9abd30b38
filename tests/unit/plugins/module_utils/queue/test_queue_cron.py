# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sending while the queue's own cron runs: no mail is sent twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Conflict
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.actions import act
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.selection import Selection
from ansible_collections.postmaster.odoo.tests.unit.enforcing import QUEUE, written
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.queue.queued_mails import add, do, states
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


def test_nothing_is_sent_while_the_queues_own_action_runs(odoo: SimulatedOdoo) -> None:
    mail = add(odoo)
    odoo.running_crons.add(odoo.ref(QUEUE))
    work = act(odoo.session(), "process", Selection(), batch_size=50)
    assert isinstance(work.error, Conflict)
    assert "the cron is running" in work.error.message
    assert states(odoo) == {mail: "outgoing"}
    assert ("mail.mail", "write") not in written(odoo)  # it would make the action stop
    odoo.running_crons.clear()
    assert do(odoo, "process").sent == 1


def test_mails_that_the_queues_own_action_may_just_have_chosen_are_not_sent(odoo: SimulatedOdoo) -> None:
    mail = add(odoo)

    def begins(model: str, method: str, *_rest: Any) -> None:
        if (model, method) == ("mail.mail", "write"):
            odoo.running_crons.add(odoo.ref(QUEUE))

    odoo.before.append(begins)
    assert isinstance(act(odoo.session(), "process", Selection(), batch_size=50).error, Conflict)
    assert states(odoo) == {mail: "outgoing"}
    assert not odoo.record("mail.mail", mail)["scheduled_date"]


def test_the_queues_own_action_does_not_send_mails_of_a_batch(odoo: SimulatedOdoo) -> None:
    mails = [add(odoo), add(odoo)]
    sent = []

    def deliver(mail: Mapping[str, Any]) -> None:
        sent.append(mail["id"])

    def meanwhile(model: str, method: str, *_rest: Any) -> None:
        if (model, method) == ("mail.mail", "send"):
            odoo.before.clear()
            odoo.session().call("mail.mail", "process_email_queue")
            assert sent == []

    odoo.delivery = deliver
    odoo.before.append(meanwhile)
    assert act(odoo.session(), "process", Selection(), batch_size=50).sent == 2
    assert sent == mails


def test_without_the_queues_own_action(odoo: SimulatedOdoo) -> None:
    del odoo.records.tables["ir.cron"][odoo.ref(QUEUE)]
    for key, data in list(odoo.records.tables["ir.model.data"].items()):
        if f"{data['module']}.{data['name']}" == QUEUE:
            del odoo.records.tables["ir.model.data"][key]
    add(odoo)
    assert do(odoo, "process").sent == 1
