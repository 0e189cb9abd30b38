# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Remedies for the results of an SMTP probe, with the names of Odoo's fields."""

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
    "{host} is the host or container that connects, and no SMTP server runs there. If Odoo runs in a container, set smtp_host to the name of the host or "
    "container that runs the SMTP server."
)
_LOOPBACK = re.compile(r"localhost|127(\.\d+){3}|::1|\[::1\]", re.IGNORECASE)


def is_loopback(host: str) -> bool:
    """Return whether a host is the machine that connects to it."""
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
        """Return whether the SMTP session succeeded."""
        return self.failure is None

    @property
    def fields(self) -> str:
        """Return the alternative as fields of a mail server of Odoo."""
        return f"smtp_encryption: {self.encryption}, smtp_port: {self.port}"

    def would_do(self, settings: Settings) -> bool:
        """Return whether it is encrypted and, if the settings have a user, offers a login."""
        return self.works and self.encryption != "none" and (not settings.user or self.lets_log_in)

    @property
    def lets_log_in(self) -> bool:
        """Return whether it offers a login."""
        return bool(self.dialogue.mechanisms["after_tls" if self.dialogue.tls else "before_tls"])

    def as_result(self) -> dict[str, Any]:
        """Return the alternative as it is in the result of the module."""
        return {
            "smtp_port": self.port,
            "smtp_encryption": self.encryption,
            "outcome": self.failure.outcome if self.failure else "ok",
            "message": self.failure.words if self.failure else "",
        }


def advice(
    settings: Settings, dialogue: Dialogue, failure: Failure | None, alternatives: Sequence[Alternative]
) -> str | None:
    """Return a remedy, or None."""
    if failure is None:
        return _though_it_works(settings, dialogue)
    for alternative in alternatives:
        if alternative.would_do(settings):
            return f"Use {alternative.fields}."
    for alternative in alternatives:
        if alternative.failure and alternative.failure.outcome == "certificate":
            return f"Use {alternative.fields}, and first correct the certificate there: {alternative.failure.words.rstrip('.')}."
    if failure.remedy:
        return failure.remedy
    for alternative in alternatives:
        if alternative.works and (not settings.user or alternative.lets_log_in):
            return (
                f"Use {alternative.fields}. There is no TLS on that port, so others can read the mails in the network."
            )
    if CLIENT_CERTIFICATE in failure.words:
        return "If the server identifies its clients by certificates, use smtp_authentication: certificate with one that it trusts."
    return _OF_OUTCOMES[failure.outcome](settings, dialogue, failure) if failure.outcome in _OF_OUTCOMES else None


def _though_it_works(settings: Settings, dialogue: Dialogue) -> str | None:
    if settings.encryption == "none" and dialogue.starttls:
        what = "the password" if settings.user else "the mails"
        return f"Use smtp_encryption: starttls, which the server offers. Without it, others can read {what} in the network."
    return None


def _of_dns(_settings: Settings, _dialogue: Dialogue, _failure: Failure) -> str:
    return "Check the spelling of smtp_host, and the name servers of the machine that runs the probe."


def _of_no_connection(settings: Settings, _dialogue: Dialogue, failure: Failure) -> str:
    if failure.stage == "resolve":
        return "Check the name servers of the machine that runs the probe."
    if failure.stage != "connect":
        return "The server is slow or hangs. Check the server, or set a longer timeout."
    if is_loopback(settings.host):
        return LOCALHOST.format(host=settings.host)
    advised = "Check smtp_host, smtp_port, and the firewalls between this machine and the server."
    if settings.port == 25:
        advised += " Many networks block port 25 to the outside: use port 587."
    return advised if settings.explore else f"{advised} Set explore to try the usual ports."


def _of_certificate(_settings: Settings, dialogue: Dialogue, failure: Failure) -> str:
    certificate = dialogue.tls["chain"][0] if dialogue.tls and dialogue.tls["chain"] else {}
    words = failure.words.lower()
    if "expired" in words:
        when = f" on {certificate['not_after'][:10]}" if "not_after" in certificate else ""
        return f"The server's certificate expired{when}. Have it renewed on the server."
    if "mismatch" in words:
        names = ", ".join(certificate.get("names", ())) or "another name"
        return f"The server's certificate is for {names}: set smtp_host to that name."
    return (
        "Install the CA of the certificate on the machine that runs Odoo. "
        "If smtp_encryption does not end with _strict, Odoo does not verify the certificate."
    )


def _of_auth(settings: Settings, dialogue: Dialogue, failure: Failure) -> str:
    if not settings.user:
        return "The server requires a login: set smtp_user and smtp_pass."
    if failure.stage != "auth":
        return "The server accepted the login and rejected a later command. Check in its documentation how clients must log in."
    if settings.access_token:
        return "Connect the mail server with its account again: the server rejects the token, or the token belongs to another smtp_user."
    return "Check smtp_user and smtp_pass. Many providers require a separate password or key for SMTP."


def _of_auth_unsupported(_settings: Settings, dialogue: Dialogue, _failure: Failure) -> str:
    mechanisms = dialogue.mechanisms["after_tls"] or dialogue.mechanisms["before_tls"] or []
    if "XOAUTH2" in mechanisms:
        return "Set smtp_authentication to gmail or outlook: the server accepts tokens and no passwords."
    if mechanisms:
        return "Set smtp_authentication to login: the server accepts passwords and no tokens."
    return "Leave smtp_user empty: the server offers no login on this port."


def _of_sender(settings: Settings, _dialogue: Dialogue, _failure: Failure) -> str:
    as_whom = f"that {settings.user} may send from" if settings.user else "that the server accepts"
    return f"Use a sender {as_whom}. Set from_filter so that Odoo chooses this server only for such senders."


def _of_recipient(_settings: Settings, _dialogue: Dialogue, _failure: Failure) -> str:
    return "The recipient does not exist, or the server does not relay mail for this sender or this login. Check these three."


def _of_the_mode(_settings: Settings, _dialogue: Dialogue, _failure: Failure) -> str:
    return "Check smtp_port and smtp_encryption. The other encryptions do not work on this port either."


def _of_hanging_up(_settings: Settings, _dialogue: Dialogue, _failure: Failure) -> str:
    return "Read the server's log, and check whether it accepts connections from the machine that runs the probe."


def _of_throttling(_settings: Settings, _dialogue: Dialogue, _failure: Failure) -> str:
    return "The server rejects mail temporarily. Try again later, or ask its operator for its limits."


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
