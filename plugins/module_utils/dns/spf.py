# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SPF: the lookups of a domain's record, its faults, and whether it authorizes an address.

Source: RFC 7208. pyspf is not used because it is not maintained and queries only the machine's own name servers. checkdmarc is not used because
it does not check an address.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.lookup import AliasLoop, Lookup
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.reverse import read_names

# RFC 7208 §4.6.4.
MOST_LOOKUPS, MOST_VOID, _MOST_EXCHANGES = 10, 2, 10
# A record with more lookups is not followed further.
_GIVE_UP = 40

_MECHANISM = re.compile(
    r"(?P<qualifier>[-+~?]?)(?P<name>all|include|a|mx|ptr|ip4|ip6|exists)"
    r"(?::(?P<value>[^\s/][^\s]*?))?(?:/(?P<cidr4>\d{1,3}))?(?://(?P<cidr6>\d{1,3}))?",
    re.IGNORECASE,
)
_MODIFIER = re.compile(r"(?P<name>[a-z][a-z0-9._-]*)=(?P<value>\S*)", re.IGNORECASE)
# Text with macros (RFC 7208 §7.1), except those of explanations.
_MACROS = re.compile(r"(?:[^%]|%[%_-]|%\{[slodiphv]\d*r?[-.+,/_=]*\})*", re.IGNORECASE)
_ASKS = frozenset({"include", "a", "mx", "ptr", "exists"})
_NEEDS_VALUE = frozenset({"include", "exists", "ip4", "ip6"})
_TAKES_LENGTH = frozenset({"a", "mx", "ip4", "ip6"})

Network: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"


@dataclass(frozen=True)
class Term:
    """One mechanism, or the modifier `redirect`, of a record.

    :ivar value: the domain or the network that it names; empty for the domain of the record itself.
    """

    text: str
    name: str
    value: str = ""
    qualifier: str = "+"
    cidr4: int = 32
    cidr6: int = 128


@dataclass(frozen=True)
class Fault:
    """A fault for which receivers treat a record as a permanent error (RFC 7208 §2.6.7).

    :ivar term: the term of the domain's own record that causes it; empty for the record as a whole.
    """

    words: str
    term: str = ""


@dataclass
class Spf:
    """The SPF record of a domain, with all records that it includes.

    :ivar records: every record; more than one is an error.
    :ivar lookups: the number of terms that need queries.
    :ivar void: the number of queries that found no record.
    :ivar costs: the lookups of each term of the record.
    :ivar networks: the networks that each term authorizes.
    :ivar void_terms: the terms of the queries that found no record.
    :ivar opaque: terms whose authorized networks are not known, for example because they depend on the mail.
    :ivar includes: the domains that are included so that their servers pass.
    :ivar everybody: the terms that pass every server.
    :ivar redirects: the domains that `redirect` of the domain's own record leads to.
    :ivar end: the `all` of their records.
    """

    domain: str
    records: tuple[str, ...] = ()
    lookups: int = 0
    void: int = 0
    faults: list[Fault] = field(default_factory=list)
    costs: dict[str, int] = field(default_factory=dict)
    networks: dict[str, list[Network]] = field(default_factory=dict)
    void_terms: set[str] = field(default_factory=set)
    opaque: set[str] = field(default_factory=set)
    includes: set[str] = field(default_factory=set)
    everybody: set[str] = field(default_factory=set)
    redirects: set[str] = field(default_factory=set)
    end: str = ""


def read_spf(lookup: Lookup, domain: str) -> Spf:
    """Return the record of a domain, with all records that it leads to.

    :raises Unanswered: as `Lookup.texts`.
    :raises AliasLoop: if the domain itself is an alias loop.
    """
    spf = Spf(domain, tuple(_records(lookup, domain)))
    if len(spf.records) > 1:
        spf.faults.append(Fault(f"{domain} has {len(spf.records)} SPF records; only one is allowed (RFC 7208 §4.5)"))
    elif spf.records:
        _follow(lookup, spf, domain, spf.records[0], (domain,), "", passes=True)
    if spf.void > MOST_VOID:
        words = f"{spf.void} of its queries find no record; at most {MOST_VOID} are allowed (RFC 7208 §4.6.4)"
        spf.faults += [Fault(words, term) for term in sorted(spf.void_terms)]
    return spf


def terms_of(record: str) -> tuple[list[Term], list[str]]:
    """Return the terms of a record up to `all`, and the texts that are not valid terms."""
    terms: list[Term] = []
    redirect: Term | None = None
    is_over = False
    texts = record.split()[1:]
    invalid = _invalid_modifiers(texts)
    for text in texts:
        term = _term(text)
        if term is None:
            if not _MODIFIER.fullmatch(text):
                invalid.append(text)
        elif term.name == "redirect":
            redirect = redirect or term
        elif not is_over:
            terms.append(term)
            is_over = term.name == "all"
    return terms + ([redirect] if redirect and not is_over else []), invalid


def _invalid_modifiers(texts: Sequence[str]) -> list[str]:
    """Return the invalid modifiers: `redirect` or `exp` twice or without a domain, and unknown macros (RFC 7208 §6, §7.1)."""
    invalid: list[str] = []
    seen: set[str] = set()
    for text in texts:
        found = _MODIFIER.fullmatch(text)
        if found is None:
            continue
        name = found["name"].lower()
        if name in ("redirect", "exp"):
            if name in seen or not found["value"]:
                invalid.append(text)
                continue
            seen.add(name)
        if not _MACROS.fullmatch(found["value"]):
            invalid.append(text)
    return invalid


def authorizes(lookup: Lookup, domain: str, address: str) -> bool | None:
    """Return whether the record of a domain passes mail from an address; None if that depends on unknown facts.

    :raises Unanswered: as `Lookup.texts`.
    :raises AliasLoop: if a name that the record leads to is an alias loop.
    """
    verdict = _verdict(lookup, domain, ipaddress.ip_address(address), ())
    return None if verdict == "unknown" else verdict == "+"


def _records(lookup: Lookup, domain: str) -> list[str]:
    return [text.strip() for text in lookup.texts(domain) if re.match(r"v=spf1( |$)", text, re.IGNORECASE)]


def _term(text: str) -> Term | None:
    modifier = _MODIFIER.fullmatch(text)
    if modifier:
        is_redirect = modifier["name"].lower() == "redirect" and modifier["value"]
        return Term(text, "redirect", modifier["value"].rstrip(".").lower()) if is_redirect else None
    found = _MECHANISM.fullmatch(text)
    if not found:
        return None
    name, value = found["name"].lower(), (found["value"] or "").rstrip(".").lower()
    cidr4, cidr6 = int(found["cidr4"] or 32), int(found["cidr6"] or 128)
    if name == "ip6":
        cidr4, cidr6 = 32, int(found["cidr4"] or 128)
    if (found["cidr4"] or found["cidr6"]) and name not in _TAKES_LENGTH:
        return None
    if not _MACROS.fullmatch(value):
        return None
    if bool(value) < (name in _NEEDS_VALUE) or cidr4 > 32 or cidr6 > 128 or (name == "all" and value):
        return None
    term = Term(text, name, value, found["qualifier"] or "+", cidr4, cidr6)
    return term if name not in ("ip4", "ip6") or _own_network(term) else None


def _own_network(term: Term) -> Network | None:
    """Return the network of an `ip4` or `ip6` term; None for other terms."""
    try:
        if term.name == "ip4":
            return ipaddress.IPv4Network((term.value, term.cidr4), strict=False)
        return ipaddress.IPv6Network((term.value, term.cidr6), strict=False)
    except ValueError:
        return None


def _follow(lookup: Lookup, spf: Spf, domain: str, record: str, path: Sequence[str], top: str, *, passes: bool) -> None:
    """Count the terms of a record, and of the records that it leads to.

    :param path: the domains from the first to this one.
    :param top: the term of the first record that leads to this record.
    """
    terms, invalid = terms_of(record)
    of_other = "" if len(path) == 1 else f" in the record of {domain}"
    spf.faults += [Fault(f"{text!r}{of_other} is not a term of SPF", top or text) for text in invalid]
    for term in terms:
        own = top or term.text
        passing = passes and term.qualifier == "+"
        if term.name in _ASKS or term.name == "redirect":
            spf.lookups += 1
            spf.costs[own] = spf.costs.get(own, 0) + 1
            if spf.lookups > _GIVE_UP:
                return
        target = _expanded(term.value, domain, path[0]) or domain
        if _hides(term, path, passes=passing):
            spf.opaque.add(own)
        if term.name == "all" and passing:
            spf.everybody.add(own)
        if domain in spf.redirects and term.name == "all":
            spf.end = term.text
        if "%" in target or term.name == "ptr":
            spf.opaque.add(own)
        elif term.name in ("include", "redirect"):
            is_redirect = term.name == "redirect"
            _follow_include(lookup, spf, target, path, own, passes=passing, is_redirect=is_redirect)
        else:
            try:
                networks = _networks(lookup, spf, term, target, own)
            except AliasLoop as error:
                spf.faults.append(Fault(str(error), own))
                continue
            if passing:
                spf.networks.setdefault(own, []).extend(networks)
            if passing and any(network.prefixlen == 0 for network in networks):
                spf.everybody.add(own)


def _hides(term: Term, path: Sequence[str], *, passes: bool) -> bool:
    """Return whether a term has an effect that its networks do not show: it passes every address, or it excludes some."""
    if term.name == "all":
        return passes
    return len(path) > 1 and term.qualifier != "+"


def _follow_include(
    lookup: Lookup, spf: Spf, target: str, path: Sequence[str], own: str, *, passes: bool, is_redirect: bool
) -> None:
    if target in path:
        spf.faults.append(Fault(f"it leads back to itself: {' includes '.join((*path, target))}", own))
        return
    if passes:
        spf.includes.add(target)
    if is_redirect and (len(path) == 1 or path[-1] in spf.redirects):
        spf.redirects.add(target)
    try:
        records = _records(lookup, target)
        if not records and not lookup.texts(target):
            _note_void(spf, own)
    except AliasLoop as error:
        spf.faults.append(Fault(str(error), own))
        return
    if len(records) != 1:
        words = f"{own!r} leads to {target}, which has {len(records) or 'no'} SPF record{'s' if records else ''}"
        spf.faults.append(Fault(words, own))
        return
    _follow(lookup, spf, target, records[0], (*path, target), own, passes=passes)


def _networks(lookup: Lookup, spf: Spf, term: Term, target: str, own: str) -> list[Network]:
    """Return the networks of a mechanism."""
    if term.name in ("ip4", "ip6"):
        network = _own_network(term)
        return [network] if network else []
    if term.name == "all":
        return []
    if term.name == "mx":
        exchanges = lookup.exchanges(target)
        if not exchanges:
            _note_void(spf, own)
        if len(exchanges) > _MOST_EXCHANGES:
            spf.faults.append(Fault(f"{target} has more than {_MOST_EXCHANGES} MX records (RFC 7208 §4.6.4)", own))
        return [network for _rank, host in exchanges[:_MOST_EXCHANGES] for network in _of_host(lookup, host, term)]
    found = list(_of_host(lookup, target, term))
    if not found:
        _note_void(spf, own)
    if term.name == "exists":
        spf.opaque.add(own)
        return []
    return found


def _note_void(spf: Spf, own: str) -> None:
    spf.void += 1
    spf.void_terms.add(own)


def _of_host(lookup: Lookup, host: str, term: Term) -> Iterator[Network]:
    for text in lookup.addresses(host):
        address = ipaddress.ip_address(text)
        yield ipaddress.ip_network((text, term.cidr4 if address.version == 4 else term.cidr6), strict=False)


def _expanded(value: str, domain: str, sender_domain: str) -> str:
    """Replace the macros in a domain that do not depend on a single mail (RFC 7208 §7.2)."""
    return value.replace("%{d}", domain).replace("%{o}", sender_domain).replace("%%", "%")


def _verdict(
    lookup: Lookup, domain: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address, path: Sequence[str]
) -> str:
    """Return the qualifier of the first mechanism that matches, or `error`, `none` or `unknown`."""
    records = _records(lookup, domain)
    if domain in path or len(records) > 1 or len(path) > _GIVE_UP:
        return "error"
    if not records:
        return "none"
    terms, invalid = terms_of(records[0])
    if invalid:
        return "error"
    is_known = True
    for term in terms:
        target = _expanded(term.value, domain, (path or (domain,))[0]) or domain
        if "%" in target:
            is_known = False
        elif term.name in ("include", "redirect"):
            inner = _verdict(lookup, target, address, (*path, domain))
            if inner in ("error", "none"):
                return "error"
            is_known = is_known and inner != "unknown"
            if term.name == "redirect" and inner != "unknown":
                return inner
            if inner == "+":
                return term.qualifier
        elif _matches(lookup, term, target, address):
            return term.qualifier if is_known or term.qualifier == "+" else "unknown"
    return "?" if is_known else "unknown"


def _matches(lookup: Lookup, term: Term, target: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if term.name == "all":
        return True
    if term.name == "ptr":
        names = read_names(lookup, str(address)).confirmed
        return any(name == target or name.endswith(f".{target}") for name in names)
    if term.name == "exists":
        return bool(lookup.addresses(target))
    return any(address in network for network in _networks(lookup, Spf(target), term, target, term.text))
