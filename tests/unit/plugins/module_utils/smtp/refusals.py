# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Refusals of SMTP servers with their correct class.

To add one: add a line here and, if its test fails, an entry in `smtp/knowledge.py`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """A reply of an SMTP server.

    :param lines: as the server sends them. :param passes: whether another attempt can help. :param source: the origin
    of the reply.
    """

    stage: str
    lines: str
    outcome: str
    passes: bool
    source: str

    @property
    def code(self) -> int:
        return int(self.lines[:3])

    @property
    def text(self) -> bytes:
        """Return the reply as smtplib does: without the codes, on one line."""
        return b"\n".join(line[4:].strip().encode() for line in self.lines.split("\n"))


REFUSALS = (
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
    Refusal("mail", "530 5.7.1 Authentication required", "auth", False, "RFC 4954"),
    Refusal("mail", "530 Must issue a STARTTLS command first", "starttls_required", False, "RFC 3207"),
    Refusal("rcpt", "550 No such user here", "recipient_rejected", False, "exim, qmail"),
    Refusal("rcpt", "452 4.2.2 Mailbox full", "mailbox_full", True, "RFC 3463"),
    Refusal("data", "554 5.6.0 Message contains invalid header", "content_rejected", False, "RFC 3463"),
    Refusal("ehlo", "501 Syntactically invalid EHLO argument(s)", "helo_rejected", False, "exim"),
    Refusal("greeting", "554 5.7.1 You are not allowed to connect.", "client_blocked", False, "RFC 5321 §3.1"),
    Refusal(
        "auth",
        "454 4.7.0 Temporary authentication failure: Connection lost to authentication server",
        "throttled",
        True,
        "reported",
    ),
    Refusal("data", "451 4.7.24 SPF DNS temporary failure", "throttled", True, "reported"),
    Refusal("data", "451 4.7.1 Temporary SPF lookup failure", "throttled", True, "reported"),
    Refusal("data", "451 4.7.1 DKIM temporary error: key query timed out", "throttled", True, "reported"),
    Refusal("data", "451 4.7.5 DMARC check temporarily failed", "throttled", True, "reported"),
    Refusal(
        "data",
        "451 4.5.0 Error in processing, id=1-1, virus_scan FAILED: ALL VIRUS SCANNERS FAILED",
        "throttled",
        True,
        "reported",
    ),
    Refusal("data", "451 4.3.0 Temporary content filter failure, try again later", "throttled", True, "reported"),
    Refusal("rcpt", "450 4.4.0 Service unavailable: DNSBL lookup failure", "throttled", True, "reported"),
    Refusal("mail", "503 5.5.1 Error: send HELO/EHLO first", "disconnected", True, "reported"),
    Refusal(
        "rcpt",
        "550 Domain acme.example has exceeded the max emails per hour (100/100 (100%)) allowed. Message discarded.",
        "throttled",
        True,
        "reported",
    ),
    Refusal("auth", "535 5.7.0 (#AUTH005) Too many bad auth attempts.", "throttled", True, "reported"),
    Refusal("rcpt", "450 4.7.3 Organization queue quota exceeded", "throttled", True, "reported"),
    Refusal("mail", "452 4.4.5 Insufficient disk space; try again later", "throttled", True, "reported"),
    Refusal(
        "rcpt",
        "450 4.7.1 <odoo@acme.example>: Sender address rejected: Policy Rejection- Quota Exceeded",
        "throttled",
        True,
        "reported",
    ),
    Refusal(
        "data",
        "552 5.2.3 Your message exceeded Google's message size limits. Please visit x - gsmtp",
        "too_large",
        False,
        "reported",
    ),
    Refusal(
        "data",
        "554 5.3.4 exceeded storage allocation; message size exceeds fixed maximum message size",
        "too_large",
        False,
        "reported",
    ),
    Refusal(
        "rcpt",
        "421 4.7.0 IP not in whitelist for RCPT domain, closing connection. x - gsmtp",
        "client_blocked",
        False,
        "reported",
    ),
    Refusal(
        "rcpt",
        "550-Sender verify failed\n550-they may be blacklisted\n550 or the domain has no MX",
        "sender_rejected",
        False,
        "reported",
    ),
    Refusal("rcpt", "550 Sender verification is required but failed", "sender_rejected", False, "reported"),
    Refusal("mail", "550 Request failed; Mailbox unavailable", "sender_rejected", False, "reported"),
    Refusal(
        "mail",
        "550-Requested action not taken: mailbox unavailable\n550 invalid DNS MX or A/AAAA resource record",
        "sender_rejected",
        False,
        "reported",
    ),
    Refusal("rcpt", "550 Rejected by header based manually Blocked Senders: x", "sender_rejected", False, "reported"),
    Refusal(
        "data",
        "550 5.7.1 Client does not have permissions to send as this sender",
        "sender_rejected",
        False,
        "reported",
    ),
    Refusal(
        "data",
        "554 Access denied: User `arn:aws:iam::1:user/ses` is not authorized to perform `ses:SendRawEmail`",
        "sender_rejected",
        False,
        "reported",
    ),
    Refusal("data", "550 5.7.1 Unconfigured Sending Domain <acme.example>", "sender_rejected", False, "reported"),
    Refusal(
        "data",
        "550 Sending has been rejected because the sender you used odoo@acme.example is not valid",
        "sender_rejected",
        False,
        "reported",
    ),
    Refusal(
        "data",
        "412 While your account is pending approval, all recipient addresses must share the same domain",
        "sender_rejected",
        False,
        "reported",
    ),
    Refusal("data", "551 5.7.1 Not authorised to send from this header address", "sender_rejected", False, "reported"),
    Refusal("data", "550 5.7.502 Access denied, banned sender", "sender_rejected", False, "reported"),
    Refusal(
        "data", "550 Your message was rejected: outgoing mail suspension for acme", "sender_rejected", False, "reported"
    ),
    Refusal("mail", "554 5.7.1 Your account has been blocked for sending", "sender_rejected", False, "reported"),
    Refusal(
        "rcpt",
        "554 delivery error: dd This account has been disabled or discontinued [#102].",
        "recipient_rejected",
        False,
        "reported",
    ),
    Refusal("rcpt", "550 5.2.1 this account is locked", "recipient_rejected", False, "reported"),
    Refusal(
        "data",
        "550 5.7.129 RESOLVER.RST.RestrictedToRecipientsPermission; not authorized to send to the recipient",
        "recipient_rejected",
        False,
        "reported",
    ),
    Refusal(
        "data",
        "554 5.2.0 STOREDRV.Deliver.Exception:QuotaExceededException; message",
        "mailbox_full",
        False,
        "reported",
    ),
    Refusal("data", "554 Invalid domain name: 'acme_example'", "sender_rejected", False, "reported"),
    Refusal(
        "mail",
        "550-5.7.1 Invalid credentials for relay [203.0.113.7]. The IP address you've\n550 5.7.1 registered doesn't match",
        "relay_denied",
        False,
        "reported",
    ),
    Refusal(
        "rcpt",
        "550 5.7.1 Blocked - see https://ipcheck.proofpoint.com/?ip=203.0.113.7",
        "client_blocked",
        False,
        "reported",
    ),
    Refusal(
        "rcpt",
        "554 #5.7.1 Your access to submit messages to this e-mail system has been rejected.",
        "client_blocked",
        False,
        "reported",
    ),
    Refusal(
        "rcpt",
        "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
        "relay_denied",
        False,
        "reported",
    ),
    Refusal(
        "data", "554 5.2.3 MailPolicy violation Error delivering to mailboxes", "content_rejected", False, "reported"
    ),
    Refusal(
        "data",
        "552 sorry, we don't accept email with executable content (#5.3.4)",
        "content_rejected",
        False,
        "reported",
    ),
    Refusal(
        "rcpt",
        "550 5.1.1 <spam@acme.example>: Recipient address rejected: User unknown",
        "recipient_rejected",
        False,
        "reported",
    ),
    Refusal(
        "rcpt",
        "450 4.1.1 <a@b.example>: Recipient address rejected: unverified address: Address verification in progress",
        "throttled",
        True,
        "reported",
    ),
    Refusal("auth", "535 5.7.0 Your account has been locked", "auth", False, "reported"),
    Refusal("mail", "550 5.7.1 TLS required", "starttls_required", False, "reported"),
    Refusal("rcpt", "550 5.7.1 Unauthorized sender address", "sender_rejected", False, "reported"),
    Refusal("data", "550 5.7.705 Access denied, tenant has exceeded threshold", "sender_rejected", False, "reported"),
    Refusal(
        "data",
        "406 You tried to send to a recipient that has been marked as inactive",
        "recipient_rejected",
        False,
        "reported",
    ),
    Refusal(
        "rcpt",
        "450 4.1.1 <x@y.example>: Recipient address rejected: User unknown in local recipient table",
        "throttled",
        True,
        "reported",
    ),
)
