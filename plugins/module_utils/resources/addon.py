# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addons: `ir.module.module`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Change, Step
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.context import PlanContext, ReadFacts
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import (
    PLAIN_TEXT,
    Declaration,
    ResourceType,
    Stage,
)

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

# Odoo loads every addon anew and answers only then.
INSTALL_SECONDS = 900.0

# The states of what is begun and not done. While an addon is in one of them no scheduled action runs
# (docs/development/odoo-behaviour.md, Crons).
PENDING = ("to install", "to upgrade", "to remove")

_NOT_UNDONE = {
    "install": "It stays installed, because its deinstallation deletes all of its data. Uninstall it in Odoo if nothing else uses it.",
    "upgrade": "It stays upgraded, because Odoo cannot take an upgrade back.",
    "uninstall": "It stays uninstalled: its data was deleted with it, and only a backup of the database contains them.",
}
_METHODS = {
    "install": "button_immediate_install",
    "upgrade": "button_immediate_upgrade",
    "uninstall": "button_immediate_uninstall",
}


class Addon(ResourceType):
    """An Odoo addon (module), known by its technical name.

    Odoo's field names mislead: `installed_version` is what lies on the addons path, `latest_version` what the database has.
    """

    name = "addon"
    label = "addon"
    model = "ir.module.module"
    options: ClassVar[Mapping[str, Any]] = {"name": {"type": "str", "required": True}}
    known_fields: ClassVar[Mapping[str, Any]] = dict.fromkeys(
        ("name", "state", "shortdesc", "installed_version", "latest_version"), PLAIN_TEXT
    )
    stack_option = "addons"
    stack_argument: ClassVar[Mapping[str, Any]] = {"type": "list", "elements": "str"}
    compares_fields = False
    info_fields = frozenset({"state", "shortdesc", "installed_version", "latest_version"})

    def stack_entries(self, value: Any) -> Iterable[Mapping[str, Any]]:
        return [{"name": name} for name in value or ()]

    def domain(self, declarations: Sequence[Declaration]) -> list[Any]:
        return [["name", "in", sorted({declaration.key for declaration in declarations})]]

    def missing(self, declaration: Declaration) -> str | None:
        return (
            "Odoo knows no such addon: check the name, put the addon on the addons path, and set update_list to true "
            "so that Odoo looks again"
        )

    def note_facts(
        self, rows: list[dict[str, Any]], declarations: Sequence[Declaration], facts: ReadFacts
    ) -> list[dict[str, Any]]:
        wanted = {declaration.key for declaration in declarations if declaration.state != "absent"}
        facts.arriving_addons = frozenset(wanted - {row["name"] for row in rows if row["state"] == "installed"})
        return rows

    def prepare_instance(
        self, session: Session, declarations: Sequence[Declaration], *, update_list: bool
    ) -> Sequence[Declaration]:
        """Let Odoo look for addons that it does not know yet, if a declared one is missing and the user allows it."""
        wanted = {one.key for one in declarations if one.state != "absent"}
        if not (wanted and update_list) or session.read_only:
            return declarations
        rows = session.search_read(self.model, [["name", "in", sorted(wanted)]], ["name"])
        if wanted - {row["name"] for row in rows}:
            session.call(self.model, "update_list")
        return declarations

    def stage(self, step: Step) -> Stage:
        return Stage.SCHEMA

    def plan_state(self, context: PlanContext) -> Step | None:
        """Return the step to the declared state; an addon has no fields to compare."""
        declaration, found = context.declaration, context.found
        if found is None:
            return None
        installed = found.values.get("state") in ("installed", "to upgrade")
        behind = found.values.get("latest_version") != found.values.get("installed_version")
        if declaration.state == "absent":
            if not installed:
                return None
            action, before, after = "uninstall", "installed", "uninstalled"
        elif not installed:
            action, before, after = "install", str(found.values.get("state")), "installed"
        elif declaration.state == "latest" and behind:
            action = "upgrade"
            before, after = str(found.values.get("latest_version")), str(found.values.get("installed_version"))
        else:
            return None
        field = "version" if action == "upgrade" else "state"
        return Step(self.name, declaration.key, action, (Change(field, before, after),), found.id)

    def undoing_creation(self, step: Step) -> tuple[str | None, Mapping[str, Any], str]:
        """An addon stays as the run has left it."""
        return None, {}, _NOT_UNDONE[step.action]

    def fits_batch(self, first: Step, step: Step) -> bool:
        """Each by itself: installing one may take minutes."""
        return False

    def perform(self, session: Session, steps: Sequence[Step]) -> Sequence[int | None]:
        (step,) = steps
        with session.patience(INSTALL_SECONDS):
            session.call(self.model, _METHODS[step.action], [step.record_id or 0])
        session.forget_fields()
        return [step.record_id]


ADDON = Addon()
