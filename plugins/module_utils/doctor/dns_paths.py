# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The paths of an instance's mail, and the domains that replies go to. The DNS checks need both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.mail_paths import (
    MailPath,
    SendingServer,
    mail_paths,
    sending_server,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.names import domain_of
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.options import Relay, Relays
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import Observation, ObservedSender
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.odoo_configuration import relay_of
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.routing_checks import rules_of_senders
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.route import (
    Route,
    ServerIndex,
    find_route,
    mail_server_of,
    route_through,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.text import shown, some


@dataclass(frozen=True)
class InstancePaths:
    """The paths of an instance's mail.

    :param unknown: a sentence for each path that is not known, with the reason.
    """

    paths: tuple[MailPath, ...]
    unknown: tuple[str, ...] = ()


def paths_of(seen: Observation, declared: Sequence[Relay]) -> InstancePaths:
    """Return the paths that mail of the instance's senders takes, except through servers that deliver no mail.

    :raises Invalid: if a relay is not a mail server of the instance.
    """
    relays = Relays(declared)
    host = (relay_of(seen.configuration) or ("", ""))[0]
    every = {server["id"]: sending_server(server, relays, host) for server in seen.servers}
    of_file = sending_server(None, relays, host)
    _refuse_strangers(relays, [*every.values(), *([of_file] if host else [])], knows_file=bool(host))
    usable: dict[int | None, SendingServer] = {
        server["id"]: every[server["id"]] for server in seen.servers if not server["leads_nowhere"]
    }
    if host:
        usable[None] = of_file
    routes = list(_routes(seen)) if seen.rules else []
    paths = tuple(mail_paths(routes, usable))
    return InstancePaths(paths, tuple(_unknown(seen, routes, bool(paths), knows_file=bool(host))))


def _unknown(
    seen: Observation, routes: Sequence[tuple[str, Route, str]], has_paths: bool, *, knows_file: bool
) -> Iterator[str]:
    """Yield the reasons why paths are missing."""
    stray = dict.fromkeys(sender for sender, route, _notifications in routes if route.server is None and sender)
    if stray and not knows_file:
        yield f"the server of Odoo's configuration file, which sends mail from {some(stray)}: set config_file"
    elif seen.is_neutralized and not has_paths:
        yield "no mail leaves this instance, because it is a neutralized copy, so no records of senders were checked"
    elif not has_paths:
        yield "no path of mail out of this instance was found, so no records of senders were checked: add a mail server or a sender"


def _refuse_strangers(relays: Relays, servers: Sequence[SendingServer], *, knows_file: bool) -> None:
    strangers = relays.without({one.name for one in servers}, {one.host for one in servers if one.host})
    if strangers:
        known = some((f"{one.name!r} ({one.host or 'no host'})" for one in servers), 20) or "none"
        file = "" if knows_file else " To use the server of Odoo's configuration file, set config_file."
        raise Invalid(
            f"relays: {shown(strangers[0])} is neither the name nor the host of a mail server of this instance. Its mail servers: {known}.{file}"
        )


def _routes(seen: Observation) -> Iterator[tuple[str, Route, str]]:
    """Yield the address of each sender with its route, and the notifications address of its company."""
    servers = [mail_server_of(server) for server in seen.servers]
    index = ServerIndex(servers, several=seen.rules[0].several)
    rules_of = rules_of_senders(seen.rules)
    notifications = [
        ObservedSender(rules.notifications, "notifications") for rules in seen.rules if rules.notifications
    ]
    for sender in (*seen.senders, *notifications):
        rules = rules_of(sender)
        yield sender.address, find_route(sender.address, index, rules), rules.notifications
    by_id = {server.id: server for server in servers if server.active}
    for sender, server_id in seen.named:
        if server_id in by_id:
            rules = rules_of(sender)
            yield sender.address, route_through(sender.address, by_id[server_id], rules), rules.notifications
    for address, route in seen.recent:
        yield address, route, ""


def receiving_domains(seen: Observation) -> list[str]:
    """Return the domains of bounces and replies."""
    if seen.alias_domains is not None:
        used = {(company.get("alias_domain_id") or [None])[0] for company in seen.companies}
        names = [domain["name"] for domain in seen.alias_domains if domain["id"] in used]
    else:
        names = [seen.parameters.get("mail.catchall.domain") or ""]
    bounces = [rules.bounce for rules in seen.rules if rules.bounce]
    domains = [*(domain_of(f"@{name}") for name in names if name), *map(domain_of, bounces)]
    return list(dict.fromkeys(domain for domain in domains if domain))
