# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The asserted routes of a stack, compared with the state after its plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Change, Found, Step
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import XML_ID
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.assertions import (
    Assertion,
    BrokenRoute,
    broken_routes,
    find_routes,
    refuse,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.external_ids import read_external_ids

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.errors import ErrorCollector
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.context import PlannedResource
    from ansible_collections.postmaster.odoo.plugins.module_utils.routing.table import RoutingTable
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session


# The name of a route in plans and reports.
ROUTE = "route"


class RouteAssertions:
    """The asserted routes of one instance.

    :ivar routes: the route of each asserted address, for a task's result.
    :ivar broken: the routes that are wrong after the plan.
    :ivar warnings: warnings about routes that apply only after a server is in use.
    """

    def __init__(self, assertions: Sequence[Assertion]) -> None:
        self._assertions = assertions
        self.routes: list[dict[str, Any]] = []
        self.broken: list[BrokenRoute] = []
        self.warnings: list[str] = []

    @property
    def is_wanted(self) -> bool:
        """Whether routes are asserted."""
        return bool(self._assertions)

    def check(
        self,
        session: Session,
        found: RoutingTable,
        steps: Sequence[Step],
        resources: Sequence[PlannedResource],
        problems: ErrorCollector,
        *,
        neutralized: bool,
    ) -> list[Step]:
        """Compare the asserted routes with the state after the plan, before any step is done.

        :param found: the current state that determines the routes.
        :param problems: collects an error for each route that cannot be compared.
        :param neutralized: whether the database is a neutralized copy, in which nothing goes live.
        :returns: a step for each wrong route, for a plan that only shows differences.
        """
        if not self._assertions:
            return []
        servers = [
            one for one in resources if one.declaration.type is MAIL_SERVER and one.declaration.state != "absent"
        ]
        names = {
            one.declaration.xml_id: str(MAIL_SERVER.expected_values(one).get("name") or one.declaration.key)
            for one in servers
            if one.declaration.xml_id
        }
        names |= self._undeclared_names(session, found, names)
        once_in_use = found.after(_steps_once_in_use(steps, servers, found, neutralized=neutralized))
        self.broken = broken_routes(self._assertions, once_in_use, names, problems)
        table = found.after(steps)
        self.routes = find_routes(self._assertions, table)
        broken = {one.assertion for one in self.broken}
        now_broken = broken_routes(self._assertions, table, names, problems)
        waiting = [one for one in now_broken if one.assertion not in broken]
        self.warnings = [f"{one.message} The route applies once the server is in use." for one in waiting]
        return [_as_step(one) for one in self.broken]

    def _undeclared_names(self, session: Session, table: RoutingTable, names: Mapping[str, str]) -> dict[str, str]:
        """Return the names of servers that routes refer to by an undeclared external ID."""
        known = {str(record["name"]) for record in table.mail_servers} | names.keys()
        wanted = {one.server for one in self._assertions if one.server not in known and XML_ID.fullmatch(one.server)}
        by_id = {record["id"]: str(record["name"]) for record in table.mail_servers}
        return {
            xml_id: by_id[row["res_id"]]
            for xml_id, row in read_external_ids(session, wanted).items()
            if row["model"] == MAIL_SERVER.model and row["res_id"] in by_id
        }

    def senders(self, resources: Sequence[PlannedResource]) -> dict[str, list[str]]:
        """Return the addresses that must leave through each declared mail server, by the server's key."""
        numbers: dict[object, list[int]] = {}
        for number, route in enumerate(self._assertions):
            numbers.setdefault(route.server, []).append(number)
        senders = {}
        for one in resources:
            declaration = one.declaration
            names = {declaration.key, declaration.xml_id, MAIL_SERVER.expected_values(one).get("name")}
            own = sorted(number for name in names for number in numbers.get(name, ()))
            senders[declaration.key] = [self._assertions[number].address for number in own]
        return senders

    def refuse(self, where: str) -> None:
        """Raise an error if a route is wrong.

        :raises Conflict: the message describes all wrong routes.
        """
        refuse(self.broken, where=where)


def _as_step(broken: BrokenRoute) -> Step:
    """Return a wrong route as a difference. Nothing performs this step, because the declaration contradicts itself."""
    change = Change("server", broken.taker, broken.server, remark=f"{broken.cause}: {broken.remedy}")
    return Step(ROUTE, broken.assertion.address, "update", (change,))


def _steps_once_in_use(
    steps: Sequence[Step], servers: Sequence[PlannedResource], table: RoutingTable, *, neutralized: bool
) -> list[Step]:
    """Return the plan as if all servers went live, including those that wait for consent and those of a neutralized copy."""
    places = {id(step): place for place, step in enumerate(steps)}
    steps = list(steps)
    for planned in servers:
        declared = MAIL_SERVER.declared_fields(planned.declaration)
        if declared.get("active") is False or not (neutralized or MAIL_SERVER.is_connected(planned) is False):
            continue
        values = {name: declared[name] for name in ("from_filter", "sequence") if name in declared} | {"active": True}
        if planned.step is not None:
            place = places[id(planned.step)]
            steps[place] = replace(planned.step, values={**planned.step.values, **values})
        elif planned.found is not None:
            key = planned.declaration.key
            steps.append(Step(MAIL_SERVER.name, key, "update", record_id=planned.found.id, values=values))
    dummies = (
        Step(MAIL_SERVER.name, record["name"], "delete", record_id=record["id"])
        for record in table.mail_servers
        if MAIL_SERVER.is_neutralization_dummy(Found(record["id"], record))
    )
    return [*steps, *dummies] if neutralized else steps
