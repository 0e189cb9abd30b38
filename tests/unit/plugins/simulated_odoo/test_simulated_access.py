# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users, conflicts and lost writes on the simulated Odoo, and its log of calls."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import AccessRefused, Conflict, ReadOnly
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.tests.unit.plugins.simulated_odoo.calls import create, read, refused
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


@pytest.mark.parametrize("model", ["ir.mail_server", "ir.cron", "ir.config_parameter", "ir.module.module", "mail.mail"])
def test_a_clerk_is_refused(session: Session, odoo: SimulatedOdoo, model: str) -> None:
    odoo.user = "clerk"
    assert f"({model}) records" in refused(AccessRefused, session, model, "search_read", domain=[])
    refused(AccessRefused, session, model, "create", vals_list=[{}])
    refused(AccessRefused, session, model, "write", [1], vals={})
    refused(AccessRefused, session, model, "unlink", [1])
    assert "name" in session.fields("ir.mail_server")
    assert "smtp_pass" not in session.fields("ir.mail_server")


def test_a_conflict_once(session: Session, odoo: SimulatedOdoo) -> None:
    def conflict(_model: str, method: str, *_rest: Any) -> None:
        if method == "create":
            odoo.before.clear()
            raise Conflict("locked")

    odoo.before.append(conflict)
    create(session, "ir.mail_server", name="Main")
    assert [call[:2] for call in odoo.log if call[1] == "create"] == [("ir.mail_server", "create")] * 2
    assert session.call("ir.mail_server", "search_count", domain=[]) == 1


def test_a_change_by_another_user_during_a_call(session: Session, odoo: SimulatedOdoo) -> None:
    def create_before(_model: str, method: str, *_rest: Any) -> None:
        if method == "create":
            odoo.add("ir.mail_server", name="Theirs")

    odoo.before.append(create_before)
    create(session, "ir.mail_server", name="Mine")
    assert [one["name"] for one in session.search_read("ir.mail_server", [], ["name"])] == ["Theirs", "Mine"]


def test_writes_that_get_lost(session: Session, odoo: SimulatedOdoo) -> None:
    odoo.ignored_writes.add(("ir.mail_server", "smtp_user"))
    server = create(session, "ir.mail_server", name="Main", smtp_user="me")
    session.write("ir.mail_server", [server], {"smtp_user": "you", "smtp_port": 587})
    record = read(session, "ir.mail_server", server, "smtp_user", "smtp_port")
    assert record == {"id": server, "smtp_user": False, "smtp_port": 587}


def test_the_log_keeps_calls_as_they_were(session: Session, odoo: SimulatedOdoo) -> None:
    values = {"name": "Main", "smtp_host": "mail.example"}
    (server,) = session.create("ir.mail_server", [values])
    values["name"] = "Changed"
    session.unlink("ir.mail_server", [server])
    context = {"lang": "en_US"}
    assert odoo.log == [
        (
            "ir.mail_server",
            "create",
            None,
            {"vals_list": [{"name": "Main", "smtp_host": "mail.example"}], "context": context},
        ),
        ("ir.mail_server", "unlink", [server], {"context": context}),
    ]


def test_a_session_that_only_reads(odoo: SimulatedOdoo) -> None:
    session = odoo.session(read_only=True)
    assert session.search_read("ir.cron", [], ["name"])
    with pytest.raises(ReadOnly):
        session.create("ir.mail_server", [{"name": "Main"}])
    assert [call[1] for call in odoo.log] == ["search_read"]


def test_the_clock_is_the_servers(session: Session, odoo: SimulatedOdoo) -> None:
    odoo.now += timedelta(days=1)
    assert session.now == odoo.now
    server = create(session, "ir.mail_server", name="Main")
    assert read(session, "ir.mail_server", server, "create_date")["create_date"] == "2026-01-16 12:00:00"
