# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The routes that a stack asserts: the mail server for the mail of each sender."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Ambiguous, Conflict, ErrorCollector, Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.route import (
    RULES,
    Route,
    RoutingServer,
    Rules,
    ServerIndex,
    addresses_in,
    find_route,
    is_for,
)

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.routing.table import RoutingTable

# The largest number of routes for which the nearest name of a server is searched.
_MOST_HINTS = 20


@dataclass(frozen=True)
class Assertion:
    """The assertion that mail from an address leaves through a server, which is named by its name or its declared external ID."""

    address: str
    server: str


@dataclass(frozen=True)
class BrokenRoute:
    """An assertion that does not apply.

    :param server: the name of the asserted server.
    :param taker: the name of the server that takes the mail; None for the server of Odoo's configuration file.
    :param taken_by: a text about that server, with the rule by which it takes the mail.
    :param cause: a text about the reason why the asserted server does not take the mail.
    :param remedy: a text about the remedy.
    """

    assertion: Assertion
    server: str
    taker: str | None
    taken_by: str
    cause: str
    remedy: str

    @property
    def message(self) -> str:
        """Return the error message."""
        return (
            f"route {self.assertion.address!r}: mail would leave through {self.taken_by}, and not through {self.server!r}, "
            f"because {self.cause}: {self.remedy}."
        )


def assertions_of(options: Iterable[Mapping[str, Any]], problems: ErrorCollector) -> list[Assertion]:
    """Return the valid assertions in the option `routes` of `mail_stack`.

    :param problems: collects an error for each route that is not from exactly one email address.
    """
    assertions = []
    for one in options:
        with problems:
            if len(addresses_in(one["from"])) != 1:
                raise Invalid(f"route {one['from']!r}: from must be exactly one email address.")
            assertions.append(Assertion(one["from"], one["server"]))
    return assertions


def find_routes(assertions: Sequence[Assertion], table: RoutingTable) -> list[dict[str, Any]]:
    """Return the route of each asserted address as it is in a task's result. If it differs between companies, it is that of the main company."""
    results = []
    rules = _shared(table.rules[0])
    servers = ServerIndex(table.servers, several=rules.several)
    for assertion in assertions:
        found = find_route(assertion.address, servers, rules)
        server = found.server.name if found.server else None
        shown = {"email_from": found.email_from, "rewritten": found.rewritten, "rule": found.rule}
        results.append({"from": assertion.address, "server": server, **shown})
    return results


def broken_routes(
    assertions: Sequence[Assertion], table: RoutingTable, names: Mapping[str, str], problems: ErrorCollector
) -> list[BrokenRoute]:
    """Return the assertions that do not apply, for mail of any company.

    :param names: the names of servers by their declared external IDs.
    :param problems: collects an error for each assertion whose server's name belongs to several active servers.
    """
    servers = [server for server in table.servers if not server.personal]
    by_name: dict[str, list[RoutingServer]] = {}
    for server in servers:
        by_name.setdefault(server.name, []).append(server)
    index = ServerIndex(servers, several=table.several)
    all_rules = table.rules
    # Companies differ only in the server of senders that match no server, so one company for each of these servers is enough.
    of_companies: dict[RoutingServer | None, tuple[Rules, Rules]] = {}
    for rules in all_rules:
        shared = _shared(rules)
        of_companies.setdefault(index.choose("", shared)[0], (rules, shared))
    broken: list[BrokenRoute] = []
    for assertion in assertions:
        name = names.get(assertion.server, assertion.server)
        in_use = [server for server in by_name.get(name, ()) if server.active]
        if len(in_use) > 1:
            problems.errors.append(
                Ambiguous(
                    f"route {assertion.address!r}: several active mail servers have the name {name!r}. Rename all but one in Odoo."
                )
            )
            continue
        for rules, shared in of_companies.values():
            found = find_route(assertion.address, index, shared)
            if found.server is None or found.server.name != name:
                taker = found.server.name if found.server else None
                taken_by = _taken_by(found, rules if len(all_rules) > 1 else None)
                # The search for the nearest name is slow, so only the first broken routes have one.
                cause, remedy = _cause(assertion, name, by_name, found, rules, hint=len(broken) < _MOST_HINTS)
                broken.append(BrokenRoute(assertion, name, taker, taken_by, cause, remedy))
                break
            if found.rule in ("address", "domain"):  # the same for each company
                break
    return broken


def refuse(broken: Sequence[BrokenRoute], *, where: str) -> None:
    """Raise an error if assertions do not apply.

    :raises Conflict: if there are broken routes.
    """
    if broken:
        raise Conflict(f"{' '.join(one.message for one in broken)} ({where})")


def _cause(
    assertion: Assertion,
    name: str,
    servers: Mapping[str, Sequence[RoutingServer]],
    found: Route,
    rules: Rules,
    *,
    hint: bool,
) -> tuple[str, str]:
    """Return the reason why a server does not take the asserted mail, and the remedy.

    :param servers: the servers by their names.
    :param hint: whether to search the nearest name if the server does not exist.
    """
    namesakes = servers.get(name, ())
    if not namesakes:
        nearest: list[str] = []
        if hint:
            import difflib  # takes a millisecond, and only errors need it

            nearest = difflib.get_close_matches(name, list(servers), n=1)
        words = f"; the nearest name is {nearest[0]!r}" if nearest else ""
        return (
            f"no mail server has this name (it may have been renamed or deleted{words})",
            "correct the name in the route, or declare the server",
        )
    if not any(server.active for server in namesakes):
        return "that server is archived", "declare it as active, or correct the route"
    (server,) = [one for one in namesakes if one.active]
    if server.from_filter and not is_for(assertion.address, server, rules):
        return (
            f"its from_filter ({server.from_filter}) does not contain the sender",
            "add the sender's address or domain to its from_filter, or correct the route",
        )
    taker = found.server.name if found.server else ""
    return (
        f"{taker!r} comes before it",
        f"add the sender to the from_filter of {name!r}, or give it a lower sequence than {taker!r}, or correct the route",
    )


def _taken_by(found: Route, rules: Rules | None) -> str:
    server = repr(found.server.name) if found.server else "the server of Odoo's configuration file"
    of = f" (for companies that send notifications from {rules.notifications or 'no address'})" if rules else ""
    return f"{server}{of} ({RULES[found.rule]})"


def _shared(rules: Rules) -> Rules:
    """Return the rules without servers that belong to users, because an assertion applies to the mail of all users."""
    return replace(rules, personal=False)
