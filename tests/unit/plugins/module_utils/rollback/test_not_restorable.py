# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""If something cannot be restored, the result names it, and the rest is restored. Check mode predicts it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.rollback.snapshot_document import SnapshotDocument
from ansible_collections.postmaster.odoo.tests.unit.enforcing import actions, run, server
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.environment import Environment
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.snapshots import FileInMemory, roll_back, run_with_snapshot

NIGHTLY = {"name": "Nightly", "model": "res.partner", "code": "pass"}
BEFORE: Mapping[str, Any] = {"parameters": {"acme.text": "before"}}
AFTER: Mapping[str, Any] = {"parameters": {"acme.text": "after"}}


@pytest.fixture
def odoo() -> SimulatedOdoo:
    return SimulatedOdoo("19.0")


def restored(odoo: SimulatedOdoo, document: SnapshotDocument, **options: Any) -> dict[str, list[str]]:
    """Roll back, and return the reasons of the losses, by keys. The check before and the run after it agree; the parameter is restored."""
    predicted = roll_back(odoo.session(read_only=True), document, **options)
    done = roll_back(odoo.session(), document, **options)
    assert actions(predicted.plan) == actions(done.plan)
    assert predicted.losses == done.losses
    assert odoo.parameter("acme.text") == "before"
    again = roll_back(odoo.session(), document, **options)
    assert (again.plan, again.losses) == ((), done.losses)
    reasons: dict[str, list[str]] = {}
    for loss in done.losses:
        reasons.setdefault(loss.key, []).append(loss.reason)
    return reasons


def cron(odoo: SimulatedOdoo, name: str) -> dict[str, Any]:
    (found,) = [one for one in odoo.records.tables["ir.cron"].values() if one.get("name") == name]
    return found


def test_a_live_server_without_host(odoo: SimulatedOdoo, file: FileInMemory) -> None:
    """Odoo's form accepts one, so a rollback restores it."""
    run(odoo, BEFORE)
    odoo.add("ir.mail_server", name="Bare", smtp_host=False)
    run_with_snapshot(odoo, {**AFTER, "servers": [{"name": "Bare", "smtp_host": "wrong.example"}]}, file)
    assert restored(odoo, file.document) == {}
    assert not server(odoo, "Bare")["smtp_host"]


def test_the_former_user_of_a_cron_was_deleted(odoo: SimulatedOdoo, file: FileInMemory) -> None:
    users = [odoo.add("res.users", name=name, login=name) for name in ("first", "second")]
    run(odoo, {**BEFORE, "crons": [{**NIGHTLY, "user": "first", "interval_number": 3}]})
    run_with_snapshot(odoo, {**AFTER, "crons": [{**NIGHTLY, "user": "second", "interval_number": 9}]}, file)
    del odoo.records.tables["res.users"][users[0]]
    (reason,) = restored(odoo, file.document)["Nightly"]
    assert reason.startswith("user_id referred to records that no longer exist")
    assert (cron(odoo, "Nightly")["interval_number"], cron(odoo, "Nightly")["user_id"]) == (3, users[1])


def test_another_user_has_the_id_of_the_former_one(odoo: SimulatedOdoo, file: FileInMemory) -> None:
    users = [odoo.add("res.users", name=name, login=name) for name in ("first", "second")]
    run(odoo, {**BEFORE, "crons": [{**NIGHTLY, "user": "first"}]})
    run_with_snapshot(odoo, {**AFTER, "crons": [{**NIGHTLY, "user": "second"}]}, file)
    odoo.record("res.users", users[0])["login"] = "somebody else"
    assert "user_id" in restored(odoo, file.document)["Nightly"][0]
    assert cron(odoo, "Nightly")["user_id"] == users[1]


def test_a_deleted_cron_without_its_user_comes_back_inactive(odoo: SimulatedOdoo, file: FileInMemory) -> None:
    user = odoo.add("res.users", name="first", login="first")
    run(odoo, {**BEFORE, "crons": [{**NIGHTLY, "user": "first"}]})
    run_with_snapshot(odoo, {**AFTER, "crons": [{**NIGHTLY, "state": "absent"}]}, file)
    del odoo.records.tables["res.users"][user]
    reasons = restored(odoo, file.document)["Nightly"]
    assert "It comes back inactive. Check it, then activate it." in reasons
    assert cron(odoo, "Nightly")["active"] is False
    cron(odoo, "Nightly")["active"] = True
    assert roll_back(odoo.session(), file.document).plan == ()


@pytest.mark.parametrize("is_there", [True, False])
def test_a_deleted_cron_at_another_address(odoo: SimulatedOdoo, file: FileInMemory, *, is_there: bool) -> None:
    run(odoo, {**BEFORE, "crons": [NIGHTLY]})
    run_with_snapshot(odoo, {**AFTER, "crons": [{**NIGHTLY, "state": "absent"}]}, file)
    if not is_there:
        model = next(one for one in odoo.records.tables["ir.model"].values() if one["model"] == "res.partner")
        model["model"] = "x_other"
    reasons = restored(odoo, file.document, elsewhere=True)
    assert list(reasons) == ([] if is_there else ["Nightly"])
    names = [one.get("name") for one in odoo.records.tables["ir.cron"].values()]
    assert ("Nightly" in names) is is_there


def test_a_cron_that_runs_no_code_comes_back_inactive(odoo: SimulatedOdoo, file: FileInMemory) -> None:
    run(odoo, {**BEFORE, "crons": [NIGHTLY]})
    cron(odoo, "Nightly")["state"] = "object_write"
    run_with_snapshot(odoo, {**AFTER, "crons": [{**NIGHTLY, "state": "absent"}]}, file)
    (loss,) = file.document.losses
    assert "of the type object_write" in loss.reason
    assert restored(odoo, file.document) == {}
    assert cron(odoo, "Nightly")["active"] is False


def test_a_server_to_archive_is_used_now(odoo: SimulatedOdoo, file: FileInMemory) -> None:
    run(odoo, {**BEFORE, "servers": [{"name": "Old", "smtp_host": "old.example", "active": False}]})
    run_with_snapshot(odoo, {**AFTER, "servers": [{"name": "Old", "smtp_host": "new.example"}]}, file)
    odoo.add("mail.template", name="Invoice", mail_server_id=server(odoo, "Old")["id"])
    (reason,) = restored(odoo, file.document)["Old"]
    assert "still used by" in reason
    # The former host would be in use, which it was not.
    assert (server(odoo, "Old")["smtp_host"], server(odoo, "Old")["active"]) == ("new.example", True)


def test_a_value_that_the_instance_no_longer_accepts(odoo: SimulatedOdoo, file: FileInMemory) -> None:
    run(odoo, {**BEFORE, "servers": [{"name": "Main", "smtp_host": "smtp.acme.example"}]})
    run_with_snapshot(odoo, {**AFTER, "servers": [{"name": "Main", "smtp_host": "wrong.example"}]}, file)
    document = file.document

    def with_values(**values: Any) -> SnapshotDocument:
        records = [
            replace(one, former=replace(one.former, values={**one.former.values, **values}))
            if one.resource == "mail_server"
            else one
            for one in document.records
        ]
        return replace(document, records=records)

    assert "no longer offers" in restored(odoo, with_values(smtp_authentication="x_other"))["Main"][0]
    assert "not of the type" in restored(odoo, with_values(owner_user_id=5))["Main"][0]
    assert server(odoo, "Main")["smtp_host"] == "wrong.example"
    assert "no longer has the field" in restored(odoo, with_values(x_other="x"))["Main"][0]
    assert server(odoo, "Main")["smtp_host"] == "smtp.acme.example"


def test_a_field_that_a_file_of_the_server_owns_now() -> None:
    odoo, file = SimulatedOdoo("19.0", environment=Environment({})), FileInMemory()
    run(odoo, {**BEFORE, "servers": [{"name": "Main", "smtp_host": "smtp.acme.example", "sequence": 3}]})
    run_with_snapshot(odoo, {**AFTER, "servers": [{"name": "Main", "smtp_host": "wrong.example", "sequence": 4}]}, file)
    assert odoo.environment is not None
    odoo.environment = Environment({"Main": {"smtp_host": "file.example"}})
    reasons = restored(odoo, file.document)
    assert "owns these fields now: smtp_host" in reasons["Main"][0]
    assert server(odoo, "Main")["sequence"] == 3
