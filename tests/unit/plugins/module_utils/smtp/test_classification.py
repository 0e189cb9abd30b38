# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages of Odoo by their class, in the wording of each version.

Source: docs/development/odoo-behaviour.md, Connection test; OAuth2; Failure reasons.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.classification import (
    FAILURE_CLASSES,
    OUTCOMES,
    TRANSIENT,
    classify,
    classify_mail,
    classify_test,
    explain,
)
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.known_refusals import REFUSALS

ELSE = "Connection Test Failed! Here is what we got instead:\n "
REPLIED = "Server replied with following exception:\n "
OPTION = "An option is not supported by the server:\n "
SILENT = "No response received. Check server address and port number.\n "
TLS = "An SSL exception occurred. Check connection security type.\n "
CLOSED = "The server has closed the connection unexpectedly. Check configuration served on this port number.\n "
DELIVERY = "Mail Delivery Failed\nMail delivery failed via SMTP server 'smtp.acme.example'.\n"
GMAIL_CONSENT = (
    "The server refused the sender address (u@acme.example) with error b'5.7.0 Authentication Required. "
    "For more information, go to https://support.google.com/accounts/troubleshooter/2402620'"
)
# The series of a message is in a comment behind it, if series differ.
MESSAGES: list[tuple[str, str]] = [
    ("unconfigured", "encoding with 'idna' codec failed (UnicodeError: label empty or too long)"),
    ("content_rejected", "Header values may not contain linefeed or carriage return characters"),
    ("certificate", "Unable to load PEM file. See https://cryptography.io/en/latest/faq/ for more details."),
    ("unreachable", ELSE + "[Errno 99] Cannot assign requested address"),
    ("tls", TLS + "[SSL: TLSV1_ALERT_PROTOCOL_VERSION] tlsv1 alert protocol version (_ssl.c:1000)"),
    ("tls", TLS + "[SSL: UNSUPPORTED_PROTOCOL] unsupported protocol (_ssl.c:1000)"),
    # Connection test: bad login
    ("auth", REPLIED + "(535, b'5.7.8 Authentication failed')"),
    ("auth", "535\nb'5.7.8 Authentication credentials invalid'"),
    ("throttled", "421\nb'Too busy'"),
    ("auth", REPLIED + " 5.7.8 Authentication failed"),  # 16
    ("auth", REPLIED + " 5.7.8 Authentication credentials invalid"),  # 16
    ("auth", REPLIED + " Incorrect authentication data"),  # 16, without an enhanced code
    ("throttled", REPLIED + " 4.7.0 Temporary authentication failure"),  # 16
    ("starttls_required", REPLIED + " 5.7.0 Must issue a STARTTLS command first"),  # 16
    # A refused greeting, and a refused STARTTLS. In 16 the text is that of a refused login, without the code.
    ("throttled", REPLIED + " 4.7.0 TLS not available"),
    ("starttls_unsupported", REPLIED + " 5.7.4 TLS not available"),
    ("helo_rejected", REPLIED + " Syntactically invalid EHLO argument(s)"),
    ("client_blocked", REPLIED + " 5.7.1 You are not allowed to connect."),
    ("unknown", REPLIED + " /1.1 400 Bad Request"),
    # A password or a sender that is not ASCII. In 16.0 the parts of the error are joined.
    (
        "unconfigured",
        "Invalid server name !\n ascii\nmail FROM:<bj\xf6@lab.example>\n13\n14\nordinal not in range(128)",
    ),
    ("auth", REPLIED + "(535, b'5.7.3 Authentication unsuccessful [AM0PR01CA0099.eurprd01.prod.exchangelabs.com]')"),
    ("auth", REPLIED + "(534, b'5.7.9 Application-specific password required')"),
    ("auth", REPLIED + "(535, b'5.7.8 Username and Password not accepted')"),
    ("starttls_required", REPLIED + "(530, b'5.7.0 Must issue a STARTTLS command first')"),
    # Connection test: without AUTH, without STARTTLS
    ("auth_unsupported", OPTION + "SMTP AUTH extension not supported by server."),
    ("starttls_unsupported", OPTION + "STARTTLS extension not supported by server."),
    ("unknown", OPTION + "None"),  # 16, either
    # Connection test: connecting
    ("unreachable", ELSE + "[Errno 111] Connection refused"),
    ("unreachable", ELSE + "111\nConnection refused"),  # 16
    ("unreachable", ELSE + "[Errno 113] No route to host"),
    ("unreachable", ELSE + "[Errno 101] Network is unreachable"),
    ("dns", SILENT + "[Errno -2] Name or service not known"),
    ("dns", SILENT + "[Errno -3] Temporary failure in name resolution"),
    ("dns", SILENT + "[Errno -5] No address associated with hostname"),
    ("timeout", SILENT + "timed out"),
    ("timeout", SILENT + "[Errno 110] Connection timed out"),
    # Connection test: TLS
    ("tls", TLS + "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)"),
    ("tls", ELSE + "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1129)"),  # 16
    ("tls", TLS + "[SSL: UNSUPPORTED_PROTOCOL] unsupported protocol (_ssl.c:1006)"),
    ("certificate", TLS + "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate"),  # 19
    (
        "certificate",
        TLS + "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: Hostname mismatch, certificate is not valid",
    ),
    # Connection test: sender and recipient
    ("sender_rejected", "The server refused the sender address (odoo@acme.example) with error b'5.7.1 Not allowed'"),
    ("sender_rejected", "The server refused the sender address (odoo@acme.example) with error b'5.7.60 SMTP; Client'"),
    ("recipient_rejected", "The server refused the test recipient (noreply@odoo.com) with error b'5.1.1 unknown'"),
    ("relay_denied", "The server refused the test recipient (noreply@odoo.com) with error b'5.7.1 Relay denied'"),
    ("disconnected", CLOSED + "Connection unexpectedly closed"),
    ("disconnected", CLOSED + "please run connect() first"),
    # Connection test: not configured
    (
        "unconfigured",
        "Please configure an email on the current user to simulate sending an email message via this outgoing server",
    ),
    ("unconfigured", "Missing SMTP Server\nPlease define at least one SMTP server, or provide the SMTP parameters."),
    ("unconfigured", ELSE + "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'"),
    ("unconfigured", "SSL private key is missing for Main."),
    ("unconfigured", 'The server "Main" cannot be used because it is archived.'),
    ("unconfigured", "SSL certificate is missing for Main."),
    # OAuth2
    ("auth", GMAIL_CONSENT),
    ("auth", "The server refused the sender address (u@acme.example) with error b'5.7.0 Authentication Required…'"),
    ("unconfigured", "Please configure your Gmail credentials."),
    ("unconfigured", "Please configure your Outlook credentials."),
    ("unconfigured", "Please connect with your Outlook account before using it."),
    ("auth", "An error occurred when fetching the access token."),
    ("auth", "An error occurred when fetching the access token. AADSTS700082: The refresh token has expired."),
    (
        "unreachable",
        ELSE + "HTTPSConnectionPool(host='oauth2.googleapis.com', port=443): Max retries exceeded with url: /token "
        "(Caused by NewConnectionError('Failed to establish a new connection: [Errno 111] Connection refused'))",
    ),
    (
        "dns",
        ELSE + "HTTPSConnectionPool(host='oauth2.googleapis.com', port=443): Max retries exceeded with url: /token "
        "(Caused by NameResolutionError(\"Failed to resolve 'oauth2.googleapis.com' ([Errno -3] Temporary failure in "
        'name resolution)"))',
    ),
    ("timeout", ELSE + "HTTPSConnectionPool(host='oauth2.googleapis.com', port=443): Read timed out. (read timeout=5)"),
    # failure_reason of a mail
    ("sender_rejected", DELIVERY + "SMTPSenderRefused: (553, b'5.7.1 Sender address rejected', 'odoo@acme.example')"),
    (
        "auth",
        DELIVERY + "SMTPSenderRefused: (530, b'5.7.0 Authentication Required.', 'sales@acme.example')",
    ),
    ("recipient_rejected", DELIVERY + "SMTPRecipientsRefused: {'a@b.example': (550, b'5.1.1 No such user')}"),
    ("throttled", DELIVERY + "SMTPRecipientsRefused: {'a@b.example': (451, b'4.7.1 Greylisted')}"),
    ("throttled", DELIVERY + "SMTPSenderRefused: (421, b'4.7.0 Too many messages', 'odoo@acme.example')"),
    ("throttled", DELIVERY + "SMTPSenderRefused: (450, b'Try later', 'odoo@acme.example')"),
    ("throttled", DELIVERY + "SMTPDataError: (452, b'Insufficient system storage')"),
    ("throttled", DELIVERY + "SMTPDataError: (550, b'5.7.1 Rate limit exceeded')"),
    ("throttled", DELIVERY + "SMTPSenderRefused: (550, b'5.4.5 Daily user sending quota exceeded', 'a@b.example')"),
    (
        "throttled",
        DELIVERY
        + "SMTPDataError: (550, b'5.1.90 Your message can not be sent because you have reached your daily limit')",
    ),
    ("mailbox_full", DELIVERY + "SMTPRecipientsRefused: {'a@b.example': (552, b'5.2.2 Mailbox full')}"),
    ("throttled", "The server refused the test recipient (noreply@odoo.com) with error b'4.2.0 Not now'"),
    ("recipient_rejected", DELIVERY + "SMTPRecipientsRefused: {'a@b.example': (550, b'5.1.1 see 4.7.1 of our rules')}"),
    ("disconnected", DELIVERY + "SMTPServerDisconnected: Connection unexpectedly closed"),
    ("unreachable", "111\nConnection refused"),
    ("unreachable", "[Errno 111] Connection refused"),
    ("tls", "Connection Test Failed! Here is what we got instead:\n No such protocol"),  # 16.0 with a certificate
    ("interrupted", "Error without exception. Probably due to sending an email without computed recipients."),
    ("no_recipient", "At least one valid recipient address should be specified for outgoing emails (To/Cc/Bcc)"),  # 19
    ("unknown", ""),
]


@pytest.mark.parametrize(("outcome", "message"), MESSAGES)
def test_messages(outcome: str, message: str) -> None:
    assert classify(message) == outcome
    # As it arrives: on one line, after the prefixes of Odoo and of this collection.
    assert classify("ir.mail_server.test_smtp_connection on database acme: " + " ".join(message.split())) == outcome


def test_every_outcome_has_a_message() -> None:
    told = {outcome for outcome, _message in MESSAGES} | {refusal.outcome for refusal in REFUSALS}
    assert told | {"not_smtp", "recipient_invalid"} == set(OUTCOMES) - {"ok"}


@pytest.mark.parametrize(
    ("outcome", "reason", "failure_type"),
    [
        ("no_recipient", "At least one valid recipient address should be specified", "mail_email_missing"),
        ("recipient_invalid", "At least one valid recipient address should be specified", "mail_email_invalid"),
        ("sender_invalid", "Malformed", "mail_from_invalid"),
        ("sender_invalid", "", "mail_from_missing"),
        ("unreachable", "111\nConnection refused", "mail_email_missing"),  # of an earlier failure
        ("interrupted", "Error without exception. Probably due to", "unknown"),
        ("unknown", "", ""),
        ("unknown", "", "mail_smtp"),
        ("content_rejected", "", "mail_spam"),
    ],
)
def test_mails(outcome: str, reason: str, failure_type: str) -> None:
    assert classify_mail(reason, failure_type) == outcome


def test_the_classes_of_mails() -> None:
    assert set(OUTCOMES) - {"ok"} <= set(FAILURE_CLASSES)
    assert set(FAILURE_CLASSES) >= TRANSIENT


@given(st.text())
def test_any_text_has_a_class_and_never_success(message: str) -> None:
    assert classify(message) in set(OUTCOMES) - {"ok"}


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (ELSE + "[Errno 99] Cannot assign requested address", "Set smtp_host to 127.0.0.1"),
        (TLS + "[SSL: UNSUPPORTED_PROTOCOL] unsupported protocol (_ssl.c:1000)", "Do not switch off TLS"),
        (TLS + "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1000)", ""),
    ],
)
def test_the_advice_about_a_message_without_a_reply(message: str, words: str) -> None:
    remedy = explain(message).remedy
    assert words in remedy
    assert bool(words) is bool(remedy)


LOGIN = {"smtp_authentication": "login", "smtp_user": "u@lab.example"}
OPEN = {"smtp_authentication": "login", "smtp_user": False}
CONFIGURED = {"smtp_authentication": "cli", "smtp_encryption": "none", "smtp_user": False}
CERTIFICATE = {"smtp_authentication": "certificate", "smtp_user": "left over"}


@pytest.mark.parametrize(
    ("outcome", "server"),
    [
        ("starttls_unsupported", {**OPEN, "smtp_encryption": "starttls"}),
        ("starttls_unsupported", {**CERTIFICATE, "smtp_encryption": "starttls"}),
        ("auth_unsupported", {**LOGIN, "smtp_encryption": "none"}),
        ("auth_unsupported", {**LOGIN, "smtp_encryption": "ssl"}),
        ("unknown", {**LOGIN, "smtp_encryption": "starttls"}),
        ("unknown", CONFIGURED),
    ],
)
@pytest.mark.parametrize("end", ["\n None", " None"])
def test_an_option_missing_in_the_message_of_16_follows_from_the_settings(
    outcome: str, server: dict[str, object], end: str
) -> None:
    found, note = classify_test(OPTION.rstrip() + end, 0.02, server)
    assert found == outcome
    assert ("STARTTLS" in note) == (outcome != "auth_unsupported")
    assert ("login" in note) == (outcome != "starttls_unsupported")


@pytest.mark.parametrize(
    ("outcome", "message", "seconds", "limit"),
    [
        ("timeout", CLOSED + "None", 60.08, None),
        ("disconnected", CLOSED + "None", 0.02, None),
        ("disconnected", CLOSED + "None", 59.9, None),
        # With the addon mail_smtp_timeout each server has its own.
        ("timeout", CLOSED + "None", 3.02, 3),
        ("disconnected", CLOSED + "None", 60.0, 120),
        # The messages of other versions name the timeout, for any duration.
        ("timeout", CLOSED + "Connection unexpectedly closed: timed out", 60.1, None),
        ("disconnected", CLOSED + "Connection unexpectedly closed", 61, None),
        ("auth", REPLIED + " 5.7.8 Authentication failed", 61, None),
    ],
)
def test_a_disconnection_without_a_reason_after_the_timeout_is_a_timeout(
    outcome: str, message: str, seconds: float, limit: int | None
) -> None:
    server = {**OPEN, "smtp_encryption": "none"} | ({"smtp_timeout": limit} if limit else {})
    found, note = classify_test(message, seconds, server)
    assert found == outcome
    assert note == (
        f"The connection timed out: the server did not answer within {limit or 60} seconds."
        if message == CLOSED + "None" and outcome == "timeout"
        else ""
    )
