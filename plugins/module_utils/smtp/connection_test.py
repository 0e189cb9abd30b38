# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Odoo's own connection test with a classified outcome, and the canary: a real mail that is followed to its final state."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError, Rejected, Timeout, Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.table import read_routing
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import (
    without_secrets,
    without_secrets_in_errors,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.archived_sending import send_through_archived
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.classification import classify, classify_test

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Found
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

# Odoo waits 60 s for the connection and 60 s for each reply (SMTP_TIMEOUT). The caller must wait longer.
_TEST_SECONDS = 300.0
_POLL_SECONDS = 1.0
# Outcomes about noreply@odoo.com, the recipient of Odoo's test. They do not apply to the recipient of a canary.
OF_TEST_RECIPIENT = ("recipient_rejected", "relay_denied", "mailbox_full")
_MAIL_SERVERS = "ir.mail_server"
# The date of canaries, UTC.
NEVER = "2099-01-01 00:00:00"
_LONGEST = timedelta(hours=1)


@dataclass(frozen=True)
class Canary:
    """A test mail to be sent.

    :param sender: if it is empty, an address that matches the server is used.
    :param keep: do not delete the mail afterwards.
    :param wait: seconds to wait for its final state.
    """

    recipient: str
    sender: str | None = None
    keep: bool = False
    wait: float = 60.0


def is_address(text: str) -> bool:
    """Return whether a text is one email address, without a name."""
    return re.fullmatch(r"[^@\s]+@[^@\s]+", text) is not None


def failures(tests: list[dict[str, Any]]) -> list[str]:
    """Return one sentence for each server that failed."""
    sentences = []
    for test in tests:
        canary = test.get("canary", test)
        for what, part in (("connection test", test), ("canary", canary)):
            if part["outcome"] not in ("ok", "not_tested"):
                sentences.append(f"{test['name']}: {what}: {part['outcome']}: {part['message']}")
                break
    return sentences


def test_connection(
    session: Session,
    server_id: int,
    server: Mapping[str, Any],
    secrets: Collection[str],
    test: Callable[[], None] | None,
) -> dict[str, Any]:
    """Have Odoo connect, log in, and offer a sender and a recipient. No mail is sent.

    :param server: the fields of the mail server.
    :param secrets: the secrets of the mail server. SMTP servers may repeat credentials, and the message must not contain them.
    :param test: runs Odoo's test, and raises Rejected if it fails. Without it, Odoo's test of one mail server runs.
    """
    started = time.monotonic()
    outcome, message = "ok", "Connection Test Successful!"
    try:
        with without_secrets_in_errors(secrets), session.patience(_TEST_SECONDS):
            if test:
                test()
            else:
                session.call(_MAIL_SERVERS, "test_smtp_connection", [server_id])
    except Rejected as error:
        words = _own_words(error)
        outcome, note = classify_test(words, time.monotonic() - started, server)
        message = " ".join(filter(None, (without_secrets(words, secrets), note)))
    return {"outcome": outcome, "message": message, "seconds": round(time.monotonic() - started, 2)}


def _own_words(error: OdooError) -> str:
    """Return Odoo's message without the prefix of this collection."""
    return error.message.rpartition("Odoo rejected the call: ")[2]


def send_canary(session: Session, server: Found, canary: Canary, secrets: Collection[str]) -> dict[str, Any]:
    """Create a mail, have Odoo send it through this server, and follow it to its final state."""
    sender = canary.sender or fitting_sender(session, server.values)
    if sender is None:
        message = "No sender address matches this mail server: set canary_from, or the from_filter of the mail server."
        return {"outcome": "unconfigured", "message": message, "state": None, "email_from": None, "kept_id": None}
    values: dict[str, Any] = {
        "subject": f"Canary through {server.values['name']}",
        "body_html": "<p>This mail was sent to prove that outgoing mail works. Nothing needs to be done.</p>",
        "email_from": sender,
        "email_to": canary.recipient,
        "mail_server_id": server.id,
        "auto_delete": False,
        "state": "outgoing",
        # Odoo's queue never sends it. Otherwise it would choose another server once this one is deleted.
        "scheduled_date": NEVER,
        # Its document is the mail server, because a mail without a document cannot be deleted over RPC
        # (docs/development/odoo-behaviour.md, Mails).
        "model": _MAIL_SERVERS,
        "res_id": server.id,
    }
    _remove_left(session)
    try:
        mail_id = session.create("mail.mail", [values])[0]
    except (Timeout, Unreachable):  # the mail may exist, and only the answer was lost
        session.insist(lambda: remove_canaries(session, server.id))
        raise
    try:
        with without_secrets_in_errors(secrets):
            mail, reason = _deliver(session, server, mail_id, canary)
    except OdooError as error:
        if not _removed(session, mail_id):
            error.message += f" The canary could not be deleted (mail.mail {mail_id})."
        raise
    except BaseException:  # a signal
        _removed(session, mail_id)
        raise
    state = mail.get("state")
    outcome, words = _canary_verdict(state, " ".join(reason.split()))
    message = without_secrets(words, secrets)
    kept = canary.keep or not _removed(session, mail_id)
    if kept and not canary.keep:
        message += f" The canary could not be deleted (mail.mail {mail_id})."
    return {
        "outcome": outcome,
        "message": message,
        "state": state,
        "email_from": sender,
        "email_to": canary.recipient,
        "message_id": mail.get("message_id") or None,
        "kept_id": mail_id if kept else None,
    }


def _remove_left(session: Session) -> None:
    """Delete the canaries that an interrupted run has left. A canary in use is at most a few minutes old."""
    before = (session.now - _LONGEST).strftime("%Y-%m-%d %H:%M:%S")
    domain = [["scheduled_date", "=", NEVER], ["state", "=", "outgoing"], ["create_date", "<", before]]
    for mail in session.search_read("mail.mail", domain, ["id"]):
        _removed(session, mail["id"])


def remove_canaries(session: Session, server_id: int) -> None:
    """Delete the canaries of one mail server that an interrupted run has left."""
    domain = [["model", "=", _MAIL_SERVERS], ["res_id", "=", server_id], ["scheduled_date", "=", NEVER]]
    for mail in session.search_read("mail.mail", domain, ["id"]):
        _removed(session, mail["id"])


def _deliver(session: Session, server: Found, mail_id: int, canary: Canary) -> tuple[Mapping[str, Any], str]:
    """Have Odoo send the mail, and return its fields and the reason of a failure."""
    refused = ""
    try:
        # `process_email_queue` would send other mails too. `send` returns None
        # (docs/development/odoo-behaviour.md, Queue processing).
        with session.patience(_TEST_SECONDS):
            if server.values.get("active", True):
                session.call("mail.mail", "send", [mail_id])
            else:
                send_through_archived(session, mail_id, server.id)
    except Rejected as error:  # the SMTP server closed the connection late, and the mail is unchanged
        refused = error.message
    mail = _end_state(session, mail_id, 0 if refused else canary.wait)
    return mail, refused or mail.get("failure_reason") or ""


def _removed(session: Session, mail_id: int) -> bool:
    """Delete the mail, and return whether Odoo allowed it (docs/development/odoo-behaviour.md, Mails)."""
    try:
        session.remove("mail.mail", [mail_id])
    except OdooError:
        return False
    return True


def _canary_verdict(state: str | None, reason: str) -> tuple[str, str]:
    if state == "sent":
        return "ok", "Sent."
    if state == "outgoing" and not reason:
        # The state after the server closes the connection too early (docs/development/odoo-behaviour.md, Queue processing).
        return (
            "disconnected",
            "Odoo tried to send the mail, and it is still outgoing without a reason: the SMTP server closed the connection too early.",
        )
    return classify(reason), reason or f"The final state of the mail is {state!r}, without a reason."


def _end_state(session: Session, mail_id: int, wait: float) -> Mapping[str, Any]:
    deadline = time.monotonic() + wait
    while True:
        mail: Mapping[str, Any] = session.call(
            "mail.mail", "read", [mail_id], fields=["state", "failure_reason", "message_id"]
        )[0]
        if mail["state"] in ("sent", "exception", "cancel") or time.monotonic() >= deadline:
            return mail
        time.sleep(_POLL_SECONDS)


def fitting_sender(session: Session, server: Mapping[str, Any]) -> str | None:
    """Return a sender that matches the server: from its filter, its user, a domain in its filter, or the notifications address."""
    entries = [entry.strip() for entry in str(server.get("from_filter") or "").split(",") if entry.strip()]
    addresses = [entry for entry in entries if "@" in entry]
    login = str(server.get("smtp_user") or "")
    if addresses:
        return addresses[0]
    if "@" in login and (not entries or login.rpartition("@")[2].lower() in map(str.lower, entries)):
        return login
    if entries:
        return f"odoo@{entries[0]}"
    return read_routing(session).rules[0].notifications or None
