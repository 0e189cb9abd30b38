# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that the DKIM keys of the servers that sign for a domain are published."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.dkim import read_key
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.lookup import Lookup
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.mail_paths import SendingServer
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.records import DnsRecord, Problem
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.report import Fact
from ansible_collections.postmaster.odoo.plugins.module_utils.text import some

KEY_VALUE = "v=DKIM1; k=rsa; p=<the public key of the server that signs>"


def check_keys(lookup: Lookup, servers: Sequence[SendingServer], domain: str, _fact: Fact) -> Problem | None:
    """Check the keys of servers that use the same selectors: all declared ones, or one of those that a provider uses.

    :raises Unanswered: as `Lookup.texts`.
    """
    keys = [read_key(lookup, selector, domain) for selector in servers[0].selectors]
    bad = [key for key in keys if key.state != "found"]
    is_declared = any(server.relay.dkim_selectors for server in servers)
    if not bad or (len(bad) < len(keys) and not is_declared):
        return None
    providers = [server.records for server in servers if server.records and not server.relay.dkim_selectors]
    of_provider = providers[0].key_records(domain) if providers else ()
    records = of_provider or tuple(DnsRecord(key.name, "TXT", KEY_VALUE) for key in bad)
    names = some(repr(server.name) for server in servers)
    evidence = f"Mail through {names} is signed for {domain}: {'; '.join(key.words for key in bad)}."
    advice = "" if is_declared else "If the account uses other selectors, declare dkim_selectors."
    return Problem("dkim_missing", domain, evidence, records, advice)
