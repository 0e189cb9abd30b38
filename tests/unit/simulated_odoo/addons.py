# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installing and removing addons: the methods of ir.module.module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo import fresh, refusals

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

Ids = Sequence[int]
Context = Mapping[str, Any]

_CLOSE = {"type": "ir.actions.act_window_close"}
_RELOAD = {"type": "ir.actions.client", "tag": "reload", "params": {"menu_id": 1}}


def update_list(odoo: SimulatedOdoo, _ids: None, _context: Context) -> list[int]:
    """Search for new addons on the addons path; return the number of updated and added ones."""
    known = {module["name"] for module in odoo.records.tables["ir.module.module"].values()}
    new = [name for name in odoo.addons_path if name not in known]
    for name in new:
        fresh.add_module(odoo, name, installed=False)
    return [0, len(new)]


def install(odoo: SimulatedOdoo, ids: Ids, _context: Context) -> dict[str, Any]:
    """Install addons: their fields and crons appear."""
    for module in _modules(odoo, ids):
        if module["state"] == "uninstalled":
            odoo.schema.extend(module["name"], odoo.addons_path.get(module["name"], {}))
            module.update(state="installed", latest_version=odoo.version_on_disk(module["name"]))
            fresh.add_crons(odoo, module["name"])
    return _RELOAD


def upgrade(odoo: SimulatedOdoo, ids: Ids, _context: Context) -> dict[str, Any]:
    """Upgrade installed addons to the version on the disk."""
    for module in _modules(odoo, ids):
        if module["state"] != "installed":
            raise refusals.user_error(
                f"Cannot upgrade module {refusals.quoted(18, module['name'])}. It is not installed."
            )
        module["latest_version"] = odoo.version_on_disk(module["name"])
    return _RELOAD


def uninstall(odoo: SimulatedOdoo, ids: Ids, _context: Context) -> dict[str, Any]:
    """Remove addons: their fields go with their values, their records, and the choices that they added."""
    for module in _modules(odoo, ids):
        if module["state"] != "installed":
            raise refusals.user_error(
                "One or more of the selected modules have already been uninstalled, if you "
                "believe this to be an error, you may try again later or contact support."
            )
        before = {model: set(odoo.fields(model)) for model in odoo.models}
        module.update(state="uninstalled", latest_version=False)
        for model, names in before.items():
            if model not in odoo.models:
                odoo.records.tables[model].clear()
                continue
            for record in odoo.records.tables[model].values():
                for name in names - set(odoo.fields(model)):
                    record.pop(name, None)
        choices = odoo.fields("ir.mail_server")["smtp_authentication"]["selection"]
        for server in odoo.records.tables["ir.mail_server"].values():
            if server["smtp_authentication"] not in choices:
                server["smtp_authentication"] = "login"
        for data in [one for one in odoo.records.tables["ir.model.data"].values() if one["module"] == module["name"]]:
            odoo.records.unlink(data["model"], [data["res_id"]])
    return _RELOAD


def finish_pending(odoo: SimulatedOdoo, _ids: Ids, context: Context) -> dict[str, str]:
    """Finish the pending operations of addons, as reloading the registry does."""
    for state, ready, button in (
        ("to install", "uninstalled", install),
        ("to upgrade", "installed", upgrade),
        ("to remove", "installed", uninstall),
    ):
        for module in _in_state(odoo, state):
            module["state"] = ready
            button(odoo, [module["id"]], context)
    return _CLOSE


def call_off_pending(odoo: SimulatedOdoo, _ids: Ids, _context: Context) -> dict[str, str]:
    """Undo pending operations."""
    for state, before in (("to install", "uninstalled"), ("to upgrade", "installed"), ("to remove", "installed")):
        for module in _in_state(odoo, state):
            module["state"] = before
    return _CLOSE


def _in_state(odoo: SimulatedOdoo, state: str) -> list[dict[str, Any]]:
    return [module for module in odoo.records.tables["ir.module.module"].values() if module["state"] == state]


def _modules(odoo: SimulatedOdoo, ids: Ids) -> list[dict[str, Any]]:
    if odoo.running_crons:
        raise refusals.user_error(
            "Odoo is currently processing a scheduled action.\nModule operations are not possible at this time, "
            "please try again later or contact your system administrator."
        )
    return [odoo.record("ir.module.module", one) for one in ids]
