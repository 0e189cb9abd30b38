# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The differences between the simulated 20.0 and the recorded 19.0."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected, UnknownMethod, Unsupported
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

CONTENT = base64.b64encode(b"-----BEGIN CERTIFICATE-----").decode()


@pytest.fixture
def odoo() -> SimulatedOdoo:
    return SimulatedOdoo("20.0")


def test_its_facts_are_those_of_19_with_the_changes_from_its_source() -> None:
    before, after = (SimulatedOdoo(series) for series in ("19.0", "20.0"))
    assert (after.facts.version, after.session().version.major) == ("20.0", 20)
    assert after.facts.crons == before.facts.crons
    differing = {
        (model, name)
        for model, fields in after.facts.models.items()
        for name in fields.keys() | before.facts.models[model].keys()
        if fields.get(name) != before.facts.models[model].get(name)
    }
    assert differing == {
        ("ir.config_parameter", "value"),
        ("ir.mail_server", "max_email_size"),
        ("mail.mail", "recipient_cc_ids"),
    }


def test_a_parameter_may_be_blank(odoo: SimulatedOdoo) -> None:
    session = odoo.session()
    session.create("ir.config_parameter", [{"key": "acme.blank", "value": False}])
    assert odoo.parameter("acme.blank") is False
    with pytest.raises(Rejected):
        SimulatedOdoo("19.0").session().create("ir.config_parameter", [{"key": "acme.blank", "value": False}])


def test_a_connection_test_does_not_measure_the_size(odoo: SimulatedOdoo) -> None:
    session = odoo.session()
    (server,) = session.create("ir.mail_server", [{"name": "Main", "smtp_host": "smtp.example"}])
    session.call("ir.mail_server", "test_smtp_connection", [server])
    with pytest.raises(Rejected):
        session.call("ir.mail_server", "test_smtp_connection", [server], autodetect_max_email_size=True)
    with pytest.raises(Unsupported):
        session.write("ir.mail_server", [server], {"max_email_size": 7.0})


def test_a_binary_field_is_read_as_a_dictionary(odoo: SimulatedOdoo) -> None:
    session = odoo.session()
    values = {"name": "Main", "smtp_host": "smtp.example", "smtp_ssl_certificate": CONTENT}
    (server,) = session.create("ir.mail_server", [values])
    names = ["smtp_ssl_certificate", "smtp_ssl_private_key"]
    (record,) = session.call("ir.mail_server", "read", [server], fields=names)
    assert record["smtp_ssl_certificate"] == {"content": CONTENT, "size": 27}
    assert record["smtp_ssl_private_key"] is False
    (record,) = session.search_read("ir.mail_server", [["id", "=", server]], names)
    assert record["smtp_ssl_certificate"] == CONTENT


def test_read_group_is_another_method(odoo: SimulatedOdoo) -> None:
    for state in ("outgoing", "exception", "exception"):
        odoo.add("mail.mail", state=state)
    session = odoo.session()
    named = {"domain": [], "groupby": ["state"]}
    rows = session.call("mail.mail", "read_group", aggregates=["__count"], order="__count desc", **named)
    assert rows == [("exception", 2), ("outgoing", 1)]
    with pytest.raises(Rejected):
        session.call("mail.mail", "read_group", fields=["newest:max(id)"], lazy=False, **named)
    (most, _least) = session.call(
        "mail.mail", "formatted_read_group", aggregates=["__count"], order="__count desc", **named
    )
    assert most == {"state": "exception", "__count": 2}


@pytest.mark.parametrize("method", ["check_access_rights", "get_param", "set_param", "toggle_active"])
def test_removed_methods(odoo: SimulatedOdoo, method: str) -> None:
    with pytest.raises(UnknownMethod):
        odoo.session().call("ir.config_parameter", method)
