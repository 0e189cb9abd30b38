# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addons that are pending, on every series."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import AccessRefused, Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.pending_addons import METHODS, resolve
from ansible_collections.postmaster.odoo.tests.unit.enforcing import written
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.tasks import connect_to, shipped

PENDING = {"crm": "to install", "digest": "to upgrade", "sms": "to remove"}
LISTED = [{"name": name, "state": state} for name, state in PENDING.items()]


def addon(odoo: SimulatedOdoo, name: str) -> dict[str, Any]:
    return next(one for one in odoo.records.tables["ir.module.module"].values() if one["name"] == name)


@pytest.fixture
def pending(odoo: SimulatedOdoo) -> SimulatedOdoo:
    for name, state in PENDING.items():
        addon(odoo, name)["state"] = state
    return odoo


@pytest.mark.parametrize(
    ("action", "states"),
    [
        ("finish", {"crm": "installed", "digest": "installed", "sms": "uninstalled"}),
        ("call_off", {"crm": "uninstalled", "digest": "installed", "sms": "installed"}),
    ],
)
def test_all_at_once_and_then_nothing(pending: SimulatedOdoo, action: str, states: dict[str, str]) -> None:
    pending.versions_on_disk["digest"] = f"{pending.series}.99.0"
    assert resolve(pending.session(read_only=True), action) == LISTED
    assert {name: addon(pending, name)["state"] for name in PENDING} == PENDING
    assert resolve(pending.session(), action) == LISTED
    assert {name: addon(pending, name)["state"] for name in PENDING} == states
    assert (addon(pending, "digest")["latest_version"] == f"{pending.series}.99.0") is (action == "finish")
    assert resolve(pending.session(), action) == []
    assert written(pending) == [("base.module.upgrade", METHODS[action])]


def test_what_odoo_leaves_pending(pending: SimulatedOdoo) -> None:
    def begin_another(_model: str, method: str, _ids: Any, _arguments: Any) -> None:
        if method == "search_read" and METHODS["finish"] in [call[1] for call in pending.log]:
            addon(pending, "sms")["state"] = "to remove"

    pending.before.append(begin_another)
    with pytest.raises(Rejected, match=r"addons are still pending: sms \(to remove\)\."):
        resolve(pending.session(), "finish")


def test_not_everybody_may(pending: SimulatedOdoo) -> None:
    pending.user = "clerk"
    with pytest.raises(AccessRefused):
        resolve(pending.session(), "call_off")


@pytest.mark.parametrize("check", [True, False])
def test_the_module(
    pending: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], check: bool
) -> None:
    connect_to(pending, monkeypatch)
    result = shipped("pending_addons", {"action": "call_off"}, capsys, check=check)
    assert (result["changed"], result["addons"]) == (True, LISTED)
    again = shipped("pending_addons", {"action": "call_off"}, capsys, check=check)
    assert again["changed"] is check
