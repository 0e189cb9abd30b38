# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry is the only list of resource types.

A made-up type is planned, stacked, reported and exported without any other edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
import yaml

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import Outcome
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.result import enforced_result
from ansible_collections.postmaster.odoo.plugins.module_utils.export.describe import Description
from ansible_collections.postmaster.odoo.plugins.module_utils.export.read import read_instance
from ansible_collections.postmaster.odoo.plugins.module_utils.export.scope import Scope
from ansible_collections.postmaster.odoo.plugins.module_utils.resources import registry
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.arguments import stack_arguments
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import ResourceType
from ansible_collections.postmaster.odoo.plugins.module_utils.result_scope import ResultScope
from ansible_collections.postmaster.odoo.plugins.plugin_utils.comparison import compare
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift import as_html, report
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.collect import modules
from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.mail_file import common_file, mail_file
from ansible_collections.postmaster.odoo.plugins.plugin_utils.stack_variables import (
    known_variables,
    stack_arguments_of,
)
from ansible_collections.postmaster.odoo.tests.unit.enforcing import run
from ansible_collections.postmaster.odoo.tests.unit.plugins.plugin_utils.drift.results import instance
from ansible_collections.postmaster.odoo.tests.unit.series import SERIES
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.schema import load_facts

SECRET = "made-up-password"
WITH_WRITABLE_USER = [
    series for series in SERIES if not load_facts(series).models["fetchmail.server"]["user"].get("readonly")
]


class FetchmailServer(ResourceType):
    """A made-up resource type, whose records are not identified by their names."""

    name = "fetchmail_server"
    label = "incoming mail server"
    model = "fetchmail.server"
    key_field = "user"
    stack_option = "fetchmail_servers"
    stack_states = ("present", "absent")
    secret_fields = frozenset({"password"})
    options: ClassVar[Mapping[str, Any]] = {
        "name": {"type": "str"},
        "user": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "is_ssl": {"type": "bool"},
    }


FETCHMAIL_SERVER = FetchmailServer()
INBOX = {"user": "inbox@acme.example", "name": "Acme", "is_ssl": True}
# It has the same name.
INVOICES = {"user": "invoices@acme.example", "name": "Acme", "is_ssl": False}
STACK = {"fetchmail_servers": [INBOX, INVOICES]}


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "RESOURCE_TYPES", (*registry.RESOURCE_TYPES, FETCHMAIL_SERVER))


@pytest.fixture(params=WITH_WRITABLE_USER)
def odoo(request: pytest.FixtureRequest) -> SimulatedOdoo:
    """Return an Odoo of each version in which the user of an incoming mail server can be written."""
    return SimulatedOdoo(request.param)


def exported(odoo: SimulatedOdoo) -> dict[str, Any]:
    """Return the result of `mail_stack_info`."""
    return Description(read_instance(odoo.session(read_only=True), Scope())).as_result("made-up-key")


def test_it_is_an_option_of_a_stack() -> None:
    option = stack_arguments(registry.RESOURCE_TYPES)["fetchmail_servers"]
    assert (option["type"], option["elements"]) == ("list", "dict")
    assert set(option["options"]) == {"name", "user", "password", "is_ssl", "xml_id", "state"}


def test_it_is_planned_enforced_and_reported(odoo: SimulatedOdoo) -> None:
    predicted = run(odoo, STACK, check=True)
    outcome = run(odoo, STACK)
    assert [step.as_result() for step in outcome.plan] == [step.as_result() for step in predicted.plan]
    keys = [("fetchmail_server", one["user"]) for one in (INBOX, INVOICES)]
    assert [(step.resource, step.key) for step in outcome.plan] == keys
    assert [(one["resource"], one["key"]) for one in outcome.records] == keys
    assert run(odoo, STACK).plan == ()


def test_its_layers_are_merged_by_its_key(odoo: SimulatedOdoo) -> None:
    assert "odoo_mail_fetchmail_servers" in known_variables()
    variables = {
        "odoo_mail_fetchmail_servers": [INBOX, INVOICES],
        "odoo_mail_fetchmail_servers__20_host": [{"user": INBOX["user"], "name": "Inbox"}],
        "odoo_mail_fetchmail_servers__30_closed": [{"user": INVOICES["user"], "declared": False}],
    }
    stack = stack_arguments_of(variables, lambda names: {name: variables[name] for name in names}, lambda _name: "")
    assert stack == {"fetchmail_servers": [{**INBOX, "name": "Inbox"}]}
    assert [step.key for step in run(odoo, stack).plan] == [INBOX["user"]]


def test_it_is_exported_as_it_is_declared(odoo: SimulatedOdoo) -> None:
    run(odoo, STACK)
    stack = exported(odoo)["stack"]
    assert [{name: one[name] for name in INBOX} for one in stack["fetchmail_servers"]] == [INBOX, INVOICES]
    assert run(odoo, {"fetchmail_servers": stack["fetchmail_servers"]}, check=True).plan == ()


def test_it_is_in_the_files_of_an_export(odoo: SimulatedOdoo) -> None:
    run(odoo, {"fetchmail_servers": [{**INBOX, "password": SECRET}, INVOICES]})
    answer = exported(odoo)
    text = mail_file(answer, "acme")
    assert SECRET not in text
    inbox, invoices = yaml.safe_load(text)["odoo_mail_fetchmail_servers"]
    assert list(inbox)[:2] == ["user", "name"]
    assert inbox == {**INBOX, **inbox, "password": "{{ vault_acme_inbox_acme_example_password }}"}
    assert invoices["user"] == INVOICES["user"]

    # A second instance has the same inbox with another name. Common variables contain the shared options, and its layer contains the rest.
    other = SimulatedOdoo(odoo.series)
    run(other, {"fetchmail_servers": [{**INBOX, "name": "Other"}]})
    shared, common = common_file({"acme": answer, "other": exported(other)})
    rest = yaml.safe_load(mail_file(exported(other), "other", common))
    variables = {**yaml.safe_load(shared), **rest}
    assert [one["user"] for one in variables["odoo_mail_fetchmail_servers"]] == [INBOX["user"]]
    (rest_of_inbox,) = variables["odoo_mail_fetchmail_servers__host"]
    assert (rest_of_inbox["user"], rest_of_inbox["name"]) == (INBOX["user"], "Other")
    assert "is_ssl" not in rest_of_inbox


def test_it_is_compared_between_instances(odoo: SimulatedOdoo) -> None:
    run(odoo, STACK)
    other = SimulatedOdoo(odoo.series)
    run(other, {"fetchmail_servers": [{**INBOX, "name": "Other", "password": SECRET}]})
    differences = compare(exported(odoo), exported(other)).as_result()["differences"]
    assert {(one["key"], one["field"], one["here"], one["there"]) for one in differences} == {
        (INBOX["user"], "name", "Acme", "Other"),
        (INBOX["user"], "password", "", "********"),
        (INVOICES["user"], "", "present", None),
    }


def result_of(outcome: Outcome) -> dict[str, Any]:
    """Return the result of the task, as a callback gets it."""
    result = enforced_result(outcome, ResultScope(), diff=False)
    return {**result.values, "changed": result.changed, "warnings": list(result.warnings)}


def test_a_drift_report_contains_its_results(odoo: SimulatedOdoo) -> None:
    assert "postmaster.odoo.fetchmail_server" in modules()
    run(odoo, {"fetchmail_servers": [INBOX]})
    changed = {"fetchmail_servers": [{**INBOX, "is_ssl": False}, INVOICES]}
    found = instance(("ok", result_of(run(odoo, changed, check=True)))).as_dict()
    assert found["status"] == "drifted"
    resources = {one["key"]: one for one in found["resources"] if one["resource"] == "fetchmail_server"}
    assert {key: one["action"] for key, one in resources.items()} == {
        INBOX["user"]: "update",
        INVOICES["user"]: "create",
    }
    (difference,) = resources[INBOX["user"]]["differences"]
    assert (difference["field"], difference["before"], difference["after"]) == ("is_ssl", True, False)

    run(odoo, changed)
    clean = instance(("ok", result_of(run(odoo, changed, check=True)))).as_dict()
    assert clean["status"] == "clean"
    assert [(one["key"], one["status"]) for one in clean["resources"]] == [
        (INBOX["user"], "clean"),
        (INVOICES["user"], "clean"),
    ]


def test_drift_reports_know_every_type_of_the_registry() -> None:
    assert report.kinds()[-2:] == ["fetchmail_server", "route"]
    page = as_html.render({"instances": []})
    assert '{"id":"fetchmail_server","one":"Incoming mail server","many":"Incoming mail servers"}' in page
