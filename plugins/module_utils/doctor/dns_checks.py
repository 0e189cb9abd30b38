# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the DNS records that mail depends on, for the path of each sender's mail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.lookup import Lookup
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.mail_paths import MailPath
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.options import DnsOptions
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.preflight import examine
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.records import Problem
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.report import Report
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.dns_paths import (
    InstancePaths,
    paths_of,
    receiving_domains,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import Finding, sorted_results
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import Limits, Observation
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observe import observe, read_servers
from ansible_collections.postmaster.odoo.plugins.module_utils.text import counted, some

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

_SHOWN_SENDERS = 20


def look_up(seen: Observation, options: DnsOptions) -> tuple[Report, InstancePaths]:
    """Read and check the records that an instance's mail depends on.

    :raises Invalid: as `DnsOptions.lookup` and `paths_of`.
    """
    return _look_up(options.lookup(), seen, options)


def _look_up(lookup: Lookup, seen: Observation, options: DnsOptions) -> tuple[Report, InstancePaths]:
    found = paths_of(seen, options.relays)
    report = examine(lookup, found.paths, receiving_domains(seen))
    report.undeclared += found.unknown
    return report, found


def check_dns(seen: Observation, limits: Limits) -> Iterator[Finding]:
    """Yield the findings about records; none if no records were read."""
    if seen.dns is None:
        return
    for problem in seen.dns.problems:
        yield finding_of(problem)
    if seen.dns.unanswered:
        questions = list(dict.fromkeys(seen.dns.unanswered))
        yield Finding(
            "dns_unanswered", f"{counted(len(questions), 'query', 'queries')} without an answer: {some(questions)}."
        )
    if seen.dns.undeclared:
        yield Finding("dns_undeclared", f"Not known: {some(seen.dns.undeclared)}.")


def finding_of(problem: Problem) -> Finding:
    """Return a problem as a finding, with the records to publish in its remedy."""
    parts = [f"Publish: {', and '.join(map(str, problem.records))}."] if problem.records else []
    about = {"model": "dns", "id": None, "name": problem.subject}
    remedy = " ".join([*parts, *([problem.advice] if problem.advice else [])])
    return Finding(problem.finding, problem.evidence, about, problem.severity, remedy)


def dns_info(session: Session, options: DnsOptions, configuration: Mapping[str, str] | None) -> dict[str, Any]:
    """Return the paths of mail, the records, and the findings about them.

    :raises Timeout: if no name server answered any query.
    :raises Invalid: as `DnsOptions.lookup`.
    """
    lookup = options.lookup()
    seen = observe(session, Limits(), ("dns",), read_servers(session, ("dns",)), configuration)
    report, found = _look_up(lookup, seen, options)
    lookup.refuse_silence()
    judged = Observation(seen.now, dns=report)
    return {
        **dns_result(report, found.paths),
        "findings": sorted_results(check_dns(judged, Limits())),
        "odoo_version": session.version.text,
    }


def dns_result(report: Report, paths: Sequence[MailPath]) -> dict[str, Any]:
    """Return the paths of mail, the state of each record, and the records to publish, each once."""
    records = dict.fromkeys(record for problem in report.problems for record in problem.records)
    return {
        "paths": [_path(path) for path in paths],
        **report.facts,
        "records": [record.as_result() for record in records],
    }


def _path(path: MailPath) -> dict[str, Any]:
    server = path.server
    return {
        "server": server.name,
        "smtp_host": server.host or None,
        "provider": server.provider or None,
        "from_domain": path.from_domain,
        "envelope_domain": server.envelope_domain(path.envelope_domain) or None,
        "senders": list(path.senders[:_SHOWN_SENDERS]),
        "sender_count": len(path.senders),
    }
