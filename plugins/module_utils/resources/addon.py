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

# Odoo reloads all addons and returns only afterwards.
INSTALL_SECONDS = 900.0

# The states of pending addons. While an addon has one of them, no cron runs
# (docs/development/odoo-behaviour.md, Crons).
PENDING = ("to install", "to upgrade", "to remove")

_NOT_UNDONE = {
    "install": "It stays installed, because removing it would delete all of its data. Uninstall it in Odoo if nothing else uses it.",
    "upgrade": "It stays upgraded, because Odoo cannot undo an upgrade.",
    "uninstall": "It stays uninstalled. Its data was deleted with it, so only a backup of the database contains them.",
}
_METHODS = {
    "install": "button_immediate_install",
    "upgrade": "button_immediate_upgrade",
    "uninstall": "button_immediate_uninstall",
}


class Addon(ResourceType):
    """An Odoo addon (module), identified by its technical name.

    Odoo's field names are misleading: `installed_version` is the version on the addons path, `latest_version` the version in the database.
    """

    name = "addon"
    label = "addon"
    model = "ir.module.module"
    options: ClassVar[Mapping[str, Any]] = {"name": {"type": "str", "required": True}}
    known_fields: ClassVar[Mapping[str, Any]] = dict.fromkeys(
        ("name", "state", "shortdesc", "installed_version", "latest_version"), PLAIN_TEXT
    )
    stack_option = "addons"
    is_described_specially = True
    stack_argument: ClassVar[Mapping[str, Any]] = {"type": "list", "elements": "str"}
    state_of_existing = "installed"
    compares_fields = False
    info_fields = frozenset({"state", "shortdesc", "installed_version", "latest_version"})

    def stack_entries(self, value: Any) -> Iterable[Mapping[str, Any]]:
        return [{"name": name} for name in value or ()]

    def domain(self, declarations: Sequence[Declaration]) -> list[Any]:
        return [["name", "in", sorted({declaration.key for declaration in declarations})]]

    def missing(self, declaration: Declaration) -> str | None:
        return (
            "Odoo has no such addon. Check its name, and put the addon on the addons path. "
            "Set update_list to true so that Odoo reads its list of addons again"
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
        """Let Odoo update its list of addons if a declared addon is missing and the user allows it."""
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
        """Return the step to the declared state. An addon has no fields to compare."""
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
        changes = (Change(field, before, after),)
        return Step(self.name, declaration.key, action, changes, found.id, is_removal=action == "uninstall")

    def undoing_creation(self, step: Step) -> tuple[str | None, Mapping[str, Any], str]:
        """Keep the addon as the run has left it."""
        return None, {}, _NOT_UNDONE[step.action]

    def fits_batch(self, first: Step, step: Step) -> bool:
        """Put each step into a batch of its own, because installing an addon may take minutes."""
        return False

    def perform(self, session: Session, steps: Sequence[Step]) -> Sequence[int | None]:
        (step,) = steps
        with session.patience(INSTALL_SECONDS):
            session.call(self.model, _METHODS[step.action], [step.record_id or 0])
        session.forget_fields()
        return [step.record_id]


ADDON = Addon()
