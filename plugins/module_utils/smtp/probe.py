# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The probe of an SMTP server: a session as Odoo has it, but without a mail, and a search for settings that work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.advice import Alternative, advice
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.certificates import UNREADABLE
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.dialogue import (
    CLIENT_CERTIFICATE,
    Dialogue,
    Failure,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.settings import Settings, place
from ansible_collections.postmaster.odoo.plugins.module_utils.task_result import TaskResult

# Ports that accept mail from clients, the most usual first.
PORTS = (587, 465, 25)


def probe(settings: Settings) -> dict[str, Any]:
    """Probe a server, and return the result of the module."""
    dialogue, failure = _held(settings)
    alternatives = list(_alternatives(settings, failure)) if failure else []
    where = place(settings.host, settings.port)
    return {
        "outcome": failure.outcome if failure else "ok",
        "stage": failure.stage if failure else None,
        "message": f"{where}, {failure.stage}: {failure.words}." if failure else f"{where}: {_passed(dialogue)}.",
        "suggestion": advice(settings, dialogue, failure, alternatives),
        "alternatives": [alternative.as_result() for alternative in alternatives],
        "stages": dialogue.stages,
        "addresses": dialogue.addresses,
        "address": dialogue.address,
        "banner": dialogue.banner,
        "helo": dialogue.name,
        "features": dialogue.features,
        "size": dialogue.size,
        "starttls": dialogue.starttls,
        "auth_mechanisms": dialogue.mechanisms,
        "tls": dialogue.tls,
    }


def _held(settings: Settings) -> tuple[Dialogue, Failure | None]:
    """Return an SMTP session and its failure.

    OpenSSL always verifies the certificate, as Odoo does with strict encryptions. OpenSSL does not show a certificate that it rejects, so
    a second connection reads it. If the verification is not enforced, the session continues over that connection.
    """
    checked = Dialogue(settings, verify=True)
    failure = checked.hold()
    if not failure or failure.outcome != "certificate":
        return _commented(checked), failure
    unchecked = Dialogue(settings, verify=False)
    other_failure = unchecked.hold(until_tls=settings.verified)
    tls = unchecked.tls or {"version": None, "cipher": None, "chain": [], "chain_complete": False}
    tls = {**tls, "verified": False, "verify_error": failure.words}
    if settings.verified:
        checked.tls = tls
        return _commented(checked), failure
    unchecked.tls = tls
    return _commented(unchecked), other_failure


def _commented(dialogue: Dialogue) -> Dialogue:
    if dialogue.tls:
        unreadable = any("subject" not in certificate for certificate in dialogue.tls["chain"])
        dialogue.tls["note"] = UNREADABLE if unreadable else None
    return dialogue


def _passed(dialogue: Dialogue) -> str:
    done = {"tls": "TLS", "auth": "the login", "sender": "the sender", "recipient": "the recipient"}
    passed = ["SMTP", *(done[stage["stage"]] for stage in dialogue.stages if stage["ok"] and stage["stage"] in done)]
    *first, last = passed
    words = f"{', '.join(first)} and {last} work" if first else f"{last} works"
    return f"{words}; no mail was sent"


def _alternatives(settings: Settings, failure: Failure) -> Iterator[Alternative]:
    """Yield other ports and encryptions of the same host, each tried without a login, until one is usable and encrypted."""
    quiet = replace(settings, user="", password="", access_token="", sender="", recipient="")
    if failure.outcome in ("dns", "certificate") or CLIENT_CERTIFICATE in failure.words:
        return
    if _is_of_the_mode(failure):
        for tried in _on_port(quiet, settings.port, failure):
            yield tried
            if tried.would_do(settings):
                return
    elif failure.stage != "connect":
        return
    if not settings.explore:
        return
    for port in PORTS:
        if port == settings.port:
            continue
        for tried in _on_port(quiet, port, None):
            yield tried
            if tried.would_do(settings):
                return


def _is_of_the_mode(failure: Failure) -> bool:
    """Return whether another encryption may help."""
    if failure.outcome in ("starttls_required", "starttls_unsupported", "auth_unsupported", "tls"):
        return True
    return failure.stage in ("banner", "ehlo", "starttls", "tls") and failure.outcome != "throttled"


def _on_port(quiet: Settings, port: int, failure: Failure | None) -> Iterator[Alternative]:
    """Yield the encryptions of a port, except the one that has failed.

    :param failure: the failure of the requested settings, if they are for this port.
    """
    strict = "_strict" if quiet.encryption.endswith("_strict") else ""
    # If the server did not answer in plain text, it is not tried again.
    deaf = failure is not None and not quiet.implicit_tls and failure.stage in ("banner", "ehlo")

    def tried(encryption: str) -> Alternative:
        dialogue, problem = _held(replace(quiet, port=port, encryption=encryption))
        return Alternative(port, encryption, dialogue, problem)

    def in_plain() -> Iterator[Alternative]:
        plain = tried("none")
        yield plain
        if plain.works and plain.dialogue.starttls:
            yield tried(f"starttls{strict}")

    def in_tls() -> Iterator[Alternative]:
        yield tried(f"ssl{strict}")

    ways = [in_tls, in_plain] if port == 465 else [in_plain, in_tls]
    if deaf:
        ways.remove(in_plain)
    if failure is not None and quiet.implicit_tls:
        ways.remove(in_tls)
    for way in ways:
        found = list(way())
        yield from found
        if any(alternative.works or _is_of_the_port(alternative.failure) for alternative in found):
            return


def _is_of_the_port(failure: Failure | None) -> bool:
    """Return whether no encryption can help."""
    return failure is not None and failure.stage in ("resolve", "connect")


def probe_result(found: Mapping[str, Any], *, fail_on_error: bool) -> TaskResult:
    """Return the result of a probe as the result of a task."""
    if found["outcome"] == "ok" or not fail_on_error:
        return TaskResult(found)
    failure = " ".join(filter(None, (found["message"], found["suggestion"])))
    return TaskResult(found, failure=failure, error_kind=Rejected.kind)
