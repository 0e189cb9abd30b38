# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection tests of mail servers, and canaries, with SMTP servers of many behaviors: each failure gets its outcome."""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Unsupported
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.server_tests import run_tests
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.connection_test import Canary
from instance import LabInstance
from lab import Lab, NotApplicable, SmtpServer
from playbook import ansible_playbook, play

SENDER = "sender@lab.example"


@pytest.fixture(scope="module")
def database(fresh: Callable[[str], LabInstance]) -> LabInstance:
    return fresh("integration_server_test")


def declare(database: LabInstance, smtp: SmtpServer, **changed: Any) -> str:
    """Create the mail server in Odoo that the SMTP server requires, with some changes, and return its name."""
    values: dict[str, Any] = {
        "name": "Tested",
        "smtp_host": smtp.host,
        "smtp_port": smtp.port,
        "smtp_encryption": smtp.encryption,
        "smtp_user": smtp.user or "",
        "smtp_pass": smtp.password or "",
        "from_filter": SENDER,
    }
    database.enforce({"servers": [values | changed]})
    return "Tested"


def outcome_of(database: LabInstance, name: str | None, canary: Canary | None = None) -> dict[str, Any]:
    with database.session() as session:
        (test,) = run_tests(session, name=name, xml_id=None, canary=canary)
    return test


# SMTP server, its behavior, the settings in Odoo, the outcome, and a word of the reason.
OUTCOMES: dict[str, tuple[str, dict[str, Any], dict[str, Any], str, str]] = {
    "plain": ("plain", {}, {}, "ok", "Successful"),
    "starttls": ("starttls", {}, {}, "ok", "Successful"),
    "ssl": ("ssl", {}, {}, "ok", "Successful"),
    "untrusted, not verified": ("untrusted", {}, {}, "ok", "Successful"),
    "archived": ("plain", {}, {"active": False}, "ok", "Successful"),
    "no such host": ("plain", {}, {"smtp_host": "smtp.invalid"}, "dns", "Name or service not known"),
    "SSL to a plain port": ("plain", {}, {"smtp_encryption": "ssl"}, "tls", "WRONG_VERSION_NUMBER"),
    "untrusted": ("untrusted", {}, {"smtp_encryption": "starttls_strict"}, "certificate", "CERTIFICATE_VERIFY_FAILED"),
    "expired": ("expired", {}, {"smtp_encryption": "starttls_strict"}, "certificate", "CERTIFICATE_VERIFY_FAILED"),
    "misnamed": ("misnamed", {}, {"smtp_encryption": "starttls_strict"}, "certificate", "CERTIFICATE_VERIFY_FAILED"),
    "wrong password": ("starttls", {}, {"smtp_pass": "wrong"}, "auth", "5.7.8 Authentication credentials invalid"),
    "no password": ("starttls", {}, {"smtp_user": "", "smtp_pass": ""}, "auth", "Authentication Required"),
    "no AUTH": ("plain", {}, {"smtp_user": "u", "smtp_pass": "p"}, "auth_unsupported", "AUTH"),
    "no STARTTLS": ("plain", {}, {"smtp_encryption": "starttls"}, "starttls_unsupported", "STARTTLS"),
    "somebody else's address": (
        "starttls",
        {},
        {"from_filter": "other@lab.example"},
        "sender_rejected",
        "not owned by",
    ),
    "no such recipient": (
        "plain",
        {"replies": {"RCPT": "550 5.1.1 No such user"}},
        {},
        "recipient_rejected",
        "No such user",
    ),
    "hangs up at DATA": ("drop", {}, {}, "disconnected", "closed"),
    "hangs up at once": ("plain", {"drop_at": "CONNECT"}, {}, "disconnected", "closed"),
    "no sender": ("plain", {}, {"from_filter": ""}, "unconfigured", "email"),
    "no host": ("plain", {}, {"smtp_host": ""}, "unconfigured", ""),
}


@pytest.mark.parametrize("case", OUTCOMES)
def test_outcome(case: str, database: LabInstance, lab: Lab) -> None:
    smtp, behavior, changed, outcome, why = OUTCOMES[case]
    if str(changed.get("smtp_encryption")).endswith("_strict"):
        database.needs_strict()
    if changed.get("smtp_host") == "" and database.requires("ir.mail_server", "smtp_host"):
        raise NotApplicable("the instance requires smtp_host")
    if case == "no sender":
        with database.session() as session:
            (user,) = session.search_read("res.users", [["login", "=", database.username]], ["partner_id"])
            session.write("res.partner", [user["partner_id"][0]], {"email": False})
    lab.smtp[smtp].configure(**behavior)
    has_host = changed.get("smtp_host") != ""
    name = declare(database, lab.smtp[smtp], **({"active": True} | changed if has_host else {}))
    if not has_host:  # only Odoo's own form leaves it out
        with database.session() as session:
            ids = [row["id"] for row in session.search_read("ir.mail_server", [["name", "=", name]], ["id"])]
            session.write("ir.mail_server", ids, {"active": True, "smtp_host": False})
    test = outcome_of(database, name)
    assert test["outcome"] == outcome, test["message"]
    assert why in test["message"]
    assert lab.smtp[smtp].accepted() == []


def test_a_port_without_a_listener(database: LabInstance, lab: Lab) -> None:
    with closing(socket.socket()) as closed:
        closed.bind(("127.0.0.1", 0))
        name = declare(database, lab.smtp["plain"], smtp_host="127.0.0.1", smtp_port=closed.getsockname()[1])
        assert outcome_of(database, name)["outcome"] == "unreachable"


def test_silence(silent_server_tested: Future[list[dict[str, Any]]]) -> None:
    (test,) = silent_server_tested.result()
    assert test["outcome"] == "timeout", test["message"]


def test_all_active_servers_but_personal_ones(fresh: Callable[[str], LabInstance], lab: Lab) -> None:
    database = fresh("integration_server_test_all")
    plain = {"smtp_host": lab.smtp["plain"].host, "smtp_port": lab.smtp["plain"].port, "from_filter": SENDER}
    with database.session() as session:
        with pytest.raises(Unsupported):
            run_tests(session, name=None, xml_id=None, canary=None)
        admin = session.search_read("res.users", [["login", "=", "admin"]], ["login"])[0]["id"]
        more: list[dict[str, Any]] = [{}, {}, {"active": False}]
        if "owner_user_id" in session.fields("ir.mail_server"):
            more.append({"owner_user_id": admin})
        session.create(
            "ir.mail_server", [{"name": name, **plain, **one} for name, one in zip("ABCD", more, strict=False)]
        )
        tests = run_tests(session, name=None, xml_id=None, canary=None)
    assert [(test["name"], test["outcome"]) for test in tests] == [("A", "ok"), ("B", "ok")]


def mails(database: LabInstance) -> list[dict[str, Any]]:
    return database.read("mail.mail", fields=("state", "message_id"))


@pytest.mark.parametrize("smtp", ["plain", "starttls", "ssl"])
def test_a_canary_arrives_and_is_removed(smtp: str, database: LabInstance, lab: Lab) -> None:
    name = declare(database, lab.smtp[smtp])
    canary = outcome_of(database, name, Canary("canary@elsewhere.example"))["canary"]
    (accepted,) = lab.smtp[smtp].accepted()
    assert (canary["outcome"], canary["state"], canary["email_from"]) == ("ok", "sent", SENDER)
    assert (accepted["mail_from"], accepted["rcpt_tos"]) == (SENDER, ["canary@elsewhere.example"])
    assert accepted["message_id"] == canary["message_id"]
    assert canary["kept_id"] is None
    assert mails(database) == []


def test_a_canary_is_sent_through_the_selected_server(database: LabInstance, lab: Lab) -> None:
    """It is not sent through the one that Odoo would choose."""
    other = {"name": "Chosen", "smtp_host": lab.smtp["ssl"].host, "smtp_port": lab.smtp["ssl"].port, "sequence": 0}
    database.enforce({"servers": [other | {"smtp_encryption": "ssl", "from_filter": SENDER}]})
    name = declare(database, lab.smtp["plain"])
    assert outcome_of(database, name, Canary("canary@elsewhere.example"))["canary"]["outcome"] == "ok"
    database.enforce({"servers": [{"name": "Chosen", "state": "absent"}]})
    assert len(lab.smtp["plain"].accepted()) == 1
    assert lab.smtp["ssl"].accepted() == []


def test_a_canary_is_kept_on_request(database: LabInstance, lab: Lab) -> None:
    canary = outcome_of(database, declare(database, lab.smtp["plain"]), Canary("canary@elsewhere.example", keep=True))[
        "canary"
    ]
    (mail,) = mails(database)
    assert (mail["id"], mail["state"], mail["message_id"]) == (canary["kept_id"], "sent", canary["message_id"])
    with database.session() as session:
        session.unlink("mail.mail", [mail["id"]])


@pytest.mark.parametrize(
    ("smtp", "behavior", "sender", "outcome", "words"),
    [
        ("starttls", {}, "other@lab.example", "sender_rejected", "553"),
        ("plain", {"drop_at": "CONTENT"}, None, "disconnected", ""),
    ],
)
def test_a_canary_that_is_not_sent(
    smtp: str, behavior: dict[str, Any], sender: str | None, outcome: str, words: str, database: LabInstance, lab: Lab
) -> None:
    name = declare(database, lab.smtp[smtp])
    lab.smtp[smtp].configure(**behavior)
    test = outcome_of(database, name, Canary("canary@elsewhere.example", sender=sender, wait=1))
    assert test["outcome"] == "ok"
    assert test["canary"]["outcome"] == outcome, test["canary"]
    assert words in test["canary"]["message"]
    assert lab.smtp[smtp].accepted() == []
    assert mails(database) == []


def test_the_module(database: LabInstance, lab: Lab, tmp_path: Path) -> None:
    declare(database, lab.smtp["plain"])
    canary = {"name": "Tested", "canary": "canary@elsewhere.example"}

    def task(name: str, options: dict[str, Any], **keywords: Any) -> dict[str, Any]:
        return {"name": name, "postmaster.odoo.mail_server_test": database.options() | options, **keywords}

    def run(*tasks: dict[str, Any]) -> dict[str, dict[str, Any]]:
        return ansible_playbook(tmp_path, [play(*tasks, ignore_errors=True)], "--inventory", "localhost,").results

    checked = run(task("check", canary, check_mode=True))["check"]
    assert [test["outcome"] for test in checked["tests"]] == ["not_tested"]
    assert checked["changed"] is False
    assert lab.smtp["plain"].events() == []

    lab.smtp["plain"].configure(replies={"RCPT": "550 5.1.1 No such user"})
    results = run(task("failing", canary), task("only told", canary | {"fail_on_error": False}))
    assert (results["failing"]["failed"], results["only told"]["failed"]) == (True, False)
    assert "Tested: connection test: recipient_rejected: " in results["failing"]["msg"]
    assert results["only told"]["tests"][0]["outcome"] == "recipient_rejected"

    lab.smtp["plain"].configure(replies={})
    sent = run(task("sent", canary))["sent"]
    assert sent["changed"] is True
    assert [record["message_id"] for record in lab.smtp["plain"].accepted()] == [
        sent["tests"][0]["canary"]["message_id"]
    ]
