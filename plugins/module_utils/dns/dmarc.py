# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DMARC: the policy for a domain, its organizational domain, and whether two domains are aligned.

Source: RFC 9989 (which replaces RFC 7489), §4.8 records, §4.10 the DNS tree walk, §4.4 alignment. The tree walk needs no list of public suffixes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.lookup import AliasLoop, Lookup, Unanswered
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.records import tags_of

# The largest number of names that a walk queries (RFC 9989 §4.10).
_MOST_QUERIES = 8
POLICIES = ("none", "quarantine", "reject")
_LIKE_DMARC = re.compile(r"\bv\s*=\s*DMARC1", re.IGNORECASE)


@dataclass(frozen=True)
class DmarcRecord:
    """One record, with its domain and its tags."""

    domain: str
    text: str
    p: str
    sp: str
    psd: str
    is_spf_strict: bool
    is_dkim_strict: bool


@dataclass(frozen=True)
class DmarcFault:
    """Records of a domain that receivers ignore.

    :ivar texts: the records; empty if the name is an alias that leads back to itself.
    """

    domain: str
    words: str
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Policy:
    """The policy that applies to mail from a domain.

    :ivar domain: the domain of the `From`.
    :ivar record: the record, or None.
    :ivar organizational: the organizational domain.
    :ivar faults: the ignored records at the domain or above it, below the first valid record. Faults above that one have no effect.
    """

    domain: str
    record: DmarcRecord | None
    organizational: str
    faults: tuple[DmarcFault, ...] = ()

    @property
    def applied(self) -> str:
        """Return the policy for mail that fails: `none`, `quarantine` or `reject`; empty without a record."""
        if self.record is None:
            return ""
        return self.record.p if self.record.domain == self.domain else self.record.sp


def find_policy(lookup: Lookup, domain: str) -> Policy:
    """Return the policy for the domain of a `From`, found by a walk up the DNS tree.

    :raises Unanswered: if there is no answer for the domain, or for a name above it before a valid record was found.
    """
    found: list[DmarcRecord] = []
    faults: list[DmarcFault] = []
    for name in _names(domain):
        try:
            read = _record_at(lookup, name)
        except Unanswered:
            if not found:
                raise
            continue
        if isinstance(read, DmarcFault):
            faults += [] if found else [read]
        elif read is not None:
            found.append(read)
            if read.psd == "n" or (read.psd == "y" and name != domain):
                break
    organizational = _organizational(domain, found)
    # The policy is that of the domain itself, or of its organizational domain, or of the public suffix above it.
    wanted = [domain, organizational, *(one.domain for one in found if one.psd == "y")]
    record = next((one for name in wanted for one in found if one.domain == name), None)
    return Policy(domain, record, organizational, tuple(faults))


def _record_at(lookup: Lookup, name: str) -> DmarcRecord | DmarcFault | None:
    """Return the record of one name; None if it has none. Errors as in `Lookup.texts`, except for an alias loop."""
    at = f"_dmarc.{name}"
    try:
        texts = [text for text in lookup.texts(at) if _LIKE_DMARC.search(text)]
    except AliasLoop as error:
        return DmarcFault(name, str(error))
    records = [text for text in texts if text.replace(" ", "").startswith("v=DMARC1")]
    if len(records) > 1:
        words = f"{at} has {len(records)} DMARC records, so receivers ignore all of them"
        return DmarcFault(name, words, tuple(records))
    if records:
        read = _read(name, records[0])
        return DmarcFault(name, read, tuple(records)) if isinstance(read, str) else read
    if texts:
        words = f"the record at {at} does not begin with v=DMARC1, so receivers ignore it: {texts[0]!r}"
        return DmarcFault(name, words, tuple(texts))
    return None


def is_aligned(lookup: Lookup, policy: Policy, domain: str, *, strict: bool) -> bool:
    """Return whether an authenticated domain is aligned with the domain of the `From`. Errors as in `find_policy`."""
    if domain == policy.domain:
        return True
    return not strict and find_policy(lookup, domain).organizational == policy.organizational


def _names(domain: str) -> list[str]:
    """Return the names of a walk: the domain, and its ancestors with at most seven labels."""
    labels = domain.split(".")
    ancestors = [".".join(labels[position:]) for position in range(1, len(labels))]
    return [domain, *ancestors[-(_MOST_QUERIES - 1) :]]


def _organizational(domain: str, found: list[DmarcRecord]) -> str:
    """Return the organizational domain from the records of a walk, the longest name first."""
    for record in found:
        if record.psd == "n":
            return record.domain
        if record.psd == "y" and record.domain != domain:
            below = domain.removesuffix(f".{record.domain}").rpartition(".")[2]
            return f"{below}.{record.domain}"
    return found[-1].domain if found else domain


def _read(domain: str, text: str) -> DmarcRecord | str:
    """Return a record, or a text about the reason why receivers ignore it."""
    tags = tags_of(text)
    if tags.get("v") != "DMARC1":
        return f"the record at _dmarc.{domain} is not valid: {text!r}"
    policy = tags.get("p", "").lower()
    if policy not in POLICIES:
        if not tags.get("rua", "").lower().startswith("mailto:"):
            return f"the record at _dmarc.{domain} has no valid p (expected {', '.join(POLICIES)}): {text!r}"
        policy = "none"
    below = tags.get("sp", "").lower()
    strict = {name: tags.get(name, "r").lower() == "s" for name in ("aspf", "adkim")}
    psd = tags.get("psd", "u").lower()
    return DmarcRecord(
        domain, text, policy, below if below in POLICIES else policy, psd, strict["aspf"], strict["adkim"]
    )
