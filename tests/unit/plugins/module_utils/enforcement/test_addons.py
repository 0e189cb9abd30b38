# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addons on every series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import Outcome, RunOptions, enforce
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Conflict, Unsupported
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.addon import ADDON
from ansible_collections.postmaster.odoo.tests.unit.enforcing import (
    QUEUE,
    actions,
    changes,
    refused,
    refused_unwritten,
    run,
    written,
)
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

FIELDS: Mapping[str, Any] = {"ir.mail_server": {"smtp_timeout": {"store": True, "type": "integer"}}}


def enforced(odoo: SimulatedOdoo, name: str, state: str = "present", *, check: bool = False, **policy: Any) -> Outcome:
    declaration = ADDON.declare({"name": name, "state": state})
    return enforce(odoo.session(read_only=check), [declaration], RunOptions(**policy))


def state(odoo: SimulatedOdoo, name: str) -> Any:
    (found,) = [one for one in odoo.records.tables["ir.module.module"].values() if one["name"] == name]
    return found["state"]


def test_the_life_of_an_addon(odoo: SimulatedOdoo) -> None:
    plan = enforced(odoo, "crm").plan
    assert actions(plan) == [("install", "crm")]
    assert changes(plan) == {"state": ("uninstalled", "installed")}
    assert state(odoo, "crm") == "installed"
    assert enforced(odoo, "crm").plan == ()
    assert actions(enforced(odoo, "crm", "absent").plan) == [("uninstall", "crm")]
    assert state(odoo, "crm") == "uninstalled"
    assert enforced(odoo, "crm", "absent").plan == ()


def test_latest_follows_the_addons_path(odoo: SimulatedOdoo, series: str) -> None:
    assert enforced(odoo, "mail", "latest").plan == ()
    odoo.versions_on_disk["mail"] = f"{series}.99.0"
    assert enforced(odoo, "mail").plan == ()
    plan = enforced(odoo, "mail", "latest").plan
    assert actions(plan) == [("upgrade", "mail")]
    assert changes(plan) == {"version": (f"{series}.1.0", f"{series}.99.0")}
    assert enforced(odoo, "mail", "latest").plan == ()


@pytest.mark.parametrize("update_list", [True, False])
def test_an_addon_that_does_not_exist(odoo: SimulatedOdoo, update_list: bool) -> None:
    stack = {"addons": ["mail", "no_such_addon"]}
    text = refused(Unsupported, odoo, stack, update_list=update_list)
    assert "addon 'no_such_addon': Odoo has no such addon" in text
    assert "update_list" in text
    assert written(odoo) == [("ir.module.module", "update_list")] * update_list


def test_an_addon_that_was_just_put_on_the_addons_path(odoo: SimulatedOdoo) -> None:
    odoo.addons_path["acme_mail"] = FIELDS
    refused_unwritten(Unsupported, odoo, {"addons": ["acme_mail"]})
    refused(Unsupported, odoo, {"addons": ["acme_mail"]}, check=True, update_list=True)
    assert written(odoo) == []
    assert actions(run(odoo, {"addons": ["acme_mail"]}, update_list=True).plan) == [("install", "acme_mail")]


def test_odoo_looks_again_only_where_it_has_to(odoo: SimulatedOdoo) -> None:
    run(odoo, {"addons": ["mail"]}, update_list=True)
    assert written(odoo) == []


def test_no_addon_is_installed_while_a_cron_runs(odoo: SimulatedOdoo) -> None:
    odoo.running_crons.add(odoo.ref(QUEUE))
    text = refused(Conflict, odoo, {"addons": ["crm"]})
    assert "currently processing a scheduled action" in text


def test_what_an_addon_brings_can_be_declared_along_with_it(series: str) -> None:
    """Its crons exist only afterwards."""
    odoo = SimulatedOdoo(series, without_addons={"mass_mailing"})
    cron = "mass_mailing.ir_cron_mass_mailing_queue"
    stack = {"addons": ["mass_mailing"], "crons": [{"xml_id": cron, "interval_number": 3}]}
    assert actions(run(odoo, stack, check=True).plan)[0] == ("install", "mass_mailing")
    assert actions(run(odoo, stack).plan) == [("install", "mass_mailing"), ("update", cron)]
    assert odoo.record("ir.cron", odoo.ref(cron))["interval_number"] == 3


def test_addons_come_first(series: str) -> None:
    odoo = SimulatedOdoo(series, without_addons={"google_gmail"})
    stack = {
        "parameters": {"a": "1"},
        "addons": ["google_gmail", "crm"],
        "servers": [{"name": "Main", "smtp_host": "smtp.acme.example"}],
    }
    done = actions(run(odoo, stack).plan)
    assert done == [("install", "google_gmail"), ("install", "crm"), ("create", "a"), ("create", "Main")]
    assert [call for call in written(odoo) if call[0] == "ir.module.module"] == written(odoo)[:2]
