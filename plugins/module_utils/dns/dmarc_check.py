# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that a domain has a DMARC policy, and that the mail of each path can pass it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.dkim_check import KEY_VALUE
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.dmarc import Policy, find_policy, is_aligned
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.dmarc_repair import repaired_policy
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.failures import Failures
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.lookup import Lookup
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.mail_paths import MailPath
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.mailboxes import can_send_for, mailbox_provider
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.records import DnsRecord, Problem
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.report import Fact
from ansible_collections.postmaster.odoo.plugins.module_utils.text import some


@dataclass(frozen=True)
class _Authenticated:
    """A domain that SPF or DKIM may authenticate on a path.

    :param failure: the known problem that prevents it; None without one.
    """

    domain: str
    strict: bool
    failure: Problem | None


def check_policy(
    lookup: Lookup, domain: str, paths: Sequence[MailPath], failures: Failures, fact: Fact
) -> Problem | None:
    """Check the DMARC policy for a domain, and whether its mail can pass on each path.

    :raises Unanswered: as `Lookup.texts`.
    """
    policy = find_policy(lookup, domain)
    fact |= {"policy": policy.applied or None, "record_at": policy.record.domain if policy.record else None}
    fact["organizational_domain"] = policy.organizational
    if provider := mailbox_provider(domain):
        others = [path.server.name for path in paths if not can_send_for(path.server.host, domain)]
        return _of_mailboxes(policy, provider, others) if others else None
    if policy.faults:
        fault = policy.faults[0]
        return _no_policy(fault.domain, f"{fault.words}.", fault.texts)
    if policy.record is None:
        return _no_policy(domain, f"Neither _dmarc.{domain} nor a domain above it has a record.")
    unaligned = [path for path in paths if not _can_pass(lookup, policy, path, failures)]
    if not unaligned:
        return None
    return _unaligned(lookup, policy, unaligned[0], failures)


def _authenticated(policy: Policy, path: MailPath, failures: Failures) -> list[_Authenticated]:
    """Return the domain of the envelope sender, if it is not the provider's, and that of the signature."""
    server, record = path.server, policy.record
    strict_spf, strict_dkim = (record.is_spf_strict, record.is_dkim_strict) if record else (False, False)
    envelope, signed = server.envelope_domain(path.envelope_domain), server.dkim_domain(path.from_domain)
    of_envelope = _Authenticated(envelope, strict_spf, failures.spf.get((server, envelope)))
    return [
        *([of_envelope] if envelope else []),
        _Authenticated(signed, strict_dkim, failures.dkim.get((server, signed))),
    ]


def _can_pass(lookup: Lookup, policy: Policy, path: MailPath, failures: Failures) -> bool:
    """Return whether SPF or DKIM of a path is aligned and not known to fail."""
    # Without known selectors nothing is known about signatures, unless their domain is declared.
    if not path.server.selectors and not path.server.relay.dkim_domain:
        return True
    return any(
        one.failure is None and is_aligned(lookup, policy, one.domain, strict=one.strict)
        for one in _authenticated(policy, path, failures)
    )


def _of_mailboxes(policy: Policy, provider: str, servers: Sequence[str]) -> Problem:
    domain, names = policy.domain, some(repr(name) for name in dict.fromkeys(servers))
    at = f" The record at _dmarc.{policy.record.domain} has p={policy.applied}." if policy.record else ""
    evidence = f"Mail from {domain} leaves through {names}. {domain} is a domain of {provider}'s mailboxes, and only servers of {provider} can send for it.{at}"
    advice = f"Send from an address in your own domain. Only {provider} can publish records for {domain}."
    return Problem("dmarc_unaligned", domain, evidence, (), advice, _severity(policy))


def _unaligned(lookup: Lookup, policy: Policy, path: MailPath, failures: Failures) -> Problem:
    server, record = path.server, policy.record
    found = _authenticated(policy, path, failures)
    at, text = (record.domain, record.text) if record else (policy.domain, "")
    evidence = (
        f"Mail from {policy.domain} through {server.name!r} cannot pass the record at _dmarc.{at} (p={policy.applied}): "
        f"{_in_words(lookup, policy, path, failures)}. The record is {text!r}."
    )
    relaxed = [one for one in found if is_aligned(lookup, policy, one.domain, strict=False)]
    passing = [one.domain for one in relaxed if not one.failure]
    failed = [one.failure for one in reversed(relaxed) if one.failure and one.failure.records]
    if passing and record:
        kept = [part.strip() for part in record.text.split(";") if part.strip()]
        tags = [part for part in kept if part.partition("=")[0].strip().lower() not in ("aspf", "adkim")]
        records: tuple[DnsRecord, ...] = (DnsRecord(f"_dmarc.{at}", "TXT", "; ".join(tags)),)
        advice = f"Without aspf=s and adkim=s, {passing[0]} would be aligned."
    elif failed:
        records = failed[0].records
        advice = f"If {policy.domain} is not your domain, send from an address in your own domain."
    else:
        records = (DnsRecord(f"SELECTOR._domainkey.{policy.domain}", "TXT", KEY_VALUE),)
        advice = f"Have {server.name!r} sign mail for {policy.domain}, or use a bounce address in this domain (bounce_alias of the alias domain)."
    return Problem("dmarc_unaligned", policy.domain, evidence, records, advice, _severity(policy))


def _in_words(lookup: Lookup, policy: Policy, path: MailPath, failures: Failures) -> str:
    """Return a text about the reasons why neither SPF nor DKIM of a path can pass."""
    *of_envelope, signature = _authenticated(policy, path, failures)
    if of_envelope:
        (envelope,) = of_envelope
        first = f"its envelope sender is in {envelope.domain}, {_reason(lookup, policy, envelope, 'whose SPF record does not authorize the server')}"
    else:
        first = "its envelope sender belongs to the provider"
    return f"{first}, and it is signed for {signature.domain}, {_reason(lookup, policy, signature, 'whose key is missing')}"


def _reason(lookup: Lookup, policy: Policy, one: _Authenticated, failure: str) -> str:
    return failure if is_aligned(lookup, policy, one.domain, strict=one.strict) else "which is not aligned"


def _severity(policy: Policy) -> str:
    """Return `error` if receivers quarantine or reject mail that fails; empty for the severity of the catalogue."""
    return "error" if policy.applied in ("quarantine", "reject") else ""


def _no_policy(domain: str, evidence: str, texts: Sequence[str] = ()) -> Problem:
    """Return the problem of a domain without a valid record.

    :param texts: the existing records.
    """
    return Problem("dmarc_missing", domain, evidence, (repaired_policy(domain, texts),))
