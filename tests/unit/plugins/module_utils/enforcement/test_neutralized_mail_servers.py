# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mail servers on neutralized copies."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.postmaster.odoo.tests.unit.enforcing import actions, neutralize, run, server
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.enforcement.declared_mail_servers import (
    declared,
)
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


@pytest.mark.parametrize("options", [{}, {"active": True}])
def test_on_a_neutralized_copy_nothing_is_activated(odoo: SimulatedOdoo, options: dict[str, Any]) -> None:
    odoo.add("ir.mail_server", name="Old")
    neutralize(odoo)
    stack = {
        "servers": [
            {"name": "Old", **options, "smtp_port": 587},
            {"name": "New", "smtp_host": "mx.acme.example", **options},
        ]
    }
    outcome = run(odoo, stack, unmanaged="archive")
    assert actions(outcome.plan) == [("update", "Old"), ("create", "New")]
    assert not server(odoo, "Old")["active"]
    assert not server(odoo, "New")["active"]
    assert server(odoo, "neutralization - disable emails")["active"]
    again = run(odoo, stack, unmanaged="archive")
    assert again.plan == ()
    if options:
        assert ["neutralized copy" in warning for warning in again.warnings] == [True, True]


def test_a_neutralized_copy_may_be_meant_to_send(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", name="Main")
    neutralize(odoo)
    outcome = run(odoo, declared(active=True), activate_neutralized=True)
    assert actions(outcome.plan) == [("unarchive", "Main")]
    assert outcome.warnings == []


def test_a_server_that_was_activated_on_a_neutralized_copy_stays_active(odoo: SimulatedOdoo) -> None:
    neutralize(odoo)
    odoo.add("ir.mail_server", name="Main")
    outcome = run(odoo, declared(active=True))
    assert (outcome.plan, outcome.warnings) == ((), [])
    assert actions(run(odoo, declared(state="absent")).plan) == [("delete", "Main")]
