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

from ansible_collections.postmaster.odoo.plugins.module_utils.export.describe import Description
from ansible_collections.postmaster.odoo.plugins.module_utils.export.read import read_instance
from ansible_collections.postmaster.odoo.plugins.module_utils.export.scope import Scope
from ansible_collections.postmaster.odoo.plugins.module_utils.resources import registry
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.arguments import stack_arguments
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import ResourceType
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift import as_html, report
from ansible_collections.postmaster.odoo.tests.unit.enforcing import run
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


class FetchmailServer(ResourceType):
    """A made-up resource type."""

    name = "fetchmail_server"
    label = "incoming mail server"
    model = "fetchmail.server"
    stack_option = "fetchmail_servers"
    stack_states = ("present", "absent")
    options: ClassVar[Mapping[str, Any]] = {"name": {"type": "str"}, "is_ssl": {"type": "bool"}}


FETCHMAIL_SERVER = FetchmailServer()


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "RESOURCE_TYPES", (*registry.RESOURCE_TYPES, FETCHMAIL_SERVER))


def test_it_is_an_option_of_a_stack() -> None:
    option = stack_arguments(registry.RESOURCE_TYPES)["fetchmail_servers"]
    assert (option["type"], option["elements"]) == ("list", "dict")
    assert set(option["options"]) == {"name", "is_ssl", "xml_id", "state"}


def test_it_is_planned_enforced_and_reported(odoo: SimulatedOdoo) -> None:
    stack = {"fetchmail_servers": [{"name": "Inbox", "is_ssl": True}]}
    predicted = run(odoo, stack, check=True)
    outcome = run(odoo, stack)
    assert [step.as_result() for step in outcome.plan] == [step.as_result() for step in predicted.plan]
    assert [(step.resource, step.key, step.action) for step in outcome.plan] == [
        ("fetchmail_server", "Inbox", "create")
    ]
    assert [(one["resource"], one["key"], one["is_ssl"]) for one in outcome.records] == [
        ("fetchmail_server", "Inbox", True)
    ]
    assert run(odoo, stack).plan == ()


def test_it_is_exported_as_it_is_declared(odoo: SimulatedOdoo) -> None:
    run(odoo, {"fetchmail_servers": [{"name": "Inbox", "is_ssl": True}]})
    stack = Description(read_instance(odoo.session(read_only=True), Scope())).stack
    assert [{name: one[name] for name in ("name", "is_ssl")} for one in stack["fetchmail_servers"]] == [
        {"name": "Inbox", "is_ssl": True}
    ]
    assert run(odoo, {"fetchmail_servers": stack["fetchmail_servers"]}, check=True).plan == ()


def test_drift_reports_know_every_type_of_the_registry() -> None:
    assert report.kinds()[-2:] == ["fetchmail_server", "route"]
    page = as_html.render({"instances": []})
    assert '{"id":"fetchmail_server","one":"Incoming mail server","many":"Incoming mail servers"}' in page
