# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Refusals of programs for mail servers and of the standards, with their correct class."""

from __future__ import annotations

from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.refusals import Refusal

OF_MAIL_SERVERS = (
    Refusal(
        "rcpt",
        "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname",
        "helo_rejected",
        False,
        "postfix reject_non_fqdn_helo_hostname",
    ),
    Refusal(
        "rcpt",
        "450 4.7.1 <odoo>: Helo command rejected: Host not found",
        "helo_rejected",
        False,
        "postfix reject_unknown_helo_hostname",
    ),
    Refusal(
        "rcpt",
        "450 4.7.1 Client host rejected: cannot find your hostname, [203.0.113.7]",
        "client_blocked",
        False,
        "postfix reject_unknown_client_hostname",
    ),
    Refusal(
        "rcpt",
        "550 5.1.8 <odoo@acme.example>: Sender address rejected: Domain not found",
        "sender_rejected",
        False,
        "postfix reject_unknown_sender_domain",
    ),
    Refusal("mail", "452 4.3.1 Insufficient system storage", "throttled", True, "postfix queue_minfree"),
    Refusal(
        "rcpt", "421 4.7.0 mx.acme.example Error: too many errors", "throttled", True, "postfix smtpd_hard_error_limit"
    ),
    Refusal(
        "mail",
        "450 4.7.1 Error: too much mail from 203.0.113.7",
        "throttled",
        True,
        "postfix smtpd_client_message_rate_limit",
    ),
    Refusal("rcpt", "451 4.3.5 Server configuration error", "throttled", True, "postfix"),
    Refusal("data", "554 5.7.1 Spam message rejected", "content_rejected", False, "postfix with a content filter"),
    Refusal(
        "rcpt",
        "554 5.7.1 <x@y.example>: Recipient address rejected: Access denied",
        "recipient_rejected",
        False,
        "postfix check_recipient_access",
    ),
    Refusal(
        "rcpt", "550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)", "helo_rejected", False, "exim, cPanel"
    ),
    Refusal("rcpt", "451 Temporary local problem - please try later", "throttled", True, "exim"),
    Refusal("mail", "552 Message size exceeds maximum permitted", "too_large", False, "exim message_size_limit"),
    Refusal(
        "rcpt",
        "550-Please turn on SMTP Authentication in your mail client.\n550 relay not permitted, sender must be authenticated",
        "auth",
        False,
        "exim, cPanel",
    ),
    Refusal(
        "mail",
        "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
        "sender_rejected",
        False,
        "Exchange",
    ),
    Refusal(
        "rcpt", "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", "relay_denied", False, "Exchange"
    ),
    Refusal(
        "mail",
        "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM",
        "auth",
        False,
        "Exchange",
    ),
    Refusal("greeting", "421 4.3.2 Service not available", "throttled", True, "Exchange"),
    Refusal(
        "data",
        "550 5.2.3 RESOLVER.RST.SendSizeLimit.Org; message too large for this organization",
        "too_large",
        False,
        "Exchange",
    ),
    Refusal("mail", "530 5.7.1 Authentication required", "auth", False, "RFC 4954"),
    Refusal("mail", "530 Must issue a STARTTLS command first", "starttls_required", False, "RFC 3207"),
    Refusal("rcpt", "550 No such user here", "recipient_rejected", False, "exim, qmail"),
    Refusal("rcpt", "452 4.2.2 Mailbox full", "mailbox_full", True, "RFC 3463"),
    Refusal("data", "554 5.6.0 Message contains invalid header", "content_rejected", False, "RFC 3463"),
    Refusal("ehlo", "501 Syntactically invalid EHLO argument(s)", "helo_rejected", False, "exim"),
    Refusal("greeting", "554 5.7.1 You are not allowed to connect.", "client_blocked", False, "RFC 5321 §3.1"),
)
