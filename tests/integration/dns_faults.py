# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults in the zone of a healthy instance, each with its expected finding, and the declared settings of the relay."""

from __future__ import annotations

from typing import Any

from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.dns.zones import GOOD, zone_text

DOMAIN = "lab.example"


def of_lab(text: str) -> str:
    """Return a zone like that of the lab's instances."""
    return text.replace("acme.example", DOMAIN)


_OTHER = f"""
other.example. 60 IN TXT "v=spf1 ip4:203.0.113.10 -all"
{GOOD[GOOD.index("s1._domainkey") :].splitlines()[0].replace("s1._domainkey", "s1._domainkey.other.example.")}
"""

DNS_FAULTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a zone without SPF": ("spf_missing", of_lab(zone_text("no SPF record")), {}),
    "a zone with another server's address": ("spf_missing", of_lab(zone_text("another server's address")), {}),
    "a zone with two SPF records": ("spf_invalid", of_lab(zone_text("two SPF records")), {}),
    "a zone with a loop": ("spf_invalid", of_lab(zone_text("an include that comes back")), {}),
    "a zone with eleven lookups": ("spf_too_many_lookups", of_lab(zone_text("eleven lookups")), {}),
    "a zone that authorizes everybody": ("spf_permissive", of_lab(zone_text("everybody passes")), {}),
    "a zone with a macro": (
        "spf_unknown",
        of_lab(GOOD).replace("v=spf1 ip4:203.0.113.10", "v=spf1 exists:%{i}.spf.lab.example"),
        {},
    ),
    "a server that bounces to a domain that cannot exist": (
        "domain_invalid",
        of_lab(GOOD),
        {"envelope_domain": "bounces"},
    ),
    "a zone with a revoked key": ("dkim_missing", of_lab(zone_text("a revoked key")), {}),
    "a zone without DMARC": ("dmarc_missing", of_lab(zone_text("no policy")), {}),
    "a signature and bounces of others": (
        "dmarc_unaligned",
        of_lab(GOOD) + _OTHER,
        {"envelope_domain": "other.example", "dkim_domain": "other.example"},
    ),
    "a zone without MX": ("mx_missing", of_lab(zone_text("no MX")), {}),
    "an address without a name": ("ptr_missing", of_lab(zone_text("no name")), {}),
    "a name server that is silent about one name": ("dns_unanswered", of_lab(GOOD), {"silent": [f"_dmarc.{DOMAIN}"]}),
    "selectors that nobody declares": ("dns_undeclared", of_lab(GOOD), {"dkim_selectors": None}),
}
