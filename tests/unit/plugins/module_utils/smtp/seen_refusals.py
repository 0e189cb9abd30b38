# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Refusals that were seen in replies of SMTP servers, with their correct class."""

from __future__ import annotations

from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.refusals import Refusal

SEEN = (
    Refusal(
        "auth",
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. [X.PROD.OUTLOOK.COM]",
        "auth",
        False,
        "seen",
    ),
    Refusal(
        "auth",
        "534-5.7.9 Application-specific password required. For more information, go to\n"
        "534 5.7.9  https://support.google.com/mail/?p=InvalidSecondFactor x - gsmtp",
        "auth",
        False,
        "seen",
    ),
    Refusal(
        "auth",
        "535-5.7.8 Username and Password not accepted. For more information, go to\n"
        "535 5.7.8  https://support.google.com/mail/?p=BadCredentials x - gsmtp",
        "auth",
        False,
        "seen",
    ),
    Refusal("auth", "535 Authentication Failed", "auth", False, "seen"),
    Refusal("auth", "550 5.7.30 Basic authentication is not supported for Client Submission.", "auth", False, "seen"),
    Refusal("auth", "454 4.7.0 Too many login attempts, please try again later. x - gsmtp", "throttled", True, "seen"),
    Refusal(
        "auth",
        "525 5.7.1 Unauthorized IP address. To enable access from this IP address go to the settings",
        "client_blocked",
        False,
        "seen",
    ),
    Refusal("mail", "530 5.7.57 Client not authenticated to send mail. [X.PROD.OUTLOOK.COM]", "auth", False, "seen"),
    Refusal("mail", "530 5.7.0 Must issue a STARTTLS command first. x - gsmtp", "starttls_required", False, "seen"),
    Refusal(
        "rcpt", "504 5.5.2 <odoo>: Helo command rejected: need fully-qualified hostname", "helo_rejected", False, "seen"
    ),
    Refusal("ehlo", "421 4.7.0 Try again later, closing connection. (EHLO) x - gsmtp", "helo_rejected", False, "seen"),
    Refusal("rcpt", "550 5.5.4 Invalid domain name", "helo_rejected", False, "seen"),
    Refusal(
        "rcpt",
        "554 5.7.1 Service unavailable; Client host [203.0.113.7] blocked using zen.spamhaus.org",
        "client_blocked",
        False,
        "seen",
    ),
    Refusal(
        "rcpt",
        "550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP.",
        "client_blocked",
        False,
        "seen",
    ),
    Refusal(
        "rcpt", "550 5.7.1 Client does not have permissions to submit to this server", "client_blocked", False, "seen"
    ),
    Refusal("rcpt", "554 5.7.1 <x@y.example>: Relay access denied", "relay_denied", False, "seen"),
    Refusal("rcpt", "454 4.7.1 <x@y.example>: Relay access denied", "relay_denied", False, "seen"),
    Refusal("rcpt", "550 relay not permitted", "relay_denied", False, "seen"),
    Refusal(
        "rcpt",
        "553 5.7.1 <odoo@acme.example>: Sender address rejected: not owned by user sales@acme.example",
        "sender_rejected",
        False,
        "seen",
    ),
    Refusal(
        "rcpt",
        "550-Verification failed for <bounce@acme.example>\n550-No Such User Here\n550 Sender verify failed",
        "sender_rejected",
        False,
        "seen",
    ),
    Refusal(
        "data",
        "554 Message rejected: Email address is not verified. The following identities failed the check in region EU-WEST-1: odoo@acme.example",
        "sender_rejected",
        False,
        "seen",
    ),
    Refusal(
        "data",
        "554 5.2.252 SendAsDenied; sales@acme.example not allowed to send as odoo@acme.example; STOREDRV.Submission.Exception:SendAsDeniedException",
        "sender_rejected",
        False,
        "seen",
    ),
    Refusal("data", "553 Relaying disallowed as odoo@acme.example", "sender_rejected", False, "seen"),
    Refusal("data", "550 5.1.8 Access denied, bad outbound sender AS(42004)", "sender_rejected", False, "seen"),
    Refusal(
        "rcpt",
        "550 5.1.1 <x@y.example>: Recipient address rejected: User unknown in virtual mailbox table",
        "recipient_rejected",
        False,
        "seen",
    ),
    Refusal(
        "rcpt",
        "450 4.2.0 <x@y.example>: Recipient address rejected: Greylisted, see http://postgrey.example/help",
        "throttled",
        True,
        "seen",
    ),
    Refusal("rcpt", "452 4.2.2 The email account that you tried to reach is over quota", "mailbox_full", True, "seen"),
    Refusal("data", "454 4.7.0 Throttling failure: Maximum sending rate exceeded.", "throttled", True, "seen"),
    Refusal(
        "data",
        "550-5.4.5 Daily user sending limit exceeded. For more information on Gmail\n"
        "550 5.4.5 sending limits go to https://support.google.com/a/answer/166852 x - gsmtp",
        "throttled",
        True,
        "seen",
    ),
    Refusal("rcpt", "452 4.2.2 Sending limit reached, retry in 3600 seconds", "throttled", True, "seen"),
    Refusal("mail", "552 5.3.4 Message size exceeds fixed limit", "too_large", False, "seen"),
    Refusal("data", "552 5.3.4 Error: message file too big", "too_large", False, "seen"),
    Refusal("data", "550 5.7.1 Message rejected as spam by Content Filtering.", "content_rejected", False, "seen"),
    Refusal(
        "data",
        "550-5.7.26 Unauthenticated email from acme.example is not accepted due to domain's\n"
        "550 5.7.26 DMARC policy. Please contact the administrator of acme.example domain.",
        "content_rejected",
        False,
        "seen",
    ),
    Refusal("mail", "503 5.5.2 Send hello first [X.PROD.OUTLOOK.COM]", "disconnected", True, "seen"),
)
