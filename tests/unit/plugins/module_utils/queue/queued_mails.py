# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mails in the queue of a simulated Odoo, and actions on them, whose results check mode must predict."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.queue.actions import act
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.selection import Selection
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.work import Work
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

REFUSED = "SMTPRecipientsRefused: {'x@b.example': (550, b'5.1.1 No such user')}"
THROTTLED = "SMTPSenderRefused: (421, b'4.7.0 Too many messages', 'odoo@acme.example')"
DOCUMENT = {"model": "res.partner", "res_id": 1}


def add(odoo: SimulatedOdoo, state: str = "outgoing", *, minutes: float = 0, **values: Any) -> int:
    mail = odoo.add("mail.mail", state=state, **values)
    moment = odoo.now - timedelta(minutes=minutes)
    odoo.record("mail.mail", mail)["create_date"] = moment.strftime("%Y-%m-%d %H:%M:%S")
    return mail


def states(odoo: SimulatedOdoo) -> dict[int, str]:
    return {key: mail["state"] for key, mail in odoo.records.tables["mail.mail"].items()}


def do(odoo: SimulatedOdoo, action: str, *, batch_size: int = 50, max_attempts: int = 30, **filters: Any) -> Work:
    """Perform an action, and check that check mode counts exactly the same mails."""
    before = states(odoo)
    how = {"batch_size": batch_size, "max_attempts": max_attempts}
    predicted = act(odoo.session(read_only=True), action, Selection(**filters), **how)
    assert states(odoo) == before
    work = act(odoo.session(), action, Selection(**filters), **how)
    assert predicted.count == work.count + work.unsent + sum(
        one["count"] for one in work.refused.values() if one["reason"] not in predicted.refused
    )
    return work


def own_parameters(odoo: SimulatedOdoo) -> list[str]:
    parameters = odoo.records.tables["ir.config_parameter"].values()
    return [str(one["key"]) for one in parameters if str(one["key"]).startswith("postmaster_odoo.")]
