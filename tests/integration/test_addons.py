# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addons: installed, upgraded, uninstalled, and new fields used in the same task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import RunOptions, enforce
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Unsupported
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.addon import ADDON
from instance import LabInstance, apply
from lab import NotApplicable

# It depends only on installed addons.
ADDON_NAME = "google_recaptcha"


@pytest.fixture(scope="module")
def database(fresh: Callable[[str], LabInstance]) -> LabInstance:
    """Return one database for all tests of this module, which use it in turn."""
    return fresh("integration_addons")


def bring(database: LabInstance, state: str, *, check: bool = False) -> list[dict[str, Any]]:
    """Run the module `addon`."""
    with database.session(read_only=check) as session:
        plan = enforce(session, [ADDON.declare({"name": ADDON_NAME, "state": state})], RunOptions()).plan
    return [step.as_result() for step in plan]


def state(database: LabInstance) -> str:
    return str(database.read("ir.module.module", ["name", "=", ADDON_NAME], fields=("state",))[0]["state"])


def step(action: str, field: str, before: str, after: str) -> list[dict[str, Any]]:
    changes = [{"field": field, "before": before, "after": after}]
    return [{"resource": "addon", "key": ADDON_NAME, "action": action, "changes": changes}]


def test_installed_upgraded_and_uninstalled(database: LabInstance) -> None:
    if not database.read("ir.module.module", ["name", "=", ADDON_NAME]):
        raise NotApplicable(f"the instance has no addon {ADDON_NAME}")
    expected = step("install", "state", "uninstalled", "installed")
    assert bring(database, "present", check=True) == expected
    assert state(database) == "uninstalled"
    assert bring(database, "present") == expected
    assert state(database) == "installed"
    assert bring(database, "present") == bring(database, "latest") == []

    database.sql(f"UPDATE ir_module_module SET latest_version = '15.0.1.0' WHERE name = '{ADDON_NAME}'")
    assert bring(database, "present") == []
    (upgrade,) = bring(database, "latest", check=True)
    assert (upgrade["action"], upgrade["changes"][0]["before"]) == ("upgrade", "15.0.1.0")
    assert bring(database, "latest") == [upgrade]
    assert bring(database, "latest") == []

    expected = step("uninstall", "state", "installed", "uninstalled")
    assert bring(database, "absent", check=True) == expected
    assert bring(database, "absent") == expected
    assert bring(database, "absent") == []
    assert state(database) == "uninstalled"


def test_a_server_may_use_fields_of_an_addon_in_the_same_task(database: LabInstance) -> None:
    with database.session() as session:
        enforce(session, [ADDON.declare({"name": "microsoft_outlook", "state": "absent"})], RunOptions())
    outlook = {
        "name": "Outlook",
        "smtp_authentication": "outlook",
        "smtp_host": "smtp.outlook.invalid",
        "smtp_encryption": "starttls",
        "smtp_user": "sales@acme.example",
        "from_filter": "sales@acme.example",
        "oauth2": {"client_id": "made-up", "client_secret": "client-secret-made-up"},
    }
    with pytest.raises(Unsupported) as raised:
        database.check({"servers": [outlook]})
    assert "microsoft_outlook" in raised.value.message
    steps = apply(database, {"addons": ["microsoft_outlook"], "servers": [outlook]})
    assert [(step["action"], step["key"]) for step in steps] == [
        ("install", "microsoft_outlook"),
        ("create", "microsoft_outlook_client_id"),
        ("create", "microsoft_outlook_client_secret"),
        ("create", "Outlook"),
    ]
    (server,) = database.read("ir.mail_server", fields=("name", "smtp_authentication"))
    assert server["smtp_authentication"] == "outlook"
