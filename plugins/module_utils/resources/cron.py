# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scheduled actions: `ir.cron`."""

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
# The external IDs of the crons that the rules of the queue policy consist of.
_RULE_PREFIX = "postmaster_odoo.queue_"
# Odoo adds intervals in the cron user's time zone; a change of daylight saving time moves nextcall by up to this much.
_CLOCK_CHANGE = timedelta(hours=1)


def latest_nextcall(cron: Mapping[str, Any], now: datetime) -> datetime:
    """The latest moment at which an action that is on schedule may next run: an interval from now."""
    return now + interval_of(cron) + _CLOCK_CHANGE


class Cron(ResourceType):
    """A scheduled action, known by its external id, or by its name and its model. One of one's own also has `code`."""

    name = "cron"
    label = "cron"
    model = "ir.cron"
    stack_option = "crons"
    stack_states = ("present", "absent")
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
    arrives_with_addons = True
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
                f"{declaration.label}: an action that exists is known by xml_id or by name, not by both; one of your own has code, too."
            )
        return declaration

    def problems(self, given: Mapping[str, Any]) -> Iterator[str]:
        if str(given.get("xml_id", "")).startswith(_RULE_PREFIX):
            yield "this external ID belongs to a rule of the queue policy: declare the rule"
        if "code" in given and not given["code"].strip():
            yield "code must not be empty"
        yield from beyond("interval_number", given.get("interval_number"), least=1, most=self._most_intervals(given))
        yield from beyond("max_overdue", given.get("max_overdue"), least=1, most=MINUTES)
        yield from beyond("priority", given.get("priority"), least=0)  # which runs first
        yield from beyond("numbercall", given.get("numbercall"), least=-1)  # for ever

    @staticmethod
    def _most_intervals(given: Mapping[str, Any]) -> int:
        """How many come to a hundred years, of minutes where the unit is the record's own: Odoo must be able to plan the next run."""
        return timedelta(days=DAYS) // _INTERVALS.get(given.get("interval_type", ""), _INTERVALS["minutes"])

    def declared_fields(self, declaration: Declaration) -> dict[str, Any]:
        declared = super().declared_fields(declaration)
        if "code" in declaration.options:
            declared["state"] = "code"
            # Those of an action that is known by its external id alone are left as they are.
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
            "there is no such scheduled action"
            + (f" on model {model}" if model else "")
            + " (one of your own needs name, model and code)"
        )

    def adapt(self, context: PlanContext) -> list[str]:
        self.keep_running(context)
        if "max_overdue" in context.declaration.options:
            self.put_on_schedule(context, context.declaration.options["max_overdue"])
        return []

    def keep_running(self, context: PlanContext) -> None:
        """Let a cron that is to be active run without end.

        Up to 17.0 Odoo counts runs down. A new cron has one, and a cron without runs left never runs, although it is active
        (docs/development/odoo-behaviour.md, Crons).
        """
        found = context.found
        if "numbercall" not in context.fields or "numbercall" in context.values:
            return
        active = context.values.get("active", found.values.get("active") if found else True)
        if active and (found is None or not found.values.get("numbercall")):
            context.values["numbercall"] = -1

    def put_on_schedule(self, context: PlanContext, max_overdue: int) -> None:
        """Set the next run to now if the cron is active and off its schedule.

        :param max_overdue: minutes.
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
        """Whether nextcall lies too far in the past, or further ahead than one interval."""
        now, nextcall = context.instance.now, moment_of(found.values["nextcall"])
        changed = {**found.values, **context.values}
        latest = latest_nextcall(changed, now)
        if interval_of(changed) != interval_of(found.values):
            # What was planned by another interval was not planned across a change of the clock.
            latest -= _CLOCK_CHANGE
        return nextcall < now - overdue or nextcall > latest

    def finish(self, step: Step, context: PlanContext) -> Step:
        step = super().finish(step, context)
        if "max_overdue" not in context.declaration.options:
            return step
        # The moment itself would differ between a check and the run that follows it; what both mean is "now".
        changes = tuple(
            replace(change, after="now") if change.field == "nextcall" else change for change in step.changes
        )
        only_nextcall = all(change.field == "nextcall" for change in changes)
        return replace(step, changes=changes, action="reschedule" if only_nextcall else step.action)

    def fields_to_keep(self, available: Mapping[str, Mapping[str, Any]]) -> set[str]:
        """Those that can be declared: most others belong to the server action."""
        declared = {self.field_names.get(option, option) for option in self.options} - {"model_name"}
        return (declared | {"model_id", "state"}) & available.keys()

    def lost_values(self, values: Mapping[str, Any]) -> str:
        kind = values.get("state", "code")
        if kind == "code":
            return ""
        return f"Its action is of the type {kind}, and snapshots contain no settings of such an action. It comes back without them, inactive."

    def fits_batch(self, first: Step, step: Step) -> bool:
        """Only new ones: any other may be running, and then it is the one that Odoo refuses to change."""
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
        """The same conflict in words that help: since when it has been running, and what to do."""
        since = self._running_since(session, record_id)
        return Conflict(
            f"the scheduled action is running{since}, and Odoo lets nobody change or start it meanwhile: try again when it has ended. "
            f"({error.message})"
        )

    def _running_since(self, session: Session, record_id: int) -> str:
        """When a running action was begun: of its progress (18.0 and newer), or else when it was due."""
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
