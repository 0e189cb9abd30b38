# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SPF records that replace existing ones."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Sequence

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.records import DnsRecord
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.spf import MOST_LOOKUPS, Network, Spf

# One string of a TXT record has at most 255 bytes (RFC 7208 §3.3); a longer record must be split into several.
LONGEST_STRING = 255


def term_for(address: str) -> str:
    """Return the mechanism that authorizes an address."""
    return f"ip{ipaddress.ip_address(address).version}:{address}"


def repaired(spf: Spf, needed: Iterable[str] = (), without: Collection[str] = ()) -> DnsRecord:
    """Return one valid record: the terms of all records without the faulty ones, and the needed terms.

    :param without: other terms that the record should not have.
    """
    faulty = {fault.term for fault in spf.faults} - {""} | set(without)
    terms = [term for record in spf.records for term in record.split()[1:] if term not in faulty]
    return _record(spf.domain, _with_needed(terms, needed))


def flattened(spf: Spf, needed: Sequence[str] = (), cost: int = 0) -> DnsRecord | None:
    """Return a record with at most ten lookups, with addresses instead of names; None if that is not possible.

    :param needed: terms that the record should have. They are not replaced.
    :param cost: the lookups of these terms.
    """
    terms = _with_needed(spf.records[0].split()[1:], needed)
    costs = {term: spf.costs.get(term, 0) for term in dict.fromkeys(terms)}
    total = spf.lookups + cost
    # First the user's own names, because the user controls their addresses, and then the includes with the most lookups.
    order = sorted(costs, key=lambda term: ("include:" in term or "redirect=" in term, -costs[term]))
    replaced: dict[str, list[str]] = {}
    for term in order:
        if total <= MOST_LOOKUPS:
            break
        if costs[term] and term not in spf.opaque and not term.startswith(("-", "~", "?")):
            end = [spf.end] if spf.end and term.lower().startswith("redirect=") else []
            replaced[term] = [*_terms_of(spf.networks.get(term, ())), *end]
            total -= costs[term]
    if total > MOST_LOOKUPS:
        return None
    return _record(spf.domain, [one for term in terms for one in replaced.get(term, [term])])


def _with_needed(terms: Sequence[str], needed: Iterable[str]) -> list[str]:
    """Return the terms with the needed ones, which are before all terms that do not pass."""
    others = [position for position, term in enumerate(terms) if term[0] in "-~?"]
    at = others[0] if others else len(terms)
    return [*terms[:at], *needed, *terms[at:]]


def _terms_of(networks: Iterable[Network]) -> list[str]:
    """Return the networks as mechanisms, without those that others contain."""
    listed = list(networks)
    collapsed: list[Network] = [
        *ipaddress.collapse_addresses(one for one in listed if isinstance(one, ipaddress.IPv4Network)),
        *ipaddress.collapse_addresses(one for one in listed if isinstance(one, ipaddress.IPv6Network)),
    ]
    return [f"ip{one.version}:{one.network_address if one.num_addresses == 1 else one}" for one in collapsed]


def _record(domain: str, terms: Iterable[str]) -> DnsRecord:
    """Return one record with these terms, each once, and with `all` or `redirect` at the end."""
    unique = list(dict.fromkeys(terms))
    last = [term for term in unique if term.lower().lstrip("+-~?") == "all"]
    redirects = [term for term in unique if term.lower().startswith("redirect=")]
    others = [term for term in unique if term not in last and term not in redirects]
    end = last[-1:] or redirects[:1] or ["~all"]
    return DnsRecord(domain, "TXT", " ".join(["v=spf1", *others, *end]))
