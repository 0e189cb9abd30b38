# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ORM of the simulated Odoo: values, searches and transactions."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.tests.unit.plugins.simulated_odoo.calls import (
    create,
    create_refused,
    read,
    refused,
)
from ansible_collections.postmaster.odoo.tests.unit.series import since
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


def test_empty_values_are_read_as_false(session: Session) -> None:
    server = create(session, "ir.mail_server", name="Main", smtp_user="", smtp_pass=False)
    empty = read(session, "ir.mail_server", server, "smtp_pass", "smtp_ssl_certificate", "smtp_debug")
    assert empty == {
        "id": server,
        "smtp_pass": False,
        "smtp_ssl_certificate": False,
        "smtp_debug": False,
    }
    assert session.search_read("ir.mail_server", [["smtp_user", "=", False]], ["name"])


def test_defaults_of_a_mail_server(session: Session) -> None:
    server = create(session, "ir.mail_server", name="Main")
    names = ("active", "sequence", "smtp_authentication", "smtp_encryption", "smtp_port")
    assert read(session, "ir.mail_server", server, *names) == {
        "id": server,
        "active": True,
        "sequence": 10,
        "smtp_authentication": "login",
        "smtp_encryption": "none",
        "smtp_port": 25,
    }


def test_create_takes_a_dict_or_a_list(session: Session) -> None:
    host = {"smtp_host": "mail.example"}
    assert isinstance(session.call("ir.mail_server", "create", vals_list={"name": "One", **host}), int)
    two = [{"name": "Two", **host}, {"name": "Three", **host}]
    assert len(session.call("ir.mail_server", "create", vals_list=two)) == 2


def test_archived_records_are_read_only_on_request(session: Session) -> None:
    create(session, "ir.mail_server", name="Old", active=False)
    assert session.call("ir.mail_server", "search_count", domain=[]) == 0
    assert session.call("ir.mail_server", "search_count", domain=[["active", "=", False]]) == 1
    assert session.call("ir.mail_server", "search_count", domain=[], context={"active_test": False}) == 1


@pytest.mark.parametrize(
    ("domain", "names"),
    [
        ([], "abc"),
        ([["smtp_host", "=", "mail.b.example"]], "b"),
        ([["smtp_host", "!=", "mail.b.example"]], "ac"),
        ([["smtp_user", "=", False]], "c"),
        ([["smtp_user", "in", ["a", False]]], "ac"),
        ([["smtp_host", "not in", ["mail.a.example"]]], "bc"),
        ([["smtp_host", "like", "Mail"]], ""),
        ([["smtp_host", "ilike", "Mail.%.example"]], "ab"),
        ([["sequence", ">", 10]], "bc"),
        ([["sequence", "<=", 20], ["smtp_user", "!=", False]], "ab"),
        (["|", ["name", "=", "a"], ["name", "=", "c"]], "ac"),
        (["!", "|", ["name", "=", "a"], ["name", "=", "c"]], "b"),
        (["&", ["sequence", ">=", 20], "!", ["name", "=", "c"]], "b"),
        ([["create_uid.login", "=", "admin"]], "abc"),
    ],
)
def test_domains(session: Session, domain: list[Any], names: str) -> None:
    create(session, "ir.mail_server", name="c", sequence=30, smtp_host="c.example")
    create(session, "ir.mail_server", name="b", sequence=20, smtp_host="mail.b.example", smtp_user="b")
    create(session, "ir.mail_server", name="a", sequence=10, smtp_host="mail.a.example", smtp_user="a")
    found = session.search_read("ir.mail_server", domain, ["name"], order="sequence")
    assert "".join(record["name"] for record in found) == names


def test_order_and_limit(session: Session) -> None:
    for name, sequence in (("b", 1), ("a", 1), ("c", 0)):
        create(session, "ir.mail_server", name=name, sequence=sequence)
    found = session.search_read("ir.mail_server", [], ["name"], order="sequence desc, name", limit=2)
    assert [record["name"] for record in found] == ["a", "b"]
    by_default = session.call("ir.mail_server", "search_read", domain=[], fields=["name"])
    assert [record["name"] for record in by_default] == ["c", "b", "a"]


def test_fields_that_odoo_computes_are_not_written(session: Session, odoo: SimulatedOdoo) -> None:
    cron = odoo.ref("mail.ir_cron_mail_scheduler_action")
    session.write("ir.cron", [cron], {"id": 99, "xml_id": "x.y", "cron_name": "Other", "create_uid": 3})
    record = read(session, "ir.cron", cron, "xml_id", "cron_name", "name")
    assert record["xml_id"] == "mail.ir_cron_mail_scheduler_action"
    assert record["cron_name"] == record["name"] == "Mail: Email Queue Manager"


def test_missing_records(odoo: SimulatedOdoo, session: Session) -> None:
    """Reading a missing record is not an error."""
    assert odoo.execute("ir.mail_server", "read", [99], {"fields": ["name"]}) == []
    assert "does not exist or has been deleted" in refused(Rejected, session, "ir.mail_server", "write", [99], vals={})


def test_references_need_a_target(session: Session) -> None:
    create_refused(session, "ir.cron", name="Job", model_id=1, user_id=999)


def test_a_refused_call_leaves_nothing_behind(session: Session, odoo: SimulatedOdoo) -> None:
    """One transaction per call."""
    server = create(session, "ir.mail_server", name="Main", smtp_host="mail.example")
    held = odoo.record("ir.mail_server", server)
    with pytest.raises(Rejected):
        session.create(
            "ir.mail_server",
            [
                {"name": "Good", "smtp_host": "mail.example"},
                {"name": False, "smtp_host": "mail.example"},
            ],
        )
    with pytest.raises(Rejected):
        session.write("ir.mail_server", [server], {"smtp_host": "other.example", "name": False})
    assert session.search_read("ir.mail_server", [], ["name", "smtp_host"]) == [
        {"id": server, "name": "Main", "smtp_host": "mail.example"}
    ]
    assert held is odoo.record("ir.mail_server", server)


def test_required_fields(session: Session, series: str) -> None:
    text = create_refused(session, "ir.mail_server", smtp_host="mail.example")
    assert ("for the field 'Name' (name)" if series in since(19) else "Field: Name (name)") in text
