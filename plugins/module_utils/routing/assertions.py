# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The routes that a stack asserts: which mail server takes the mail of which sender."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Ambiguous, Conflict, ErrorCollector, Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.route import (
    RULES,
    Route,
    Rules,
    addresses_in,
    route,
)

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.routing.table import RoutingTable


@dataclass(frozen=True)
class Assertion:
    """Mail of this address leaves through this server, meant by its name or its declared external id."""

    address: str
    server: str


def assertions_of(options: Iterable[Mapping[str, Any]]) -> list[Assertion]:
    """The option `routes` of `mail_stack`.

    :raises Invalid: something that is no address.
    """
    problems = ErrorCollector()
    assertions = []
    for one in options:
        with problems:
            if len(addresses_in(one["from"])) != 1:
                raise Invalid(f"route {one['from']!r}: from takes one email address.")
            assertions.append(Assertion(one["from"], one["server"]))
    problems.raise_gathered()
    return assertions


def find_routes(assertions: Sequence[Assertion], table: RoutingTable) -> list[dict[str, Any]]:
    """How mail of each asserted address leaves, as a task's result shows it; of the main company, where that makes a difference."""
    results = []
    for assertion in assertions:
        found = route(assertion.address, table.servers, _shared(table.rules[0]))
        server = found.server.name if found.server else None
        shown = {"email_from": found.email_from, "rewritten": found.rewritten, "rule": found.rule}
        results.append({"from": assertion.address, "server": server, **shown})
    return results


def failures(assertions: Sequence[Assertion], table: RoutingTable, names: Mapping[str, str]) -> dict[Assertion, str]:
    """Why assertions do not hold, whichever company the mail is of; empty where all do.

    :param names: of the servers that are declared by an external id.
    :raises Ambiguous: several servers in use bear a name.
    """
    failed = {}
    servers = [server for server in table.servers if not server.personal]
    for assertion in assertions:
        name = names.get(assertion.server, assertion.server)
        namesakes = [server for server in servers if server.name == name]
        in_use = [server for server in namesakes if server.active]
        if len(in_use) > 1:
            raise Ambiguous(
                f"route {assertion.address!r}: several mail servers in use are called {name!r}: rename all but one in Odoo."
            )
        state = "" if in_use else ", which is archived" if namesakes else ", which there is not"
        for rules in table.rules:
            found = route(assertion.address, servers, _shared(rules))
            if found.server is None or found.server.name != name:
                taker = _words(found, rules if len(table.rules) > 1 else None)
                failed[assertion] = (
                    f"route {assertion.address!r}: mail would leave through {taker}, and not through {name!r}{state}."
                )
                break
    return failed


def refuse(failed: Mapping[Assertion, str], *, where: str) -> None:
    """Say all that does not hold.

    :raises Conflict: anything.
    """
    if failed:
        raise Conflict(
            f"{' '.join(failed.values())} Give the server a from_filter that names the sender, or a lower sequence than others that do, "
            f"or correct the route ({where})."
        )


def _words(found: Route, rules: Rules | None) -> str:
    server = repr(found.server.name) if found.server else "the server of Odoo's configuration file"
    of = f" (for companies that send notifications from {rules.notifications or 'no address'})" if rules else ""
    return f"{server}{of}, for {RULES[found.rule]}"


def _shared(rules: Rules) -> Rules:
    """Without the users' own servers: what is asserted is true of everybody's mail."""
    return replace(rules, personal=False)
