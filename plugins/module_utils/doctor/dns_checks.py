# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records in the DNS that mail depends on, for every sender and the way that its mail takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.mail_paths import (
    MailPath,
    SendingServer,
    mail_paths,
    sending_server,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.options import DnsOptions
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.preflight import examine
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.records import Problem, domain_of
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.report import Report
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import Finding, sorted_results
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import Limits, Observation, Sender
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observe import observe, read_servers
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.odoo_configuration import relay_of
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.routing_checks import rules_of_senders
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.route import (
    Route,
    ServerIndex,
    find_route,
    mail_server_of,
    route_through,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.text import some

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

_SHOWN_SENDERS = 20


def look_up(seen: Observation, options: DnsOptions) -> Report:
    """Read and judge the records that an instance's mail depends on.

    :raises Invalid: as `DnsOptions.lookup`.
    """
    return examine(options.lookup(), paths_of(seen, options), _receiving_domains(seen))


def check_dns(seen: Observation, limits: Limits) -> Iterator[Finding]:
    """Return the findings about records; none if nobody looked."""
    if seen.dns is None:
        return
    for problem in seen.dns.problems:
        yield finding_of(problem)
    if seen.dns.unanswered:
        questions = list(dict.fromkeys(seen.dns.unanswered))
        yield Finding("dns_unanswered", f"{len(questions)} questions without an answer: {some(questions)}.")
    if seen.dns.undeclared:
        yield Finding("dns_undeclared", f"Not known: {some(seen.dns.undeclared)}.")


def finding_of(problem: Problem) -> Finding:
    """Return a problem as a finding, with the records to publish in its remedy."""
    parts = [f"Publish: {', and '.join(map(str, problem.records))}."] if problem.records else []
    about = {"model": "dns", "id": None, "name": problem.subject}
    remedy = " ".join([*parts, *([problem.advice] if problem.advice else [])])
    return Finding(problem.finding, problem.evidence, about, problem.severity, remedy)


def paths_of(seen: Observation, options: DnsOptions) -> list[MailPath]:
    """Return the ways that mail of the instance's senders takes, but through servers that lead nowhere."""
    if not seen.rules:
        return []
    host = (relay_of(seen.configuration) or ("", ""))[0]
    relays = {relay.server: relay for relay in options.relays}
    known = [(server["id"], server) for server in seen.servers if not server["leads_nowhere"]]
    servers: dict[int | None, SendingServer] = {one: sending_server(server, relays, host) for one, server in known}
    if host:
        servers[None] = sending_server(None, relays, host)
    return mail_paths(_routes(seen), servers)


def _routes(seen: Observation) -> Iterator[tuple[str, Route, str]]:
    """The address of each sender with its route, and the notifications address of its company."""
    servers = [mail_server_of(server) for server in seen.servers]
    index = ServerIndex(servers, several=seen.rules[0].several)
    rules_of = rules_of_senders(seen.rules)
    notifications = [Sender(rules.notifications, "notifications") for rules in seen.rules if rules.notifications]
    for sender in (*seen.senders, *notifications):
        rules = rules_of(sender)
        yield sender.address, find_route(sender.address, index, rules), rules.notifications
    by_id = {server.id: server for server in servers if server.active}
    for sender, server_id in seen.named:
        if server_id in by_id:
            rules = rules_of(sender)
            yield sender.address, route_through(sender.address, by_id[server_id], rules), rules.notifications


def _receiving_domains(seen: Observation) -> list[str]:
    """The domains of bounces and replies."""
    if seen.alias_domains is not None:
        used = {(company.get("alias_domain_id") or [None])[0] for company in seen.companies}
        names = [domain["name"] for domain in seen.alias_domains if domain["id"] in used]
    else:
        names = [seen.parameters.get("mail.catchall.domain") or ""]
    bounces = [rules.bounce for rules in seen.rules if rules.bounce]
    domains = [*(domain_of(f"@{name}") for name in names if name), *map(domain_of, bounces)]
    return list(dict.fromkeys(domain for domain in domains if domain))


def dns_info(session: Session, options: DnsOptions, configuration: Mapping[str, str] | None) -> dict[str, Any]:
    """Return the ways of mail, the records, and the findings about them.

    :raises Timeout: no name server answered anything. :raises Invalid: as `DnsOptions.lookup`.
    """
    lookup = options.lookup()
    seen = observe(session, Limits(), ("dns",), read_servers(session, ("dns",)), configuration)
    paths = paths_of(seen, options)
    report = examine(lookup, paths, _receiving_domains(seen))
    lookup.refuse_silence()
    found = Observation(seen.now, dns=report)
    return {
        "paths": [_path(path) for path in paths],
        **report.facts,
        "findings": sorted_results(check_dns(found, Limits())),
        "records": [record.as_result() for problem in report.problems for record in problem.records],
        "odoo_version": session.version.text,
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
