# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running crons: the scheduler, and `method_direct_trigger` of ir.cron."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo import refusals, server_actions
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.values import DATETIME_FORMAT, interval

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

Cron = dict[str, Any]

# From 18.0 on a cron becomes inactive after so many failures in a row, if the first of them is older than this.
_FAILURES = 5
_FAILING_FOR = timedelta(days=7)


def let_time_pass(odoo: SimulatedOdoo, duration: timedelta) -> None:
    """Move the clock, and run every cron whenever it is due."""
    end = odoo.now + duration
    while True:
        moments = [_due(odoo, cron) for cron in _runnable(odoo)]
        if not moments or min(moments) > end:
            break
        odoo.now = max(odoo.now, min(moments))
        run_due(odoo)
    odoo.now = end


def run_due(odoo: SimulatedOdoo) -> None:
    """Run the crons that are due, each once, in the scheduler's order."""
    ready = [cron for cron in _runnable(odoo) if _due(odoo, cron) <= odoo.now]
    for cron in sorted(ready, key=lambda one: (one.get("failure_count", 0), one["priority"], one["id"])):
        if cron in _runnable(odoo) and _due(odoo, cron) <= odoo.now:  # a cron before it may have changed it
            _run_scheduled(odoo, cron)


def trigger(odoo: SimulatedOdoo, ids: Sequence[int], _context: Mapping[str, Any]) -> Any:
    """Run a cron now, even an inactive one: up to 18.0 in the request's transaction, from 19.0 on as the scheduler would."""
    (cron_id,) = ids
    cron = odoo.record("ir.cron", cron_id)
    return (_trigger_as_scheduler if odoo.major >= 19 else _trigger_in_transaction)(odoo, cron)


def _runnable(odoo: SimulatedOdoo) -> list[Cron]:
    """Return the crons that the scheduler may run.

    They are active, have runs left if runs are counted, and no worker runs them.
    """
    return [
        cron
        for cron in odoo.records.tables["ir.cron"].values()
        if cron["active"] and cron.get("numbercall") != 0 and cron["id"] not in odoo.running_crons
    ]


def _due(odoo: SimulatedOdoo, cron: Cron) -> datetime:
    """Return when a cron is due: at its `nextcall`, or earlier by a trigger."""
    triggers = odoo.records.tables["ir.cron.trigger"].values()
    moments = [cron["nextcall"], *(one["call_at"] for one in triggers if one["cron_id"] == cron["id"])]
    return min(_moment(text) for text in moments)


def _moment(text: str) -> datetime:
    return datetime.strptime(text, DATETIME_FORMAT).replace(tzinfo=timezone.utc)


def _run_scheduled(odoo: SimulatedOdoo, cron: Cron) -> Exception | None:
    """Run a cron as a worker does: plan its next run, count the run or the failure. Return the failure."""
    if cron["interval_number"] <= 0:  # as 17.0 does; 16.0 of October 2023 would add the interval without end
        cron["active"] = False
        odoo.commit()
        return None
    following, missed = _next_run(odoo, cron)
    runs = _runs(cron, missed)
    failures = [_attempt(odoo, cron) for _run in range(runs)]
    triggers = odoo.records.tables["ir.cron.trigger"]
    for key in [
        key for key, one in triggers.items() if one["cron_id"] == cron["id"] and one["call_at"] <= odoo.now_text
    ]:
        del triggers[key]
    cron.update(nextcall=following, lastcall=odoo.now_text)
    if "numbercall" in cron:
        cron["numbercall"] = max(cron["numbercall"] - runs, -1)
        cron["active"] = bool(cron["active"] and cron["numbercall"])
    if "failure_count" in odoo.fields("ir.cron"):
        _count_failure(odoo, cron, failures[-1])
    odoo.commit()
    return failures[-1]


def _next_run(odoo: SimulatedOdoo, cron: Cron) -> tuple[str, int]:
    """Return the time of a cron's next run, and the number of runs that were due until now."""
    step = interval(cron["interval_number"], cron["interval_type"])
    following, missed = _moment(cron["nextcall"]), 0
    while following <= odoo.now:
        following += step
        missed += 1
    return following.strftime(DATETIME_FORMAT), missed


def _runs(cron: Cron, missed: int) -> int:
    """Return the number of runs of a cron: one, or with `doall` as many as were due, up to its `numbercall`."""
    if not missed or not cron.get("doall"):
        return 1
    return missed if cron["numbercall"] == -1 else min(missed, cron["numbercall"])


def _attempt(odoo: SimulatedOdoo, cron: Cron) -> Exception | None:
    """Run the code of a cron in a separate transaction, and return the exception."""
    odoo.commit()
    odoo.running_crons.add(cron["id"])
    try:
        _run_code(odoo, cron)
    except NotImplementedError:  # a missing part of the simulation, not a failure of the cron
        raise
    except Exception as failure:
        odoo.rollback()
        return failure
    finally:
        odoo.running_crons.discard(cron["id"])
    odoo.commit()
    return None


def _count_failure(odoo: SimulatedOdoo, cron: Cron, failure: Exception | None) -> None:
    if not failure:
        cron.update(failure_count=0, first_failure_date=False)
        return
    cron["failure_count"] = cron.get("failure_count", 0) + 1
    cron["first_failure_date"] = cron.get("first_failure_date") or odoo.now_text
    if cron["failure_count"] >= _FAILURES and _moment(cron["first_failure_date"]) + _FAILING_FOR < odoo.now:
        cron.update(active=False, failure_count=0, first_failure_date=False)


def _run_code(odoo: SimulatedOdoo, cron: Cron) -> None:
    """Run the code of a cron as its user."""
    failure = odoo.cron_failures.get(cron["id"])
    if failure:
        raise refusals.value_error(failure)
    with odoo.acting_as(odoo.record("res.users", cron["user_id"])["login"]):
        server_actions.run(odoo, odoo.record("ir.model", cron["model_id"])["model"], str(cron.get("code") or ""))


def _trigger_in_transaction(odoo: SimulatedOdoo, cron: Cron) -> bool:
    if cron["id"] in odoo.running_crons:
        raise refusals.cron_is_running()
    try:
        _run_code(odoo, cron)
    except NotImplementedError:
        raise
    except Exception as failure:
        raise refusals.value_error(f"{failure} while evaluating\n{cron['code']!r}") from None
    cron["lastcall"] = odoo.now_text
    return True


def _trigger_as_scheduler(odoo: SimulatedOdoo, cron: Cron) -> Any:
    if cron["id"] in odoo.running_crons:
        raise refusals.user_error(f"Job '{cron['name']}' already executing")
    failure = _run_scheduled(odoo, cron)
    if not failure:
        return True
    trace = f'Traceback (most recent call last):\n  File "x.py", line 1, in run\n    secret()\nValueError: {failure}\n'
    debug = f"{trace}\nThe above exception was the direct cause of the following exception:\n\nRuntimeError\n"
    data = {"name": "builtins.RuntimeError", "message": "", "arguments": [], "context": {}, "debug": debug}
    error = {"code": 0, "message": "Odoo Server Error", "data": data}
    return {"type": "ir.actions.client", "tag": "display_exception", "params": error}
