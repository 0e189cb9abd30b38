# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be wrong with an instance's mail: one entry for each, under an id that stays. For people: docs/findings.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.dns_catalogue import DNS_KINDS
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.expiry_catalogue import EXPIRY_KINDS
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.kind import Kind

# The worst first: mail does not leave; it will go wrong, or does in part; worth knowing.
SEVERITIES = ("error", "warning", "info")
CHECKS = ("cron", "server", "routing", "queue", "setup", "expiry", "dns")
# Only if somebody asks for them: they ask others than the instance.
ON_REQUEST = ("dns",)
DEFAULT_CHECKS = tuple(check for check in CHECKS if check not in ON_REQUEST)
# What may be mended without a human's judgement, as far as a user allows each.
FIXES = ("crons", "transient", "interrupted", "stale", "addons")

# The pages of the findings, which tests/checks/build_site.py makes from docs/findings.md and CATALOGUE.
_PAGES = "https://postmaster-odoo.github.io/postmaster.odoo/findings"

# Strict encryption breaks mail if Odoo does not trust the certificate.
TRUST = "Use verify: connection, so that nothing is written if Odoo does not trust the certificate. A private CA must first be trusted on Odoo's host."

CATALOGUE: Mapping[str, Kind] = {
    # cron
    "cron_disabled": Kind(
        "cron",
        "error",
        "A scheduled action that mail depends on is disabled",
        "Activate it: postmaster.odoo.cron with xml_id {name} and active true.",
        "crons",
    ),
    "cron_auto_disabled": Kind(
        "cron",
        "error",
        "Odoo itself has disabled a scheduled action that mail depends on, for it kept failing",
        "Find out in Odoo's log why it failed, then activate it: postmaster.odoo.cron with xml_id {name} and active true.",
        "crons",
    ),
    "cron_code_changed": Kind(
        "cron",
        "error",
        "The queue's scheduled action sends nothing, for somebody has changed its code",
        "Put Odoo's own code back: model.process_email_queue(), in Odoo's scheduled actions.",
    ),
    "cron_no_runs_left": Kind(
        "cron",
        "error",
        "A scheduled action that mail depends on has no runs left, so Odoo never runs it, although it may be active",
        "Let it run without end: postmaster.odoo.cron with xml_id {name} and active true.",
        "crons",
    ),
    "cron_overdue_no_worker": Kind(
        "cron",
        "error",
        "Scheduled actions are due, and no worker runs them",
        "Start Odoo with cron workers (max_cron_threads of at least 1), and look into its log why none takes this database.",
    ),
    "cron_overdue_running": Kind(
        "cron",
        "warning",
        "A scheduled action is overdue though workers are alive: it, or another before it, has not ended",
        "Wait for its end; if that does not come, find in Odoo's log what it waits for (often an SMTP server that never answers), and restart Odoo.",
    ),
    "cron_far_future": Kind(
        "cron",
        "error",
        "A scheduled action is to run much later than it should",
        "Put it back on schedule: postmaster.odoo.cron with xml_id {name} and max_overdue.",
        "crons",
    ),
    "cron_failing": Kind(
        "cron",
        "error",
        "A scheduled action fails; after five failures in more than seven days Odoo disables it",
        "Run it and see why: postmaster.odoo.cron with xml_id {name} and run true, or look into Odoo's log.",
    ),
    "cron_trigger_backlog": Kind(
        "cron",
        "error",
        "Scheduled actions were called for earlier, and no worker has taken the calls",
        "Start Odoo with cron workers (max_cron_threads of at least 1), and look into its log why none takes this database.",
    ),
    "cron_served_elsewhere": Kind(
        "cron",
        "info",
        "Another Odoo runs the scheduled actions of this database",
        "Nothing, if that is intended. Otherwise stop the other one, or give its odoo.conf: settings such as smtp_server apply where the actions run.",
    ),
    "addons_pending": Kind(
        "cron",
        "error",
        "Addons wait to be installed, upgraded or removed, which stops every scheduled action",
        "Finish it or call it off: postmaster.odoo.pending_addons, or in Odoo's Apps.",
        "addons",
    ),
    # server
    "no_active_server": Kind(
        "server",
        "error",
        "No outgoing mail server is active",
        "Declare one with postmaster.odoo.mail_server, or activate an archived one.",
    ),
    "server_unreachable": Kind(
        "server",
        "error",
        "Nothing answers at a mail server's address",
        "Check smtp_host, smtp_port and the firewall between Odoo and it; many networks block port 25: use 587 or 465.",
    ),
    "server_dns": Kind(
        "server",
        "error",
        "A mail server's name does not resolve",
        "Check smtp_host for a misspelling, and the name servers of the machine that Odoo runs on.",
    ),
    "server_timeout": Kind(
        "server",
        "error",
        "A mail server accepts the connection and does not answer",
        "Check smtp_port and smtp_encryption (implicit TLS needs ssl, mostly on 465), and whether a firewall swallows the packets.",
    ),
    "server_disconnected": Kind(
        "server",
        "error",
        "A mail server hangs up in the middle",
        "Check smtp_port and smtp_encryption, and ask the provider whether it blocks this sender or this address.",
    ),
    "server_unconfigured": Kind(
        "server",
        "error",
        "A mail server lacks what Odoo needs to connect",
        "Set what the evidence names: smtp_host, a certificate and its key, or a user and a password of ASCII characters.",
    ),
    "server_untested": Kind(
        "server",
        "info",
        "Odoo could not test a mail server, for it has no sender to test with",
        "Give the user that the collection logs in as an email address, or the server a from_filter.",
    ),
    "server_failing": Kind(
        "server",
        "error",
        "A mail server fails Odoo's connection test",
        "Odoo's words say why; smtp_debug on the server writes the whole dialogue to Odoo's log.",
    ),
    "tls_mismatch": Kind(
        "server",
        "error",
        "A mail server does not speak TLS in the way that Odoo is told to",
        "Use smtp_encryption ssl with port 465, starttls with 587, or what the server offers.",
    ),
    "certificate_untrusted": Kind(
        "server",
        "error",
        "A mail server's certificate does not verify",
        "Use the name in the certificate as smtp_host, have it renewed, or make its authority known to the machine that Odoo runs on.",
    ),
    "auth_failed": Kind(
        "server",
        "error",
        "A mail server refuses the login",
        "Set smtp_user and smtp_pass anew; many providers want a password for apps, or an API key, or have password logins switched off.",
    ),
    "auth_unsupported": Kind(
        "server",
        "error",
        "A mail server offers no login in the way that Odoo logs in",
        "Most offer it only after TLS: set smtp_encryption; for a relay that asks for none, leave smtp_user and smtp_pass empty.",
    ),
    "sender_rejected": Kind(
        "server",
        "error",
        "A mail server refuses the sender",
        "Send from an address that the account owns: set from_filter to it, or have the provider allow the address.",
    ),
    "recipient_rejected": Kind(
        "server",
        "warning",
        "A mail server refuses the recipient that Odoo tests with",
        "Odoo tests with noreply@odoo.com: have the server accept it, or send a mail to an address of yours (postmaster.odoo.mail_server_test with canary).",
    ),
    "relay_denied": Kind(
        "server",
        "error",
        "A mail server does not relay mail for this instance",
        "Log in (set smtp_user and smtp_pass), or have the server relay for the address of Odoo's host.",
    ),
    "helo_rejected": Kind(
        "server",
        "error",
        "A mail server refuses the name of Odoo's host",
        "Give the host or container a fully qualified host name that resolves. postmaster.odoo.smtp_probe, run there, shows the name that is sent.",
    ),
    "client_blocked": Kind(
        "server",
        "error",
        "A mail server refuses connections from the address of Odoo's host",
        "Have the address removed from the block list that the reply names, or send through a provider's server with a login.",
    ),
    "not_smtp": Kind(
        "server",
        "error",
        "What answers at a mail server's address is not an SMTP server",
        "Check smtp_host and smtp_port: SMTP servers accept mail on port 587, 465 or 25.",
    ),
    "oauth_not_connected": Kind(
        "server",
        "error",
        "A mail server that logs in with OAuth2 is not connected",
        "Run the playbook postmaster.odoo.connect_oauth, and have an administrator open the link.",
    ),
    "oauth_refresh_failed": Kind(
        "server",
        "error",
        "Odoo gets no access token for a mail server that logs in with OAuth2",
        "Check client id and secret, and connect it anew (postmaster.odoo.connect_oauth): the consent was withdrawn or has ended.",
    ),
    "oauth_misconfigured": Kind(
        "server",
        "error",
        "A mail server that logs in with OAuth2 lacks what that needs",
        "Declare it with postmaster.odoo.mail_server and oauth2: a client of your own, smtp_user, smtp_encryption starttls, no password.",
    ),
    "plaintext_password": Kind(
        "server",
        "warning",
        "A password goes over the network in clear",
        "Set smtp_encryption to starttls or ssl (starttls_strict or ssl_strict from 19.0 on), and change the password. "
        + TRUST,
    ),
    "unverified_tls": Kind(
        "server",
        "info",
        "A mail server's certificate is not verified",
        "Set smtp_encryption to starttls_strict or ssl_strict. " + TRUST,
    ),
    "duplicate_servers": Kind(
        "server",
        "warning",
        "Several active mail servers are the same",
        "Keep one and archive the others.",
    ),
    "test_catcher": Kind(
        "server",
        "error",
        "A mail server catches mail instead of delivering it",
        "Archive it, or set smtp_host to a server that delivers. Test copies should be neutralized.",
    ),
    "mailing_server_unusable": Kind(
        "server",
        "error",
        "Email Marketing sends through a mail server that is not there for it",
        "Choose another one in Odoo (Settings, Email Marketing, Dedicated Server), or delete the system parameter {name}.",
    ),
    "neutralized": Kind(
        "server",
        "error",
        "This database is a neutralized copy, which sends no mail on purpose",
        "Nothing, if it is a copy. If it is meant to send: delete the system parameter database.is_neutralized, activate the servers and scheduled actions.",
    ),
    "config_file_overridden": Kind(
        "server",
        "info",
        "Mail settings outside of the database have no effect",
        "Remove them, or archive the mail servers in Odoo if the settings are meant to hold.",
    ),
    # routing
    "sender_without_server": Kind(
        "routing",
        "warning",
        "Addresses that Odoo sends from have no mail server for them",
        "Add them, or their domain, to the from_filter of a server that may send them, or set the default_from of the alias domain.",
    ),
    "from_filter_unmatched": Kind(
        "routing",
        "warning",
        "Entries of a from_filter match no sender",
        "Write addresses and domains between commas, a domain without @: acme.example, sales@acme.example. Up to 16.0 it takes only one.",
    ),
    "route_shadowed": Kind(
        "routing",
        "warning",
        "A mail server can never be chosen",
        "Give it a from_filter of its own, a lower sequence than the server before it, or archive it.",
    ),
    "from_rewritten": Kind(
        "routing",
        "info",
        "Mail from some addresses leaves under Odoo's notifications address",
        "Fine where those domains are not yours; else add them to the from_filter of a server that may send them.",
    ),
    # queue
    "backlog": Kind(
        "queue",
        "warning",
        "Many mails wait to be sent",
        "Run the queue more often or in larger batches (postmaster.odoo.queue_policy), or send now: postmaster.odoo.mail_queue with action process.",
    ),
    "queue_batch_full": Kind(
        "queue",
        "warning",
        "More mails are due than a run of the queue sends",
        "Send more in a run (system parameter mail.mail.queue.batch.size, from 17.0 on) or more often (postmaster.odoo.queue_policy).",
    ),
    "oldest_too_old": Kind(
        "queue",
        "error",
        "Mail has been waiting to be sent for too long",
        "Mend what else is found; where nothing is, send now and see why it fails: postmaster.odoo.mail_queue with action process.",
    ),
    "failures_by_class": Kind(
        "queue",
        "warning",
        "Mails have failed, and Odoo does not try them again",
        "Mend the cause, then postmaster.odoo.mail_queue with action retry (or cancel) and failure_class {name}.",
    ),
    "throttled": Kind(
        "queue",
        "warning",
        "A mail server refuses mail for now: a rate limit, greylisting, or too many connections",
        "Send less at once (postmaster.odoo.queue_policy), and retry what failed: postmaster.odoo.mail_queue with action retry and failure_class throttled.",
        "transient",
    ),
    "given_up": Kind(
        "queue",
        "error",
        "Mails have failed as often as they may be tried, and are not tried again",
        "Correct the cause, then postmaster.odoo.mail_queue with action retry, failure_class {name} and max_attempts 0; or cancel them.",
    ),
    "interrupted_batch": Kind(
        "queue",
        "warning",
        "The last run of the queue was cut off and has left mails behind",
        "Send the rest: postmaster.odoo.mail_queue with action process; a server that hangs up shows in its connection test, or in Odoo's log.",
        "interrupted",
    ),
    "queue_blocked": Kind(
        "queue",
        "error",
        "The queue runs and sends nothing",
        "Correct the mail servers that have findings, or what Odoo's log says of the mail queue. mail_queue with action process sends the rest.",
        "interrupted",
    ),
    "no_recipient": Kind(
        "queue",
        "warning",
        "Mails have no recipient",
        "Complete the contacts' addresses and send anew, or give these up: postmaster.odoo.mail_queue with action cancel, states [exception] "
        "and failure_class [no_recipient].",
    ),
    "stale_outgoing": Kind(
        "queue",
        "warning",
        "Mails have been waiting for so long that nobody may want them any more",
        "Give them up before they leave: postmaster.odoo.mail_queue with action cancel and older_than.",
        "stale",
    ),
    # setup
    "alias_domain_missing": Kind(
        "setup",
        "warning",
        "A company has no alias domain, so that bounces and replies do not come back to Odoo",
        "Declare one: postmaster.odoo.alias_domain with the company (up to 16.0 the system parameter mail.catchall.domain).",
    ),
    "default_from_missing": Kind(
        "setup",
        "warning",
        "There is no address that notifications are sent from",
        "Set it: postmaster.odoo.alias_domain with default_from (up to 16.0 the system parameter mail.default.from).",
    ),
    "base_url_localhost": Kind(
        "setup",
        "warning",
        "Links in mails lead nowhere, or to the machine of whoever opens them",
        "Set the system parameter web.base.url to the address that people use, and web.base.url.freeze to True so that it stays.",
    ),
    "parameter_ignored": Kind(
        "setup",
        "info",
        "A system parameter has no effect",
        "Delete {name}. From 17.0 on the alias domain has these settings: postmaster.odoo.alias_domain. No Odoo reads mail.force.smtp.from.",
    ),
    "sample_address": Kind(
        "setup",
        "warning",
        "Addresses of Odoo's demonstration data are in use",
        "Set the email address of the company, of the administrator and of the alias domain to addresses of yours.",
    ),
    "batch_size_extreme": Kind(
        "setup",
        "warning",
        "A batch size is far from what works",
        "Remove the setting, or set it to some hundreds.",
    ),
    **EXPIRY_KINDS,
    **DNS_KINDS,
}


@dataclass(frozen=True)
class Finding:
    """One diagnosis.

    :param evidence: one line with the numbers and words that it rests on; no secret is in it.
    :param resource: what it is about: `model`, `id`, `name` and where there is one `xml_id`.
    :param severity: where it is not the kind's own.
    :param fix: where it is not the kind's own; an empty text is none.
    """

    id: str
    evidence: str
    resource: Mapping[str, Any] | None = None
    severity: str = ""
    remedy: str = ""
    fix: str | None = None

    @property
    def kind(self) -> Kind:
        """What the catalogue says of it."""
        return CATALOGUE[self.id]

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return SEVERITIES.index(self.severity or self.kind.severity)

    def as_result(self) -> dict[str, Any]:
        """The finding in a task's result."""
        about = self.resource or {}
        fix = self.kind.fix if self.fix is None else self.fix
        remedy = self.remedy or self.kind.remedy.format(name=about.get("xml_id") or about.get("name") or "")
        return {
            "id": self.id,
            "check": self.kind.check,
            "severity": SEVERITIES[self.rank],
            "title": self.kind.title,
            "evidence": one_line(self.evidence),
            "remedy": remedy,
            "fixable": fix or None,
            "resource": dict(about) or None,
            "documentation": f"{_PAGES}/{self.id}.html",
        }


def one_line(text: str) -> str:
    """The same words without line breaks."""
    return " ".join(text.split())


def sorted_results(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """All findings, the worst first; within a severity in the order of the catalogue, which is that of cause and effect."""
    order = list(CATALOGUE)
    return [
        finding.as_result() for finding in sorted(findings, key=lambda finding: (finding.rank, order.index(finding.id)))
    ]


def count_by_severity(findings: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many findings there are of each severity."""
    severities = [finding["severity"] for finding in findings]
    return {severity: severities.count(severity) for severity in SEVERITIES}
