# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail servers that others own or use: users' personal ones, those of a neutralized copy, those of templates and
mailings.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Ambiguous, Invalid, OdooError, Rejected
from instance import LabInstance, apply
from lab import Lab, SmtpServer
from playbook import ansible_playbook, play

NAME = "Declared"
PERSONAL = "Personal"


@pytest.fixture
def smtp(lab: Lab) -> SmtpServer:
    """Return an SMTP server without requirements."""
    return lab.smtp["plain"]


@pytest.fixture
def working(database: LabInstance, smtp: SmtpServer) -> LabInstance:
    """Return a database with a declared server that works, and that no record uses."""
    with database.session() as session:
        session.create("ir.mail_server", [{"name": NAME, **reached(smtp), "from_filter": "acme.example"}])
    return database


def reached(smtp: SmtpServer) -> dict[str, Any]:
    return {"smtp_host": smtp.host, "smtp_port": smtp.port}


def server_id(database: LabInstance, name: str = NAME) -> int:
    (record,) = database.read("ir.mail_server", ["name", "=", name])
    return int(record["id"])


def refusal_unwritten(database: LabInstance, stack: dict[str, Any], kind: type[OdooError], **policy: Any) -> str:
    """Return the message of a run that must fail and leave every table unchanged."""
    before = database.fingerprint()
    with pytest.raises(kind) as raised:
        database.enforce(stack, **policy)
    assert raised.type is kind
    assert database.fingerprint() == before
    return raised.value.message


# Personal servers of users (19.0)


def own_server(database: LabInstance, **values: Any) -> int:
    """Create the administrator's personal server."""
    database.needs("ir.mail_server", "owner_user_id")
    with database.session() as session:
        (admin,) = session.search_read("res.users", [["login", "=", "admin"]], ["login"])
        (record_id,) = session.create("ir.mail_server", [{"name": PERSONAL, "owner_user_id": admin["id"], **values}])
    return record_id


def row(database: LabInstance, record_id: int) -> dict[str, str]:
    """Return the whole record as PostgreSQL stores it, including its writer and time."""
    (values,) = database.sql(f"SELECT * FROM ir_mail_server WHERE id = {record_id}")
    return values


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({}, id="as it is"),
        pytest.param({"name": f"{NAME} (postmaster.odoo candidate)", "active": False}, id="called like a candidate"),
    ],
)
def test_a_run_with_connection_tests_does_not_change_personal_servers(
    values: dict[str, Any], working: LabInstance, smtp: SmtpServer
) -> None:
    personal = own_server(working, **values)
    before = row(working, personal)
    stack = {
        "servers": [
            {"name": NAME, **reached(smtp), "from_filter": "other.example"},
            {"name": "New", **reached(smtp), "from_filter": "new.example"},
        ]
    }
    steps = apply(working, stack, unmanaged="archive", verify="connection")
    assert [(step["action"], step["key"]) for step in steps] == [("update", NAME), ("create", "New")]
    assert len(smtp.events("connected")) == 2
    assert row(working, personal) == before


def test_a_personal_server_is_not_a_duplicate(working: LabInstance) -> None:
    """It has the name of a declared server."""
    personal = own_server(working, name=NAME)
    before = row(working, personal)
    (step,) = apply(working, {"servers": [{"name": NAME, "sequence": 3}]})
    assert step["action"] == "update"
    (deleted,) = apply(working, {"servers": [{"name": NAME, "state": "absent"}]})
    assert deleted["action"] == "delete"
    assert row(working, personal) == before


def test_a_personal_server_cannot_be_declared_by_its_external_id(working: LabInstance) -> None:
    with working.session() as session:
        pin = {"module": "somebody", "name": "personal", "model": "ir.mail_server", "res_id": own_server(working)}
        session.create("ir.model.data", [pin])
    stack = {"servers": [{"xml_id": "somebody.personal", "sequence": 3}]}
    assert PERSONAL in refusal_unwritten(working, stack, Invalid)


# A neutralized copy


@pytest.fixture
def neutralized(working: LabInstance) -> LabInstance:
    """Return a copy that Odoo itself has neutralized."""
    working.lab.shell(
        working.database, "from odoo.modules.neutralize import neutralize_database; neutralize_database(env.cr)"
    )
    return working


def new_and_declared(smtp: SmtpServer) -> dict[str, Any]:
    new = {"name": "New", **reached(smtp), "from_filter": "new.example"}
    return {"servers": [new, {"name": NAME, "from_filter": "other.example", "active": True}]}


def active(database: LabInstance) -> list[str]:
    return sorted(record["name"] for record in database.read("ir.mail_server", ["active", "=", True]))


def test_on_a_neutralized_copy_nothing_is_tested_because_nothing_is_activated(
    neutralized: LabInstance, smtp: SmtpServer
) -> None:
    steps = apply(neutralized, new_and_declared(smtp), verify="connection", unmanaged="archive")
    assert [(step["action"], step["key"]) for step in steps] == [("create", "New"), ("update", NAME)]
    assert smtp.events() == []
    assert active(neutralized) == ["neutralization - disable emails"]


def test_a_server_activated_on_a_neutralized_copy_is_tested_first(neutralized: LabInstance, smtp: SmtpServer) -> None:
    stack = new_and_declared(smtp)
    bad = {"name": "Bad", **reached(smtp), "smtp_encryption": "ssl", "from_filter": "bad.example"}
    policy = {"verify": "connection", "activate_neutralized": True}
    assert "'Bad'" in refusal_unwritten(neutralized, {"servers": [*stack["servers"], bad]}, Rejected, **policy)
    apply(neutralized, stack, **policy)
    assert active(neutralized) == [NAME, "New", "neutralization - disable emails"]


# Servers in use


def used_by_template(database: LabInstance) -> str:
    with database.session() as session:
        (model,) = session.search_read("ir.model", [["model", "=", "res.partner"]], ["name"])
        values = {"name": "Welcome", "model_id": model["id"], "mail_server_id": server_id(database)}
        session.create("mail.template", [values])
    return "Welcome"


def used_by_mailing(database: LabInstance) -> str:
    with database.session() as session:
        (model,) = session.search_read("ir.model", [["model", "=", "res.partner"]], ["name"])
        values = {"subject": "Newsletter", "mailing_model_id": model["id"], "email_from": "news@acme.example"}
        session.create("mailing.mailing", [{**values, "mail_server_id": server_id(database)}])
    return "Newsletter"


def used_by_all_mailings(database: LabInstance) -> str:
    parameters = {"mass_mailing.outgoing_mail_server": "True", "mass_mailing.mail_server_id": str(server_id(database))}
    database.enforce({"parameters": parameters})
    return "Email Marketing"


USES = {"template": used_by_template, "mailing": used_by_mailing, "default of mailings": used_by_all_mailings}


@pytest.mark.parametrize("use", USES)
def test_a_server_in_use_is_not_archived_and_not_changed(use: str, working: LabInstance) -> None:
    user = USES[use](working)
    message = refusal_unwritten(working, {"servers": [{"name": NAME, "active": False, "sequence": 3}]}, Rejected)
    assert f"'{NAME}'" in message
    assert user in message


def test_an_unmanaged_server_in_use_is_not_archived(working: LabInstance) -> None:
    with working.session() as session:
        session.create("ir.mail_server", [{"name": "Other", "smtp_host": "other.invalid"}])
    user = used_by_template(working)
    before = working.fingerprint()
    for check in (True, False):
        outcome = working.enforce(
            {"servers": [{"name": "Other", "smtp_host": "other.invalid"}]}, unmanaged="archive", check=check
        )
        assert outcome.plan == ()
        (warning,) = outcome.warnings
        assert f"'{NAME}'" in warning
        assert user in warning
    assert working.fingerprint() == before


@pytest.mark.parametrize("module", ["mail_server", "mail_stack"])
def test_deleting_gives_a_warning_about_records_that_lose_the_server(
    module: str, working: LabInstance, tmp_path: Path
) -> None:
    """Odoo does not refuse it: the server is removed from these records."""
    users = [used_by_template(working), used_by_mailing(working)]
    absent = {"name": NAME, "state": "absent"}
    options = absent if module == "mail_server" else {"servers": [absent]}
    defaults = {"group/postmaster.odoo.odoo": working.options()}
    tasks = [
        {"name": title, f"postmaster.odoo.{module}": options, "check_mode": title == "checked"}
        for title in ("checked", "deleted", "again")
    ]
    run = ansible_playbook(tmp_path, [play(*tasks, module_defaults=defaults)], "--inventory", "localhost,")
    assert run.exit_code == 0, run.output
    for title in ("checked", "deleted"):
        result = run.results[title]
        assert result["changed"]
        for user in users:
            assert any(user in warning and NAME in warning for warning in result["warnings"])
    assert not run.results["again"]["changed"]
    assert not run.results["again"].get("warnings")
    assert working.read("ir.mail_server") == []


def test_deleting_an_unused_server_gives_no_warning(working: LabInstance) -> None:
    outcome = working.check({"servers": [{"name": NAME, "state": "absent"}]})
    assert [step.action for step in outcome.plan] == ["delete"]
    assert outcome.warnings == []


# Servers of one name


def test_servers_of_one_name_are_never_guessed(working: LabInstance) -> None:
    """This applies to every state, and also if one of them is archived."""
    with working.session() as session:
        ids = [
            server_id(working),
            *session.create("ir.mail_server", [{"name": NAME, "smtp_host": "twin.invalid", "active": False}]),
        ]
    for options in ({"sequence": 3}, {"active": False}, {"state": "absent"}):
        message = refusal_unwritten(working, {"servers": [{"name": NAME, **options}]}, Ambiguous)
        assert f"ids {ids[0]}, {ids[1]}" in message
        assert "xml_id" in message


def test_a_pinned_server_is_renamed_and_tested_under_any_name(working: LabInstance, smtp: SmtpServer) -> None:
    """The candidate does not get its external ID, and the ID is not lost.

    A server that takes the old name is another server.
    """
    xml_id = "postmaster.declared"
    pinned = {"xml_id": xml_id, "name": NAME}
    apply(working, {"servers": [pinned]})
    record_id = server_id(working)
    renamed = {**pinned, "name": "Renamed", "from_filter": "other.example"}
    taker = {"xml_id": "postmaster.taker", "name": NAME, **reached(smtp), "from_filter": "taker.example"}
    steps = apply(working, {"servers": [renamed, taker]}, verify="connection")
    assert [(step["action"], step["key"]) for step in steps] == [("update", "Renamed"), ("create", NAME)]
    assert server_id(working, "Renamed") == record_id
    (pin,) = working.read("ir.model.data", ["name", "=", "declared"], fields=("res_id",))
    assert pin["res_id"] == record_id
    assert server_id(working) != record_id
