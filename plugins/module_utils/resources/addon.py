# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addons: `ir.module.module`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Change, Found, Step
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import Declaration, ResourceType

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

# Odoo loads every addon anew and answers only then.
INSTALL_SECONDS = 900.0

# The states of what is begun and not done. While an addon is in one of them no scheduled action runs (ODOO-FACTS §4).
PENDING = ("to install", "to upgrade", "to remove")

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
    stack_option = "addons"
    stack_argument: ClassVar[Mapping[str, Any]] = {"type": "list", "elements": "str"}
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

    def plan(self, declaration: Declaration, found: Found) -> Step | None:
        """The step to the declared state; an addon has no fields to compare."""
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

    def perform(self, session: Session, step: Step) -> int | None:
        with session.patience(INSTALL_SECONDS):
            session.call(self.model, _METHODS[step.action], [step.record_id or 0])
        session.forget_fields()
        return step.record_id


ADDON = Addon()
