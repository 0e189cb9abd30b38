# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of routing: each sender has a mail server, and each mail server has senders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import Finding
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import (
    Limits,
    Observation,
    ObservedSender,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.settings_checks import check_filters
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.route import (
    Route,
    Rules,
    ServerIndex,
    Shadow,
    address_of,
    find_route,
    mail_server_of,
    shadowed,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.text import counted, some


def check_routing(seen: Observation, limits: Limits) -> Iterator[Finding]:
    """Yield findings about senders without a server, replaced senders, and servers that are never chosen."""
    # If no server delivers mail, there is nothing to choose from. Another check reports that.
    if not seen.shared_servers or not seen.rules or any(server["leads_nowhere"] for server in seen.shared_servers):
        return
    servers = [mail_server_of(server) for server in seen.servers]
    index = ServerIndex(servers, several=seen.rules[0].several)
    rules_of = rules_of_senders(seen.rules)
    routes = [(sender, find_route(sender.address, index, rules_of(sender))) for sender in seen.senders]
    stray = [(sender, way) for sender, way in routes if way.rule == "first"]
    if stray:
        yield _summary("sender_without_server", stray, len(routes))
    renamed = [(sender, way) for sender, way in routes if way.rewritten is not False and way.rule != "first"]
    if renamed:
        yield _summary("from_rewritten", renamed, len(routes))
    yield from check_filters(seen)
    for shadow in shadowed(servers, *seen.rules):
        yield _shadowed(shadow)


def rules_of_senders(rules: Sequence[Rules]) -> Callable[[ObservedSender], Rules]:
    """Return a function that returns the rules of a sender.

    They are the rules of the alias domain with the sender's domain, or the first rules if there is none. Odoo itself uses the rules
    of the company of the mail's document.
    """
    of_domain: dict[str, Rules] = {}
    for one in rules:
        of_domain.setdefault(_domain_of(one.notifications), one)
    return lambda sender: of_domain.get(_domain_of(sender.address), rules[0])


def _domain_of(text: str) -> str:
    return address_of(text).partition("@")[2]


def _summary(kind: str, routes: Sequence[tuple[ObservedSender, Route]], count: int) -> Finding:
    """Return one finding for many addresses, because an instance can have thousands of users."""
    _sender, way = routes[0]
    server = repr(way.server.name) if way.server else "Odoo's configuration"
    addresses = some(f"{sender.address} ({sender.source})" for sender, _way in routes)
    evidence = f"{len(routes)} of {counted(count, 'address', 'addresses')}: {addresses}. The first leaves through {server} {_as(way)}."
    about = {"model": MAIL_SERVER.model, "id": way.server.id, "name": way.server.name} if way.server else None
    return Finding(kind, evidence, about)


def _as(way: Route) -> str:
    if way.email_from is None:
        return "as itself or as the notifications address, because builds of this series differ and the instance does not show its build"
    return f"as {way.email_from}"


def _shadowed(shadow: Shadow) -> Finding:
    server, by = shadow.server, shadow.by
    what = f"The entry {shadow.entry!r} in the from_filter of {server.name!r}" if shadow.entry else f"{server.name!r}"
    evidence = f"{what} is never used: {by.name!r} (sequence {by.sequence}, from_filter {by.from_filter or 'none'}) takes all of its mail."
    return Finding("route_shadowed", evidence, {"model": MAIL_SERVER.model, "id": server.id, "name": server.name})
