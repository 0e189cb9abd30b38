# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Models, fields and methods of the simulated Odoo are those of each version."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import AccessRefused, Rejected, Unsupported
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.tests.unit.plugins.simulated_odoo.calls import (
    create,
    create_refused,
    read,
    refused,
)
from ansible_collections.postmaster.odoo.tests.unit.series import COUNT_RUNS, RECORDED, since
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


def test_models_and_fields_are_those_of_the_facts(session: Session, facts: dict[str, Any]) -> None:
    for model, fields in facts["models"].items():
        described = session.fields(model)
        assert set(described) == set(fields)
        for name, fact in fields.items():
            told = described[name]
            assert told["type"] == fact["type"]
            assert told.get("relation") == fact.get("relation")
            assert told["required"] == fact.get("required", False)
            assert told["readonly"] == fact.get("readonly", False)
            assert [value for value, _label in told.get("selection", ())] == fact.get("selection", [])


def test_version_is_that_of_the_facts(session: Session, facts: dict[str, Any]) -> None:
    assert session.version.text == facts["version"]
    assert facts["version"].startswith(f"{session.version.major}.")


def test_models_that_do_not_exist_are_unsupported(session: Session) -> None:
    assert not session.has_model("mail.no.such.model")
    assert "does not exist" in refused(Unsupported, session, "mail.no.such.model", "search", domain=[])


def test_a_database_without_alias_domains(series: str) -> None:
    session = SimulatedOdoo(series, without_models={"mail.alias.domain"}).session()
    assert not session.has_model("mail.alias.domain")
    assert "alias_domain_id" not in session.fields("res.company")


def test_fewer_and_more_fields_than_the_facts(series: str) -> None:
    session = SimulatedOdoo(
        series,
        without_fields={("ir.mail_server", "from_filter")},
        extra_fields={"ir.mail_server": {"smtp_timeout": {"store": True, "type": "integer"}}},
    ).session()
    server = create(session, "ir.mail_server", name="Main", smtp_timeout=30)
    assert read(session, "ir.mail_server", server, "smtp_timeout")["smtp_timeout"] == 30
    assert "from_filter" not in session.fields("ir.mail_server")


def test_unknown_fields_are_refused_with_the_message_of_the_version(session: Session, series: str) -> None:
    """The field smtp_timeout does not exist in any version."""
    server = create(session, "ir.mail_server", name="Main")
    written = f"Invalid field 'smtp_timeout' {'in' if series in since(19) else 'on model'} 'ir.mail_server'"
    assert written in create_refused(session, "ir.mail_server", Unsupported, name="Main", smtp_timeout=30)
    assert written in refused(Unsupported, session, "ir.mail_server", "write", [server], vals={"smtp_timeout": 30})
    for arguments in (
        {"domain": [], "fields": ["nope"]},
        {"domain": [["nope", "=", 1]]},
        {"domain": [], "order": "nope"},
    ):
        assert "Invalid field" in refused(Unsupported, session, "ir.mail_server", "search_read", **arguments)


@pytest.mark.parametrize("series", COUNT_RUNS)
def test_numbercall_exists_in_17(session: Session, odoo: SimulatedOdoo) -> None:
    cron = odoo.ref("mail.ir_cron_mail_scheduler_action")
    session.write("ir.cron", [cron], {"numbercall": -1, "doall": False})
    assert read(session, "ir.cron", cron, "numbercall")["numbercall"] == -1


@pytest.mark.parametrize("series", [series for series in RECORDED if series not in COUNT_RUNS])
def test_numbercall_does_not_exist_since_18(session: Session, odoo: SimulatedOdoo) -> None:
    """The whole write fails."""
    cron = odoo.ref("mail.ir_cron_mail_scheduler_action")
    refused(Unsupported, session, "ir.cron", "write", [cron], vals={"interval_number": 7, "numbercall": -1})
    assert read(session, "ir.cron", cron, "interval_number")["interval_number"] == 1


def test_selections_are_those_of_the_version(session: Session, facts: dict[str, Any]) -> None:
    for encryption in ("none", "starttls_strict", "starttls", "ssl_strict", "ssl"):
        values = {"name": "Main", "smtp_encryption": encryption}
        if encryption in facts["models"]["ir.mail_server"]["smtp_encryption"]["selection"]:
            create(session, "ir.mail_server", **values)
        else:
            create_refused(session, "ir.mail_server", Unsupported, **values)
    text = create_refused(session, "ir.mail_server", Unsupported, name="Main", smtp_encryption="tls")
    assert "Wrong value for ir.mail_server.smtp_encryption: 'tls'" in text


def test_private_and_unknown_methods(session: Session) -> None:
    text = refused(AccessRefused, session, "ir.cron", "_trigger", [1])
    assert "Private methods (such as 'ir.cron._trigger') cannot be called remotely." in text
    refused(Unsupported, session, "ir.cron", "no_such_method", [1])


def test_calls_with_wrong_arguments_are_refused(session: Session) -> None:
    refused(Rejected, session, "ir.cron", "search", domain=[], nonsense=1)
    refused(Rejected, session, "ir.cron", "search", [1], domain=[])
    refused(Rejected, session, "ir.cron", "write", vals={})
