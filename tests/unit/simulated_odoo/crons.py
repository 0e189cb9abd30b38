# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`method_direct_trigger` of ir.cron."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo import mails, refusals
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.values import DATETIME_FORMAT

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

_INTERVALS = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
    "months": timedelta(days=30),
}


def interval(number: int, kind: str) -> timedelta:
    """A cron's interval; a month is near enough 30 days."""
    return number * _INTERVALS[kind]


def trigger(odoo: SimulatedOdoo, ids: Sequence[int], context: Mapping[str, Any]) -> Any:
    """Run a cron now, be it archived: up to 18.0 in the request's transaction, from 19.0 on as the scheduler would."""
    (cron_id,) = ids
    cron = odoo.record("ir.cron", cron_id)
    run = _run_as_scheduler if odoo.major >= 19 else _run_in_transaction
    return run(odoo, cron, context)


def _run_in_transaction(odoo: SimulatedOdoo, cron: dict[str, Any], context: Mapping[str, Any]) -> bool:
    if cron["id"] in odoo.running_crons:
        raise refusals.cron_is_running()
    failure = odoo.cron_failures.get(cron["id"])
    if failure:
        raise refusals.value_error(f"{failure} while evaluating\n{cron['code']!r}")
    _run(odoo, cron, context)
    return True


def _run_as_scheduler(odoo: SimulatedOdoo, cron: dict[str, Any], context: Mapping[str, Any]) -> Any:
    if cron["id"] in odoo.running_crons:
        raise refusals.user_error(f"Job '{cron['name']}' already executing")
    following = odoo.now + interval(cron["interval_number"], cron["interval_type"])
    cron["nextcall"] = following.strftime(DATETIME_FORMAT)
    failure = odoo.cron_failures.get(cron["id"])
    if not failure:
        _run(odoo, cron, context)
        cron.update(failure_count=0, first_failure_date=False)
        return True
    cron.update(
        lastcall=odoo.now_text,
        failure_count=cron.get("failure_count", 0) + 1,
        first_failure_date=cron.get("first_failure_date") or odoo.now_text,
    )
    trace = f'Traceback (most recent call last):\n  File "x.py", line 1, in run\n    secret()\nValueError: {failure}\n'
    debug = f"{trace}\nThe above exception was the direct cause of the following exception:\n\nRuntimeError\n"
    data = {"name": "builtins.RuntimeError", "message": "", "arguments": [], "context": {}, "debug": debug}
    error = {"code": 0, "message": "Odoo Server Error", "data": data}
    return {"type": "ir.actions.client", "tag": "display_exception", "params": error}


def _run(odoo: SimulatedOdoo, cron: dict[str, Any], context: Mapping[str, Any]) -> None:
    cron["lastcall"] = odoo.now_text
    if "process_email_queue" in str(cron.get("code")):
        mails.process_email_queue(odoo, None, context)
