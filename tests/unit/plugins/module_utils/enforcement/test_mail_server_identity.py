# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The identity of mail servers: names and external IDs."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Ambiguous, Invalid, OdooError, Rejected
from ansible_collections.postmaster.odoo.tests.unit.enforcing import changes, refused_unwritten, run, servers
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.enforcement.declared_mail_servers import (
    declared,
)
from ansible_collections.postmaster.odoo.tests.unit.series import HAVE_PERSONAL_SERVERS
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


def test_a_pin_is_created_with_the_record_and_survives_renaming(odoo: SimulatedOdoo) -> None:
    run(odoo, declared(xml_id="postmaster.main"))
    pinned = odoo.ref("postmaster.main")
    outcome = run(odoo, {"servers": [{"name": "Renamed", "xml_id": "postmaster.main"}]})
    assert changes(outcome.plan) == {"name": ("Main", "Renamed")}
    assert outcome.records[0]["xml_id"] == "postmaster.main"
    assert [one["id"] for one in servers(odoo)] == [pinned]


def test_a_pin_is_added_to_the_record_of_the_name(odoo: SimulatedOdoo) -> None:
    existing = odoo.add("ir.mail_server", name="Main")
    plan = run(odoo, declared(xml_id="postmaster.main")).plan
    assert changes(plan) == {"xml_id": (None, "postmaster.main")}
    assert odoo.ref("postmaster.main") == existing
    assert run(odoo, declared(xml_id="postmaster.main")).plan == ()


def test_a_pin_distinguishes_records_of_one_name(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", name="Main")
    twin = odoo.add("ir.mail_server", name="Main")
    odoo.add("ir.model.data", module="postmaster", name="main", model="ir.mail_server", res_id=twin)
    run(odoo, declared(xml_id="postmaster.main", smtp_port=2525))
    assert [one["smtp_port"] for one in servers(odoo)] == [25, 2525]


def test_a_pin_of_another_model_is_refused(odoo: SimulatedOdoo) -> None:
    text = refused_unwritten(Invalid, odoo, declared(xml_id="base.user_admin"))
    assert "mail server 'Main': the external ID base.user_admin belongs to a record of res.users" in text


def test_a_pin_whose_record_was_deleted_is_created_again(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.model.data", module="postmaster", name="main", model="ir.mail_server", res_id=999)
    run(odoo, declared(xml_id="postmaster.main"))
    assert [one["id"] for one in servers(odoo)] == [odoo.ref("postmaster.main")]
    assert run(odoo, declared(xml_id="postmaster.main")).plan == ()


@pytest.mark.parametrize("active", [True, False])
def test_one_name_for_two_records_is_ambiguous(odoo: SimulatedOdoo, active: bool) -> None:
    ids = [odoo.add("ir.mail_server", name="Main", active=active) for _twin in range(2)]
    text = refused_unwritten(Ambiguous, odoo, declared(smtp_port=25))
    assert f"mail server 'Main': 2 records match (ids {ids[0]}, {ids[1]})" in text


def test_one_server_is_declared_once(odoo: SimulatedOdoo) -> None:
    text = refused_unwritten(Invalid, odoo, {"servers": [{"name": "Main"}, {"name": "Main", "smtp_port": 1}]})
    assert "mail server 'Main' is declared twice" in text


def test_two_declarations_of_one_record_are_refused(odoo: SimulatedOdoo) -> None:
    run(odoo, declared(xml_id="postmaster.main"))
    odoo.log.clear()
    stack = {"servers": [{"name": "Main"}, {"name": "Other", "xml_id": "postmaster.main"}]}
    text = refused_unwritten(Ambiguous, odoo, stack)
    assert "'Main' and mail server 'Other' are the same record" in text


@pytest.mark.parametrize("series", HAVE_PERSONAL_SERVERS)
def test_a_pin_of_a_personal_server_is_refused(odoo: SimulatedOdoo) -> None:
    personal = odoo.add("ir.mail_server", name="Mine", owner_user_id=2)
    odoo.add("ir.model.data", module="postmaster", name="main", model="ir.mail_server", res_id=personal)
    assert "postmaster.main" in refused_unwritten(OdooError, odoo, declared(xml_id="postmaster.main"))


def test_a_record_whose_pin_was_refused_is_reported_as_created(odoo: SimulatedOdoo) -> None:
    def refuse_pins(model: str, method: str, *_rest: Any) -> None:
        if (model, method) == ("ir.model.data", "create"):
            raise Rejected("no pins today")

    odoo.before.append(refuse_pins)
    with pytest.raises(Rejected) as caught:
        run(odoo, declared(xml_id="postmaster.main"))
    assert bool(caught.value.details["applied"]) == bool(servers(odoo))
