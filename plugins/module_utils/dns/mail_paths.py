# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The paths of an instance's mail: its domain, its envelope sender, and its server."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.names import domain_of
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.options import Relay, Relays
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.provider_records import (
    PROVIDER_RECORDS,
    ProviderRecords,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_providers import provider_of
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.route import Route, address_of


@dataclass(frozen=True)
class SendingServer:
    """A mail server, and the known facts about the path of its mail to the Internet.

    :param id: None for the server of Odoo's configuration file.
    :param host: empty if it is not known.
    :param provider: a name in resources/mail_providers.py; empty for other servers.
    :param login_domain: the domain of the user that Odoo logs in as.
    """

    id: int | None
    name: str
    host: str
    provider: str = ""
    login_domain: str = ""
    relay: Relay = field(default_factory=lambda: Relay(""))

    @property
    def records(self) -> ProviderRecords | None:
        """Return the records that its provider requires in the DNS; None if they are not known."""
        return PROVIDER_RECORDS.get(self.provider)

    @property
    def spf_include(self) -> str:
        """Return the domain that SPF records should include; empty if it is not known."""
        declared = self.relay.spf_include
        return declared or (self.records.spf_include if self.records and not self.relay.addresses else "")

    def envelope_domain(self, domain: str) -> str:
        """Return the domain of the envelope sender that receivers see; empty if it is a domain of the provider.

        :param domain: the domain of Odoo's envelope sender.
        """
        if self.relay.envelope_domain:
            return self.relay.envelope_domain
        kind = self.records.envelope if self.records else "kept"
        return {"kept": domain, "login": self.login_domain, "own": ""}[kind]

    def dkim_domain(self, from_domain: str) -> str:
        """Return the domain of the signature of mail."""
        return self.relay.dkim_domain or from_domain

    @property
    def selectors(self) -> tuple[str, ...]:
        """Return the selectors of DKIM keys; empty if they are not known."""
        return self.relay.dkim_selectors or (self.records.selectors if self.records else ())


@dataclass(frozen=True)
class MailPath:
    """Mail from one domain, with one envelope domain, through one server.

    :param envelope_domain: the domain of Odoo's envelope sender.
    :param senders: the addresses that use this path.
    """

    server: SendingServer
    from_domain: str
    envelope_domain: str
    senders: tuple[str, ...]


def sending_server(record: Mapping[str, Any] | None, relays: Relays, host: str = "") -> SendingServer:
    """Return a mail server as `mail_server_info` lists it; without a record, that of Odoo's configuration file.

    :param host: the host in that file; empty if it is not known.
    """
    if record is not None:
        host = host if record["smtp_authentication"] == "cli" else str(record["smtp_host"] or "").strip()
    host = host.lower().rstrip(".")
    name = str(record["name"]) if record else "Odoo's configuration file"
    relay = relays.of(name, host)
    login = domain_of(str(record.get("smtp_user") or "")) if record else ""
    return SendingServer(record["id"] if record else None, name, host, provider_of(host) or "", login, relay)


def mail_paths(routes: Iterable[tuple[str, Route, str]], servers: Mapping[int | None, SendingServer]) -> list[MailPath]:
    """Return the paths of these senders, each once.

    :param routes: the address of each sender with its route, and the notifications address of its company.
    :param servers: by id.
    """
    found: dict[tuple[int | None, str, str], list[str]] = {}
    for sender, route, notifications in routes:
        server_id = route.server.id if route.server else None
        if server_id not in servers:
            continue
        # If it depends on the build of Odoo whether the sender is replaced, the mail may have either address.
        visible = [route.email_from] if route.email_from is not None else [sender, notifications]
        for text in visible:
            domain = domain_of(address_of(text))
            envelope = domain_of(route.envelope_from) if route.envelope_from is not None else domain
            if domain:
                found.setdefault((server_id, domain, envelope or domain), []).append(sender)
    return [
        MailPath(servers[server_id], domain, envelope, tuple(dict.fromkeys(senders)))
        for (server_id, domain, envelope), senders in found.items()
    ]


def is_own(server: SendingServer, domains: Collection[str]) -> bool:
    """Return whether a server belongs to the user, so that mail comes from its address.

    :param domains: the user's domains, with their organizational domains.
    """
    if server.relay.addresses:
        return True
    if server.provider or server.relay.spf_include:
        return False
    labels = server.host.split(".")
    return is_address(server.host) or any(".".join(labels[position:]) in domains for position in range(len(labels)))


def is_address(host: str) -> bool:
    """Return whether a host is given by its IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
