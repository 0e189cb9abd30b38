# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The class of a failure, from the messages of Odoo's connection test and the `failure_reason` of a mail.

A reply of an SMTP server is classified by `knowledge.py`. All other messages are those of Odoo, Python and the network, in English, as seen on 16.0 to 19.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.knowledge import RULES, Meaning, Rule, meaning_of
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.reply import parse_reply

_ODOO = "Odoo's own words (docs/development/odoo-behaviour.md, Connection test; Failure reasons)"
_PYTHON = "smtplib and ssl of Python"
_NETWORK = "errno of Linux, getaddrinfo"
_OLD_TLS = (
    "The server speaks only versions of TLS that the host of Odoo refuses (1.0, 1.1): have it updated. Until then, MinProtocol in the openssl.cnf of the host "
    "of Odoo can be lowered. Keep TLS: without it, everybody on the way reads the password."
)
_NO_PROTOCOL = (
    "This build of Odoo asks its Python library for a version of TLS that the library no longer has: update Odoo, "
    "or use another smtp_authentication than certificate."
)
_NO_ROUTE = (
    "smtp_host leads to an address that the host or container of Odoo has no network for, mostly localhost as ::1. Set smtp_host to 127.0.0.1, or to the name "
    "of the host or container that the SMTP server runs in."
)

# Messages without a reply, in the order to try them: what is more specific comes first.
_MESSAGES: tuple[Rule, ...] = (
    Rule(
        "unconfigured",
        r"configure an email on the current user|missing smtp server|int\(\) argument must be|please configure your (gmail|outlook)"
        r"|please connect with your outlook|ssl (certificate|private key) is missing|because it is archived"
        # A user, password or sender that is not ASCII never reaches the server (smtplib).
        r"|unicodeencodeerror|codec can't encode|ordinal not in range",
        None,
        _ODOO,
    ),
    Rule(
        "unconfigured",
        r"'idna' codec",
        None,
        _PYTHON,
        "smtp_host is no host name: one of its parts is empty or longer than 63 characters.",
    ),
    Rule(
        "content_rejected",
        r"header values may not contain linefeed",
        None,
        "email of Python",
        "A header of the mail contains a line break: its subject, sender, reply address or references. Correct it in Odoo, and queue the mail again.",
    ),
    Rule(
        "certificate",
        r"could not load your certificate|unable to load pem file|is not a valid file|certificate_verify_failed|certificate verify failed|hostname mismatch"
        r"|ip address mismatch",
        None,
        _PYTHON,
    ),
    Rule("recipient_invalid", r"smtputf8", None, _PYTHON),
    Rule("starttls_unsupported", r"starttls extension not supported", None, _PYTHON),
    Rule("auth_unsupported", r"auth extension not supported|no suitable authentication method", None, _PYTHON),
    Rule(
        "auth",
        r"authentication required|smtpauthenticationerror|error occurred when fetching the access token",
        None,
        _ODOO,
    ),
    # A refusal whose words Odoo does not repeat.
    Rule("sender_rejected", r"refused the sender address|smtpsenderrefused", None, _ODOO),
    Rule("recipient_rejected", r"refused the test recipient|smtprecipientsrefused", None, _ODOO),
    Rule("unreachable", r"cannot assign requested address|errno 99\M", None, _NETWORK, _NO_ROUTE),
    Rule(
        "unreachable",
        r"connection refused|no route to host|network is unreachable|errno (111|113|101)\M",
        None,
        _NETWORK,
    ),
    Rule(
        "dns",
        r"name or service not known|name resolution|nodename nor servname|getaddrinfo|no address associated|errno -[235]\M",
        None,
        _NETWORK,
    ),
    Rule("timeout", r"timed? ?out|errno 110\M", None, _NETWORK),
    Rule(
        "disconnected",
        r"closed the connection|connection unexpectedly closed|serverdisconnected|connection reset|broken pipe",
        None,
        _PYTHON,
    ),
    Rule("tls", r"no such protocol", None, _PYTHON, _NO_PROTOCOL),
    Rule("tls", r"unsupported_protocol|alert_protocol_version|no_protocols_available", None, _PYTHON, _OLD_TLS),
    Rule("tls", r"ssl exception|wrong_version_number|\[ssl\M|ssl:|sslerror|tls", None, _PYTHON),
    Rule("no_recipient", r"at least one valid recipient", None, _ODOO),
    # What Odoo notes before it sends a mail: it stays where the sending is cut off. Up to 18.0 also without recipients.
    Rule("interrupted", r"error without exception", None, _ODOO),
)

# 16.0 ends these messages in None instead of the reason (16.0:odoo/addons/base/models/ir_mail_server.py:254,258).
_CLOSED = re.compile(r"the server has closed the connection unexpectedly\..*\sNone\s*$", re.IGNORECASE | re.DOTALL)
_OPTION = re.compile(r"an option is not supported by the server:\s*None\s*$", re.IGNORECASE)
# SMTP_TIMEOUT of Odoo, in seconds (16.0:odoo/addons/base/models/ir_mail_server.py:31).
_SMTP_TIMEOUT = 60

# Failures that may pass by themselves: worth another attempt.
TRANSIENT = frozenset({"throttled", "timeout", "disconnected", "unreachable", "dns"})

# What only `failure_type` of a mail tells: the words are the same, or are the address.
_TYPES = {
    "mail_email_missing": "no_recipient",
    "mail_email_invalid": "recipient_invalid",
    "mail_from_missing": "sender_invalid",
    "mail_from_invalid": "sender_invalid",
    "mail_spam": "content_rejected",
}

# The classes that only the codes of a reply give.
_OF_CODES = frozenset({"client_blocked", "not_smtp", "starttls_unsupported", "too_large"})

OUTCOMES = (
    "ok",
    *sorted({rule.outcome for rule in (*_MESSAGES, *RULES)} | _OF_CODES),
    "unknown",
)

# Why a mail has failed.
FAILURE_CLASSES = tuple(sorted({*OUTCOMES, *_TYPES.values()} - {"ok"}))

# A reply of 4xx or 4.x.x in the words of every version, and any other one; for the database, which does not parse.
TEMPORARY = r"\((4[0-9][0-9]), |(^|[\s:])4[0-9][0-9](\s*\n|\s+(b['\"]|[245]\.[0-9]))|(error |\s)b['\"]4\.[0-9]+\.[0-9]|exception:\s+4\.[0-9]+\.[0-9]"
_PERMANENT = r"\((5[0-9][0-9]|-1), |(^|[\s:])(5[0-9][0-9]|-1)(\s*\n|\s+(b['\"]|[245]\.[0-9]))|error b['\"]"


def classify(message: str) -> str:
    """Return the class of the failure that a message of Odoo tells; `unknown` if none fits."""
    return explain(message).outcome


def classify_test(message: str, seconds: float, server: Mapping[str, Any]) -> tuple[str, str]:
    """Return the class of a failed connection test, and a note on what the message does not say; the note may be empty.

    :param seconds: how long the test took.
    :param server: the fields of the tested record of `ir.mail_server`.
    """
    limit = server.get("smtp_timeout") or _SMTP_TIMEOUT
    if _CLOSED.search(message) and seconds >= limit:
        return "timeout", f"The connection timed out: the server did not answer within {limit} seconds."
    if not _OPTION.search(message):
        return classify(message), ""
    # A login as Odoo's own method does it is the only one that smtplib refuses to try.
    logs_in = server.get("smtp_authentication") == "cli" or bool(
        server.get("smtp_authentication") == "login" and server.get("smtp_user")
    )
    upgrades = server.get("smtp_authentication") == "cli" or str(server.get("smtp_encryption")).startswith("starttls")
    if logs_in == upgrades:
        return "unknown", "The server lacks STARTTLS, or a login (SMTP AUTH) after it: this Odoo does not say which."
    if upgrades:
        return "starttls_unsupported", "The server does not offer STARTTLS."
    return "auth_unsupported", "The server does not offer a login (SMTP AUTH)."


def explain(message: str) -> Meaning:
    """Return the class of a failure, whether it may pass by itself, and what to do about it."""
    reply = parse_reply(message)
    if reply is not None and (reply.code is not None or reply.enhanced or reply.stage != "greeting"):
        return meaning_of(reply)
    rule = next((rule for rule in _MESSAGES if rule.pattern.search(message)), None)
    return Meaning(rule.outcome, rule.outcome in TRANSIENT, rule.remedy) if rule else Meaning("unknown", False)


def explain_mail(reason: str, failure_type: str = "") -> Meaning:
    """Return what the failure of a mail means.

    The reason decides first, because `failure_type` may be an earlier failure's (docs/development/odoo-behaviour.md, Failure reasons).
    """
    meaning = explain(reason)
    if meaning.outcome not in ("unknown", "no_recipient"):
        return meaning
    return Meaning(_TYPES.get(failure_type, meaning.outcome), False, meaning.remedy)


def classify_mail(reason: str, failure_type: str = "") -> str:
    """Return the class of the failure of a mail."""
    return explain_mail(reason, failure_type).outcome


def verdict_patterns() -> Iterator[tuple[bool | None, str]]:
    """Yield whether a failure may pass by itself, with a regular expression of PostgreSQL, in the order to try them.

    None applies only where TEMPORARY fits, too, and then it may pass. The text to search has neither addresses nor the name of the SMTP server in it.
    """
    for rule in RULES:
        yield rule.passes, rule.words
    yield True, TEMPORARY
    yield False, _PERMANENT
    for rule in _MESSAGES:
        yield rule.outcome in TRANSIENT, rule.words
