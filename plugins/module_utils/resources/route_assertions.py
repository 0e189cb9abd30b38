# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The routes that a stack asserts, compared with what its plan leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Found, Step
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.assertions import (
    Assertion,
    failures,
    find_routes,
    refuse,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.table import read_routing

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.context import PlannedResource
    from ansible_collections.postmaster.odoo.plugins.module_utils.routing.table import RoutingTable
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session


class RouteAssertions:
    """The asserted routes of one instance.

    :ivar routes: how mail of each asserted address leaves, as a task's result shows it.
    """

    def __init__(self, assertions: Sequence[Assertion]) -> None:
        self._assertions = assertions
        self.routes: list[dict[str, Any]] = []

    def check(
        self,
        session: Session,
        steps: Sequence[Step],
        resources: Sequence[PlannedResource],
        *,
        neutralized: bool,
        where: str,
    ) -> list[str]:
        """Compare the asserted routes with what the plan leaves, before any of it is done.

        :param neutralized: nothing goes live, because the database is a neutralized copy.
        :param where: the instance, to end a message with.
        :returns: warnings for routes that apply only once a server is in use.
        :raises Conflict: a route does not apply.
        """
        if not self._assertions:
            return []
        servers = [
            one for one in resources if one.declaration.type is MAIL_SERVER and one.declaration.state != "absent"
        ]
        found = read_routing(session)
        names = {
            one.declaration.xml_id: str(MAIL_SERVER.expected_values(one).get("name") or one.declaration.key)
            for one in servers
            if one.declaration.xml_id
        }
        once_in_use = found.after(_steps_once_in_use(steps, servers, found, neutralized=neutralized))
        refuse(failures(self._assertions, once_in_use, names), where=where)
        table = found.after(steps)
        failed = failures(self._assertions, table, names)
        self.routes = find_routes(self._assertions, table)
        return [f"{message} It holds once the server is in use." for message in failed.values()]


def _steps_once_in_use(
    steps: Sequence[Step], servers: Sequence[PlannedResource], table: RoutingTable, *, neutralized: bool
) -> list[Step]:
    """A plan, as if nothing were held back: neither servers that wait for a human's consent, nor those of a neutralized copy."""
    steps = list(steps)
    for planned in servers:
        declared = MAIL_SERVER.declared_fields(planned.declaration)
        if declared.get("active") is False or not (neutralized or MAIL_SERVER.is_connected(planned) is False):
            continue
        values = {name: declared[name] for name in ("from_filter", "sequence") if name in declared} | {"active": True}
        if planned.step is not None:
            place = steps.index(planned.step)
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
