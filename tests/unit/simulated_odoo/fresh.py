# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The content of a new database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo import environment
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.schema import MODEL_NAMES
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.values import DATETIME_FORMAT, interval

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

# Addons that every Odoo contains and that are not installed here.
_AVAILABLE = ("crm", "hr")

# The limit in megabytes that a new database has, by version.
_MAX_EMAIL_SIZES = {18: "10", 19: "10", 20: "20"}

# The facts about a cron that are not written unchanged.
_NOT_AS_IS = ("cron_name", "model_id", "model_name", "noupdate", "user_id", "xml_id")


def fill(odoo: SimulatedOdoo, without_addons: Collection[str]) -> None:
    """Company, users, models, addons, parameters and crons."""
    odoo.add("res.company", name="YourCompany", email="info@yourcompany.example")
    for login, name, active, xml_id in (
        ("__system__", "OdooBot", False, "base.user_root"),
        ("admin", "Administrator", True, "base.user_admin"),
        ("clerk", "Clerk", True, None),
    ):
        user = odoo.add("res.users", login=login, name=name, email=f"{login}@yourcompany.example", active=active)
        if xml_id:
            _name(odoo, xml_id, "res.users", user, noupdate=True)
    simulated = {model: name for model, name in MODEL_NAMES.items() if model in odoo.schema.models}
    for model, name in {**{cron["model_name"]: cron["model_id"] for cron in odoo.facts.crons}, **simulated}.items():
        odoo.add("ir.model", name=name, model=model)
    odoo.add("ir.config_parameter", key="database.uuid", value="00000000-0000-4000-8000-000000000000")
    odoo.add("ir.config_parameter", key="web.base.url", value="http://localhost:8069")
    if odoo.major in _MAX_EMAIL_SIZES:
        odoo.add("ir.config_parameter", key="base.default_max_email_size", value=_MAX_EMAIL_SIZES[odoo.major])
    installed = [name for name in odoo.facts.modules if name not in without_addons]
    for name in sorted({*odoo.facts.modules, *without_addons, *_AVAILABLE}):
        add_module(odoo, name, installed=name in installed)
    if odoo.environment:
        add_module(odoo, environment.ADDON, installed=True)
        # The other fields are not entered, because they are never read.
        odoo.add("ir.model.fields", name="server_env_defaults", model=environment.MODEL, modules=environment.ADDON)
    for name in installed:
        add_crons(odoo, name)


def add_module(odoo: SimulatedOdoo, name: str, *, installed: bool) -> None:
    """Add an addon to the database."""
    odoo.add(
        "ir.module.module",
        name=name,
        shortdesc=name.replace("_", " ").title(),
        state="installed" if installed else "uninstalled",
        latest_version=odoo.version_on_disk(name) if installed else False,
    )


def add_crons(odoo: SimulatedOdoo, addon: str) -> None:
    """Add the crons of an addon."""
    for facts in odoo.facts.crons:
        if facts["xml_id"].startswith(f"{addon}."):
            _add_cron(odoo, facts)


def _add_cron(odoo: SimulatedOdoo, facts: Mapping[str, Any]) -> None:
    """Add a cron of the facts that ran a while ago and is not yet due again."""
    values = {key: value for key, value in facts.items() if key not in _NOT_AS_IS}
    duration = interval(facts["interval_number"], facts["interval_type"])
    cron = odoo.add(
        "ir.cron",
        name=facts["cron_name"],
        model_id=_model_id(odoo, facts["model_name"]),
        user_id=odoo.ref(facts["user_id"]),
        nextcall=(odoo.now + duration / 2).strftime(DATETIME_FORMAT),
        lastcall=(odoo.now - duration / 2).strftime(DATETIME_FORMAT) if facts["active"] else False,
        **values,
    )
    _name(odoo, facts["xml_id"], "ir.cron", cron, noupdate=facts["noupdate"])


def _model_id(odoo: SimulatedOdoo, model: str) -> int:
    return next(key for key, record in odoo.records.tables["ir.model"].items() if record["model"] == model)


def _name(odoo: SimulatedOdoo, xml_id: str, model: str, record_id: int, *, noupdate: bool) -> None:
    module, _dot, name = xml_id.partition(".")
    odoo.add("ir.model.data", module=module, name=name, model=model, res_id=record_id, noupdate=noupdate)
