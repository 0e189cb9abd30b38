# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simulated Odoo with mail_environment, whose file sets fields of mail servers."""

from __future__ import annotations

from unittest.mock import ANY

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected
from ansible_collections.postmaster.odoo.tests.unit.plugins.simulated_odoo.calls import create, read, refused
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.environment import Environment
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

FILES = {"Main": {"smtp_host": "file.example", "smtp_port": 465, "smtp_encryption": "ssl"}}


@pytest.fixture
def environment(series: str) -> SimulatedOdoo:
    """Return a database with mail_environment."""
    return SimulatedOdoo(series, environment=Environment(FILES))


def test_a_file_owns_fields(environment: SimulatedOdoo) -> None:
    """Writes to these fields are lost without an error. The other fields of the same write are kept."""
    session = environment.session()
    server = create(session, "ir.mail_server", name="Main", smtp_host="mail.example", smtp_user="me")
    markers = ("x_smtp_host_env_is_editable", "x_smtp_user_env_is_editable")
    names = ("smtp_host", "smtp_port", "smtp_user", *markers)
    wanted = {"smtp_host": "file.example", "smtp_port": 465, "smtp_user": "me", markers[0]: False, markers[1]: True}
    assert read(session, "ir.mail_server", server, *names) == {"id": server, **wanted}
    session.write("ir.mail_server", [server], {"smtp_port": 25, "smtp_user": "you", markers[0]: True})
    assert read(session, "ir.mail_server", server, *names) == {"id": server, **wanted, "smtp_user": "you"}
    (found,) = session.search_read("ir.mail_server", [], ["smtp_host"])
    assert found["smtp_host"] == "file.example"


def test_the_name_decides_which_fields_the_file_sets(environment: SimulatedOdoo) -> None:
    session = environment.session()
    server = create(session, "ir.mail_server", name="Other")
    session.write("ir.mail_server", [server], {"smtp_host": "mail.example"})
    session.write("ir.mail_server", [server], {"name": "Main", "smtp_host": "lost.example"})
    assert read(session, "ir.mail_server", server, "smtp_host")["smtp_host"] == "file.example"
    session.write("ir.mail_server", [server], {"name": "Other", "smtp_user": "me"})
    assert read(session, "ir.mail_server", server, "smtp_host")["smtp_host"] == "mail.example"
    session.write("ir.mail_server", [server], {"name": "Another", "smtp_host": "kept.example"})
    assert read(session, "ir.mail_server", server, "smtp_host")["smtp_host"] == "kept.example"


def test_creation_loses_some_values_that_no_file_sets(environment: SimulatedOdoo) -> None:
    """This includes copies. A write keeps the values."""
    session = environment.session()
    values = {"smtp_host": "mail.example", "smtp_port": 587, "smtp_encryption": "starttls"}
    server = create(session, "ir.mail_server", name="Other", **values)
    lost = {"smtp_host": "mail.example", "smtp_port": 25, "smtp_encryption": "none"}
    assert read(session, "ir.mail_server", server, *values) == {"id": server, **lost}
    session.write("ir.mail_server", [server], values)
    assert read(session, "ir.mail_server", server, *values) == {"id": server, **values}
    copied = session.copy("ir.mail_server", server, {"name": "Copy", "smtp_port": 587})
    assert read(session, "ir.mail_server", copied, *values) == {"id": copied, **lost}
    companion = create(session, "ir.mail_server", name="Third", smtp_port=1, x_smtp_port_env_default=587)
    assert read(session, "ir.mail_server", companion, "smtp_port")["smtp_port"] == 587


def test_a_section_for_all_servers(series: str) -> None:
    session = SimulatedOdoo(series, environment=Environment({"": {"smtp_host": "file.example"}})).session()
    server = create(session, "ir.mail_server", name="Any", smtp_host="mail.example")
    assert read(session, "ir.mail_server", server, "smtp_host")["smtp_host"] == "file.example"


def test_rules_and_tests_use_the_values_of_the_file(environment: SimulatedOdoo) -> None:
    session = environment.session()
    server = create(session, "ir.mail_server", name="Main")
    gmail = {"smtp_authentication": "gmail", "smtp_encryption": "starttls", "smtp_user": "sales@acme.example"}
    text = refused(Rejected, session, "ir.mail_server", "write", [server], vals=gmail)
    assert "Incorrect Connection Security for Gmail" in text
    environment.smtp = lambda tested: None if tested["smtp_host"] == "file.example" else "elsewhere"
    session.call("ir.mail_server", "test_smtp_connection", [server])


@pytest.mark.parametrize("name", ["smtp_port", "smtp_encryption", "x_smtp_host_env_is_editable"])
def test_most_fields_cannot_be_searched(environment: SimulatedOdoo, name: str) -> None:
    session = environment.session()
    text = refused(Rejected, session, "ir.mail_server", "search", domain=[[name, "=", False]])
    assert "to SQL because it is not stored" in text
    session.call("ir.mail_server", "search", domain=[["smtp_host", "=", "x"]])


def test_its_fields(environment: SimulatedOdoo, series: str) -> None:
    """16.0 has no prefix."""
    fields = environment.session().fields("ir.mail_server")
    assert not fields["smtp_host"]["store"]
    assert not fields["smtp_encryption"]["required"]
    assert fields["x_smtp_pass_env_is_editable"] == {**fields["x_smtp_host_env_is_editable"], "string": ANY}
    assert fields["server_env_defaults"]["type"] == "serialized"
    (owner,) = environment.session().search_read("ir.model.fields", [["name", "=", "server_env_defaults"]], ["modules"])
    assert owner["modules"] == "mail_environment"
    old = SimulatedOdoo(series, environment=Environment({}, prefix="")).session().fields("ir.mail_server")
    assert "smtp_pass_env_is_editable" in old
    assert "x_smtp_pass_env_is_editable" not in old
