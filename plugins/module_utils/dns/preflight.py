# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The records that an instance's mail depends on, read and judged: SPF, DKIM, DMARC, MX and PTR."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.dkim import read_key
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.dmarc import Policy, find_policy, is_aligned
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.lookup import AliasLoop, Lookup, Unanswered
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.mail_paths import (
    MailPath,
    SendingServer,
    is_address,
    is_own,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.records import DnsRecord, Problem
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.report import Fact, Report
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.reverse import read_names
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.spf_check import Authorization, check_spf
from ansible_collections.postmaster.odoo.plugins.module_utils.text import some

_KEY = "v=DKIM1; k=rsa; p=<the public key of the server that signs>"


def examine(lookup: Lookup, paths: Sequence[MailPath], receiving: Iterable[str]) -> Report:
    """Read and judge all records.

    :param receiving: the domains that replies and bounces go to.
    """
    report = Report()
    receiving = list(dict.fromkeys(receiving))
    servers = list(dict.fromkeys(path.server for path in paths))
    own_domains = cache(partial(_own_domains, lookup, tuple(paths), tuple(receiving)))
    addresses = {server: _addresses(lookup, report, server, own_domains) for server in servers}
    _check_senders(lookup, report, paths, addresses)
    _check_keys(lookup, report, paths)
    by_domain: dict[str, list[MailPath]] = {}
    for path in paths:
        by_domain.setdefault(path.from_domain, []).append(path)
    for domain, mine in by_domain.items():
        check = partial(_check_policy, lookup, domain, mine)
        report.judge("dmarc", {"domain": domain}, check)
    for domain in receiving:
        report.judge("mx", {"domain": domain}, partial(_check_exchanges, lookup, domain))
    for server in servers:
        for address in addresses[server]:
            fact: Fact = {"address": address, "server": server.name}
            report.judge("ptr", fact, partial(_check_address, lookup, server, address))
    return report


def _own_domains(lookup: Lookup, paths: Sequence[MailPath], receiving: Sequence[str]) -> frozenset[str]:
    """Return the domains that an instance uses, with their organizational domains. Errors as in `find_policy`."""
    domains = {*receiving, *(domain for path in paths for domain in (path.from_domain, path.envelope_domain))}
    return frozenset(domains | {find_policy(lookup, domain).organizational for domain in domains})


def _addresses(
    lookup: Lookup, report: Report, server: SendingServer, own_domains: Callable[[], frozenset[str]]
) -> tuple[str, ...]:
    """The addresses that mail of a server of one's own comes from; empty if it is a provider's, or they are not known."""
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
        return "which is not in a domain of this instance"
    return f"which has {'only the private addresses ' + some(found) if found else 'no address in the DNS'}"


def _check_senders(
    lookup: Lookup, report: Report, paths: Sequence[MailPath], addresses: dict[SendingServer, tuple[str, ...]]
) -> None:
    """Judge the SPF record of each envelope domain, for all servers that use it."""
    wanted: dict[str, dict[Authorization, None]] = {}
    for path in paths:
        server, domain = path.server, path.server.envelope_domain(path.envelope_domain)
        one = Authorization(server.name, server.spf_include, () if server.spf_include else addresses[server])
        if domain:
            wanted.setdefault(domain, {})[one] = None
    for domain, authorizations in wanted.items():
        fact: Fact = {"domain": domain, "servers": [one.server for one in authorizations]}
        report.judge("spf", fact, partial(check_spf, lookup, domain, list(authorizations)))


def _check_keys(lookup: Lookup, report: Report, paths: Sequence[MailPath]) -> None:
    """Judge the DKIM keys of each server and domain."""
    for server, domain in dict.fromkeys((path.server, path.server.dkim_domain(path.from_domain)) for path in paths):
        if server.selectors:
            fact: Fact = {"domain": domain, "server": server.name, "selectors": list(server.selectors)}
            report.judge("dkim", fact, partial(_check_key, lookup, server, domain))
        else:
            report.undeclared.append(f"the DKIM selectors of {server.name!r} for {domain}: declare dkim_selectors")


def _check_key(lookup: Lookup, server: SendingServer, domain: str, _fact: Fact) -> Problem | None:
    """Judge the keys of a server: all that are declared, or one of those that a provider uses."""
    keys = [read_key(lookup, selector, domain) for selector in server.selectors]
    bad = [key for key in keys if key.state != "found"]
    is_declared = bool(server.relay.dkim_selectors)
    if not bad or (len(bad) < len(keys) and not is_declared):
        return None
    of_provider = server.records.key_records(domain) if server.records and not is_declared else ()
    records = of_provider or tuple(DnsRecord(key.name, "TXT", _KEY) for key in bad)
    evidence = f"Mail through {server.name!r} is signed for {domain}: {'; '.join(key.words for key in bad)}."
    advice = "" if is_declared else "If the account uses other selectors, declare dkim_selectors."
    return Problem("dkim_missing", domain, evidence, records, advice)


def _check_policy(lookup: Lookup, domain: str, paths: Sequence[MailPath], fact: Fact) -> Problem | None:
    """Judge the DMARC policy for a domain, and whether its mail is aligned on each path."""
    try:
        policy = find_policy(lookup, domain)
    except AliasLoop as error:
        return _no_policy(domain, f"{error}.")
    fact |= {"policy": policy.applied or None, "record_at": policy.record.domain if policy.record else None}
    fact["organizational_domain"] = policy.organizational
    if policy.faults:
        at, words = policy.faults[0]
        return _no_policy(at, f"{words}.")
    if policy.record is None:
        return _no_policy(domain, f"Neither _dmarc.{domain} nor a domain above it has a record.")
    unaligned = [path for path in paths if not _is_aligned(lookup, policy, path)]
    if not unaligned:
        return None
    return _unaligned(lookup, policy, unaligned[0])


def _is_aligned(lookup: Lookup, policy: Policy, path: MailPath) -> bool:
    """Return whether a path has a domain that is aligned, or may have one."""
    server, record = path.server, policy.record
    strict_spf, strict_dkim = (record.is_spf_strict, record.is_dkim_strict) if record else (False, False)
    envelope, signed = server.envelope_domain(path.envelope_domain), server.dkim_domain(path.from_domain)
    if envelope and is_aligned(lookup, policy, envelope, strict=strict_spf):
        return True
    # Without known selectors nothing is known about signatures, unless the domain of them is declared.
    if not server.selectors and not server.relay.dkim_domain:
        return True
    return is_aligned(lookup, policy, signed, strict=strict_dkim)


def _unaligned(lookup: Lookup, policy: Policy, path: MailPath) -> Problem:
    server = path.server
    envelope, signed = server.envelope_domain(path.envelope_domain), server.dkim_domain(path.from_domain)
    sender = f"its envelope sender is of {envelope}" if envelope else "its envelope sender is the provider's"
    record = policy.record
    at = record.domain if record else policy.domain
    evidence = (
        f"Mail from {policy.domain} through {server.name!r}: {sender}, and it is signed for {signed}. "
        f"Neither is aligned with {policy.domain} by the record at _dmarc.{at} (p={policy.applied}): {record.text if record else ''!r}."
    )
    relaxed = [domain for domain in (envelope, signed) if domain and is_aligned(lookup, policy, domain, strict=False)]
    if relaxed and record:
        kept = [part.strip() for part in record.text.split(";") if part.strip()]
        tags = [part for part in kept if part.partition("=")[0].strip().lower() not in ("aspf", "adkim")]
        records = (DnsRecord(f"_dmarc.{at}", "TXT", "; ".join(tags)),)
        advice = f"Without aspf=s and adkim=s {relaxed[0]} is aligned."
    else:
        records = (DnsRecord(f"SELECTOR._domainkey.{policy.domain}", "TXT", _KEY),)
        advice = f"Have {server.name!r} sign mail for {policy.domain}, or give bounces an address of this domain (bounce_alias of the alias domain)."
    severity = "error" if policy.applied in ("quarantine", "reject") else ""
    return Problem("dmarc_unaligned", policy.domain, evidence, records, advice, severity)


def _no_policy(domain: str, evidence: str) -> Problem:
    record = DnsRecord(f"_dmarc.{domain}", "TXT", f"v=DMARC1; p=none; rua=mailto:postmaster@{domain}")
    return Problem("dmarc_missing", domain, evidence, (record,))


def _check_exchanges(lookup: Lookup, domain: str, fact: Fact) -> Problem | None:
    """Judge the MX records of a domain that replies and bounces go to."""
    record = DnsRecord(domain, "MX", f"10 <the server that receives mail for {domain}>.")
    try:
        exchanges = lookup.exchanges(domain)
        fact["exchanges"] = [host for _preference, host in exchanges]
        if exchanges and not exchanges[0][1]:
            words = f"{domain} has a null MX, by which it accepts no mail (RFC 7505)"
        elif not exchanges and lookup.addresses(domain):
            words = f"{domain} has no MX record, so that mail goes to its own address, which is often a web server (RFC 5321 §5.1)"
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
    """Judge the name of an address that mail comes from."""
    try:
        found = read_names(lookup, address)
    except AliasLoop as error:
        return _unnamed(server, address, str(error), ())
    fact |= {"names": list(found.names), "confirmed": list(found.confirmed)}
    if not found.names:
        return _unnamed(server, address, "it has no name (PTR)", ())
    if not found.confirmed:
        return _unnamed(server, address, f"its name {some(found.names)} does not have this address", found.names)
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
        "The owner of the address, mostly the hoster, publishes the PTR record.",
    )
