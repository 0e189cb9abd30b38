# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scheduled actions: `ir.cron`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Found, Step
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.fields import DATETIME_FORMAT
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import (
    Circumstances,
    Declaration,
    ResourceType,
)

_INTERVALS = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
    "months": timedelta(days=31),
}
# Odoo adds intervals in the cron user's time zone; a change of daylight saving time moves nextcall by up to this much.
_CLOCK_CHANGE = timedelta(hours=1)


class Cron(ResourceType):
    """A scheduled action that exists, known by its external id, or by its name and its model."""

    name = "cron"
    label = "cron"
    model = "ir.cron"
    options: ClassVar[Mapping[str, Any]] = {
        "name": {"type": "str"},
        "model": {"type": "str"},
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
        "mutually_exclusive": [["xml_id", "name"], ["nextcall", "max_overdue"]],
        "required_by": {"model": ["name"]},
    }
    field_names: ClassVar[Mapping[str, Any]] = {"user": "user_id", "model": "model_name"}
    identity_options = frozenset({"name", "model", "max_overdue"})
    info_fields = frozenset({"lastcall", "failure_count", "first_failure_date"})

    def key_of(self, given: Mapping[str, Any], xml_id: str | None) -> str:
        return str(xml_id or given.get("name") or "")

    def problems(self, given: Mapping[str, Any]) -> Iterator[str]:
        if given.get("interval_number", 1) < 1:
            yield f"interval_number must be at least 1, not {given['interval_number']}"
        if given.get("max_overdue", 1) < 1:
            yield f"max_overdue must be at least 1 minute, not {given['max_overdue']}"
        if given.get("priority", 0) < 0:
            yield f"priority must not be negative (0 runs first), and is {given['priority']}"

    def matches(self, declaration: Declaration, record: Found) -> bool:
        if declaration.xml_id:
            return False
        model = declaration.options.get("model")
        return record.values.get("name") == declaration.options.get("name") and model in (
            None,
            record.values.get("model_name"),
        )

    def missing(self, declaration: Declaration) -> str | None:
        model = declaration.options.get("model")
        return "there is no such scheduled action" + (f" on model {model}" if model else "")

    def adapt(
        self, wanted: dict[str, Any], declaration: Declaration, found: Found | None, circumstances: Circumstances
    ) -> list[str]:
        warnings: list[str] = []
        if found is None:
            return warnings
        if circumstances.neutralized and wanted.get("active") and not found.values.get("active"):
            del wanted["active"]
            warnings.append(
                f"{declaration.label} stays inactive: this database is a neutralized copy (database.is_neutralized). "
                "Set activate_neutralized to true if it is meant to run."
            )
        active = wanted.get("active", found.values.get("active"))
        if (
            active
            and "max_overdue" in declaration.options
            and self._is_off_schedule(wanted, declaration, found, circumstances)
        ):
            wanted["nextcall"] = circumstances.now.strftime(DATETIME_FORMAT)
        return warnings

    def _is_off_schedule(
        self, wanted: Mapping[str, Any], declaration: Declaration, found: Found, circumstances: Circumstances
    ) -> bool:
        """Whether nextcall lies too far in the past, or further ahead than one interval."""
        nextcall = datetime.strptime(found.values["nextcall"][:19], DATETIME_FORMAT).replace(tzinfo=timezone.utc)
        number, unit = (wanted.get(name, found.values.get(name)) for name in ("interval_number", "interval_type"))
        interval = _INTERVALS.get(str(unit), timedelta(days=31)) * int(number or 1)
        overdue = timedelta(minutes=declaration.options["max_overdue"])
        return nextcall < circumstances.now - overdue or nextcall > circumstances.now + interval + _CLOCK_CHANGE

    def finish(self, step: Step, declaration: Declaration) -> Step:
        if step.action in ("archive", "unarchive"):
            step = replace(step, action="update")
        if "max_overdue" not in declaration.options:
            return step
        # The moment itself would differ between a check and the run that follows it; what both mean is "now".
        changes = tuple(
            replace(change, after="now") if change.field == "nextcall" else change for change in step.changes
        )
        only_nextcall = all(change.field == "nextcall" for change in changes)
        return replace(step, changes=changes, action="reschedule" if only_nextcall else step.action)


CRON = Cron()
