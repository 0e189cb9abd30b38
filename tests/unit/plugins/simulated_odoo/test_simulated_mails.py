# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mails of the simulated Odoo: sending, the queue and deletion."""

from __future__ import annotations

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import AccessRefused, Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.tests.unit.plugins.simulated_odoo.calls import create, read, refused
from ansible_collections.postmaster.odoo.tests.unit.series import since
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


def test_sending(session: Session, odoo: SimulatedOdoo) -> None:
    """A failed connection leaves `failure_type` empty."""
    good = create(session, "mail.mail", subject="Good", email_to="a@acme.example")
    bad = create(session, "mail.mail", subject="Bad", email_to="b@acme.example")
    gone = create(session, "mail.mail", subject="Gone", auto_delete=True)
    assert read(session, "mail.mail", good, "state")["state"] == "outgoing"
    odoo.delivery = lambda mail: "111\nConnection refused" if mail["subject"] == "Bad" else None
    assert session.call("mail.mail", "send", [good, bad, gone]) is None
    assert read(session, "mail.mail", good, "state")["state"] == "sent"
    failed = read(session, "mail.mail", bad, "state", "failure_reason", "failure_type")
    assert failed == {
        "id": bad,
        "state": "exception",
        "failure_reason": "111\nConnection refused",
        "failure_type": False,
    }
    assert odoo.execute("mail.mail", "read", [gone], {"fields": ["state"]}) == []
    assert session.call("mail.mail", "mark_outgoing", [bad]) is True
    again = read(session, "mail.mail", bad, "state", "failure_reason")
    assert again == {"id": bad, "state": "outgoing", "failure_reason": "111\nConnection refused"}
    assert session.call("mail.mail", "cancel", [bad]) is True
    assert read(session, "mail.mail", bad, "state")["state"] == "cancel"


def test_the_queue(session: Session, odoo: SimulatedOdoo, series: str) -> None:
    """The newest mails come first if the batch is too small. The name of the ids differs. The answer is always None."""
    first, second, later = (create(session, "mail.mail", subject=str(number)) for number in range(3))
    odoo.record("mail.mail", later)["scheduled_date"] = "2026-01-15 13:00:00"
    if series in since(19):
        session.call("mail.mail", "process_email_queue", email_ids=[first])
    else:
        refused(Rejected, session, "mail.mail", "process_email_queue", email_ids=[first])
        session.call("mail.mail", "process_email_queue", [first])
    states = [read(session, "mail.mail", one, "state")["state"] for one in (first, second, later)]
    assert states == ["sent", "outgoing", "outgoing"]
    third = create(session, "mail.mail", subject="4")
    create(session, "ir.config_parameter", key="mail.mail.queue.batch.size", value="1")
    assert session.call("mail.mail", "process_email_queue") is None
    states = [read(session, "mail.mail", one, "state")["state"] for one in (second, later, third)]
    assert states == ["outgoing", "outgoing", "sent"]
    session.call("ir.cron", "method_direct_trigger", [odoo.ref("mail.ir_cron_mail_scheduler_action")])
    assert read(session, "mail.mail", second, "state")["state"] == "sent"


def test_batch_size_is_an_argument_since_18(session: Session, series: str) -> None:
    if series in ("16.0", "17.0"):
        refused(Rejected, session, "mail.mail", "process_email_queue", batch_size=10)
    else:
        session.call("mail.mail", "process_email_queue", batch_size=10)


def test_deleting_mails_can_be_refused(session: Session) -> None:
    """One refused record makes the whole call fail."""
    notification = create(session, "mail.mail", subject="x", is_notification=True)
    plain = create(session, "mail.mail", subject="y")
    text = refused(AccessRefused, session, "mail.mail", "unlink", [notification, plain])
    assert "(Document type: Message, Operation: unlink)" in text
    session.unlink("mail.mail", [notification])
    assert session.call("mail.mail", "search", domain=[]) == [plain]
