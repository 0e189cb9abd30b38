# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The routes of the mail of real senders, in an instance before and after a plan. Pure functions.

Source: docs/development/odoo-behaviour.md, Server choice.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.routing.route import (
    Route,
    RoutingServer,
    Rules,
    ServerIndex,
    find_route,
    is_well_formed,
    mail_server_of,
    route_through,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.text import printable

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.routing.senders import Sender, Senders
    from ansible_collections.postmaster.odoo.plugins.module_utils.routing.table import RoutingTable

# The possible changes by a plan to the mail of a sender.
EFFECTS = {
    "other_server": "leaves through another server",
    "other_host": "leaves through another host, port or login of the same server",
    "no_server": "has no server",
    "fails": "is not sent",
    "rewritten": "gets another From address",
    "restored": "keeps its From address",
    "other_from": "has another From",
    "unknown": "cannot be predicted",
}
# The largest numbers of senders in a result and in a diff.
_LISTED = 1_000
_SHOWN = 50
_CONFIGURATION = "none (the server of Odoo's configuration file)"
_DEPENDS = "one that depends on the company, or on the build of Odoo"


@dataclass(frozen=True)
class Delivery:
    """The server and the sender of a mail.

    :param server: None for the server of Odoo's configuration file, or if the mail is not sent.
    :param email_from: the `From` that the recipient sees; empty if the mail is not sent.
    :param rewritten: whether `email_from` has another address than the sender.
    :param is_sent: whether Odoo can send the mail. It cannot if the mail names an archived server, or if there is no address to send from.
    """

    server: RoutingServer | None
    email_from: str
    rewritten: bool
    is_sent: bool = True


@dataclass(frozen=True)
class Comparison:
    """The mail of a sender before and after a plan. If it differs between companies, or builds of Odoo, it has no From.

    :param place_before: host, port and login of the server; None if they differ.
    :param place_after: the same after the plan.
    :param effects: keys of EFFECTS; empty if nothing changes.
    """

    sender: Sender
    server_before: str | None
    server_after: str | None
    email_from_before: str | None
    email_from_after: str | None
    effects: tuple[str, ...]
    place_before: str | None = None
    place_after: str | None = None


def compare_senders(senders: Iterable[Sender], before: RoutingTable, after: RoutingTable) -> list[Comparison]:
    """Return how the mail of each sender leaves before and after a plan."""
    deliver_before, deliver_after = Deliveries(before), Deliveries(after)
    # The alias domain of the company of the sending process, before and after.
    fallbacks = list({(domain, after.companies.get(company)) for company, domain in before.companies.items()})
    builds = (True, False) if before.rewrites_unmatched is None else (before.rewrites_unmatched,)
    comparisons = []
    for sender in senders:
        if not is_well_formed(sender.email_from):
            unknown = ("unknown",) if before != after else ()
            comparisons.append(Comparison(sender, None, None, None, None, unknown))
            continue
        depends = deliver_before.depends_on_process(sender) or deliver_after.depends_on_process(sender)
        pairs = dict.fromkeys(
            (deliver_before.of(sender, former, rewrites), deliver_after.of(sender, later, rewrites))
            for former, later in (fallbacks if depends else fallbacks[:1]) or [(None, None)]
            for rewrites in builds
        )
        effects = {_effects(*pair): None for pair in pairs}
        agreed = next(iter(effects)) if len(effects) == 1 else ("unknown",)
        before_shown, after_shown = (_shown([pair[side] for pair in pairs]) for side in (0, 1))
        comparisons.append(
            Comparison(
                sender,
                server_before=before_shown[0],
                server_after=after_shown[0],
                email_from_before=before_shown[1],
                email_from_after=after_shown[1],
                effects=agreed,
                place_before=_place([pair[0] for pair in pairs]),
                place_after=_place([pair[1] for pair in pairs]),
            )
        )
    return comparisons


def replay_result(senders: Senders, days: int, before: RoutingTable, after: RoutingTable) -> dict[str, Any]:
    """Return the comparison of all senders as it is in a task's result: first the senders with changes, then by the number of mails."""
    entries: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one in compare_senders(senders.senders, before, after):
        shown = {
            "server_before": one.server_before,
            "server_after": one.server_after,
            "email_from_before": one.email_from_before,
            "email_from_after": one.email_from_after,
            "effects": list(one.effects),
            "change": _in_words(one),
        }
        key = (one.sender.email_from, *(str(value) for value in shown.values()))
        company = senders.companies.get(one.sender.company or 0)
        entry = entries.setdefault(
            key, {"from": one.sender.email_from, "mails": 0, "sources": [], "companies": [], **shown}
        )
        entry["mails"] += one.sender.mails
        for name, value in (("sources", one.sender.source), ("companies", company)):
            if value is not None and value not in entry[name]:
                entry[name].append(value)
    ordered = sorted(entries.values(), key=lambda entry: (not entry["effects"], -entry["mails"]))
    changed = [entry for entry in ordered if entry["effects"]]
    return {
        "days": days,
        "since": senders.since,
        "counted_since": senders.counted_since,
        "complete": senders.is_complete,
        "mails": sum(entry["mails"] for entry in ordered),
        "changed": {
            "senders": len(changed),
            "mails": sum(entry["mails"] for entry in changed),
            "effects": {
                effect: sum(entry["mails"] for entry in changed if effect in entry["effects"])
                for effect in EFFECTS
                if any(effect in entry["effects"] for entry in changed)
            },
        },
        "senders": ordered[:_LISTED],
        "left_out": max(0, len(ordered) - _LISTED),
    }


def replay_diff(replay: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the changes of a replay for Ansible's `--diff`, those of the most mails first."""
    changed = [entry for entry in replay["senders"] if entry["effects"]]
    return [
        {
            "before": "",
            "after": f"{printable(entry['change'])}\n",
            "before_header": name,
            "after_header": f"{name} ({', '.join(entry['effects'])})",
        }
        for entry in changed[:_SHOWN]
        for name in [printable(f"mail from {entry['from'] or 'no sender'}: {entry['mails']} in {replay['days']} days")]
    ]


class Deliveries:
    """The deliveries of mail by the rules of one table. Rules and indexes are created once, because many senders share them."""

    def __init__(self, table: RoutingTable) -> None:
        self._table = table
        self._servers = {record["id"]: mail_server_of(record) for record in table.mail_servers if record["id"]}
        self._owners = {
            record["id"]: record["owner_user_id"][0]
            for record in table.mail_servers
            if record.get("owner_user_id") and record["id"]
        }
        self._shared = [mail_server_of(record) for record in table.mail_servers if record["id"] not in self._owners]
        self._personal: dict[int, list[RoutingServer]] = {}
        for server, owner in self._owners.items():
            self._personal.setdefault(owner, []).append(self._servers[server])
        self._own_rules = functools.cache(table.rules_of)
        self._rules = functools.cache(self._rules_of)
        self._index = functools.cache(self._index_of)
        self._route = functools.cache(self._route_of)

    def of(self, sender: Sender, fallback: int | None, rewrites: bool) -> Delivery:
        """Return the delivery of a sender's mail. The parameters are those of `route`."""
        found = self.route(sender, fallback, rewrites)
        return _delivery(found) if found else Delivery(None, "", rewritten=False, is_sent=False)

    def route(self, sender: Sender, fallback: int | None, rewrites: bool) -> Route | None:
        """Return the route of a sender's mail; None if the mail names a server that cannot send it.

        :param fallback: the alias domain of the company of the sending process.
        :param rewrites: whether this build of Odoo replaces a sender that matches no server.
        """
        rules = self._rules(self._alias_domain(sender), fallback, rewrites)
        if sender.server in self._servers:
            return self._through(self._servers[sender.server], sender, rules)
        return self._route(sender.email_from, rules, sender.user if sender.user in self._personal else None)

    def routes(self, sender: Sender) -> list[Route]:
        """Return each possible route of a sender's mail. It can depend on the company that sends it, and on the build of Odoo."""
        fallbacks = list(dict.fromkeys(self._table.companies.values())) if self.depends_on_process(sender) else []
        unknown = self._table.rewrites_unmatched
        builds = (True, False) if unknown is None else (unknown,)
        found = [self.route(sender, one, rewrites) for one in fallbacks or [None] for rewrites in builds]
        return [one for one in dict.fromkeys(found) if one is not None and one.envelope_from]

    def depends_on_process(self, sender: Sender) -> bool:
        """Return whether the route depends on the company of the sending process, because the mail's alias domain lacks an address."""
        rules = self._own_rules(self._alias_domain(sender))
        return not (rules.notifications and rules.bounce)

    def _alias_domain(self, sender: Sender) -> int | None:
        """Return the alias domain of new mail: that of the record's company or, without a company, that of the earlier mail."""
        return self._table.companies.get(sender.company or 0, sender.alias_domain)

    def _rules_of(self, alias_domain: int | None, fallback: int | None, rewrites: bool) -> Rules:
        return replace(self._table.rules_of(alias_domain, fallback), rewrites_unmatched=rewrites)

    def _route_of(self, email_from: str, rules: Rules, user: int | None) -> Route:
        return find_route(email_from, self._index(user), rules)

    def _index_of(self, user: int | None) -> ServerIndex:
        """Return the mail servers that can send mail of a user."""
        return ServerIndex([*self._shared, *self._personal.get(user or 0, ())], several=self._table.several)

    def _through(self, server: RoutingServer, sender: Sender, rules: Rules) -> Route | None:
        owner = self._owners.get(server.id or 0)
        is_refused = owner is not None and (owner != sender.user or not rules.personal)
        if not server.active or is_refused:
            return None
        return route_through(sender.email_from, server, rules)


def _delivery(found: Route) -> Delivery:
    if not found.envelope_from:
        return Delivery(None, "", rewritten=False, is_sent=False)
    return Delivery(found.server, found.email_from or "", bool(found.rewritten))


def _effects(before: Delivery, after: Delivery) -> tuple[str, ...]:
    """Return the differences between two deliveries, as keys of EFFECTS in their order."""
    if not after.is_sent:
        return ("fails",) if before.is_sent else ()
    differs = _identity(before.server) != _identity(after.server)
    found: set[str] = set()
    if differs or not before.is_sent:
        found.add("other_server" if after.server else "no_server")
    elif before.server and after.server and before.server.place != after.server.place:
        found.add("other_host")
    if after.rewritten != before.rewritten and before.is_sent:
        found.add("rewritten" if after.rewritten else "restored")
    elif after.email_from != before.email_from and before.is_sent:
        found.add("other_from")
    return tuple(effect for effect in EFFECTS if effect in found)


def _in_words(one: Comparison) -> str:
    """Return a text about the changes for a sender; empty if there are none."""
    parts = []
    for effect in one.effects:
        if effect == "other_server":
            parts.append(
                f"server {_server_in_words(one.server_before, one.email_from_before)} -> {one.server_after or _DEPENDS}"
            )
        elif effect == "other_host":
            server = one.server_after or _DEPENDS
            parts.append(f"server {server}: {one.place_before or _DEPENDS} -> {one.place_after or _DEPENDS}")
        elif effect == "no_server":
            parts.append(f"server {_server_in_words(one.server_before, one.email_from_before)} -> {_CONFIGURATION}")
        elif effect == "fails":
            parts.append("Odoo cannot send it: the mail names an archived server, or there is no address to send from")
        elif effect == "unknown":
            parts.append(
                "depends on the company that sends it, or on the build of Odoo"
                if is_well_formed(one.sender.email_from)
                else "cannot be predicted: the sender is not a valid address"
            )
        else:
            headers = (
                _DEPENDS if header is None else header for header in (one.email_from_before, one.email_from_after)
            )
            parts.append("From {} -> {}".format(*headers))
    return "; ".join(parts)


def _server_in_words(name: str | None, email_from: str | None) -> str:
    """Return the name of a server, or a text with the reason if no server sends it."""
    if name is not None:
        return name
    return {None: _DEPENDS, "": "none (not sent)"}.get(email_from, _CONFIGURATION)


def _identity(server: RoutingServer | None) -> Any:
    """Return the identity of a server: its id, or the name of a new server."""
    return server and (server.id or server.name)


def _place(deliveries: Iterable[Delivery]) -> str | None:
    """Return host, port and login of the server of deliveries; None if they differ."""
    places = {one.server.place if one.server else None for one in deliveries}
    place = places.pop() if len(places) == 1 else None
    if place is None:
        return None
    host, port, login = place
    return f"{host}:{port}{f' as {login}' if login else ''}"


def _shown(deliveries: Iterable[Delivery]) -> tuple[str | None, str | None]:
    """Return the name of the server and the From of deliveries. None for a value that differs, and for the From if the server differs."""
    servers = {one.server.name if one.server else None for one in deliveries}
    headers = {one.email_from for one in deliveries}
    if len(servers) > 1:
        return None, None
    return servers.pop(), headers.pop() if len(headers) == 1 else None
