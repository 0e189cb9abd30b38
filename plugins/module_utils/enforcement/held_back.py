# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan as it would be if no mail server were held back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Found, Step
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.planner import Planning
    from ansible_collections.postmaster.odoo.plugins.module_utils.routing.table import RoutingTable


def steps_once_in_use(planning: Planning, table: RoutingTable) -> list[Step]:
    """A plan, as if nothing were held back: neither servers that wait for a human's consent, nor those of a neutralized copy."""
    steps = list(planning.plan)
    for planned in planning.mail_servers:
        declared = MAIL_SERVER.declared_fields(planned.declaration)
        if declared.get("active") is False or not (planning.neutralized or planned.connected is False):
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
    return [*steps, *dummies] if planning.neutralized else steps
