# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The diagnosis: read the instance, have Odoo test its mail servers, and return findings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.options import DnsOptions
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.cron_checks import check_crons, late_actions
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.deadline import in_order
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.dns_checks import check_dns, dns_result, look_up
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.expiry_checks import check_expiry
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import (
    CHECKS,
    DEFAULT_CHECKS,
    SEVERITIES,
    Finding,
    count_by_severity,
    sorted_results,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import Limits, Observation
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observe import observe, read_servers
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.odoo_configuration import relay_of
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.queue_checks import check_queue
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.read_deadlines import (
    certificate_deadlines,
    read_deadlines,
    tls_servers,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.routing_checks import check_routing
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.server_checks import check_servers
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.setup_checks import check_setup
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Conflict, Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron import CRON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.declared_dates import refuse_dates
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.server_tests import outcomes
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.probe import probe
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.settings import Settings

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

_CHECKS: Mapping[str, Callable[[Observation, Limits], Iterator[Finding]]] = dict(
    zip(
        CHECKS,
        (check_crons, check_servers, check_routing, check_queue, check_setup, check_expiry, check_dns),
        strict=True,
    )
)

# Failures of the connection. For failures of logins and addresses, Odoo's own test shows more than a probe.
_WORTH_A_PROBE = frozenset(
    {
        "auth_unsupported",
        "certificate",
        "disconnected",
        "dns",
        "not_tested",
        "starttls_unsupported",
        "timeout",
        "tls",
        "unreachable",
    }
)


@dataclass(frozen=True)
class Examination:
    """The scope of a diagnosis.

    :param live_tests: have Odoo run its own connection test of every active mail server.
    :param lock_probe: find out whether a worker runs the overdue crons, by a write that changes only `write_date`.
    :param probe: connect from this machine to servers that fail their test or are not tested.
    :param configuration: the options of odoo.conf.
    :param declared_dates: the dates that mail servers declare, each with a `name` or `xml_id`.
    :param dns: the options of the check `dns`.
    :raises Invalid: if there are no checks, or a date is not valid.
    """

    checks: Collection[str] = DEFAULT_CHECKS
    limits: Limits = field(default_factory=Limits)
    live_tests: bool = True
    lock_probe: bool = False
    probe: bool = False
    configuration: Mapping[str, str] | None = None
    declared_dates: Sequence[Mapping[str, Any]] = ()
    dns: DnsOptions = field(default_factory=DnsOptions)

    def __post_init__(self) -> None:
        if not self.checks:
            raise Invalid(f"checks is empty, so nothing would be checked. Name at least one of {', '.join(CHECKS)}.")
        refuse_dates(self.declared_dates)


def diagnose(session: Session, how: Examination) -> dict[str, Any]:
    """Return the findings and the data behind them. With a read-only session, Odoo tests no mail server, and no lock is probed."""
    servers = read_servers(session, how.checks)
    seen = observe(session, how.limits, how.checks, servers, how.configuration)
    if how.lock_probe and "cron" in how.checks and not session.read_only:
        seen = replace(seen, locked=_probe_locks(session, seen, how.limits))
    if how.live_tests and servers and "server" in how.checks:
        shared = {server["id"] for server in seen.shared_servers}
        seen = replace(seen, tests=outcomes(session, [found for found in servers.found if found.id in shared]))
    if how.probe and "server" in how.checks:
        seen = replace(seen, probes=_probe_servers(seen), relay_probe=_probe_relay(seen))
    if servers and "expiry" in how.checks:
        seen = replace(
            seen,
            deadlines=[
                *read_deadlines(session, seen, servers, how.declared_dates),
                *certificate_deadlines(seen, _probe_certificates(seen) if how.probe else None),
            ],
        )
    records = None
    if "dns" in how.checks:
        report, found = look_up(seen, how.dns)
        seen = replace(seen, dns=report)
        records = dns_result(report, found.paths)
    findings = sorted_results(
        finding for check in CHECKS if check in how.checks for finding in _CHECKS[check](seen, how.limits)
    )
    counts = count_by_severity(findings)
    return {
        "findings": findings,
        "counts": counts,
        "checks": [check for check in CHECKS if check in how.checks],
        "healthy": not counts["error"],
        "tests": list(seen.tests),
        "queue": dict(seen.queue) or None,
        "expiry": _expiry_table(seen, how) if "expiry" in how.checks else None,
        "dns": records,
        "odoo_version": session.version.text,
    }


def _expiry_table(seen: Observation, how: Examination) -> list[dict[str, Any]]:
    limits = how.limits
    return [one.as_result(seen.now, limits.warn_days, limits.error_days) for one in in_order(seen.deadlines)]


def unmatched_dates(diagnosis: Mapping[str, Any]) -> list[str]:
    """Return one sentence for each declared date of a mail server that does not exist."""
    rows = [row for row in diagnosis["expiry"] or () if row["resource"] and row["resource"]["id"] is None]
    return [f"{row['source']} Correct the name, or create the mail server." for row in rows]


def worst(diagnosis: Mapping[str, Any], fail_on: str) -> list[str]:
    """Return one sentence for each finding that is at least as severe as `fail_on`; none for `never`."""
    if fail_on not in SEVERITIES:
        return []
    bad = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    return [
        f"{finding['id']}: {finding['evidence']}" for finding in diagnosis["findings"] if finding["severity"] in bad
    ]


def _probe_locks(session: Session, seen: Observation, limits: Limits) -> dict[int, bool]:
    """Return for each late cron whether a worker has locked it. Only a write shows a lock."""
    late = list(late_actions(seen, limits))
    if not late or not _is_locked(session, late):
        return dict.fromkeys(late, False)
    return {cron_id: _is_locked(session, [cron_id]) for cron_id in late}


def _is_locked(session: Session, ids: list[int]) -> bool:
    try:
        session.write(CRON.model, ids, {})
    except Conflict:
        return True
    return False


def _probe_servers(seen: Observation) -> dict[int, dict[str, Any]]:
    """Return probes, from this machine and without credentials, of the servers that Odoo does not reach or did not test."""
    tested = {test["id"]: test["outcome"] for test in seen.tests}
    return {
        server["id"]: probe(
            Settings(
                server["smtp_host"],
                server["smtp_port"],
                server["smtp_encryption"],
                explore=True,
                # The CAs that this machine trusts may differ from those that Odoo's machine trusts.
                enforce=False,
            )
        )
        for server in seen.shared_servers
        if server["smtp_host"]
        and server["smtp_authentication"] != "cli"
        and not server["leads_nowhere"]
        and tested.get(server["id"], "not_tested") in _WORTH_A_PROBE
    }


def _probe_certificates(seen: Observation) -> dict[int, Mapping[str, Any]]:
    """Return a probe of each mail server that presents a certificate. A server that was probed already is not probed again."""
    return {
        server["id"]: seen.probes.get(server["id"])
        or probe(Settings(server["smtp_host"], server["smtp_port"], server["smtp_encryption"], enforce=False))
        for server in tls_servers(seen)
    }


def _probe_relay(seen: Observation) -> dict[str, Any] | None:
    """Return a probe of the server in odoo.conf if no other server is active. The file is on this machine, so its localhost is this machine too."""
    relay = relay_of(seen.configuration)
    if seen.shared_servers or not relay or not relay[1].isdecimal():
        return None
    encryption = "starttls" if seen.configuration.get("smtp_ssl") else "none"
    return probe(Settings(relay[0], int(relay[1]), encryption, enforce=False))
