# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Refusals of SMTP servers get their right class, in the wording of every version of Odoo and of the probe."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.classification import (
    OUTCOMES,
    TRANSIENT,
    explain,
    verdict_patterns,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.knowledge import RULES, meaning_of
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.reply import STAGES, parse_reply, reply_of
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.known_refusals import REFUSALS
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.refusals import Refusal

DELIVERY = "Mail Delivery Failed\nMail delivery failed via SMTP server 'smtp.acme.example'.\n"
ELSE = "Connection Test Failed! Here is what we got instead:\n "


def wordings(refusal: Refusal) -> list[str]:
    """Return the messages in which the versions of Odoo repeat a refusal: of a mail, and of a connection test."""
    code, text = refusal.code, refusal.text
    plain = text.decode()
    return {
        "greeting": [
            f"Server replied with following exception:\n ({code}, {text!r})",
            f"{ELSE}({code}, {text!r})",
            f"{code}\n{text!r}",
            f"{code}\n{plain}",
        ],
        "ehlo": [f"{ELSE}({code}, {text!r})", f"{code}\n{text!r}"],
        "starttls": [f"{ELSE}({code}, {text!r})"],
        "auth": [
            f"Server replied with following exception:\n ({code}, {text!r})",
            f"{code}\n{text!r}",
            f"{code}\n{plain}",
        ],
        "mail": [
            f"{DELIVERY}SMTPSenderRefused: ({code}, {text!r}, 'odoo@acme.example')",
            f"{DELIVERY}SMTPSenderRefused: {code}\n{plain}\nodoo@acme.example",
            f"The server refused the sender address (odoo@acme.example) with error {text!r}",
        ],
        "rcpt": [
            f"{DELIVERY}SMTPRecipientsRefused: {{'x@y.example': ({code}, {text!r})}}",
            f"The server refused the test recipient (noreply@odoo.com) with error {text!r}",
        ],
        "data": [
            f"{DELIVERY}SMTPDataError: ({code}, {text!r})",
            f"{DELIVERY}SMTPDataError: {code}\n{plain}",
            f"{ELSE}The server refused the test connection with error {text!r}",
        ],
    }[refusal.stage]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda one: one.lines[:60])
def test_refusals(refusal: Refusal) -> None:
    expected = (refusal.outcome, refusal.passes)
    meaning = meaning_of(reply_of(refusal.stage, None, refusal.lines))
    assert (meaning.outcome, meaning.passes) == expected
    for message in wordings(refusal):
        for told in (message, " ".join(message.split())):
            meaning = explain(told)
            assert (meaning.outcome, meaning.passes) == expected, told


def test_refusals_are_valid_replies_of_a_server() -> None:
    """RFC 5321 §4.2.1: each line begins with the same code, and only the last one with a space behind it."""
    for refusal in REFUSALS:
        *first, last = refusal.lines.split("\n")
        assert last.startswith(f"{refusal.code} "), refusal
        assert all(line[:3] == str(refusal.code) for line in first), refusal


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        (ELSE + "(-1, b'Dovecot ready.')", "not_smtp"),
        (
            "SMTPNotSupportedError: One or more source or delivery addresses require internationalized email support, but the server does not "
            "advertise the required SMTPUTF8 capability",
            "recipient_invalid",
        ),
        ("UnicodeEncodeError: 'ascii' codec can't encode character in position 3", "unconfigured"),
        (
            "The server refused the sender address (a@b.example) with error b'5.7.60 SMTP; Client does not have permissions to send as this sender'",
            "sender_rejected",
        ),
        (
            "The server refused the sender address (a@b.example) with error b'4.7.0 Try again later, closing connection. (EHLO)'",
            "helo_rejected",
        ),
    ],
)
def test_messages_without_a_code_or_without_smtp(message: str, outcome: str) -> None:
    assert explain(message).outcome == outcome


def test_every_rule_names_its_source_and_a_known_class() -> None:
    for rule in RULES:
        assert rule.source
        assert rule.outcome in OUTCOMES
        # A rule without a decision of its own applies only to transient replies, if its class is transient.
        assert rule.passes in (None, rule.outcome in TRANSIENT)


@given(st.sampled_from(STAGES), st.integers(400, 599), st.text(max_size=80))
def test_any_reply_gets_a_class_and_only_a_rule_contradicts_its_code(stage: str, code: int, text: str) -> None:
    meaning = meaning_of(reply_of(stage, code, text))
    assert meaning.outcome in OUTCOMES
    plain = meaning_of(reply_of(stage, code, ""))
    assert plain.passes is (code < 500)
    assert plain.outcome != "unknown"


@given(st.text())
def test_any_text_can_be_parsed(message: str) -> None:
    reply = parse_reply(message)
    assert reply is None or "\n" not in reply.text


def test_the_patterns_mean_the_same_to_postgresql() -> None:
    """PostgreSQL does not support lookaround, and \b is another escape there."""
    for _passes, pattern in verdict_patterns():
        assert "(?" not in pattern
        assert "\\b" not in pattern
