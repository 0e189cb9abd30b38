# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fields that a configuration file of the Odoo server sets (mail_environment). All secrets are made up."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected, Unsupported
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.info import read_mail_server_info
from ansible_collections.postmaster.odoo.tests.unit.enforcing import (
    actions,
    changes,
    oauth2_server,
    refused,
    refused_unwritten,
    run,
    server,
    servers,
    written,
)
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.environment import Environment
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

FILE = {"smtp_host": "file.example", "smtp_port": 465, "smtp_encryption": "ssl", "smtp_pass": "made-up-of-the-file"}
OWNED = sorted(FILE)


@pytest.fixture(params=["x_", ""], ids=["since 17", "16"])
def odoo(request: pytest.FixtureRequest, series: str) -> SimulatedOdoo:
    """Return a database in which a file sets some fields of the server Main.

    Its markers have the names of 17.0 and later, and those of 16.0.
    """
    odoo = SimulatedOdoo(series, environment=Environment({"Main": FILE}, prefix=request.param))
    odoo.add("ir.mail_server", name="Main", smtp_user="me")
    return odoo


def declared(**options: Any) -> dict[str, Any]:
    return {"servers": [{"name": "Main", **options}]}


def test_check_mode_marks_ineffective_writes(odoo: SimulatedOdoo) -> None:
    plan = run(odoo, declared(smtp_host="smtp.acme.example", smtp_user="you"), check=True).plan
    (step,) = plan
    assert step.as_result()["changes"] == [
        {"field": "smtp_host", "before": "file.example", "after": "smtp.acme.example", "managed_elsewhere": True},
        {"field": "smtp_user", "before": "me", "after": "you"},
    ]


def test_a_real_run_refuses_before_it_writes(odoo: SimulatedOdoo) -> None:
    text = refused(Rejected, odoo, declared(smtp_host="smtp.acme.example", smtp_port=587, smtp_user="you"))
    assert "mail_server 'Main': smtp_host, smtp_port cannot be enforced" in text
    assert "the addon mail_environment manages them" in text
    assert "from a configuration file of the Odoo server" in text
    assert "smtp_user" not in text
    assert written(odoo) == []
    assert server(odoo, "Main")["smtp_user"] == "me"


def test_nothing_of_the_run_is_written(odoo: SimulatedOdoo) -> None:
    stack = {"parameters": {"a": "1"}, "servers": [{"name": "Other"}, {"name": "Main", "smtp_port": 587}]}
    assert "smtp_port cannot be enforced" in refused(Rejected, odoo, stack)
    assert [one["name"] for one in servers(odoo)] == ["Main"]
    assert odoo.parameter("a") is False


def test_a_value_equal_to_the_file_is_not_a_difference(odoo: SimulatedOdoo) -> None:
    assert run(odoo, declared(**FILE)).plan == ()


def test_nothing_is_written(odoo: SimulatedOdoo) -> None:
    options = declared(smtp_user="you", sequence=3)
    assert changes(run(odoo, options).plan) == {"smtp_user": ("me", "you"), "sequence": (10, 3)}
    assert run(odoo, options).plan == ()


def test_servers_without_a_section_are_not_affected(odoo: SimulatedOdoo) -> None:
    other = {
        "name": "Other",
        "smtp_host": "smtp.acme.example",
        "smtp_port": 587,
        "smtp_encryption": "starttls",
        "smtp_authentication": "login",
        "smtp_pass": "made-up-password",
    }
    plan = run(odoo, {"servers": [other]}).plan
    assert actions(plan) == [("create", "Other")]
    assert {name: server(odoo, "Other")[name] for name in other} == other
    assert run(odoo, {"servers": [other]}).plan == ()
    assert actions(run(odoo, {"servers": [{**other, "smtp_port": 2525}]}).plan) == [("update", "Other")]


def test_a_new_server_that_already_has_a_section(odoo: SimulatedOdoo) -> None:
    """This is unknown before the server exists. Afterwards it is reported."""
    odoo.records.unlink("ir.mail_server", [server(odoo, "Main")["id"]])
    text = refused(Rejected, odoo, declared(smtp_host="smtp.acme.example", smtp_user="me"))
    assert "smtp_host" in text
    assert "mail_environment" in text
    assert "smtp_user" not in text
    assert actions(run(odoo, declared(smtp_user="me", smtp_host="file.example")).plan) == []


def test_records_list_the_fields_that_are_managed_elsewhere(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", name="Other")
    outcome = run(odoo, {"servers": [{"name": "Main"}, {"name": "Other"}]})
    told = {one["name"]: one["managed_elsewhere"] for one in outcome.records}
    assert told == {"Main": OWNED, "Other": []}
    reports = read_mail_server_info(odoo.session(), name=None, xml_id=None)
    assert {one["name"]: one["managed_elsewhere"] for one in reports} == told


def test_the_addons_own_fields_are_neither_read_nor_told(odoo: SimulatedOdoo) -> None:
    """Some of them contain secrets in clear text."""
    server(odoo, "Main")["smtp_pass"] = "made-up-default"
    outcome = run(odoo, declared(smtp_user="you"))
    reports = read_mail_server_info(odoo.session(), name=None, xml_id=None)
    assert not [name for record in [*outcome.records, *reports] for name in record if "_env_" in name]
    for _model, _method, _ids, arguments in odoo.log:
        read = arguments.get("fields") or ()
        assert not [name for name in read if name.endswith("_env_default") or name == "server_env_defaults"]
    for secret in ("made-up-default", "made-up-of-the-file"):
        assert secret not in repr((outcome, reports))


def test_a_section_for_all_servers(series: str) -> None:
    odoo = SimulatedOdoo(series, environment=Environment({"": {"smtp_host": "file.example"}}))
    odoo.add("ir.mail_server", name="Main")
    text = refused(Rejected, odoo, declared(smtp_host="smtp.acme.example"))
    assert "smtp_host cannot be enforced" in text


def test_rules_are_checked_on_the_values_of_the_file(odoo: SimulatedOdoo) -> None:
    """The declared encryption has no effect. This is reported, and not that the rules are broken."""
    text = refused(Rejected, odoo, {"servers": [oauth2_server("gmail")]})
    assert "smtp_encryption" in text
    assert "cannot be enforced" in text


@pytest.mark.parametrize("verify", ["none", "connection"])
def test_an_ineffective_value_is_not_tested(odoo: SimulatedOdoo, verify: str) -> None:
    refused(Rejected, odoo, declared(smtp_host="smtp.acme.example"), verify=verify)
    assert not [method for _model, method, *_rest in odoo.log if method in ("test_smtp_connection", "copy")]


def test_a_field_that_cannot_be_written_at_all(series: str) -> None:
    """Another addon may make the field readonly on every record."""
    readonly = {"type": "char", "readonly": True, "store": False}
    odoo = SimulatedOdoo(series, extra_fields={"ir.mail_server": {"smtp_host": readonly}})
    odoo.add("ir.mail_server", name="Main")
    text = refused_unwritten(Unsupported, odoo, declared(smtp_host="smtp.acme.example"))
    assert "smtp_host cannot be written" in text
    (record,) = run(odoo, declared()).records
    assert record["managed_elsewhere"] == ["smtp_host"]
