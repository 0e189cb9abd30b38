# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether each address that the instance sends from has a mail server for it, and each mail server an address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import Finding
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import Limits, Observation, Sender
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.settings_checks import check_filters
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.route import (
    Route,
    Rules,
    Shadow,
    address_of,
    mail_server_of,
    route,
    shadowed,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.text import some


def check_routing(seen: Observation, limits: Limits) -> Iterator[Finding]:
    """Addresses without a server, addresses that recipients do not see, servers without an address."""
    # Without a server that leads anywhere there is nothing to choose from, which is a finding of its own.
    if not seen.shared_servers or not seen.rules or any(server["leads_nowhere"] for server in seen.shared_servers):
        return
    servers = [mail_server_of(server) for server in seen.servers]
    routes = [(sender, route(sender.address, servers, rules_of_sender(sender, seen.rules))) for sender in seen.senders]
    stray = [(sender, way) for sender, way in routes if way.rule == "first"]
    if stray:
        yield _summary("sender_without_server", stray, len(routes))
    renamed = [(sender, way) for sender, way in routes if way.rewritten is not False and way.rule != "first"]
    if renamed:
        yield _summary("from_rewritten", renamed, len(routes))
    yield from check_filters(seen)
    for shadow in shadowed(servers, *seen.rules):
        yield _shadowed(shadow)


def rules_of_sender(sender: Sender, rules: Sequence[Rules]) -> Rules:
    """Return the rules for a sender: of the alias domain of its own domain, if there is one. Mail has those of its document's company."""
    domain = address_of(sender.address).partition("@")[2]
    own = [one for one in rules if address_of(one.notifications).partition("@")[2] == domain]
    return (own or rules)[0]


def _summary(kind: str, routes: Sequence[tuple[Sender, Route]], count: int) -> Finding:
    """One finding for many addresses: an instance may have thousands of users."""
    _sender, way = routes[0]
    server = repr(way.server.name) if way.server else "Odoo's configuration"
    addresses = some(f"{sender.address} ({sender.source})" for sender, _way in routes)
    evidence = f"{len(routes)} of {count} addresses: {addresses}. The first leaves through {server} {_as(way)}."
    about = {"model": MAIL_SERVER.model, "id": way.server.id, "name": way.server.name} if way.server else None
    return Finding(kind, evidence, about)


def _as(way: Route) -> str:
    if way.email_from is None:
        return "as itself or as the notifications address: this series has builds that do either, and the instance does not show which it is"
    return f"as {way.email_from}"


def _shadowed(shadow: Shadow) -> Finding:
    server, by = shadow.server, shadow.by
    what = f"Of {server.name!r} the entry {shadow.entry!r} of its from_filter" if shadow.entry else f"{server.name!r}"
    evidence = f"{what} is never used: {by.name!r} (sequence {by.sequence}, from_filter {by.from_filter or 'none'}) takes all of its mail."
    return Finding("route_shadowed", evidence, {"model": MAIL_SERVER.model, "id": server.id, "name": server.name})
