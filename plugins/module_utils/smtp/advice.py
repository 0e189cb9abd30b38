# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to do about what an SMTP probe has found, in the words of Odoo's fields."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.dialogue import (
    CLIENT_CERTIFICATE,
    Dialogue,
    Failure,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.settings import Settings

LOCALHOST = (
    "{host} is the host or container that connects, and no SMTP server runs there. For an Odoo in a container, set smtp_host to the name of the host or "
    "container that the SMTP server runs in."
)
_LOOPBACK = re.compile(r"localhost|127(\.\d+){3}|::1|\[::1\]", re.IGNORECASE)


def is_loopback(host: str) -> bool:
    """Return whether a host is whoever connects to it."""
    return _LOOPBACK.fullmatch(host) is not None


@dataclass(frozen=True)
class Alternative:
    """Another port or encryption that was tried, without logging in."""

    port: int
    encryption: str
    dialogue: Dialogue
    failure: Failure | None

    @property
    def works(self) -> bool:
        """SMTP is spoken there."""
        return self.failure is None

    @property
    def fields(self) -> str:
        """It, as a mail server of Odoo is told."""
        return f"smtp_encryption: {self.encryption}, smtp_port: {self.port}"

    def would_do(self, settings: Settings) -> bool:
        """Whether it is encrypted, and lets one log in where that was asked for."""
        return self.works and self.encryption != "none" and (not settings.user or self.lets_log_in)

    @property
    def lets_log_in(self) -> bool:
        """Whether there is a way to log in there."""
        return bool(self.dialogue.mechanisms["after_tls" if self.dialogue.tls else "before_tls"])

    def as_result(self) -> dict[str, Any]:
        """It, as the module returns it."""
        return {
            "smtp_port": self.port,
            "smtp_encryption": self.encryption,
            "outcome": self.failure.outcome if self.failure else "ok",
            "message": self.failure.words if self.failure else "",
        }


def advice(
    settings: Settings, dialogue: Dialogue, failure: Failure | None, alternatives: Sequence[Alternative]
) -> str | None:
    """What would work, or what to look at; None where there is nothing to say."""
    if failure is None:
        return _though_it_works(settings, dialogue)
    for alternative in alternatives:
        if alternative.would_do(settings):
            return f"Use {alternative.fields}."
    for alternative in alternatives:
        if alternative.failure and alternative.failure.outcome == "certificate":
            return f"Use {alternative.fields} once the certificate there verifies: {alternative.failure.words.rstrip('.')}."
    if failure.remedy:
        return failure.remedy
    for alternative in alternatives:
        if alternative.works and (not settings.user or alternative.lets_log_in):
            return f"Use {alternative.fields}. No TLS was found there: whatever is sent can be read on the way."
    if CLIENT_CERTIFICATE in failure.words:
        return "If the server knows its clients by their certificates, use smtp_authentication: certificate with one that it trusts."
    return _OF_OUTCOMES[failure.outcome](settings, dialogue, failure) if failure.outcome in _OF_OUTCOMES else None


def _though_it_works(settings: Settings, dialogue: Dialogue) -> str | None:
    if settings.encryption == "none" and dialogue.starttls:
        what = "the password" if settings.user else "the mails"
        return f"Use smtp_encryption: starttls, which the server offers, so that {what} cannot be read on the way."
    return None


def _of_dns(_settings: Settings, _dialogue: Dialogue, _failure: Failure) -> str:
    return "Check the spelling of smtp_host, and the name servers of the machine that asked."


def _of_no_connection(settings: Settings, _dialogue: Dialogue, failure: Failure) -> str:
    if failure.stage == "resolve":
        return "Check the name servers of the machine that asked."
    if failure.stage != "connect":
        return "The server is slow or hangs: look there, or give it more time."
    if is_loopback(settings.host):
        return LOCALHOST.format(host=settings.host)
    advised = "Check smtp_host and smtp_port, and the firewalls on the way"
    if settings.port == 25:
        advised += "; many networks let nobody out on port 25, and 587 is the port for handing mail in"
    return f"{advised}." if settings.explore else f"{advised}; explore tries the usual ports."


def _of_certificate(_settings: Settings, dialogue: Dialogue, failure: Failure) -> str:
    certificate = dialogue.tls["chain"][0] if dialogue.tls and dialogue.tls["chain"] else {}
    words = failure.words.lower()
    if "expired" in words:
        when = f" on {certificate['not_after'][:10]}" if "not_after" in certificate else ""
        return f"The server's certificate ended{when}: it has to be renewed there."
    if "mismatch" in words:
        names = ", ".join(certificate.get("names", ())) or "another name"
        return f"The server's certificate is for {names}: use that as smtp_host."
    return (
        "Make the authority that issued the certificate trusted on the machine where Odoo runs. "
        "Without _strict, smtp_encryption does not check it."
    )


def _of_auth(settings: Settings, dialogue: Dialogue, failure: Failure) -> str:
    if not settings.user:
        return "The server wants a login: fill in smtp_user and smtp_pass."
    if failure.stage != "auth":
        return "Check how the server wants one to log in: it took the login, and not what came after."
    if settings.access_token:
        return "Connect the mail server with its account again: the token is refused, or is for another smtp_user."
    return "Check smtp_user and smtp_pass; many providers want a password or key that is made for SMTP."


def _of_auth_unsupported(_settings: Settings, dialogue: Dialogue, _failure: Failure) -> str:
    mechanisms = dialogue.mechanisms["after_tls"] or dialogue.mechanisms["before_tls"] or []
    if "XOAUTH2" in mechanisms:
        return "Use smtp_authentication: gmail or outlook: the server takes tokens, no passwords."
    if mechanisms:
        return "Use smtp_authentication: login: the server takes passwords, no tokens."
    return "Leave smtp_user empty: the server lets nobody log in here."


def _of_sender(settings: Settings, _dialogue: Dialogue, _failure: Failure) -> str:
    as_whom = f"that {settings.user} may send from" if settings.user else "that the server takes"
    return f"Use a sender {as_whom}, and a from_filter that lets Odoo choose this server for such ones alone."


def _of_recipient(_settings: Settings, _dialogue: Dialogue, _failure: Failure) -> str:
    return "The server knows no such recipient, or does not pass mail on for this sender or this login."


def _of_the_mode(_settings: Settings, _dialogue: Dialogue, _failure: Failure) -> str:
    return "Check smtp_port and smtp_encryption: no other encryption works at this port either."


def _of_hanging_up(_settings: Settings, _dialogue: Dialogue, _failure: Failure) -> str:
    return "Look into the server's log, and whether it takes connections from the machine that asked."


def _of_throttling(_settings: Settings, _dialogue: Dialogue, _failure: Failure) -> str:
    return "The server refuses for now: try again later, or ask whoever runs it for its limits."


_OF_OUTCOMES = {
    "dns": _of_dns,
    "unreachable": _of_no_connection,
    "timeout": _of_no_connection,
    "certificate": _of_certificate,
    "auth": _of_auth,
    "auth_unsupported": _of_auth_unsupported,
    "sender_rejected": _of_sender,
    "recipient_rejected": _of_recipient,
    "throttled": _of_throttling,
    "tls": _of_the_mode,
    "starttls_unsupported": _of_the_mode,
    "disconnected": _of_hanging_up,
}
