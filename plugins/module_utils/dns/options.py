# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the DNS checks, shared by several modules. The fragment `dns` documents them."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.lookup import Lookup
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.names import domain_of
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import ErrorCollector, Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.text import shown

DNS_OPTIONS: Mapping[str, Any] = {
    "nameservers": {"type": "list", "elements": "str"},
    "nameserver_timeout": {"type": "float", "default": 5},
    "relays": {
        "type": "list",
        "elements": "dict",
        "options": {
            "server": {"type": "str", "required": True},
            "addresses": {"type": "list", "elements": "str"},
            "spf_include": {"type": "str"},
            "envelope_domain": {"type": "str"},
            "dkim_domain": {"type": "str"},
            "dkim_selectors": {"type": "list", "elements": "str"},
        },
    },
}


@dataclass(frozen=True)
class Relay:
    """The user's declaration of the path from a mail server to the Internet. Values that are not declared are empty.

    :param server: the name or the host of the mail server.
    """

    server: str
    addresses: tuple[str, ...] = ()
    spf_include: str = ""
    envelope_domain: str = ""
    dkim_domain: str = ""
    dkim_selectors: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """Return the server as a host for comparisons, in lower case."""
        return self.server.lower().rstrip(".")


class Relays:
    """The declared relays, by their servers."""

    def __init__(self, relays: Iterable[Relay]) -> None:
        self._relays = tuple(relays)
        self._by_name = {relay.server: relay for relay in self._relays}
        self._by_host = {relay.host: relay for relay in self._relays}

    def of(self, name: str, host: str) -> Relay:
        """Return the declaration of a mail server: by its name, or else by its host in lower case."""
        return self._by_name.get(name) or (self._by_host.get(host) if host else None) or Relay("")

    def without(self, names: Collection[str], hosts: Collection[str]) -> list[str]:
        """Return the declared servers that are not among these."""
        return [relay.server for relay in self._relays if relay.server not in names and relay.host not in hosts]


@dataclass(frozen=True)
class DnsOptions:
    """The name servers to query, and the declarations of the mail servers."""

    nameservers: tuple[str, ...] = ()
    timeout: float = 5
    relays: tuple[Relay, ...] = ()

    def lookup(self) -> Lookup:
        """Return a new `Lookup`.

        :raises Invalid: as `Lookup`.
        """
        return Lookup(self.nameservers, self.timeout)


def dns_options(params: Mapping[str, Any]) -> DnsOptions:
    """Return the DNS options of a task.

    :raises Invalid: if an address or a domain is not valid, or a relay is declared twice.
    """
    problems = ErrorCollector()
    relays = []
    for one in params.get("relays") or ():
        with problems:
            relays.append(_relay(one))
    with problems:
        twice = sorted(name for name, count in Counter(relay.server for relay in relays).items() if count > 1)
        if twice:
            raise Invalid(f"relays: {shown(twice[0])} is declared more than once. Keep one entry.")
    problems.raise_gathered()
    return DnsOptions(tuple(params.get("nameservers") or ()), params.get("nameserver_timeout") or 0, tuple(relays))


def _relay(option: Mapping[str, Any]) -> Relay:
    addresses = tuple(_address(option["server"], text) for text in option.get("addresses") or ())
    domains = {name: _domain(name, option.get(name)) for name in ("spf_include", "envelope_domain", "dkim_domain")}
    selectors = tuple(_domain("dkim_selectors", one) for one in option.get("dkim_selectors") or ())
    return Relay(option["server"], addresses, dkim_selectors=selectors, **domains)


def _address(server: str, text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError as error:
        raise Invalid(f"relays: {shown(text)} of {shown(server)} is not an IP address.") from error


def _domain(name: str, text: str | None) -> str:
    """Return a domain or a selector, or an empty text."""
    if text is None:
        return ""
    domain = domain_of(f"@{text}")
    labels = domain.split(".")
    if not domain.isascii() or not all(0 < len(label) < 64 and not set(label) & set(" @/\\\"'") for label in labels):
        raise Invalid(f"relays: {shown(text)} is not valid for {name} (expected the name of a domain).")
    return domain
