# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that the SPF record of a domain authorizes the servers that send for it."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.lookup import AliasLoop, Lookup
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.records import DnsRecord, Problem
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.report import UNKNOWN, Fact
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.spf import (
    MOST_LOOKUPS,
    Spf,
    authorizes,
    read_spf,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.spf_repair import (
    LONGEST_STRING,
    flattened,
    repaired,
    term_for,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.text import some

_SPLIT = f"Split the value into strings of at most {LONGEST_STRING} characters, in the format of your DNS provider."


@dataclass(frozen=True)
class Authorization:
    """A server that a record should authorize, by the domain to include or by addresses. Both are empty if they are not known."""

    server: str
    include: str = ""
    addresses: tuple[str, ...] = ()

    @property
    def terms(self) -> list[str]:
        """Return the mechanisms that authorize the server."""
        return [f"include:{self.include}"] if self.include else [term_for(address) for address in self.addresses]


def check_spf(lookup: Lookup, domain: str, wanted: Sequence[Authorization], fact: Fact) -> Problem | None:
    """Check the record of a domain. Errors as in `read_spf`, except for an alias loop."""
    every = [term for one in wanted for term in one.terms]
    try:
        spf = read_spf(lookup, domain)
    except AliasLoop as error:
        return _problem("spf_invalid", domain, f"{error}.", repaired(Spf(domain), every))
    fact |= {"record": spf.records[0] if spf.records else None, "lookups": spf.lookups, "void_lookups": spf.void}
    servers = some(repr(one.server) for one in wanted)
    if not spf.records:
        evidence = f"{domain} has no SPF record. {servers} sends mail with envelope senders of this domain."
        unknown = [f"ip4:<the address that {one.server} sends from>" for one in wanted if not one.terms]
        return _problem("spf_missing", domain, evidence, repaired(spf, [*every, *unknown]))
    if spf.faults:
        words = "; ".join(dict.fromkeys(fault.words for fault in spf.faults))
        missing = [term for one in wanted for term in one.terms if not _has_term(spf, term)]
        return _problem("spf_invalid", domain, f"{domain}: {words}.", repaired(spf, missing))
    if spf.lookups > MOST_LOOKUPS:
        missing = [term for term in every if not _has_term(spf, term)]
        return _too_many(spf, missing, _cost(lookup, missing))
    if spf.everybody:
        return _permissive(spf, every)
    verdicts = {term: _allows(lookup, spf, term) for term in every}
    missing = [term for term, is_allowed in verdicts.items() if is_allowed is False]
    if missing:
        fact["unauthorized"] = [one.server for one in wanted if set(one.terms) & set(missing)]
        return _unauthorized(lookup, spf, missing, servers)
    if None in verdicts.values():
        fact["state"] = UNKNOWN
        return _unknown(spf, [term for term, is_allowed in verdicts.items() if is_allowed is None], servers)
    return None


def _unknown(spf: Spf, terms: Sequence[str], servers: str) -> Problem:
    evidence = (
        f"{servers} needs {some(terms)}. Whether the SPF record of {spf.domain} authorizes that depends on each mail: "
        f"{some(sorted(spf.opaque)) or 'a name that it leads to'} in {spf.records[0]!r}."
    )
    return Problem("spf_unknown", spf.domain, evidence)


def _permissive(spf: Spf, needed: Sequence[str]) -> Problem:
    """Return the problem of a record that passes every server, with a stricter record."""
    evidence = (
        f"The SPF record of {spf.domain} authorizes every server: {some(sorted(spf.everybody))} in {spf.records[0]!r}."
    )
    missing = [term for term in needed if not _is_named(spf, term)]
    record = repaired(spf, missing, without=spf.everybody)
    return _problem("spf_permissive", spf.domain, evidence, record)


def _is_named(spf: Spf, term: str) -> bool:
    """Return whether a server passes with a term that does not pass every server."""
    kind, _colon, value = term.partition(":")
    if kind == "include":
        return value in spf.includes and term not in spf.everybody
    networks = [network for own, found in spf.networks.items() if own not in spf.everybody for network in found]
    return any(ipaddress.ip_address(value) in network for network in networks)


def _unauthorized(lookup: Lookup, spf: Spf, missing: Sequence[str], servers: str) -> Problem:
    cost = _cost(lookup, missing)
    evidence = (
        f"The SPF record of {spf.domain} does not contain {some(missing)}, which {servers} needs: {spf.records[0]!r}."
    )
    if spf.lookups + cost > MOST_LOOKUPS:
        evidence += f" With it, the record needs {spf.lookups + cost} lookups, but only {MOST_LOOKUPS} are allowed."
        record = flattened(spf, missing, cost)
        return _problem("spf_missing", spf.domain, evidence, record or repaired(spf, missing))
    return _problem("spf_missing", spf.domain, evidence, repaired(spf, missing))


def _cost(lookup: Lookup, terms: Sequence[str]) -> int:
    """Return the number of lookups of terms that a record does not have yet."""
    return sum(1 + read_spf(lookup, one.partition(":")[2]).lookups for one in terms if one.startswith("include:"))


def _too_many(spf: Spf, missing: Sequence[str], cost: int) -> Problem:
    costs = some(f"{term} ({cost})" for term, cost in sorted(spf.costs.items(), key=lambda item: -item[1]))
    evidence = (
        f"The SPF record of {spf.domain} needs {spf.lookups} lookups, but only {MOST_LOOKUPS} are allowed: {costs}."
    )
    return _problem("spf_too_many_lookups", spf.domain, evidence, flattened(spf, missing, cost))


def _allows(lookup: Lookup, spf: Spf, term: str) -> bool | None:
    kind, _colon, value = term.partition(":")
    if kind != "include":
        return _authorizes(lookup, spf.domain, value)
    if value in spf.includes:
        return True
    # The record may contain a copy of the provider's addresses.
    networks = [network for one in read_spf(lookup, value).networks.values() for network in one]
    return bool(networks) and all(_authorizes(lookup, spf.domain, str(network[0])) for network in networks)


def _authorizes(lookup: Lookup, domain: str, address: str) -> bool | None:
    try:
        return authorizes(lookup, domain, address)
    except AliasLoop:
        return None


def _has_term(spf: Spf, term: str) -> bool:
    return term.removeprefix("include:") in spf.includes or any(term in record.split() for record in spf.records)


def _problem(finding: str, domain: str, evidence: str, record: DnsRecord | None) -> Problem:
    advice = ""
    if record is None:
        advice = "Remove terms of servers that you do not send through, or send from a subdomain that has its own SPF record."
    elif len(record.value) > LONGEST_STRING:
        advice = _SPLIT
    return Problem(finding, domain, evidence, (record,) if record else (), advice)
