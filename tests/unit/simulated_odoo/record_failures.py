# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Record the messages of a running Odoo about failures: of connection tests, and of mails that could not be sent."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError, Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.tests.unit.local_server import closed_port
from ansible_collections.postmaster.odoo.tests.unit.smtp_server import Reply, smtp_server

# Longer than Odoo's own timeout for SMTP (60 seconds).
_PATIENCE = 90.0


def _silence(_line: str) -> None:
    """Reply nothing until Odoo has given up."""
    time.sleep(_PATIENCE)


# The prefix that the collection adds to Odoo's messages.
_BEFORE = re.compile(r": Odoo rejected the call: |: (?:the model|Odoo failed with ).* Odoo's message: ")
# Distributions of Odoo under another name have their own address.
_TEST_RECIPIENT = re.compile(r"(the test recipient) \(\S+\)")

_SENDER = "from@acme.example"
_LOGIN = {"smtp_user": "user", "smtp_pass": "made-up"}


@dataclass(frozen=True)
class Situation:
    """A mail server that fails.

    :param replies: the replies of the SMTP server that differ from those of one that works; None: nothing listens on the port.
    :param values: fields of the mail server.
    """

    replies: Mapping[str, Reply] | None = field(default_factory=dict)
    features: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


# The names are part of the facts.
SITUATIONS: Mapping[str, Situation] = {
    "authentication refused": Situation({"AUTH": "535 5.7.8 Authentication failed"}, ("AUTH LOGIN PLAIN",), _LOGIN),
    "authentication unsupported": Situation(values=_LOGIN),
    "connection refused": Situation(None),
    "content refused": Situation({"DATA": "451 4.3.0 Try again later", "CONTENT": "451 4.3.0 Try again later"}),
    "data refused": Situation({"CONTENT": "552 5.3.4 Message too big"}),
    "greeting refused": Situation({"CONNECT": "554 5.7.1 No service for you"}),
    "hangs up": Situation({"DATA": None, "CONTENT": None}),
    "hangs up at once": Situation({"CONNECT": None}),
    "host unknown": Situation(values={"smtp_host": "no-such-host.invalid"}),
    "recipient refused": Situation({"RCPT": "550 5.1.1 No such user"}),
    "sender refused": Situation({"MAIL": "553 5.7.1 Sender address rejected"}),
    "silent": Situation({"CONNECT": _silence}),
    "starttls unsupported": Situation(values={"smtp_encryption": "starttls"}),
    "tls on a plain port": Situation(values={"smtp_encryption": "ssl"}),
}


def failed_tests(session: Session) -> dict[str, str]:
    """Return the message of the connection test in each situation in which it fails."""
    messages = {}
    for name, situation in SITUATIONS.items():
        with _mail_server(session, situation) as server, session.patience(_PATIENCE):
            try:
                session.call("ir.mail_server", "test_smtp_connection", [server])
            except Rejected as error:
                messages[name] = odoo_message(error)
    return messages


def failed_sendings(session: Session) -> dict[str, dict[str, Any]]:
    """Return the failure of a mail in each situation."""
    failures = {}
    names = ["failure_reason", "failure_type", "state"]
    for name, situation in SITUATIONS.items():
        with _mail_server(session, situation) as server, made_up_mails(session, 1, mail_server_id=server) as ids:
            send_in_queue(session, ids)
            (mail,) = session.search_read("mail.mail", [["id", "in", ids]], names)
            failures[name] = {key: mail[key] for key in names}
    return failures


def send_in_queue(session: Session, ids: Sequence[int], /, **arguments: Any) -> None:
    """Let Odoo process its queue, limited to these mails."""
    with session.patience(_PATIENCE):
        session.call("mail.mail", "process_email_queue", context={"filters": [["id", "in", list(ids)]]}, **arguments)


@contextmanager
def made_up_mails(session: Session, count: int, **values: Any) -> Iterator[list[int]]:
    """Create mails for as long as the context lasts. Without a server they fail: nothing is ever sent."""
    with _mail_server(session, SITUATIONS["connection refused"]) as nowhere:
        mail = {
            "auto_delete": False,
            "body_html": "<p>Recorded</p>",
            "email_from": _SENDER,
            "email_to": "to@acme.example",
            "is_notification": True,  # otherwise Odoo refuses to delete it
            "mail_server_id": nowhere,
            "subject": "Recorded",
            **values,
        }
        ids = session.create("mail.mail", [mail] * count)
        try:
            yield ids
        finally:
            session.unlink("mail.mail", ids)


@contextmanager
def _mail_server(session: Session, situation: Situation) -> Iterator[int]:
    """Create a mail server of Odoo and its SMTP server for as long as the context lasts."""
    with smtp_server(features=situation.features, replies=situation.replies or {}) as smtp:
        values = {
            "name": "Recorded",
            "from_filter": _SENDER,
            "sequence": 10_000,
            "smtp_host": "127.0.0.1",
            "smtp_port": closed_port() if situation.replies is None else smtp.port,
            **situation.values,
        }
        (server,) = session.create("ir.mail_server", [values])
        try:
            yield server
        finally:
            session.unlink("ir.mail_server", [server])


def odoo_message(error: OdooError) -> str:
    """Return Odoo's own text of an error, without the prefix of the collection."""
    text = _BEFORE.split(error.message, maxsplit=1)[-1]
    return _TEST_RECIPIENT.sub(r"\1 (noreply@odoo.com)", text)
