# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The catalogue of findings about an instance's mail. The ids are stable. docs/findings.md explains each finding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.dns_catalogue import DNS_KINDS
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.expiry_catalogue import EXPIRY_KINDS
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.kind import Kind

# The worst first. error: mail does not leave. warning: mail will fail, or fails in part. info: worth knowing.
SEVERITIES = ("error", "warning", "info")
CHECKS = ("cron", "server", "routing", "queue", "setup", "expiry", "dns")
# Off by default, because they query other machines than the instance.
ON_REQUEST = ("dns",)
DEFAULT_CHECKS = tuple(check for check in CHECKS if check not in ON_REQUEST)
# Classes of problems that can be repaired without a human's judgement, if the user allows the class.
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
        "A scheduled action (cron) that mail depends on is disabled",
        "Activate the cron: run postmaster.odoo.cron with xml_id {name} and active true.",
        "crons",
    ),
    "cron_auto_disabled": Kind(
        "cron",
        "error",
        "Odoo disabled a scheduled action (cron) that mail depends on, because it kept failing",
        "Find the cause in Odoo's log. Then activate the cron: run postmaster.odoo.cron with xml_id {name} and active true.",
        "crons",
    ),
    "cron_code_changed": Kind(
        "cron",
        "error",
        "The scheduled action (cron) of the mail queue sends nothing, because its code was changed",
        "In Odoo's scheduled actions, change the code of the cron back to model.process_email_queue().",
    ),
    "cron_no_runs_left": Kind(
        "cron",
        "error",
        "A scheduled action (cron) that mail depends on has no runs left, so Odoo never runs it, even if it is active",
        "Remove the limit of runs: run postmaster.odoo.cron with xml_id {name} and active true.",
        "crons",
    ),
    "cron_overdue_no_worker": Kind(
        "cron",
        "error",
        "Scheduled actions (crons) are due, and no worker runs them",
        "Start Odoo with cron workers (set max_cron_threads to 1 or more). Find out in Odoo's log why no worker serves this database.",
    ),
    "cron_overdue_running": Kind(
        "cron",
        "warning",
        "A scheduled action (cron) is overdue although workers are alive: it, or another one before it, has not ended",
        "Wait for the end of the run. If it does not end, find the cause in Odoo's log (often an SMTP server that never answers), and restart Odoo.",
    ),
    "cron_far_future": Kind(
        "cron",
        "error",
        "A scheduled action (cron) is scheduled much later than it should be",
        "Put the cron back on schedule: run postmaster.odoo.cron with xml_id {name} and max_overdue.",
        "crons",
    ),
    "cron_failing": Kind(
        "cron",
        "error",
        "A scheduled action (cron) fails; Odoo disables it after five failures over more than seven days",
        "Run the cron to see the error (postmaster.odoo.cron with xml_id {name} and run true), or read Odoo's log.",
    ),
    "cron_trigger_backlog": Kind(
        "cron",
        "error",
        "Scheduled actions (crons) were triggered, and no worker has run them",
        "Start Odoo with cron workers (set max_cron_threads to 1 or more). Find out in Odoo's log why no worker serves this database.",
    ),
    "cron_served_elsewhere": Kind(
        "cron",
        "info",
        "Another Odoo process runs the scheduled actions (crons) of this database",
        "If that is intended, do nothing. If not, stop the other process, or set config_file to its odoo.conf. Settings such as smtp_server"
        " apply in the process that runs the crons.",
    ),
    "addons_pending": Kind(
        "cron",
        "error",
        "Addons are waiting to be installed, upgraded or removed, which stops every scheduled action (cron)",
        "Finish or cancel these changes with postmaster.odoo.pending_addons, or in Odoo's Apps.",
        "addons",
    ),
    # server
    "no_active_server": Kind(
        "server",
        "error",
        "No outgoing mail server is active",
        "Declare a mail server with postmaster.odoo.mail_server, or activate an archived one.",
    ),
    "server_unreachable": Kind(
        "server",
        "error",
        "A mail server cannot be reached at its address",
        "Check smtp_host, smtp_port, and the firewall between Odoo and the mail server. Many networks block port 25: use 587 or 465.",
    ),
    "server_dns": Kind(
        "server",
        "error",
        "The host name of a mail server does not resolve",
        "Check smtp_host for a spelling error, and check the name servers of the machine that runs Odoo.",
    ),
    "server_timeout": Kind(
        "server",
        "error",
        "A mail server accepts the connection and does not answer",
        "Check smtp_port and smtp_encryption (implicit TLS needs ssl, usually on port 465), and check whether a firewall drops the packets.",
    ),
    "server_disconnected": Kind(
        "server",
        "error",
        "A mail server closes the connection too early",
        "Check smtp_port and smtp_encryption, and ask the provider whether it blocks this sender or this address.",
    ),
    "server_unconfigured": Kind(
        "server",
        "error",
        "A mail server lacks a setting that Odoo needs to connect",
        "Correct the setting that the evidence names: smtp_host, a certificate and its key, or a user name and a password in ASCII characters.",
    ),
    "server_untested": Kind(
        "server",
        "info",
        "Odoo could not test a mail server, because there is no sender address for the test",
        "Set an email address for the user that the collection logs in as, or set from_filter of the mail server.",
    ),
    "server_failing": Kind(
        "server",
        "error",
        "A mail server fails Odoo's connection test",
        "Read Odoo's error message in the evidence. To write the whole SMTP dialogue to Odoo's log, set smtp_debug on the mail server.",
    ),
    "tls_mismatch": Kind(
        "server",
        "error",
        "A mail server does not accept the encryption that is set for it",
        "Set smtp_encryption to ssl for port 465, to starttls for port 587, or to an encryption that the server offers.",
    ),
    "certificate_untrusted": Kind(
        "server",
        "error",
        "The certificate of a mail server cannot be verified",
        "Set smtp_host to a name in the certificate, have the certificate renewed, or install its CA on the machine that runs Odoo.",
    ),
    "auth_failed": Kind(
        "server",
        "error",
        "A mail server rejects the login",
        "Correct smtp_user and smtp_pass. Many providers require an app password or an API key, or have disabled password logins.",
    ),
    "auth_unsupported": Kind(
        "server",
        "error",
        "A mail server offers no login method that Odoo uses",
        "Most servers offer a login only after TLS: set smtp_encryption. If the mail server requires no login, leave smtp_user and smtp_pass empty.",
    ),
    "sender_rejected": Kind(
        "server",
        "error",
        "A mail server rejects the sender",
        "Send from an address that the account owns: set from_filter to it, or have the provider allow the address.",
    ),
    "recipient_rejected": Kind(
        "server",
        "warning",
        "A mail server rejects the recipient of Odoo's connection test",
        "Send a mail to your own address (postmaster.odoo.mail_server_test with canary). If that works, the mail server needs no change.",
    ),
    "relay_denied": Kind(
        "server",
        "error",
        "A mail server does not relay mail for this instance",
        "Set smtp_user and smtp_pass to log in, or have the server relay mail for the address of Odoo's host.",
    ),
    "helo_rejected": Kind(
        "server",
        "error",
        "A mail server rejects the name of Odoo's host",
        "Give the host or container a fully qualified host name that resolves. Run postmaster.odoo.smtp_probe there to see the name that is sent.",
    ),
    "client_blocked": Kind(
        "server",
        "error",
        "A mail server rejects connections from the address of Odoo's host",
        "Have the address removed from the block list that the reply names, or send through a provider's server with a login.",
    ),
    "not_smtp": Kind(
        "server",
        "error",
        "The server at the address of a mail server is not an SMTP server",
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
        "Check the client ID and the client secret. Then connect the mail server again (postmaster.odoo.connect_oauth): the consent was "
        "withdrawn or has expired.",
    ),
    "oauth_misconfigured": Kind(
        "server",
        "error",
        "A mail server that logs in with OAuth2 lacks required settings",
        "Declare the mail server with postmaster.odoo.mail_server and oauth2: your own client, smtp_user, smtp_encryption starttls, and no password.",
    ),
    "plaintext_password": Kind(
        "server",
        "warning",
        "A password is sent over the network without encryption",
        "Set smtp_encryption to starttls or ssl (starttls_strict or ssl_strict from 19.0 on), and change the password. "
        + TRUST,
    ),
    "unverified_tls": Kind(
        "server",
        "info",
        "The certificate of a mail server is not verified",
        "Set smtp_encryption to starttls_strict or ssl_strict. " + TRUST,
    ),
    "duplicate_servers": Kind(
        "server",
        "warning",
        "Several active mail servers have the same settings",
        "Keep one of the servers and archive the others.",
    ),
    "test_catcher": Kind(
        "server",
        "error",
        "A mail server catches mail instead of delivering it",
        "Archive the mail server, or set smtp_host to a server that delivers mail. Neutralize databases that are copies for tests.",
    ),
    "mailing_server_unusable": Kind(
        "server",
        "error",
        "Email Marketing is set to a mail server that it cannot use",
        "Choose another mail server in Odoo (Settings, Email Marketing, Dedicated Server), or delete the system parameter {name}.",
    ),
    "neutralized": Kind(
        "server",
        "error",
        "This database is a neutralized copy, which sends no mail on purpose",
        "If it is a copy, do nothing. If it must send mail, delete the system parameter database.is_neutralized, and activate the mail servers and crons.",
    ),
    "config_file_overridden": Kind(
        "server",
        "info",
        "Mail settings outside of the database have no effect",
        "Remove these settings. If they must apply, archive the mail servers in Odoo instead.",
    ),
    # routing
    "sender_without_server": Kind(
        "routing",
        "warning",
        "No mail server has a from_filter for some addresses that Odoo sends from",
        "Add the addresses, or their domain, to the from_filter of a server that may send from them. Or set default_from of the alias domain.",
    ),
    "from_filter_unmatched": Kind(
        "routing",
        "warning",
        "Entries of a from_filter match no sender",
        "Separate addresses and domains with commas, and write domains without @: acme.example, sales@acme.example. Up to 16.0 Odoo accepts"
        " only one entry.",
    ),
    "route_shadowed": Kind(
        "routing",
        "warning",
        "Odoo can never choose a mail server, because another one takes all of its mail",
        "Give the mail server its own from_filter or a lower sequence than the other one, or archive it.",
    ),
    "from_rewritten": Kind(
        "routing",
        "info",
        "Odoo replaces some sender addresses with its notifications address",
        "If those domains are not yours, do nothing. Otherwise add them to the from_filter of a server that may send from them.",
    ),
    # queue
    "backlog": Kind(
        "queue",
        "warning",
        "Many mails are waiting to be sent",
        "Run the queue more often or in larger batches (postmaster.odoo.queue_policy). Or send the mails now: run "
        "postmaster.odoo.mail_queue with action process.",
    ),
    "queue_batch_full": Kind(
        "queue",
        "warning",
        "More mails are due than one run of the queue sends",
        "Send more mails in each run (system parameter mail.mail.queue.batch.size, from 17.0 on), or run the queue more often "
        "(postmaster.odoo.queue_policy).",
    ),
    "oldest_too_old": Kind(
        "queue",
        "error",
        "Mails have been waiting to be sent for too long",
        "Correct the causes in the other findings. If there are none, send now to see the error: run postmaster.odoo.mail_queue with action process.",
    ),
    "failures_by_class": Kind(
        "queue",
        "warning",
        "Mails have failed, and Odoo does not retry them",
        "Correct the cause. Then run postmaster.odoo.mail_queue with action retry (or cancel) and failure_class {name}.",
    ),
    "throttled": Kind(
        "queue",
        "warning",
        "A mail server temporarily rejects mail: a rate limit, greylisting, or too many connections",
        "Send fewer mails at once (postmaster.odoo.queue_policy). Retry the failed mails: run postmaster.odoo.mail_queue with action retry "
        "and failure_class throttled.",
        "transient",
    ),
    "given_up": Kind(
        "queue",
        "error",
        "Mails have reached their limit of attempts, and are not retried",
        "Correct the cause. Then run postmaster.odoo.mail_queue with action retry, failure_class {name} and max_attempts 0, or cancel the mails.",
    ),
    "interrupted_batch": Kind(
        "queue",
        "warning",
        "The last run of the queue was interrupted and left mails behind",
        "Send the other mails: run postmaster.odoo.mail_queue with action process. If a server closes the connection, its connection test "
        "or Odoo's log shows that.",
        "interrupted",
    ),
    "queue_blocked": Kind(
        "queue",
        "error",
        "The queue runs and sends nothing",
        "Correct the mail servers that have findings, or the cause that Odoo's log shows. Then send the mails: run "
        "postmaster.odoo.mail_queue with action process.",
        "interrupted",
    ),
    "no_recipient": Kind(
        "queue",
        "warning",
        "Mails have no recipient",
        "Complete the contacts' addresses and send the mails again. Or cancel them: run postmaster.odoo.mail_queue with action cancel, "
        "states [exception] and failure_class [no_recipient].",
    ),
    "stale_outgoing": Kind(
        "queue",
        "warning",
        "Mails have been waiting for so long that they may no longer be wanted",
        "Cancel these mails before they are sent: run postmaster.odoo.mail_queue with action cancel and older_than.",
        "stale",
    ),
    # setup
    "alias_domain_missing": Kind(
        "setup",
        "warning",
        "A company has no alias domain, so bounces and replies do not come back to Odoo",
        "Declare an alias domain: run postmaster.odoo.alias_domain with the company in companies. Up to 16.0, set the system parameter mail.catchall.domain.",
    ),
    "default_from_missing": Kind(
        "setup",
        "warning",
        "There is no address that notifications are sent from",
        "Set the address: run postmaster.odoo.alias_domain with default_from. Up to 16.0, set the system parameter mail.default.from.",
    ),
    "base_url_localhost": Kind(
        "setup",
        "warning",
        "Links in mails lead nowhere, or to the reader's own machine",
        "Set the system parameter web.base.url to the address that people use. Set web.base.url.freeze to True, so that Odoo does not change it.",
    ),
    "parameter_ignored": Kind(
        "setup",
        "info",
        "A system parameter has no effect",
        "Delete {name}. From 17.0 on the alias domain has these settings: use postmaster.odoo.alias_domain. No version of Odoo reads mail.force.smtp.from.",
    ),
    "sample_address": Kind(
        "setup",
        "warning",
        "Addresses of Odoo's demonstration data are in use",
        "Set the email addresses of the company, the administrator and the alias domain to your own addresses.",
    ),
    "batch_size_extreme": Kind(
        "setup",
        "warning",
        "A batch size is far too small or far too large",
        "Remove the setting, or set it to a few hundred.",
    ),
    **EXPIRY_KINDS,
    **DNS_KINDS,
}


@dataclass(frozen=True)
class Finding:
    """One diagnosis.

    :param evidence: one line with the numbers and texts that prove the finding, without secrets.
    :param resource: the affected record: `model`, `id`, `name` and, if it has one, `xml_id`.
    :param severity: if it differs from that of the kind.
    :param fix: if it differs from that of the kind; empty if the finding is not fixable.
    """

    id: str
    evidence: str
    resource: Mapping[str, Any] | None = None
    severity: str = ""
    remedy: str = ""
    fix: str | None = None

    @property
    def kind(self) -> Kind:
        """Return the entry of the catalogue."""
        return CATALOGUE[self.id]

    @property
    def rank(self) -> int:
        """Return the rank of the severity; 0 is the worst."""
        return SEVERITIES.index(self.severity or self.kind.severity)

    def as_result(self) -> dict[str, Any]:
        """Return the finding as it is in a task's result."""
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
    """Return a text without line breaks."""
    return " ".join(text.split())


def sorted_results(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return all findings, the worst first. Within a severity the order is that of the catalogue: causes before effects."""
    order = list(CATALOGUE)
    return [
        finding.as_result() for finding in sorted(findings, key=lambda finding: (finding.rank, order.index(finding.id)))
    ]


def count_by_severity(findings: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return the number of findings of each severity."""
    severities = [finding["severity"] for finding in findings]
    return {severity: severities.count(severity) for severity in SEVERITIES}
