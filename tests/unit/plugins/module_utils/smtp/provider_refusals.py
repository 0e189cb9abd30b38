# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Refusals of mail providers, with their correct class."""

from __future__ import annotations

from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.refusals import Refusal

OF_PROVIDERS = (
    Refusal(
        "data",
        "550-5.7.1 [203.0.113.7] The IP you're using to send mail is not authorized to\n550 5.7.1 send email directly to our servers.",
        "client_blocked",
        False,
        "Gmail",
    ),
    Refusal(
        "data",
        "550-5.7.1 [203.0.113.7] Our system has detected that this message is likely\n550 5.7.1 unsolicited mail.",
        "content_rejected",
        False,
        "Gmail",
    ),
    Refusal(
        "rcpt",
        "550-5.1.1 The email account that you tried to reach does not exist. Please try\n550 5.1.1 double-checking the address",
        "recipient_rejected",
        False,
        "Gmail",
    ),
    Refusal(
        "rcpt", "552 5.2.2 The email account that you tried to reach is over quota", "mailbox_full", False, "Gmail"
    ),
    Refusal(
        "data",
        "552-5.7.0 This message was blocked because its content presents a potential\n552 5.7.0 security issue.",
        "content_rejected",
        False,
        "Gmail",
    ),
    Refusal("data", "421 4.7.28 Gmail has detected an unusual rate of unsolicited mail", "throttled", True, "Gmail"),
    Refusal(
        "data",
        "550 5.7.25 [203.0.113.7] The IP address sending this message does not have a PTR record setup",
        "client_blocked",
        False,
        "Gmail",
    ),
    Refusal(
        "auth",
        "534-5.7.14 <https://accounts.google.com/signin> Please log in via your web browser and\n534 5.7.14 then try again.",
        "auth",
        False,
        "Gmail",
    ),
    Refusal(
        "rcpt",
        "550 5.7.1 Mail relay denied [203.0.113.7]. Invalid credentials for relay for one of the domains",
        "relay_denied",
        False,
        "Google's SMTP relay",
    ),
    Refusal(
        "data",
        "550 5.7.750 Service unavailable. Client blocked from sending from unregistered domains",
        "sender_rejected",
        False,
        "Microsoft 365",
    ),
    Refusal(
        "greeting",
        "451 4.7.500 Server busy. Please try again later from [203.0.113.7].",
        "throttled",
        True,
        "Microsoft 365",
    ),
    Refusal(
        "rcpt", "550 5.4.1 Recipient address rejected: Access denied.", "recipient_rejected", False, "Microsoft 365"
    ),
    Refusal(
        "data",
        "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; message was not sent because the sending limits were exceeded",
        "throttled",
        True,
        "Microsoft 365",
    ),
    Refusal(
        "data", "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", "throttled", True, "Microsoft 365"
    ),
    Refusal(
        "data",
        "554 Message rejected: Sending paused for this account. For more information, please check the inbox",
        "sender_rejected",
        False,
        "Amazon SES",
    ),
    Refusal("data", "454 Throttling failure: Daily message quota exceeded.", "throttled", True, "Amazon SES"),
    Refusal("auth", "535 Authentication Credentials Invalid", "auth", False, "Amazon SES"),
    Refusal(
        "data",
        "550 The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.",
        "sender_rejected",
        False,
        "SendGrid",
    ),
    Refusal("mail", "550 Unauthenticated senders not allowed", "auth", False, "SendGrid"),
    Refusal("auth", "451 Authentication failed: Maximum credits exceeded", "throttled", True, "SendGrid"),
    Refusal(
        "data",
        "421 Domain sandbox123.mailgun.org is not allowed to send: Free accounts are for test purposes only.",
        "sender_rejected",
        False,
        "Mailgun",
    ),
    Refusal("rcpt", "550 5.7.1 Relaying denied", "relay_denied", False, "Mailgun"),
    Refusal("mail", "502 5.7.0 Please authenticate first", "auth", False, "Brevo"),
    Refusal("auth", "502 5.7.0 Your SMTP account is not yet activated.", "sender_rejected", False, "Brevo"),
    Refusal(
        "data",
        "550 5.7.1 The 'From' address you supplied (odoo@acme.example) is not a Sender Signature on your account.",
        "sender_rejected",
        False,
        "Postmark",
    ),
    Refusal(
        "data", "554-Transaction failed\n554 Reject due to policy restrictions.", "content_rejected", False, "IONOS"
    ),
    Refusal(
        "mail",
        "550 Requested action not taken: mailbox unavailable. Sender address is not allowed.",
        "sender_rejected",
        False,
        "IONOS",
    ),
    Refusal(
        "data",
        "553 5.7.2 [TSS09] All messages from 203.0.113.7 will be permanently deferred",
        "client_blocked",
        False,
        "Yahoo",
    ),
    Refusal(
        "greeting",
        "421 4.7.0 [TSS04] Messages from 203.0.113.7 temporarily deferred due to unexpected volume",
        "throttled",
        True,
        "Yahoo",
    ),
    Refusal("data", "554 5.7.9 Message not accepted for policy reasons", "content_rejected", False, "Yahoo"),
    Refusal("data", "554 5.1.8 Email Outgoing Blocked", "sender_rejected", False, "Zoho"),
    Refusal("rcpt", "553 5.7.1 Sender is not allowed to relay emails", "sender_rejected", False, "Zoho"),
    Refusal(
        "data",
        "550 5.4.6 Unusual sending activity detected. Please try after sometime",
        "sender_rejected",
        False,
        "Zoho",
    ),
    Refusal(
        "rcpt",
        "550 5.7.1 Mail from IP 203.0.113.7 was rejected due to listing in Spamhaus SBL",
        "client_blocked",
        False,
        "Spamhaus",
    ),
    Refusal(
        "mail",
        "550 5.7.1 Sender address rejected: not logged in",
        "auth",
        False,
        "OVH, postfix reject_unauthenticated_sender_login_mismatch",
    ),
    Refusal("rcpt", "550 5.7.1 Your host 203.0.113.7 is blacklisted", "client_blocked", False, "Gandi"),
    Refusal(
        "mail",
        "550 5.7.1 <odoo@acme.example>: sender address not allowed for this account",
        "sender_rejected",
        False,
        "Infomaniak",
    ),
    Refusal(
        "data", "550 5.7.1 DKIM signature missing, message refused", "content_rejected", False, "Mailjet, receivers"
    ),
)
