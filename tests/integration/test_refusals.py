# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real refusals with a real Odoo: its connection test, a mail of its queue and a probe have the same outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp import connection_test
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.classification import classify_mail, explain
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.probe import probe
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.settings import Settings
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.known_refusals import REFUSALS
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.refusals import Refusal
from ansible_collections.postmaster.odoo.tests.unit.smtp_server import SmtpServer, smtp_server
from instance import LabInstance
from lab import NotApplicable

SENDER = "sales@acme.example"
RECIPIENT = "customer@elsewhere.example"
SECRET = "refused-made-up"
VERBS = {
    "greeting": ("CONNECT",),
    "ehlo": ("EHLO", "HELO"),
    "auth": ("AUTH",),
    "mail": ("MAIL",),
    "rcpt": ("RCPT",),
    "data": ("CONTENT",),
}
SERVER = {"name": "Refusing", "smtp_host": "127.0.0.1", "smtp_encryption": "none", "from_filter": SENDER}
# A connection test and a probe end before any mail is sent.
UNSEEN = "data"


@dataclass
class Refused:
    """A database whose only mail server can use any SMTP server."""

    session: Session
    server_id: int

    def test(self, smtp: SmtpServer, *, login: bool) -> dict[str, Any]:
        """Configure the mail server for an SMTP server, and test it."""
        values = {"smtp_port": smtp.port, "smtp_user": SENDER if login else False, "smtp_pass": SECRET}
        self.session.write("ir.mail_server", [self.server_id], values)
        return connection_test.test_connection(self.session, self.server_id, {**SERVER, **values}, [SECRET], None)

    def mail(self) -> dict[str, Any]:
        """Return the record of a mail that Odoo has tried to send."""
        values = {"email_from": SENDER, "email_to": RECIPIENT, "subject": "Refused", "body_html": "<p>Hi</p>"}
        server = {"model": "ir.mail_server", "res_id": self.server_id, "mail_server_id": self.server_id}
        (mail,) = self.session.create("mail.mail", [{**values, **server}])
        try:
            self.session.call("mail.mail", "send", [mail])
        except Rejected as error:
            if "SMTPServerDisconnected" in error.message:
                raise NotApplicable(
                    "the instance does not note the refusal of a server that closes the connection"
                ) from error
            raise
        (kept,) = self.session.call("mail.mail", "read", [mail], fields=["state", "failure_reason", "failure_type"])
        assert kept["state"] == "exception", kept
        return kept


@pytest.fixture(scope="module")
def refused(fresh: Callable[[str], LabInstance]) -> Iterator[Refused]:
    with fresh("integration_refusals").session() as session:
        (server_id,) = session.create("ir.mail_server", [SERVER])
        yield Refused(session, server_id)


@contextmanager
def refusing(refusal: Refusal) -> Iterator[SmtpServer]:
    """Run an SMTP server that refuses with this text."""
    features = ("AUTH PLAIN LOGIN",) if refusal.stage == "auth" else ()
    replies = dict.fromkeys(VERBS[refusal.stage], refusal.lines.replace("\n", "\r\n"))
    with smtp_server(features=features, replies=replies) as smtp:
        yield smtp


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda one: f"{one.stage} {one.lines[:50]}")
def test_all_have_the_same_outcome(refusal: Refusal, refused: Refused) -> None:
    login = refusal.stage == "auth"
    with refusing(refusal) as smtp:
        tested = refused.test(smtp, login=login)
        mail = refused.mail()
        credentials = {"user": SENDER, "password": SECRET} if login else {}
        probed = probe(Settings("127.0.0.1", smtp.port, sender=SENDER, recipient=RECIPIENT, timeout=5, **credentials))
    reason = mail["failure_reason"]
    told = {
        "mail": classify_mail(reason, mail["failure_type"] or ""),
        "connection test": tested["outcome"],
        "probe": probed["outcome"],
    }
    before = "ok" if refusal.stage == UNSEEN else refusal.outcome
    assert told == {"mail": refusal.outcome, "connection test": before, "probe": before}, (tested, reason, probed)
    assert explain(reason).passes is refusal.passes
