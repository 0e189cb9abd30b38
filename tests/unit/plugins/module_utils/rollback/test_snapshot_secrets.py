# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No secret is in a snapshot in clear: declared ones, those of records that are gone, and those that another record repeats."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.postmaster.odoo.tests.unit.enforcing import oauth2_server, run
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.snapshots import FileInMemory, roll_back, run_with_snapshot

SECRET = "QUJDREVGR0hJSktMTU5P"
LICENSE = {"acme.license": {"value": SECRET, "secret": True}}


@pytest.fixture
def odoo() -> SimulatedOdoo:
    return SimulatedOdoo("19.0")


def kept_by_rollback(odoo: SimulatedOdoo, file: FileInMemory, **options: Any) -> FileInMemory:
    """Roll back with a snapshot of its own, and return that."""
    kept = FileInMemory(**options)
    roll_back(odoo.session(), file.document, kept=kept)
    return kept


def test_a_created_parameter_stays_secret_in_the_snapshot_of_the_rollback(odoo: SimulatedOdoo) -> None:
    file = FileInMemory()
    run_with_snapshot(odoo, {"parameters": LICENSE}, file)
    kept = kept_by_rollback(odoo, file)
    (record,) = kept.document.records
    assert (record.former.values["value"], record.secrets) == (SECRET, ["value"])
    # Forwards, and back again.
    forward = kept_by_rollback(odoo, kept)
    assert odoo.parameter("acme.license") == SECRET
    assert SECRET not in kept_by_rollback(odoo, forward, can_encrypt=False).text


def test_a_deleted_parameter_that_is_declared_secret(odoo: SimulatedOdoo) -> None:
    run(odoo, {"parameters": LICENSE})
    file = FileInMemory()
    run_with_snapshot(odoo, {"parameters": {"acme.license": {"value": "", "secret": True}}}, file)
    assert file.document.records[0].secrets == ["value"]
    plan = roll_back(odoo.session(read_only=True), file.document).plan
    assert plan
    assert SECRET not in repr([step.as_result() for step in plan])


@pytest.mark.parametrize("is_former", [True, False])
def test_a_text_that_repeats_the_secret_of_another_record(odoo: SimulatedOdoo, *, is_former: bool) -> None:
    """The former secret, or the one that the run writes."""
    password, other = "made-up-shared-1", "made-up-other-1"
    server = {"name": "Main", "smtp_host": "smtp.acme.example"}
    run(odoo, {"servers": [{**server, "smtp_pass": password}], "parameters": {"acme.note": "x"}})
    text = password if is_former else other
    note = next(one for one in odoo.records.tables["ir.config_parameter"].values() if one["key"] == "acme.note")
    note["value"] = text
    file = FileInMemory(can_encrypt=False)
    stack = {"servers": [{**server, "smtp_pass": other}], "parameters": {"acme.note": "y"}}
    run_with_snapshot(odoo, stack, file)
    assert text not in file.text
    assert ("system_parameter", "acme.note", "value") in file.document.left_out
    # Only the parameter is changed, and the server has the secret.
    note["value"] = text = other
    file = FileInMemory(can_encrypt=False)
    run_with_snapshot(odoo, {**stack, "parameters": {"acme.note": "z"}}, file)
    assert text not in file.text


def test_a_client_id_is_not_restored_without_its_secret(odoo: SimulatedOdoo) -> None:
    """The id of one OAuth2 client with the secret of another logs in nowhere."""
    server = oauth2_server("gmail")
    run(odoo, {"servers": [server]})
    client = {"client_id": "made-up-other-id", "client_secret": "made-up-other-secret"}
    file = FileInMemory(can_encrypt=False)
    run_with_snapshot(odoo, {"servers": [{**server, "oauth2": client}]}, file)
    outcome = roll_back(odoo.session(), file.document)
    assert outcome.plan == ()
    assert [loss.key for loss in file.document.losses] == ["google_gmail_client_id"]
    assert odoo.parameter("google_gmail_client_id") == "made-up-other-id"
    complete = FileInMemory()
    run_with_snapshot(odoo, {"servers": [server]}, complete)
    roll_back(odoo.session(), complete.document)
    assert odoo.parameter("google_gmail_client_id") == "made-up-other-id"
    assert odoo.parameter("google_gmail_client_secret") == "made-up-other-secret"
