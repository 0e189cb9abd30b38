# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Classify failures from the messages of Odoo's connection test and from the `failure_reason` of a mail.

`knowledge.py` classifies the replies of SMTP servers. All other messages are English messages of Odoo, Python and the network, as seen on 16.0 to 19.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.knowledge import RULES, Meaning, Rule, meaning_of
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.reply import parse_reply

_ODOO = "Odoo's own messages (docs/development/odoo-behaviour.md, Connection test; Failure reasons)"
_PYTHON = "smtplib and ssl of Python"
_NETWORK = "errno of Linux, getaddrinfo"
_OLD_TLS = (
    "The server supports only old versions of TLS (1.0, 1.1), and Odoo's host rejects them: have the server updated. Until then, you can lower MinProtocol "
    "in openssl.cnf on Odoo's host. Do not switch off TLS: without it, others can read the password in the network."
)
_NO_PROTOCOL = (
    "This build of Odoo requires a version of TLS that its Python library no longer supports. Update Odoo, "
    "or use another smtp_authentication than certificate."
)
_NO_ROUTE = (
    "smtp_host resolves to an address in a network that Odoo's host or container does not have, usually localhost as ::1. Set smtp_host to 127.0.0.1, or to "
    "the name of the host or container that runs the SMTP server."
)

# Messages without a reply. The first rule that matches wins, so the more specific rules come first.
_MESSAGES: tuple[Rule, ...] = (
    Rule(
        "unconfigured",
        "|".join(
            (
                r"configure an email on the current user|missing smtp server|int\(\) argument must be",
                r"please configure your (gmail|outlook)|please connect with your outlook",
                r"ssl (certificate|private key) is missing|because it is archived",
                # smtplib does not send a user, password or sender that is not ASCII.
                r"unicodeencodeerror|codec can't encode|ordinal not in range",
            )
        ),
        None,
        _ODOO,
    ),
    Rule(
        "unconfigured",
        r"'idna' codec",
        None,
        _PYTHON,
        "Correct smtp_host: it is not a valid host name, because one of its parts is empty or longer than 63 characters.",
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
    # A rejection for which Odoo does not repeat the server's text.
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
    # Odoo stores this reason before it sends a mail. It remains if the run is interrupted. Up to 18.0 also if there are no recipients.
    Rule("interrupted", r"error without exception", None, _ODOO),
)

# In 16.0 these messages end with None instead of the reason (16.0:odoo/addons/base/models/ir_mail_server.py:254,258).
_CLOSED = re.compile(r"the server has closed the connection unexpectedly\..*\sNone\s*$", re.IGNORECASE | re.DOTALL)
_OPTION = re.compile(r"an option is not supported by the server:\s*None\s*$", re.IGNORECASE)
# SMTP_TIMEOUT of Odoo, in seconds (16.0:odoo/addons/base/models/ir_mail_server.py:31).
_SMTP_TIMEOUT = 60

# Transient failures: a retry may succeed.
TRANSIENT = frozenset({"throttled", "timeout", "disconnected", "unreachable", "dns"})

# Classes that only `failure_type` of a mail shows: the reason is the same for several, or is only an address.
_TYPES = {
    "mail_email_missing": "no_recipient",
    "mail_email_invalid": "recipient_invalid",
    "mail_from_missing": "sender_invalid",
    "mail_from_invalid": "sender_invalid",
    "mail_spam": "content_rejected",
}

# The classes that follow only from the codes of a reply.
_OF_CODES = frozenset({"client_blocked", "not_smtp", "starttls_unsupported", "too_large"})

OUTCOMES = (
    "ok",
    *sorted({rule.outcome for rule in (*_MESSAGES, *RULES)} | _OF_CODES),
    "unknown",
)

# The classes of failures of mails.
FAILURE_CLASSES = tuple(sorted({*OUTCOMES, *_TYPES.values()} - {"ok"}))
# An option that takes some of them.
FAILURE_CLASSES_ARGUMENT: Mapping[str, Any] = {
    "type": "list",
    "elements": "str",
    "choices": list(FAILURE_CLASSES),
    "default": [],
}

# A reply with 4xx or 4.x.x in the messages of every version, and any other reply. For the database, which cannot parse replies.
TEMPORARY = r"\((4[0-9][0-9]), |(^|[\s:])4[0-9][0-9](\s*\n|\s+(b['\"]|[245]\.[0-9]))|(error |\s)b['\"]4\.[0-9]+\.[0-9]|exception:\s+4\.[0-9]+\.[0-9]"
_PERMANENT = r"\((5[0-9][0-9]|-1), |(^|[\s:])(5[0-9][0-9]|-1)(\s*\n|\s+(b['\"]|[245]\.[0-9]))|error b['\"]"


def classify(message: str) -> str:
    """Return the class of the failure in a message of Odoo; `unknown` if none matches."""
    return explain(message).outcome


def classify_test(message: str, seconds: float, server: Mapping[str, Any]) -> tuple[str, str]:
    """Return the class of a failed connection test, and a sentence with facts that the message does not contain; it can be empty.

    :param seconds: how long the test took.
    :param server: the fields of the tested record of `ir.mail_server`.
    """
    limit = server.get("smtp_timeout") or _SMTP_TIMEOUT
    if _CLOSED.search(message) and seconds >= limit:
        return "timeout", f"The connection timed out: the server did not answer within {limit} seconds."
    if not _OPTION.search(message):
        return classify(message), ""
    # smtplib rejects only this kind of login before it sends anything.
    logs_in = server.get("smtp_authentication") == "cli" or bool(
        server.get("smtp_authentication") == "login" and server.get("smtp_user")
    )
    upgrades = server.get("smtp_authentication") == "cli" or str(server.get("smtp_encryption")).startswith("starttls")
    if logs_in == upgrades:
        return (
            "unknown",
            "The server lacks STARTTLS, or a login (SMTP AUTH) after it: this version of Odoo does not report which one.",
        )
    if upgrades:
        return "starttls_unsupported", "The server does not offer STARTTLS."
    return "auth_unsupported", "The server does not offer a login (SMTP AUTH)."


def explain(message: str) -> Meaning:
    """Return the class of a failure, whether it is transient, and its remedy."""
    reply = parse_reply(message)
    if reply is not None and (reply.code is not None or reply.enhanced or reply.stage != "greeting"):
        return meaning_of(reply)
    rule = next((rule for rule in _MESSAGES if rule.pattern.search(message)), None)
    return Meaning(rule.outcome, rule.outcome in TRANSIENT, rule.remedy) if rule else Meaning("unknown", False)


def explain_mail(reason: str, failure_type: str = "") -> Meaning:
    """Return the class of a mail's failure, whether it is transient, and its remedy.

    The reason has precedence, because `failure_type` may be from an earlier failure (docs/development/odoo-behaviour.md, Failure reasons).
    """
    meaning = explain(reason)
    if meaning.outcome not in ("unknown", "no_recipient"):
        return meaning
    return Meaning(_TYPES.get(failure_type, meaning.outcome), False, meaning.remedy)


def classify_mail(reason: str, failure_type: str = "") -> str:
    """Return the class of a mail's failure."""
    return explain_mail(reason, failure_type).outcome


def verdict_patterns() -> Iterator[tuple[bool | None, str]]:
    """Yield whether a failure is transient, with its regular expression for PostgreSQL. The first match wins.

    None means: the pattern applies only if TEMPORARY also matches, and then the failure is transient. The searched text must contain
    neither addresses nor the name of the SMTP server.
    """
    for rule in RULES:
        yield rule.passes, rule.words
    yield True, TEMPORARY
    yield False, _PERMANENT
    for rule in _MESSAGES:
        yield rule.outcome in TRANSIENT, rule.words
