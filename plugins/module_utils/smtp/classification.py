# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an SMTP failure was, from the words that Odoo reports it in.

The words are those of ODOO-FACTS §2.2 and §5, in English, as seen on 16.0 to 19.0: messages of the connection test as well as the
`failure_reason` of a mail.
"""

from __future__ import annotations

import re

# (outcome, pattern), in the order to try them: what is more specific comes first.
PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (outcome, re.compile(pattern, re.IGNORECASE | re.DOTALL))
    for outcome, pattern in (
        (
            "unconfigured",
            r"configure an email on the current user|missing smtp server|int\(\) argument must be|please configure your (gmail|outlook)"
            r"|please connect with your outlook|ssl (certificate|private key) is missing|because it is archived",
        ),
        (
            "certificate",
            r"could not load your certificate|is not a valid file|certificate_verify_failed|certificate verify failed|hostname mismatch|ip address mismatch",
        ),
        # A refusal for now: 421, 45x, or 4.x.x in the words that Odoo quotes. It says more than who was refused.
        # In a mail's reason the code of a reply to the greeting or the login stands before it, on a line of its own.
        (
            "throttled",
            r"\b(421|45[0-9])\s+b['\"]|\((421|45[0-9]), |b['\"]4\.[0-9]+\.[0-9]+\b|rate.?limit|gr[ae]ylist|too many (messages|connections|login attempts)"
            # Limits that providers refuse for good by: what is sent tomorrow is taken (Gmail 5.4.5, Microsoft 365 5.1.90).
            r"|\b5\.4\.5\b|\b5\.1\.90\b|(daily|hourly|sending|message|recipient|user)[a-z ]{0,30} (limit|quota)"
            r"|(limit|quota) (was |has been )?(exceeded|reached)",
        ),
        ("starttls_unsupported", r"starttls extension not supported"),
        ("auth_unsupported", r"auth extension not supported|no suitable authentication method"),
        # Odoo ignores the reply to AUTH XOAUTH2, so a refused token comes up with the sender (ODOO-FACTS §3).
        ("auth", r"authentication required|smtpauthenticationerror|error occurred when fetching the access token"),
        ("sender_rejected", r"refused the sender address|smtpsenderrefused"),
        ("recipient_rejected", r"refused the test recipient|smtprecipientsrefused"),
        (
            "auth",
            r"server replied with following exception.*\b53[0-9]\b|\b53[0458]\s+b['\"]|authentication (failed|unsuccessful)|\(53[45],",
        ),
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
}

OUTCOMES = ("ok", *sorted({outcome for outcome, _pattern in PATTERNS}), "unknown")

# Why a mail has failed.
FAILURE_CLASSES = tuple(sorted({*OUTCOMES, *_TYPES.values()} - {"ok"}))


def classify(message: str) -> str:
    """The kind of failure that a message of Odoo's tells of; `unknown` where none of them fits."""
    for outcome, pattern in PATTERNS:
        if pattern.search(message):
            return outcome
    return "unknown"


def classify_mail(reason: str, failure_type: str = "") -> str:
    """The kind of failure of a mail. Its `failure_type` may be an earlier failure's (ODOO-FACTS §5), so the words come first."""
    outcome = classify(reason)
    return _TYPES.get(failure_type, outcome) if outcome in ("unknown", "no_recipient") else outcome
