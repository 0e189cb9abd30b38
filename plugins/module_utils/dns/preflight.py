# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read and check the DNS records that an instance's mail depends on: SPF, DKIM, DMARC, MX and PTR."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.dkim_check import check_keys
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.dmarc import find_policy
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.dmarc_check import check_policy
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.failures import Failures
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.lookup import AliasLoop, Lookup, Unanswered
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.mail_paths import (
    MailPath,
    SendingServer,
    is_address,
    is_own,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.mailboxes import can_send_for, mailbox_provider
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.names import is_unknown, why_impossible
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.records import DnsRecord, Problem
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.report import UNKNOWN, Fact, Report
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.reverse import read_names
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.spf_check import Authorization, check_spf
from ansible_collections.postmaster.odoo.plugins.module_utils.text import printable, some


def examine(lookup: Lookup, paths: Sequence[MailPath], receiving: Iterable[str]) -> Report:
    """Read and check all records.

    :param receiving: the domains that replies and bounces go to.
    """
    report = Report()
    servers = list(dict.fromkeys(path.server for path in paths))
    every, wanted = paths, list(dict.fromkeys(receiving))
    odd = _check_names(report, every, wanted)
    paths = [
        path for path in every if odd.isdisjoint((path.from_domain, path.server.envelope_domain(path.envelope_domain)))
    ]
    receiving = [domain for domain in wanted if domain not in odd]
    own_domains = cache(partial(_own_domains, lookup, tuple(paths), tuple(receiving)))
    # A mailbox provider's own server needs no records from the user.
    needed = {path.server for path in every if not _is_at_home(path)}
    addresses = {
        server: _addresses(lookup, report, server, own_domains) if server in needed else () for server in servers
    }
    failures = Failures()
    _check_senders(lookup, report, paths, addresses, failures)
    _check_signatures(lookup, report, paths, failures)
    by_domain: dict[str, list[MailPath]] = {}
    for path in paths:
        by_domain.setdefault(path.from_domain, []).append(path)
    for domain, mine in by_domain.items():
        check = partial(check_policy, lookup, domain, mine, failures)
        report.judge("dmarc", {"domain": domain}, check)
    for domain in receiving:
        report.judge("mx", {"domain": domain}, partial(_check_exchanges, lookup, domain))
    for server in servers:
        for address in addresses[server]:
            fact: Fact = {"address": address, "server": server.name}
            report.judge("ptr", fact, partial(_check_address, lookup, server, address))
    return report


def _check_names(report: Report, paths: Sequence[MailPath], receiving: Iterable[str]) -> set[str]:
    """Check the names of domains, and return those that cannot be looked up."""
    uses: dict[str, tuple[str, list[str]]] = {}
    for path in paths:
        uses.setdefault(path.from_domain, ("dmarc", []))[1].extend(path.senders)
    for path in paths:
        uses.setdefault(path.server.envelope_domain(path.envelope_domain), ("spf", []))[1].extend(path.senders)
    for domain in receiving:
        uses.setdefault(domain, ("mx", []))
    odd = set()
    for domain, (kind, senders) in uses.items():
        if is_unknown(domain):
            report.undeclared.append(
                f"the name of {domain} in the DNS: install the Python package idna on the machine that runs this task"
            )
            report.facts[kind].append({"domain": domain, "state": UNKNOWN})
            odd.add(domain)
        elif domain and (reason := why_impossible(domain)):
            mail = (
                f" Mail is from {some(printable(one) for one in dict.fromkeys(senders))}."
                if senders
                else " Bounces and replies go there."
            )
            problem = Problem("domain_invalid", domain, f"The domain {domain!r} cannot exist: {reason}.{mail}")
            report.facts[kind].append({"domain": domain, "state": problem.finding})
            report.problems.append(problem)
            odd.add(domain)
    return odd


def _is_at_home(path: MailPath) -> bool:
    """Return whether mail from a mailbox provider's domain leaves through that provider's server."""
    return bool(mailbox_provider(path.from_domain)) and can_send_for(path.server.host, path.from_domain)


def _own_domains(lookup: Lookup, paths: Sequence[MailPath], receiving: Sequence[str]) -> frozenset[str]:
    """Return the domains that an instance uses, with their organizational domains. Errors as in `find_policy`."""
    used = (*receiving, *(domain for path in paths for domain in (path.from_domain, path.envelope_domain)))
    domains = {domain for domain in used if not mailbox_provider(domain)}
    return frozenset(domains | {find_policy(lookup, domain).organizational for domain in domains})


def _addresses(
    lookup: Lookup, report: Report, server: SendingServer, own_domains: Callable[[], frozenset[str]]
) -> tuple[str, ...]:
    """Return the addresses that the user's own server sends from; empty if they are not known, or if it belongs to a provider."""
    if server.relay.addresses:
        return server.relay.addresses
    if server.spf_include:
        return ()
    try:
        own = is_own(server, own_domains())
        found = _addresses_of(lookup, server.host) if own else []
    except Unanswered as error:
        report.unanswered.append(str(error))
        return ()
    except AliasLoop:
        own, found = True, []
    public = tuple(address for address in found if ipaddress.ip_address(address).is_global)
    if not public and not (server.provider and server.records):
        what = f"{server.host or 'its host is not known'}, {_reason(server, own, found)}"
        report.undeclared.append(
            f"the addresses that {server.name!r} sends from ({what}): declare addresses or spf_include"
        )
    return public


def _addresses_of(lookup: Lookup, host: str) -> list[str]:
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        return lookup.addresses(host)


def _reason(server: SendingServer, own: bool, found: Sequence[str]) -> str:
    if not own:
        return "outside of the domains of this instance"
    return f"with only the private addresses {some(found)}" if found else "without an address in the DNS"


def _check_senders(
    lookup: Lookup,
    report: Report,
    paths: Sequence[MailPath],
    addresses: dict[SendingServer, tuple[str, ...]],
    failures: Failures,
) -> None:
    """Check the SPF record of each envelope domain, for all servers that use it."""
    wanted: dict[str, dict[SendingServer, Authorization]] = {}
    for path in paths:
        server, domain = path.server, path.server.envelope_domain(path.envelope_domain)
        # For mail from a mailbox provider's domain the finding about DMARC is enough.
        if not domain or (domain == path.from_domain and mailbox_provider(domain)):
            continue
        of_server = () if server.spf_include else addresses[server]
        wanted.setdefault(domain, {})[server] = Authorization(server.name, server.spf_include, of_server)
    for domain, authorizations in wanted.items():
        fact: Fact = {"domain": domain, "servers": list(dict.fromkeys(one.server for one in authorizations.values()))}
        if provider := mailbox_provider(domain):
            strangers = [server for server in authorizations if not can_send_for(server.host, domain)]
            check = partial(_check_mailbox_envelope, domain, provider, strangers)
        else:
            check = partial(check_spf, lookup, domain, list(dict.fromkeys(authorizations.values())))
        problem = report.judge("spf", fact, check)
        # A record that passes every server is not a failure of this server.
        if problem and problem.finding not in ("spf_unknown", "spf_permissive"):
            unauthorized: list[str] = fact.get("unauthorized") or fact["servers"]
            failures.spf |= {(server, domain): problem for server in authorizations if server.name in unauthorized}


def _check_mailbox_envelope(
    domain: str, provider: str, strangers: Sequence[SendingServer], _fact: Fact
) -> Problem | None:
    """Return a problem if servers send with envelope senders of a mailbox provider's domain."""
    if not strangers:
        return None
    names = some(repr(server.name) for server in strangers)
    evidence = (
        f"{names} sends mail with envelope senders of {domain}. It is a domain of {provider}'s mailboxes, "
        f"and its SPF record authorizes only servers of {provider}."
    )
    return Problem("spf_missing", domain, evidence, (), "Use a bounce address in your own domain.")


def _check_signatures(lookup: Lookup, report: Report, paths: Sequence[MailPath], failures: Failures) -> None:
    """Check the DKIM keys of each domain and set of selectors."""
    signing: dict[tuple[str, frozenset[str]], dict[SendingServer, None]] = {}
    for path in paths:
        server, domain = path.server, path.server.dkim_domain(path.from_domain)
        if not mailbox_provider(domain):
            signing.setdefault((domain, frozenset(server.selectors)), {})[server] = None
    for (domain, selectors), of_domain in signing.items():
        servers = list(of_domain)
        names = list(dict.fromkeys(server.name for server in servers))
        if not selectors:
            report.undeclared += [
                f"the DKIM selectors of {name!r} for {domain}: declare dkim_selectors" for name in names
            ]
            continue
        fact: Fact = {"domain": domain, "servers": names, "selectors": list(servers[0].selectors)}
        problem = report.judge("dkim", fact, partial(check_keys, lookup, servers, domain))
        if problem:
            failures.dkim |= {(server, domain): problem for server in servers}


def _check_exchanges(lookup: Lookup, domain: str, fact: Fact) -> Problem | None:
    """Check the MX records of a domain that replies and bounces go to."""
    record = DnsRecord(domain, "MX", f"10 <the server that receives mail for {domain}>.")
    try:
        exchanges = lookup.exchanges(domain)
        fact["exchanges"] = [host for _preference, host in exchanges]
        if exchanges and not exchanges[0][1]:
            words = f"{domain} has a null MX, so it accepts no mail (RFC 7505)"
        elif not exchanges and lookup.addresses(domain):
            words = f"{domain} has no MX record, so mail goes to its own address, which is often a web server (RFC 5321 §5.1)"
        elif not exchanges:
            words = f"{domain} has neither an MX record nor an address"
        else:
            dead = [host for _preference, host in exchanges if not lookup.addresses(host)]
            if len(dead) < len(exchanges):
                return None
            words = f"the MX records of {domain} lead to {some(dead)}, which has no address"
    except AliasLoop as error:
        words = str(error)
    return Problem("mx_missing", domain, f"Bounces and replies go to {domain}: {words}.", (record,))


def _check_address(lookup: Lookup, server: SendingServer, address: str, fact: Fact) -> Problem | None:
    """Check the name of an address that sends mail."""
    try:
        found = read_names(lookup, address)
    except AliasLoop as error:
        return _unnamed(server, address, str(error), ())
    fact |= {"names": list(found.names), "confirmed": list(found.confirmed)}
    if not found.names:
        return _unnamed(server, address, "it has no name (PTR)", ())
    if not found.confirmed:
        return _unnamed(server, address, f"its name {some(found.names)} does not resolve to this address", found.names)
    return None


def _unnamed(server: SendingServer, address: str, words: str, names: Sequence[str]) -> Problem:
    pointer = ipaddress.ip_address(address)
    host = server.host if "." in server.host and not is_address(server.host) else ""
    name = names[0] if names else host or "<the name of the server>"
    records = [DnsRecord(name, "A" if pointer.version == 4 else "AAAA", address)]
    if not names:
        records.insert(0, DnsRecord(pointer.reverse_pointer, "PTR", f"{name}."))
    evidence = f"{server.name!r} sends from {address}: {words}."
    return Problem(
        "ptr_missing",
        address,
        evidence,
        tuple(records),
        "The owner of the address, usually the hosting provider, publishes the PTR record.",
    )
