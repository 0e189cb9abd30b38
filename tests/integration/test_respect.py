# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records that the collection does not manage: undeclared servers, users' personal servers, neutralized copies."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected
from instance import LabInstance, apply

HOST = "smtp.invalid"
DECLARED = {"servers": [{"name": "Declared"}]}


@pytest.fixture
def inhabited(database: LabInstance) -> LabInstance:
    """Return a database with a declared server, an undeclared one, an archived one and a user's personal one."""
    with database.session() as session:
        servers: list[dict[str, Any]] = [
            {"name": name, "smtp_host": HOST} for name in ("Declared", "Nobody's", "Archived")
        ]
        servers[-1]["active"] = False
        if "owner_user_id" in session.fields("ir.mail_server"):
            admin = session.search_read("res.users", [["login", "=", "admin"]], ["login"])[0]["id"]
            servers.append({"name": "Personal", "smtp_host": HOST, "owner_user_id": admin})
        session.create("ir.mail_server", servers)
    return database


def personal(database: LabInstance) -> list[str]:
    """Return the names of users' personal servers."""
    return ["Personal"] if database.offers("ir.mail_server", "owner_user_id") else []


def active(database: LabInstance) -> list[str]:
    return sorted(record["name"] for record in database.read("ir.mail_server", ["active", "=", True]))


def test_unmanaged_servers_are_reported(inhabited: LabInstance) -> None:
    outcome = inhabited.enforce(DECLARED, unmanaged="report")
    assert outcome.plan == ()
    assert [(one["resource"], one["name"]) for one in outcome.unmanaged] == [("mail_server", "Nobody's")]
    assert active(inhabited) == ["Declared", "Nobody's", *personal(inhabited)]


def test_unmanaged_servers_are_archived_on_request(inhabited: LabInstance) -> None:
    (step,) = apply(inhabited, DECLARED, unmanaged="archive")
    assert (step["key"], step["action"]) == ("Nobody's", "archive")
    assert active(inhabited) == ["Declared", *personal(inhabited)]


def test_unmanaged_servers_are_ignored_on_request(inhabited: LabInstance) -> None:
    outcome = inhabited.enforce(DECLARED, unmanaged="ignore")
    assert (outcome.plan, outcome.unmanaged) == ((), [])


def test_without_servers_none_is_unmanaged(inhabited: LabInstance) -> None:
    outcome = inhabited.enforce({"parameters": {"a": "b"}}, unmanaged="archive")
    assert [step.key for step in outcome.plan] == ["a"]
    assert outcome.unmanaged == []


def test_a_personal_server_is_not_the_declared_one(inhabited: LabInstance) -> None:
    """It has the same name, but it belongs to its user."""
    inhabited.needs("ir.mail_server", "owner_user_id")
    (step,) = apply(inhabited, {"servers": [{"name": "Personal", "smtp_host": HOST, "smtp_port": 587}]})
    assert step["action"] == "create"
    assert len(inhabited.read("ir.mail_server", ["name", "=", "Personal"])) == 2


def test_a_server_in_use_is_not_archived_and_the_error_names_its_users(inhabited: LabInstance) -> None:
    with inhabited.session() as session:
        server = session.search_read("ir.mail_server", [["name", "=", "Declared"]], ["name"])[0]["id"]
        model = session.search_read("ir.model", [["model", "=", "res.partner"]], ["name"])[0]["id"]
        session.create("mail.template", [{"name": "Welcome", "model_id": model, "mail_server_id": server}])
    with pytest.raises(Rejected) as raised:
        inhabited.enforce({"servers": [{"name": "Declared", "active": False}]})
    assert "Welcome" in raised.value.message
    assert "Declared" in active(inhabited)


@pytest.fixture
def neutralized(inhabited: LabInstance) -> LabInstance:
    """Return a copy in the state after Odoo's own neutralize.sql: everything is archived, and a dummy server replaces
    the others.
    """
    inhabited.sql(
        "UPDATE ir_mail_server SET active = false;"
        "UPDATE ir_cron SET active = false;"
        "INSERT INTO ir_mail_server (name, smtp_host, smtp_port, smtp_encryption, smtp_authentication, active) "
        "VALUES ('neutralization - disable emails', 'invalid', 1025, 'none', 'login', true);"
        "INSERT INTO ir_config_parameter (key, value) VALUES ('database.is_neutralized', 'true')"
    )
    return inhabited


DUMMY = "neutralization - disable emails"
NEUTRALIZED_STACK: dict[str, Any] = {
    "servers": [
        {"name": "New", "smtp_host": "new.invalid"},
        {"name": "Declared", "smtp_port": 587, "active": True},
    ],
    "crons": [{"xml_id": "mail.ir_cron_mail_scheduler_action", "active": True, "priority": 1}],
}


def test_nothing_is_activated_on_a_neutralized_copy(neutralized: LabInstance) -> None:
    checked = neutralized.check(NEUTRALIZED_STACK, unmanaged="archive")
    done = neutralized.enforce(NEUTRALIZED_STACK, unmanaged="archive")
    assert [step.as_result() for step in done.plan] == [step.as_result() for step in checked.plan]
    assert [step.key for step in done.plan] == ["New", "Declared", "mail.ir_cron_mail_scheduler_action"]
    assert active(neutralized) == [DUMMY]
    assert neutralized.read("ir.cron", ["name", "=", "Mail: Email Queue Manager"], ["active", "=", True]) == []
    for outcome in (checked, done):
        assert [warning.split("stays")[0].strip() for warning in outcome.warnings] == [
            "mail server 'New'",
            "mail server 'Declared'",
            "cron 'mail.ir_cron_mail_scheduler_action'",
        ]
    assert neutralized.enforce(NEUTRALIZED_STACK, unmanaged="archive").plan == ()


def test_everything_is_activated_on_a_neutralized_copy_on_request(neutralized: LabInstance) -> None:
    apply(neutralized, NEUTRALIZED_STACK, activate_neutralized=True)
    assert active(neutralized) == ["Declared", "New", DUMMY]
    assert neutralized.enforce(NEUTRALIZED_STACK, activate_neutralized=True).warnings == []
