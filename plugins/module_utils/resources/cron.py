# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scheduled actions (crons): `ir.cron`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from ansible_collections.postmaster.odoo.plugins.module_utils.bounds import DAYS, MINUTES, beyond
from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Found, Step
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Conflict, Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.context import PlanContext
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron_deletion import delete_cron
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import (
    Declaration,
    ResourceType,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.datetimes import DATETIME_FORMAT, moment_of

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

_INTERVALS = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
    "months": timedelta(days=31),
}
# The prefix of the external IDs of the crons that run the rules of the queue policy.
_RULE_PREFIX = "postmaster_odoo.queue_"
# Odoo adds intervals in the time zone of the cron's user. A change of daylight saving time moves nextcall by up to this much.
_CLOCK_CHANGE = timedelta(hours=1)


def latest_nextcall(cron: Mapping[str, Any], now: datetime) -> datetime:
    """Return the latest time for the next run of a cron that is on schedule: one interval from now."""
    return now + interval_of(cron) + _CLOCK_CHANGE


class Cron(ResourceType):
    """A cron, identified by its external ID, or by its name and its model. A cron of the user's own also has `code`."""

    name = "cron"
    label = "cron"
    model = "ir.cron"
    stack_option = "crons"
    is_described_specially = True
    stack_states = ("present", "absent")
    has_short_entries = True
    options: ClassVar[Mapping[str, Any]] = {
        "name": {"type": "str"},
        "model": {"type": "str"},
        "code": {"type": "str"},
        "active": {"type": "bool"},
        "interval_number": {"type": "int"},
        "interval_type": {"type": "str"},
        "priority": {"type": "int"},
        "user": {"type": "str"},
        "nextcall": {"type": "str"},
        "max_overdue": {"type": "int"},
        "numbercall": {"type": "int"},
        "doall": {"type": "bool"},
    }
    option_rules: ClassVar[Mapping[str, Any]] = {
        "required_one_of": [["xml_id", "name"]],
        "mutually_exclusive": [["nextcall", "max_overdue"]],
        "required_by": {"model": ["name"], "code": ["name", "model"]},
    }
    field_names: ClassVar[Mapping[str, Any]] = {"user": "user_id", "model": "model_name"}
    identity_options = frozenset({"name", "model", "max_overdue"})
    heavy_fields = frozenset({"code"})
    fields_with_default = frozenset({"active", "interval_number", "numbercall", "priority"})
    moving_fields = frozenset({"nextcall"})
    needed_fields = frozenset({"code", "model_id"})
    identity_fields = frozenset({"model_name"})
    free_texts = frozenset({"code"})
    addons_rely_on_it = True
    active_by_default = True
    neutralized_text = "stays inactive: this database is a neutralized copy (database.is_neutralized)"
    may_arrive = True
    also_reads = ("system_parameter",)
    info_fields = frozenset({"lastcall", "failure_count", "first_failure_date", "numbercall"})

    def key_of(self, given: Mapping[str, Any], xml_id: str | None) -> str:
        return str(xml_id or given.get("name") or "")

    def identity_of(self, declaration: Declaration) -> str:
        return f"{declaration.key}@{declaration.options.get('model', '')}"

    def declare(self, options: Mapping[str, Any]) -> Declaration:
        declaration = super().declare(options)
        if declaration.xml_id and "name" in declaration.options and "code" not in declaration.options:
            raise Invalid(
                f"{declaration.label}: give either xml_id or name for an existing cron. For a cron of your own, give code in addition to both."
            )
        return declaration

    def problems(self, given: Mapping[str, Any]) -> Iterator[str]:
        if str(given.get("xml_id", "")).startswith(_RULE_PREFIX):
            yield "this external ID belongs to a rule of the queue policy: declare it with queue_policy instead"
        if "code" in given and not given["code"].strip():
            yield "code must not be empty: set the Python code of the cron"
        yield from beyond("interval_number", given.get("interval_number"), least=1, most=self._most_intervals(given))
        yield from beyond("max_overdue", given.get("max_overdue"), least=1, most=MINUTES)
        yield from beyond("priority", given.get("priority"), least=0)  # 0 runs first
        yield from beyond("numbercall", given.get("numbercall"), least=-1)  # -1 means without limit

    @staticmethod
    def _most_intervals(given: Mapping[str, Any]) -> int:
        """Return the greatest number of intervals: a hundred years of them. Without a declared unit, the intervals count as minutes."""
        return timedelta(days=DAYS) // _INTERVALS.get(given.get("interval_type", ""), _INTERVALS["minutes"])

    def declared_fields(self, declaration: Declaration) -> dict[str, Any]:
        declared = super().declared_fields(declaration)
        if "code" in declaration.options:
            declared["state"] = "code"
            # If only the external ID is declared, the name and the model are not changed.
            if "name" in declaration.options:
                declared.update(name=declaration.options["name"], model_id=declaration.options["model"])
        return declared

    def matches(self, declaration: Declaration, record: Found) -> bool:
        if declaration.xml_id and not {"name", "code"} <= declaration.options.keys():
            return False
        model = declaration.options.get("model")
        return model in (None, record.values.get("model_name"))

    def missing(self, declaration: Declaration) -> str | None:
        if {"name", "code"} <= declaration.options.keys():
            return None
        model = declaration.options.get("model")
        return (
            "no such cron exists"
            + (f" on model {model}" if model else "")
            + ": check the name or xml_id, or give name, model and code to create a cron of your own"
        )

    def adapt(self, context: PlanContext) -> list[str]:
        self.keep_running(context)
        if "max_overdue" in context.declaration.options:
            self.put_on_schedule(context, context.declaration.options["max_overdue"])
        return []

    def keep_running(self, context: PlanContext) -> None:
        """Set the number of runs to unlimited if the cron is to be active.

        Up to 17.0 Odoo counts down the remaining runs. A new cron has one run, and a cron without remaining runs never runs, although it is active
        (docs/development/odoo-behaviour.md, Crons).
        """
        found = context.found
        if "numbercall" not in context.fields or "numbercall" in context.values:
            return
        active = context.values.get("active", found.values.get("active") if found else True)
        if active and (found is None or not found.values.get("numbercall")):
            context.values["numbercall"] = -1

    def put_on_schedule(self, context: PlanContext, max_overdue: int) -> None:
        """Set the next run to now if the cron is active and off schedule.

        :param max_overdue: the accepted delay in minutes.
        """
        found = context.found
        if found is None:
            return
        goes_live = context.values.get("active") and not found.values["active"]
        active = context.values.get("active", found.values.get("active"))
        held_back = context.instance.neutralized and goes_live
        if active and not held_back and self._is_off_schedule(context, found, timedelta(minutes=max_overdue)):
            context.values["nextcall"] = context.instance.now.strftime(DATETIME_FORMAT)

    @staticmethod
    def _is_off_schedule(context: PlanContext, found: Found, overdue: timedelta) -> bool:
        """Return whether nextcall is too far in the past, or later than one interval from now."""
        now, nextcall = context.instance.now, moment_of(found.values["nextcall"])
        changed = {**found.values, **context.values}
        latest = latest_nextcall(changed, now)
        if interval_of(changed) != interval_of(found.values):
            # A change of daylight saving time only explains a later nextcall that was planned with the same interval.
            latest -= _CLOCK_CHANGE
        return nextcall < now - overdue or nextcall > latest

    def finish(self, step: Step, context: PlanContext) -> Step:
        step = super().finish(step, context)
        if "max_overdue" not in context.declaration.options:
            return step
        # The time would differ between check mode and the run after it, so both show "now".
        changes = tuple(
            replace(change, after="now") if change.field == "nextcall" else change for change in step.changes
        )
        only_nextcall = all(change.field == "nextcall" for change in changes)
        return replace(step, changes=changes, action="reschedule" if only_nextcall else step.action)

    def fields_to_keep(self, available: Mapping[str, Mapping[str, Any]]) -> set[str]:
        """Return the fields that can be declared. Most other fields belong to the server action."""
        declared = {self.field_names.get(option, option) for option in self.options} - {"model_name"}
        return (declared | {"model_id", "state"}) & available.keys()

    def lost_values(self, values: Mapping[str, Any]) -> str:
        kind = values.get("state", "code")
        if kind == "code":
            return ""
        return f"Its action is of the type {kind}, and snapshots contain no settings of such an action. It comes back without them, inactive."

    def fits_batch(self, first: Step, step: Step) -> bool:
        """Put only new crons into one batch. Each other cron is changed alone, because Odoo rejects the change of a running cron."""
        return first.record_id is None and super().fits_batch(first, step)

    def perform(self, session: Session, steps: Sequence[Step]) -> Sequence[int | None]:
        record_id = steps[0].record_id
        if record_id is None:
            return super().perform(session, steps)
        try:
            if steps[0].action != "delete":
                return super().perform(session, steps)
            delete_cron(session, record_id)
        except Conflict as error:
            raise self.is_running(session, record_id, error) from error
        return [None]

    def is_running(self, session: Session, record_id: int, error: Conflict) -> Conflict:
        """Return the conflict with the time since which the cron has been running, and the remedy."""
        since = self._running_since(session, record_id)
        return Conflict(
            f"the cron is running{since}, and Odoo allows no change or start of a running cron. Run the task again when it has ended. "
            f"({error.message})"
        )

    def _running_since(self, session: Session, record_id: int) -> str:
        """Return the start of a running cron: from its progress (18.0 and newer), otherwise from the time for which it was planned."""
        if session.has_model("ir.cron.progress"):
            latest = session.search_read(
                "ir.cron.progress", [["cron_id", "=", record_id]], ["create_date"], order="id desc", limit=1
            )
            if latest:
                return f" since {latest[0]['create_date']} UTC"
        due = session.search_read(self.model, [["id", "=", record_id]], ["nextcall"])
        return f" (it was due at {due[0]['nextcall']} UTC)" if due else ""


def interval_of(values: Mapping[str, Any]) -> timedelta:
    unit = _INTERVALS.get(str(values.get("interval_type")), _INTERVALS["months"])
    return min(int(values.get("interval_number") or 1), timedelta(days=DAYS) // unit) * unit


CRON = Cron()
