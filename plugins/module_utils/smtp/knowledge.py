# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The meaning of rejections by SMTP servers: rules for texts of providers, then the defaults of RFC 5321 and RFC 3463.

To add a rejection, add an entry to RULES and one to a table of `tests/unit/plugins/module_utils/smtp/known_refusals.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.reply import Reply


@dataclass(frozen=True)
class Rule:
    """A text in a reply and its meaning.

    :param outcome: the class.
    :param words: a regular expression of PostgreSQL without lookaround, because the queue policy uses it in the database. Python uses `pattern`.
    :param passes: whether the failure is transient; None if the code of the reply decides.
    :param remedy: the remedy, if it is not the same for the whole class.
    :param stages: the stages at which the rule applies; empty for all.
    :param source: the source of the text.
    """

    outcome: str
    words: str
    passes: bool | None
    source: str
    remedy: str = ""
    stages: tuple[str, ...] = ()

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Return the text as a pattern of Python. It is compiled at first use, because most tasks classify no reply."""
        return re.compile(python_words(self.words), re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Meaning:
    """The meaning of a rejection.

    :ivar outcome: the class.
    :ivar passes: whether the failure is transient.
    :ivar remedy: the remedy; empty if that of the class applies.
    """

    outcome: str
    passes: bool
    remedy: str = ""


_MICROSOFT = "https://learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online"
_GOOGLE = "https://support.google.com/a/answer/3726730"
_POSTFIX = "postfix: smtpd_*_restrictions (postconf.5)"
_EXIM = "exim: default configuration, acl_check_rcpt and acl_check_mail"
_SES = "https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-smtp.html"

# Addresses are removed before the search, so that no rule matches a part of them. The second pattern is for Python.
ADDRESS = r"[^[:space:]<>]*@[^[:space:]<>]*"
_ADDRESS = re.compile(r"[^\s<>]*@[^\s<>]*")

# The first rule that matches wins, so the more specific rules come first.
RULES: tuple[Rule, ...] = (
    Rule("not_smtp", r"^line too long", False, "smtplib, which then stops reading"),
    # --- transient failures with the text of permanent ones, and the reverse ---
    Rule(
        "disconnected",
        r"send (hello|helo|ehlo)(/ehlo|/helo)? first",
        True,
        _MICROSOFT,
        "The server has reset the session. Try again.",
    ),
    Rule(
        "throttled",
        r"too many (bad )?(login|auth|authentication) (attempts|failures)",
        True,
        f"{_GOOGLE}; Yahoo (#AUTH005)",
    ),
    Rule(
        "throttled",
        r"temporar|lookup (failure|error)|timed? ?out|virus scanners failed|4\.7\.[0-9]+ .{0,60}quota|insufficient disk",
        None,
        "RFC 3463 §3: persistent transient failures of checks; amavis, opendkim, Exchange",
    ),
    Rule(
        "too_large",
        r"message size (limit|exceed)|exceed.{0,30}(message size|size limit|fixed (limit|maximum))|message file too big",
        False,
        "RFC 1870 §6; postfix: message_size_limit; https://support.google.com/mail/answer/6584",
        "Send links instead of large attachments, or set max_email_size to the limit of the server.",
    ),
    Rule(
        "sender_rejected",
        r"sender verif(y|ication) (failed|is required)|blocked senders?|banned sender",
        False,
        f"{_EXIM}: verify = sender; Mimecast; {_MICROSOFT} (5.7.501 to 5.7.503)",
    ),
    Rule(
        "throttled",
        r"address verification in progress|submissionquotaexceeded",
        True,
        f"{_POSTFIX}: reject_unverified_recipient; {_MICROSOFT}",
    ),
    Rule(
        "recipient_rejected",
        r"recipient address rejected: unverified address|marked as inactive|\minactive recipient",
        False,
        f"{_POSTFIX}: reject_unverified_recipient; https://postmarkapp.com/developer/api/overview (406)",
    ),
    Rule(
        "sender_rejected",
        r"account (is |was |has been )?(disabled|suspended|deactivated|locked|blocked)",
        False,
        "cPanel, OVH, Zoho: accounts that may no longer send",
        "The provider has blocked the account for sending: ask the provider for the reason, and have the account unblocked.",
        ("mail", "data"),
    ),
    Rule(
        "sender_rejected",
        r"sandbox|sending paused|unusual sending activity|pending approval|outgoing (e?mail|message)s? (suspen|has been suspen)"
        r"|free accounts are for test purposes"
        r"|not yet activated|account is not active|5\.7\.70[35]\M",
        False,
        "Mailgun, Brevo, SendGrid: accounts that may not send yet, or may no longer send",
        "The account at the provider may not send: activate it, or move it out of the sandbox.",
    ),
    Rule(
        "throttled",
        r"sending limit|sending rate|sending quota|maximum (sending )?(rate|credits)|throttl|rate.?limit|ratelimit"
        r"|gr[ae]ylist|postgrey"
        r"|too many (messages|connections|concurrent|emails|mails|recipients|requests|errors)|(messages?|e?mails) per (second|minute|hour|day)"
        r"|\m(daily|hourly|monthly)\M.{0,40}(limit|quota|exceed|reached)|exceeded .{0,30}(messaging|sending|message|hourly|daily)"
        r"|5\.4\.5\M|5\.1\.90\M|4\.7\.28\M|4\.7\.32\M|5\.2\.121\M|receiving mail at a rate|reached your .{0,20}limit"
        r"|temporarily deferred",
        True,
        f"{_GOOGLE}; {_SES}; {_POSTFIX}",
        "The server accepts fewer mails at once: send fewer (queue policy: lanes, interval), or ask the provider for a higher limit.",
    ),
    # --- the client: its name, its address ---
    Rule(
        "sender_rejected",
        r"invalid domain name",
        False,
        _SES,
        "The domain of the sender is not a valid domain name: correct the sender's address.",
        ("data",),
    ),
    Rule(
        "relay_denied",
        r"credentials for relay|mail relay denied",
        False,
        "https://support.google.com/a/answer/2956491",
        "Register the address of Odoo's host in the settings of the relay.",
    ),
    Rule(
        "helo_rejected",
        r"helo command rejected|need fully.qualified hostname|invalid (helo|ehlo|domain) name|syntactically invalid (helo|ehlo)"
        r"|\((ehlo|helo)\)"
        r"|bad helo|(helo|ehlo).{0,40}(reject|invalid|denied|not accepted|forged|mismatch)|5\.5\.2 .{0,60}hostname"
        r"|localhost.{0,30}helo",
        False,
        f"{_POSTFIX}: reject_non_fqdn_helo_hostname; Google's SMTP relay",
        "Give Odoo's host or container a fully qualified host name. Run smtp_probe on that host to see the name that is sent.",
    ),
    Rule(
        "client_blocked",
        r"unauthorized ip|ip not in whitelist|ipcheck\.proofpoint|access to submit messages"
        r"|traffic not accepted from this ip|client does not have permissions to submit|blocked using|spamhaus"
        r"|spamcop|barracudacentral"
        r"|sorbs|\m(dnsbl|rbl)\M|black.?list|block.?list|deny.?list|client host .{0,80}(blocked|reject)|client host rejected"
        r"|ip (address )?.{0,40}(blocked|banned|denied|not (allowed|authorized|permitted)|poor reputation|is not in)"
        r"|banned sending ip|from your ip"
        r"|(your|sending|source|connecting) (ip|network|host).{0,60}(blocked|reject|denied|reputation|listed)|5\.7\.708\M"
        r"|5\.7\.606\M|5\.7\.511\M|4\.7\.650\M"
        r"|reverse (dns|hostname)|ptr record|cannot find your|poor reputation|permanently deferred|access denied.{0,60}\mip\M"
        r"|not authorized to use this server",
        False,
        f"{_POSTFIX}; Spamhaus; Microsoft 365; Brevo (525 5.7.1)",
        "The server rejects the address of Odoo's host: allow it at the provider, have it removed from the block list, or send through a relay.",
    ),
    Rule(
        "starttls_required",
        r"issue (a )?starttls|(start)?tls (is )?required|encryption (is )?required|requires? (starttls|tls|encryption|a secure)"
        r"|must use (tls|starttls|ssl)"
        r"|5\.7\.10\M|5\.7\.11\M",
        False,
        f"RFC 3207 §4; {_GOOGLE}",
        "Set smtp_encryption to starttls, with port 587.",
    ),
    # --- the login ---
    Rule(
        "auth",
        r"smtpclientauthentication is disabled|5\.7\.139\M",
        False,
        f"{_MICROSOFT} (5.7.139)",
        "SMTP AUTH is disabled for the Microsoft 365 tenant or mailbox: enable it there, or set smtp_authentication to outlook.",
    ),
    Rule(
        "auth",
        r"basic authentication is not supported|5\.7\.30\M",
        False,
        f"{_MICROSOFT} (5.7.30)",
        "Microsoft 365 no longer accepts passwords here: set smtp_authentication to outlook (OAuth2).",
    ),
    Rule(
        "auth",
        r"application-specific password|invalidsecondfactor",
        False,
        "https://support.google.com/mail/answer/185833",
        "Create an app password for the account and set it as smtp_pass, or set smtp_authentication to gmail.",
    ),
    Rule(
        "auth",
        r"5\.7\.14\M|please log in (via|with) your web browser",
        False,
        _GOOGLE,
        "The provider has blocked the login: log in once with a browser and confirm it, or use an app password or OAuth2.",
    ),
    Rule(
        "auth",
        r"client (was )?not authenticated|unauthenticated senders|5\.7\.57\M|authentication (is )?required|must (be )?authenticat|please authenticat"
        r"|authentication credentials invalid"
        r"|authentication (failed|failure|unsuccessful|rejected|denied)|username and password not accepted|badcredentials"
        r"|incorrect authentication"
        r"|invalid (login|credentials|username|password|api.?key|user)|bad (username|credentials|password)|login (failed|denied|incorrect|invalid)"
        r"|(user|username|password|credentials).{0,30}(incorrect|wrong|invalid)|5\.7\.8\M|5\.7\.3 authentication"
        r"|not logged in|log ?in required|needs authentication",
        False,
        f"RFC 4954 §6; {_GOOGLE}; {_MICROSOFT}",
    ),
    # --- the sender: before relaying, because providers use "relaying" for a sender too ---
    Rule(
        "sender_rejected",
        r"not owned by user|sendasdenied|permissions? to send as|not authorized to perform .?ses:|unconfigured sending domain|sender you used"
        r"|send ?as .{0,20}denied|not allowed to send as|5\.7\.60\M|5\.2\.252\M"
        r"|relaying disallowed as|bad outbound sender|5\.1\.8\M"
        r"|not (authori[sz]ed|permitted|allowed) to (send|use).{0,40}(as|from|address|this sender|domain)|sender verify failed"
        r"|verification failed for"
        r"|(address|identit(y|ies)|domain|sender|from).{0,80}not (been )?(verified|validated|confirmed|registered)"
        r"|unverified (sender|domain|identity|address|email)|unauthorized sender"
        r"|failed the check in region|does not match .{0,40}(sender|verified|identity|authenticated)"
        r"|sender (address )?(is )?(rejected|denied|refused|invalid|unknown|not allowed)"
        r"|domain of sender address|sender domain|from['\"]? (address|header).{0,60}(not|must|invalid|does not)"
        r"|\mmail from .{0,60}(not|denied|invalid)"
        r"|sender.{0,40}(not exist|not found|mismatch|must match)|not a valid sender|signature .{0,40}not (defined|confirmed)"
        r"|5\.1\.7\M|envelope from|unregistered domain|sender is not allowed to relay",
        False,
        f"{_POSTFIX}: reject_sender_login_mismatch; {_EXIM}; {_SES}; {_MICROSOFT} (SendAsDenied, 5.7.60)",
        "Send from an address that the account may use: verify it at the provider. Or set from_filter so that Odoo chooses another server for it.",
    ),
    Rule(
        "relay_denied",
        r"relay(ing)? (access )?(is )?(denied|not permitted|not allowed|prohibited|disallowed|refused)|unable to relay"
        r"|not permitted to relay|do not relay"
        r"|rcpthosts|no relay|relay (restriction|authentication)|5\.7\.54\M|not a local (recipient|domain)|we do not (accept|relay)",
        False,
        f"{_POSTFIX}: reject_unauth_destination; {_EXIM}; RFC 5321 §3.6.2",
        "The server does not relay mail for this client: log in (smtp_user, smtp_pass), use its submission port, or have the address of Odoo's host allowed.",
    ),
    # --- the message ---
    Rule(
        "too_large",
        r"message (size|file|length).{0,40}(exceed|too|limit)|(message|mail|file|attachment|size) (is )?too (large|big)"
        r"|exceed.{0,40}(message size|size limit|maximum size)"
        r"|size exceeds",
        False,
        "RFC 1870 §6; RFC 3463 §3.4",
        "Send links instead of large attachments, or set max_email_size to the limit of the server.",
    ),
    Rule(
        "mailbox_full",
        r"mailbox (is )?full|over ?quota|quota exceeded|exceeded (its |their |the |storage |mailbox ){0,2}(storage|quota)"
        r"|out of storage|mailbox .{0,30}(quota|storage)"
        r"|quotaexceeded|5\.2\.2\M|4\.2\.2\M",
        None,
        "RFC 3463 §3.3 (X.2.2)",
        "The mailbox of the recipient is full: contact the recipient in another way.",
    ),
    Rule(
        "content_rejected",
        r"\mspam\M|mailpolicy|executable content|content (filter|reject|policy|restriction)|dmarc|5\.7\.26\M|5\.7\.509\M|\m(dkim|spf)\M|virus|malware|phish"
        r"|blocked (attachment|file)|attachment.{0,40}(not|block|reject|prohibit)"
        r"|policy (reason|reject|violation|restriction)|rejected (by|due to|for) .{0,30}policy"
        r"|message (was )?(rejected|blocked|refused) .{0,40}(content|policy)"
        r"|5\.6\.\d\M|unsolicited"
        r"|suspicious|high probability",
        False,
        f"{_GOOGLE} (5.7.26); RFC 7489; {_MICROSOFT}",
        "The server rejects the content: set up SPF, DKIM and DMARC for the sender's domain, and check links and attachments.",
    ),
    # --- the recipient ---
    Rule(
        "recipient_rejected",
        r"restrictedtorecipients|5\.7\.129\M"
        r"|user unknown|unknown (user|recipient|mailbox|address)|no such (user|mailbox|recipient|address|person)"
        r"|(mailbox|recipient|user|account|address).{0,40}"
        r"(unavailable|not found|disabled|does not exist|doesn't exist|inactive|unknown|rejected)"
        r"|recipient (address )?rejected|5\.1\.1\M|5\.1\.10\M|5\.1\.2\M|5\.1\.3\M|invalid (recipient|mailbox)",
        None,
        "RFC 3463 §3.2 (X.1.1); postfix; exim",
    ),
)

# RFC 4954 §6: the login is missing, too weak or wrong. 538 and 530 are also replies to a login before TLS.
_REQUIRES_LOGIN = frozenset({530, 534, 535, 538})
# Classes that the text of a reply with such a code may have instead.
_OF_LOGIN = frozenset({"auth", "auth_unsupported", "client_blocked", "starttls_required", "throttled"})
# RFC 4954 §6, RFC 5321 §4.2.4: the server does not support the command or the mechanism.
_NO_SUCH_LOGIN = frozenset({502, 503, 504})
# RFC 5321 §3.1: a greeting that rejects the client. Odoo's message is the same as for a login, but RFC 4954 has no such reply to AUTH.
_NO_SERVICE = 554

# Texts of transient failures, for messages without a code: Odoo's test shows none for a sender and a recipient.
_TEMPORARY = re.compile(r"temporar|try (again )?later|again later", re.IGNORECASE)

# The class of an enhanced code: RFC 3463 §3.2 to 3.8, RFC 7372 §3, RFC 7505 §4.2. The first digit, transient or permanent, is left out.
# X.7.0 and X.7.1 mean only "security", so the stage decides.
_BY_ENHANCED = {
    **dict.fromkeys(
        ("1.1", "1.2", "1.3", "1.4", "1.6", "1.10", "2.1", "2.4", "4.1", "4.4", "4.6"), "recipient_rejected"
    ),
    **dict.fromkeys(("1.7", "1.8", "7.27"), "sender_rejected"),
    **dict.fromkeys(("2.3", "3.4"), "too_large"),
    **dict.fromkeys(
        ("6.0", "6.1", "6.2", "6.3", "6.5", "6.7", "7.20", "7.21", "7.22", "7.23", "7.24", "7.26"), "content_rejected"
    ),
    **dict.fromkeys(("7.8", "7.9", "7.13", "7.14"), "auth"),
    **dict.fromkeys(("7.10", "7.11"), "starttls_required"),
    "2.2": "mailbox_full",
    "7.25": "client_blocked",
}

# The class of a reply if only its stage is known.
_BY_STAGE = {
    "greeting": "client_blocked",
    "ehlo": "helo_rejected",
    "starttls": "tls",
    "auth": "auth",
    "mail": "sender_rejected",
    "rcpt": "recipient_rejected",
    "data": "content_rejected",
}


def meaning_of(reply: Reply) -> Meaning:
    """Return the meaning of a reply: from the first rule that matches its text, or else from its codes and its stage."""
    if reply.code == -1:
        return Meaning(
            "not_smtp", False, "The service on this port is not an SMTP server: check smtp_host and smtp_port."
        )
    temporary = _is_temporary(reply)
    words = _ADDRESS.sub("", reply.text)
    for rule in RULES:
        if rule.pattern.search(words) and not _is_excluded(rule, reply, temporary=temporary):
            return Meaning(rule.outcome, temporary if rule.passes is None else rule.passes, rule.remedy)
    return Meaning(_default(reply, temporary=temporary), temporary)


def _is_excluded(rule: Rule, reply: Reply, *, temporary: bool) -> bool:
    """Return whether a rule does not apply because the codes of the reply contradict its text.

    A rejected login does not concern a sender, and a temporary rejection of a recipient is not a permanent failure.
    """
    if rule.stages and reply.stage not in rule.stages:
        return True
    if reply.code in _REQUIRES_LOGIN and rule.outcome not in _OF_LOGIN:
        return True
    if rule.outcome == "throttled" and rule.passes is None:
        return not temporary
    if rule.outcome == "recipient_rejected" and rule.passes is None:
        # At MAIL the server has not received a recipient yet.
        return temporary or reply.stage == "mail"
    return False


def _default(reply: Reply, *, temporary: bool) -> str:
    """Return the class from the codes and the stage (RFC 5321 §4.2, RFC 3463)."""
    known = _BY_ENHANCED.get(reply.enhanced[2:])
    if temporary:
        return "mailbox_full" if known == "mailbox_full" else "throttled"
    if reply.stage == "starttls":
        return "starttls_unsupported"
    if reply.stage == "auth" and reply.code in _NO_SUCH_LOGIN:
        return "auth_unsupported"
    if reply.code in _REQUIRES_LOGIN:
        return "starttls_required" if known == "starttls_required" else "auth"
    if known:
        return known
    if reply.stage == "auth" and reply.code == _NO_SERVICE:
        return "client_blocked"
    if reply.code == 552 and reply.stage in ("mail", "data"):
        return "too_large"
    return _BY_STAGE.get(reply.stage, "unknown")


def _is_temporary(reply: Reply) -> bool:
    return bool(_TEMPORARY.search(reply.text)) if reply.is_temporary is None else reply.is_temporary


def python_words(words: str) -> str:
    """Return the regular expression of a rule for Python, because PostgreSQL has other escapes for word boundaries."""
    return words.replace(r"\m", r"\b").replace(r"\M", r"\b")
