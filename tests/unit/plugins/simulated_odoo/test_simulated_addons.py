# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addons of the simulated Odoo: each brings its fields, models and crons."""

from __future__ import annotations

from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected, Unsupported
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.tests.unit.plugins.simulated_odoo.calls import (
    GMAIL,
    create,
    create_refused,
    read,
    refused,
)
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


def test_installed_addons_are_those_of_the_facts(session: Session, facts: dict[str, Any]) -> None:
    names = ["name", "latest_version", "installed_version", "shortdesc"]
    found = session.search_read("ir.module.module", [["state", "=", "installed"]], names)
    assert sorted(module["name"] for module in found) == sorted(facts["modules"])
    assert all(module["latest_version"] == module["installed_version"] for module in found)
    assert session.search_read("ir.module.module", [["name", "=", "crm"]], ["state"])[0]["state"] == "uninstalled"


def test_an_addon_brings_its_fields_and_choices(series: str) -> None:
    odoo = SimulatedOdoo(series, without_addons={"google_gmail"})
    session = odoo.session()
    fields = session.fields("ir.mail_server")
    assert not [name for name in fields if name.startswith("google_gmail")]
    assert "gmail" not in dict(fields["smtp_authentication"]["selection"])
    create_refused(session, "ir.mail_server", Unsupported, name="Main", **GMAIL)
    (module,) = session.search_read("ir.module.module", [["name", "=", "google_gmail"]], ["state", "latest_version"])
    assert module["state"] == "uninstalled"
    assert module["latest_version"] is False

    session.call("ir.module.module", "button_immediate_install", [module["id"]])
    session.forget_fields()
    assert session.fields("ir.mail_server") == SimulatedOdoo(series).session().fields("ir.mail_server")
    server = create(session, "ir.mail_server", name="Main", google_gmail_refresh_token="token", **GMAIL)

    session.call("ir.module.module", "button_immediate_uninstall", [module["id"]])
    assert read(session, "ir.mail_server", server, "smtp_authentication")["smtp_authentication"] == "login"
    assert "google_gmail_refresh_token" not in odoo.record("ir.mail_server", server)


def test_an_addon_brings_its_models(session: Session) -> None:
    (module,) = session.search_read("ir.module.module", [["name", "=", "mass_mailing"]], ["state"])
    server = create(session, "ir.mail_server", name="Main")
    create(session, "mailing.mailing", subject="News", mail_server_id=server)
    session.call("ir.module.module", "button_immediate_uninstall", [module["id"]])
    assert not session.has_model("mailing.mailing")
    session.write("ir.mail_server", [server], {"active": False})


def test_an_addon_brings_its_crons(session: Session) -> None:
    (module,) = session.search_read("ir.module.module", [["name", "=", "mass_mailing"]], ["state"])
    queue = [["module", "=", "mass_mailing"], ["name", "=", "ir_cron_mass_mailing_queue"]]
    session.call("ir.module.module", "button_immediate_uninstall", [module["id"]])
    assert not session.search_read("ir.model.data", queue, ["res_id"])
    assert not session.search_read("ir.cron", [["name", "like", "Mail Marketing"]], ["name"])
    assert "already been uninstalled" in refused(
        Rejected, session, "ir.module.module", "button_immediate_uninstall", [module["id"]]
    )
    session.call("ir.module.module", "button_immediate_install", [module["id"]])
    assert session.search_read("ir.model.data", queue, ["res_id"])


def test_a_new_addon_on_the_disk(session: Session, odoo: SimulatedOdoo) -> None:
    timeout = {"smtp_timeout": {"store": True, "type": "integer"}}
    odoo.addons_path["mail_timeout"] = {"ir.mail_server": timeout}
    found = [["name", "=", "mail_timeout"]]
    assert not session.search_read("ir.module.module", found, ["state"])
    assert session.call("ir.module.module", "update_list") == [0, 1]
    (module,) = session.search_read("ir.module.module", found, ["state"])
    assert "smtp_timeout" not in session.fields("ir.mail_server")
    session.call("ir.module.module", "button_immediate_install", [module["id"]])
    session.forget_fields()
    assert "smtp_timeout" in session.fields("ir.mail_server")


def test_upgrading_an_addon(session: Session, odoo: SimulatedOdoo) -> None:
    odoo.versions_on_disk.update(mail="99.0", crm="99.0")
    modules = session.search_read("ir.module.module", [["name", "in", ["crm", "mail"]]], ["name"], order="name")
    crm, mail = (module["id"] for module in modules)
    assert "not installed" in refused(Rejected, session, "ir.module.module", "button_immediate_upgrade", [crm])
    assert read(session, "ir.module.module", mail, "installed_version")["installed_version"] == "99.0"
    session.call("ir.module.module", "button_immediate_upgrade", [mail])
    assert read(session, "ir.module.module", mail, "latest_version")["latest_version"] == "99.0"
