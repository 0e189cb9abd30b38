# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The class of a failure, from the messages of Odoo's connection test and the `failure_reason` of a mail.

A reply of an SMTP server is classified by `knowledge.py`. All other messages are those of Odoo, Python and the network, in English, as seen on 16.0 to 19.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.knowledge import RULES, Meaning, meaning_of
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.reply import parse_reply

# (outcome, pattern) of messages without a reply, in the order to try them: what is more specific comes first.
_MESSAGES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (outcome, re.compile(pattern, re.IGNORECASE | re.DOTALL))
    for outcome, pattern in (
        (
            "unconfigured",
            r"configure an email on the current user|missing smtp server|int\(\) argument must be|please configure your (gmail|outlook)"
            r"|please connect with your outlook|ssl (certificate|private key) is missing|because it is archived"
            # A user or password that is not ASCII never reaches the server (smtplib).
            r"|unicodeencodeerror|codec can't encode",
        ),
        (
            "certificate",
            r"could not load your certificate|is not a valid file|certificate_verify_failed|certificate verify failed|hostname mismatch|ip address mismatch",
        ),
        ("recipient_invalid", r"smtputf8"),
        ("starttls_unsupported", r"starttls extension not supported"),
        ("auth_unsupported", r"auth extension not supported|no suitable authentication method"),
        ("auth", r"authentication required|smtpauthenticationerror|error occurred when fetching the access token"),
        # A refusal whose words Odoo does not repeat.
        ("sender_rejected", r"refused the sender address|smtpsenderrefused"),
        ("recipient_rejected", r"refused the test recipient|smtprecipientsrefused"),
        ("unreachable", r"connection refused|no route to host|network is unreachable|errno (111|113|101)\b"),
        (
            "dns",
            r"name or service not known|name resolution|nodename nor servname|getaddrinfo|no address associated|errno -[235]\b",
        ),
        ("timeout", r"timed? ?out|errno 110\b"),
        (
            "disconnected",
            r"closed the connection|connection unexpectedly closed|serverdisconnected|connection reset|broken pipe",
        ),
        ("tls", r"ssl exception|wrong_version_number|\[ssl\b|ssl:|sslerror|tls"),
        ("no_recipient", r"at least one valid recipient"),
        # What Odoo notes before it sends a mail: it stays where the sending is cut off. Up to 18.0 also without recipients.
        ("interrupted", r"error without exception"),
    )
)

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
    *sorted({outcome for outcome, _pattern in _MESSAGES} | {rule.outcome for rule in RULES} | _OF_CODES),
    "unknown",
)

# Why a mail has failed.
FAILURE_CLASSES = tuple(sorted({*OUTCOMES, *_TYPES.values()} - {"ok"}))

# A reply of 4xx or 4.x.x in the words of every version, and any other one; for the database, which does not parse.
_TEMPORARY = r"\((4[0-9][0-9]), |(^|[\s:])4[0-9][0-9](\s*\n|\s+(b['\"]|[245]\.[0-9]))|(error |\s)b['\"]4\.[0-9]+\.[0-9]"
_PERMANENT = r"\((5[0-9][0-9]|-1), |(^|[\s:])(5[0-9][0-9]|-1)(\s*\n|\s+(b['\"]|[245]\.[0-9]))|error b['\"]"


def classify(message: str) -> str:
    """Return the class of the failure that a message of Odoo tells; `unknown` if none fits."""
    return explain(message).outcome


def explain(message: str) -> Meaning:
    """Return the class of a failure, whether it may pass by itself, and what to do about it."""
    reply = parse_reply(message)
    if reply is not None and (reply.code is not None or reply.enhanced or reply.stage != "greeting"):
        return meaning_of(reply)
    outcome = next((outcome for outcome, pattern in _MESSAGES if pattern.search(message)), "unknown")
    return Meaning(outcome, outcome in TRANSIENT)


def classify_mail(reason: str, failure_type: str = "") -> str:
    """Return the class of the failure of a mail. Its `failure_type` may be an earlier failure's (ODOO-FACTS §5), so the words come first."""
    outcome = classify(reason)
    return _TYPES.get(failure_type, outcome) if outcome in ("unknown", "no_recipient") else outcome


def verdict_patterns() -> Iterator[tuple[bool, str]]:
    """Yield whether a failure may pass by itself, with a regular expression of PostgreSQL, in the order to try them."""
    for rule in RULES:
        yield rule.outcome in TRANSIENT, rule.words
    yield True, _TEMPORARY
    yield False, _PERMANENT
    for outcome, pattern in _MESSAGES:
        yield outcome in TRANSIENT, pattern.pattern.replace(r"\b", r"\y")
