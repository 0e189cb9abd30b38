# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Crons of the simulated Odoo as records. `test_simulated_crons.py` runs their code."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Conflict, Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.tests.unit.plugins.simulated_odoo.calls import (
    create,
    create_refused,
    read,
    refused,
)
from ansible_collections.postmaster.odoo.tests.unit.series import since
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


def test_crons_are_those_of_the_facts(session: Session, facts: dict[str, Any]) -> None:
    names = ["active", "code", "cron_name", "interval_number", "interval_type", "priority", "xml_id"]
    extra = ["name", "model_id", "model_name", "user_id", "nextcall", "lastcall"]
    found = {cron["xml_id"]: cron for cron in session.search_read("ir.cron", [], [*names, *extra])}
    assert set(found) == {cron["xml_id"] for cron in facts["crons"]}
    for fact in facts["crons"]:
        cron = found[fact["xml_id"]]
        assert {name: cron[name] for name in names} == {name: fact[name] for name in names}
        assert cron["name"] == fact["cron_name"]
        assert cron["model_id"][1] == fact["model_id"]
        assert " " not in cron["model_name"]
        assert (cron["user_id"][0], fact["user_id"]) == (1, "base.user_root")
        assert bool(cron["lastcall"]) == fact["active"]


def test_names_of_crons_are_resolved(session: Session, odoo: SimulatedOdoo) -> None:
    cron = odoo.ref("mail.ir_cron_mail_scheduler_action")
    found = session.call(
        "ir.model.data", "check_object_reference", module="mail", xml_id="ir_cron_mail_scheduler_action"
    )
    assert found == ["ir.cron", cron]
    assert read(session, "ir.cron", cron, "model_name", "name")["model_name"] == "mail.mail"
    (data,) = session.search_read("ir.model.data", [["res_id", "=", cron], ["model", "=", "ir.cron"]], ["noupdate"])
    assert data["noupdate"] is True


def test_users(session: Session) -> None:
    users = session.search_read("res.users", [], ["login", "name", "active"])
    assert users[0] == {"id": 1, "login": "__system__", "name": "OdooBot", "active": False}
    assert users[1]["id"] == 2
    assert users[1]["login"] == "admin"


def test_a_created_cron(session: Session, odoo: SimulatedOdoo) -> None:
    (model,) = session.search_read("ir.model", [["model", "=", "mail.mail"]], ["name"])
    cron = create(session, "ir.cron", name="Job", model_id=model["id"], code="model.run()")
    record = read(session, "ir.cron", cron, "user_id", "state", "nextcall", "active", "interval_number")
    assert record["user_id"] == [2, "Administrator"]
    assert record["state"] == "code"
    assert record["nextcall"] == odoo.now.strftime("%Y-%m-%d %H:%M:%S")
    create_refused(session, "ir.cron", name="Without a model")


def test_intervals_are_positive_since_18(session: Session, odoo: SimulatedOdoo, series: str) -> None:
    cron = odoo.ref("mail.ir_cron_mail_scheduler_action")
    call = ("ir.cron", "write", [cron])
    if series in ("16.0", "17.0"):
        session.call(*call, vals={"interval_number": 0})
    else:
        text = refused(Rejected, session, *call, vals={"interval_number": 0})
        assert "The interval number must be a strictly positive number." in text


def test_times_are_utc_text(session: Session, odoo: SimulatedOdoo) -> None:
    cron = odoo.ref("mail.ir_cron_mail_scheduler_action")
    session.write("ir.cron", [cron], {"nextcall": "2026-02-01 06:00:00"})
    assert read(session, "ir.cron", cron, "nextcall")["nextcall"] == "2026-02-01 06:00:00"
    for text in ("2026-02-01T06:00:00", "2026-02-01 06:00:00Z", "2026-02-01 06:00:00+01:00"):
        refused(Rejected, session, "ir.cron", "write", [cron], vals={"nextcall": text})


def test_a_running_cron_is_not_changed(session: Session, odoo: SimulatedOdoo) -> None:
    """Even an empty write raises the error."""
    cron = odoo.ref("mail.ir_cron_mail_scheduler_action")
    odoo.running_crons.add(cron)
    wanted = "This cron task is currently being executed and may not be modified"
    assert wanted in refused(Conflict, session, "ir.cron", "write", [cron], vals={})
    assert wanted in refused(Conflict, session, "ir.cron", "unlink", [cron])
    refused(Conflict, session, "ir.cron", "method_direct_trigger", [cron])
    odoo.running_crons.clear()
    session.write("ir.cron", [cron], {})


def test_direct_trigger(session: Session, odoo: SimulatedOdoo, series: str) -> None:
    """The cron runs inside the transaction, or as the scheduler does."""
    cron = odoo.ref("mail.ir_cron_mail_gateway_action")
    before = read(session, "ir.cron", cron, "nextcall")["nextcall"]
    odoo.now += timedelta(hours=1)
    assert session.call("ir.cron", "method_direct_trigger", [cron]) is True
    after = read(session, "ir.cron", cron, "nextcall", "lastcall")
    assert after["lastcall"] == "2026-01-15 13:00:00"
    assert after["nextcall"] == ("2026-01-15 13:02:30" if series in since(19) else before)


def test_direct_trigger_of_a_failing_cron(session: Session, odoo: SimulatedOdoo, series: str) -> None:
    """It raises an error up to 18, and returns an answer from 19 on."""
    cron = odoo.ref("mail.ir_cron_mail_scheduler_action")
    odoo.cron_failures[cron] = "something broke"
    if series not in since(19):
        assert "something broke" in refused(Rejected, session, "ir.cron", "method_direct_trigger", [cron])
        return
    answer = session.call("ir.cron", "method_direct_trigger", [cron])
    assert answer["tag"] == "display_exception"
    assert answer["params"]["data"]["message"] == ""
    assert "something broke" in answer["params"]["data"]["debug"]
    assert read(session, "ir.cron", cron, "failure_count")["failure_count"] == 1


def test_triggers_are_deleted_with_their_cron(session: Session, odoo: SimulatedOdoo) -> None:
    cron = odoo.ref("mail.ir_cron_mail_gateway_action")
    create(session, "ir.cron.trigger", cron_id=cron, call_at="2026-01-15 12:00:00")
    session.unlink("ir.cron", [cron])
    assert session.search_read("ir.cron.trigger", [], ["cron_id"]) == []
    assert session.search_read("ir.model.data", [["model", "=", "ir.cron"], ["res_id", "=", cron]], ["name"]) == []
