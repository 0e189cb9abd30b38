# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rollback changes and deletes only the records of its run, also if other records have their names or ids."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.rollback.snapshot_document import SnapshotDocument
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.tests.unit.enforcing import actions, changes, refuse_creating, run, server
from ansible_collections.postmaster.odoo.tests.unit.interruptions import every_cut
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.snapshots import FileInMemory, roll_back, run_with_snapshot

MAIN = {"name": "Main", "smtp_host": "smtp.acme.example"}
WRONG = {"servers": [{"name": "Main", "smtp_host": "wrong.example", "smtp_pass": "made-up-wrong"}]}
NIGHTLY = {"name": "Nightly", "model": "res.partner", "code": "pass"}


@pytest.fixture
def odoo() -> SimulatedOdoo:
    return SimulatedOdoo("19.0")


def delete(odoo: SimulatedOdoo, model: str, record_id: int) -> None:
    del odoo.records.tables[model][record_id]


def without_ids(document: SnapshotDocument) -> SnapshotDocument:
    """Return the document as a run leaves it that was killed before it learned the ids of the records that it has created."""
    records = [replace(one, former=replace(one.former, record_id=None)) for one in document.records]
    return replace(document, records=records)


def of_model(odoo: SimulatedOdoo, model: str) -> int:
    """Return the id of the row of `ir.model`."""
    return next(one["id"] for one in odoo.records.tables["ir.model"].values() if one["model"] == model)


def test_a_database_that_was_replaced_has_other_records_under_the_ids(odoo: SimulatedOdoo, file: FileInMemory) -> None:
    run(odoo, {"servers": [MAIN]})
    run_with_snapshot(odoo, WRONG, file)
    replaced = SimulatedOdoo("19.0")
    replaced.add("ir.mail_server", name="Newsletter", smtp_host="news.example", smtp_pass="made-up-news")
    replaced.add("ir.mail_server", name="Main", smtp_host="other.example")
    assert server(replaced, "Newsletter")["id"] == server(odoo, "Main")["id"]
    outcome = roll_back(replaced.session(), file.document)
    assert outcome.plan == ()
    (loss,) = outcome.losses
    assert "is called 'Newsletter' now" in loss.reason
    assert server(replaced, "Newsletter")["smtp_host"] == "news.example"
    assert server(replaced, "Main")["smtp_host"] == "other.example"


def test_an_external_id_identifies_a_record_under_another_id_and_name(odoo: SimulatedOdoo, file: FileInMemory) -> None:
    run(odoo, {"servers": [{**MAIN, "xml_id": "acme.main"}]})
    run_with_snapshot(odoo, {"servers": [{"xml_id": "acme.main", "smtp_host": "wrong.example"}]}, file)
    replaced = SimulatedOdoo("19.0")
    replaced.add("ir.mail_server", name="Newsletter", smtp_host="news.example")
    run(replaced, {"servers": [{"name": "Renamed", "xml_id": "acme.main", "smtp_host": "wrong.example"}]})
    outcome = roll_back(replaced.session(), file.document)
    assert changes(outcome.plan) == {"smtp_host": ("wrong.example", "smtp.acme.example")}
    assert server(replaced, "Renamed")["smtp_host"] == "smtp.acme.example"


def test_the_name_that_the_run_wrote_is_known(odoo: SimulatedOdoo, file: FileInMemory) -> None:
    run(odoo, {"servers": [{**MAIN, "xml_id": "acme.main"}]})
    run_with_snapshot(odoo, {"servers": [{"name": "Relay", "xml_id": "acme.main"}]}, file)
    pins = odoo.records.tables["ir.model.data"]
    for one in [one["id"] for one in pins.values() if one["module"] == "acme"]:
        del pins[one]
    assert roll_back(odoo.session(), file.document).losses == []
    assert server(odoo, "Main")["smtp_host"] == "smtp.acme.example"


def test_a_changed_record_that_was_renamed_since_is_named(odoo: SimulatedOdoo, file: FileInMemory) -> None:
    run(odoo, {"servers": [MAIN]})
    run_with_snapshot(odoo, WRONG, file)
    server(odoo, "Main")["name"] = "Renamed"
    outcome = roll_back(odoo.session(), file.document)
    assert outcome.plan == ()
    assert [loss.key for loss in outcome.losses] == ["Main"]


def test_a_new_server_of_the_same_name_stays(odoo: SimulatedOdoo, file: FileInMemory) -> None:
    run(odoo, {"servers": [MAIN]})
    run_with_snapshot(odoo, WRONG, file)
    delete(odoo, "ir.mail_server", server(odoo, "Main")["id"])
    odoo.add("ir.mail_server", name="Main", smtp_host="new.example", smtp_pass="made-up-new")
    outcome = roll_back(odoo.session(), file.document)
    assert outcome.plan == ()
    assert "no longer exists" in outcome.losses[0].reason
    assert (server(odoo, "Main")["smtp_host"], server(odoo, "Main")["smtp_pass"]) == ("new.example", "made-up-new")


def test_a_new_server_of_the_name_of_a_deleted_one_stays(odoo: SimulatedOdoo, file: FileInMemory) -> None:
    run(odoo, {"servers": [MAIN]})
    run_with_snapshot(odoo, {"servers": [{"name": "Main", "state": "absent"}]}, file)
    odoo.add("ir.mail_server", name="Main", smtp_host="new.example")
    outcome = roll_back(odoo.session(), file.document)
    assert outcome.plan == ()
    assert "Another record of this name exists" in outcome.losses[0].reason


def test_a_cron_of_the_same_name_on_another_model_stays(odoo: SimulatedOdoo, file: FileInMemory) -> None:
    run_with_snapshot(odoo, {"crons": [NIGHTLY]}, file)
    (own,) = [one["id"] for one in odoo.records.tables["ir.cron"].values() if one.get("name") == "Nightly"]
    run(odoo, {"crons": [{**NIGHTLY, "model": "res.company"}]})
    foreign = max(odoo.records.tables["ir.cron"])
    copied = file.document
    assert actions(roll_back(odoo.session(read_only=True), copied).plan) == [("delete", "Nightly")]
    assert actions(roll_back(odoo.session(), copied).plan) == [("delete", "Nightly")]
    assert own not in odoo.records.tables["ir.cron"]
    assert foreign in odoo.records.tables["ir.cron"]
    again = roll_back(odoo.session(), copied)
    assert (again.plan, again.losses) == ((), [])
    assert foreign in odoo.records.tables["ir.cron"]


def test_a_deleted_cron_comes_back_although_another_model_has_one_of_its_name(
    odoo: SimulatedOdoo, file: FileInMemory
) -> None:
    run(odoo, {"crons": [NIGHTLY]})
    run_with_snapshot(odoo, {"crons": [{**NIGHTLY, "state": "absent"}]}, file)
    run(odoo, {"crons": [{**NIGHTLY, "model": "res.company"}]})
    assert actions(roll_back(odoo.session(), file.document).plan) == [("create", "Nightly")]
    models = {one["model_id"] for one in odoo.records.tables["ir.cron"].values() if one.get("name") == "Nightly"}
    assert models == {of_model(odoo, "res.partner"), of_model(odoo, "res.company")}


def test_a_run_that_verification_refuses_leaves_no_file(odoo: SimulatedOdoo, file: FileInMemory) -> None:
    run(odoo, {"servers": [MAIN]})
    odoo.smtp = lambda _server: "[Errno 111] Connection refused"
    stack = {"servers": [{"name": "Main", "smtp_host": "wrong.example"}, {"name": "Relay", "smtp_host": "r.example"}]}
    with pytest.raises(Rejected) as refused:
        run_with_snapshot(odoo, stack, file, verify="connection")
    assert file.writes > 0
    assert (file.text, refused.value.details["snapshot"]) == ("", None)


def test_a_run_that_finds_everything_done_under_the_lock_leaves_no_file(
    odoo: SimulatedOdoo, file: FileInMemory
) -> None:
    run(odoo, {"servers": [MAIN]})

    def other_run(model: str, method: str, _ids: Any, _arguments: Any) -> None:
        if (model, method) == ("ir.config_parameter", "create"):
            server(odoo, "Main").update(smtp_host="wrong.example", smtp_pass="made-up-wrong")

    odoo.before.append(other_run)
    outcome = run_with_snapshot(odoo, WRONG, file)
    assert (outcome.plan, outcome.snapshot, file.writes) == ((), None, 0)


def test_a_step_that_odoo_refuses_is_not_in_the_file(odoo: SimulatedOdoo, file: FileInMemory) -> None:
    refuse_creating(odoo, "Refused")
    with pytest.raises(Rejected):
        run_with_snapshot(odoo, {"servers": [{"name": "Refused", "smtp_host": "r.example"}]}, file)
    assert file.text == ""
    stack = {
        "servers": [{"name": "Done", "smtp_host": "d.example"}, {"name": "Refused", "smtp_host": "r.example"}],
    }
    with pytest.raises(Rejected):
        run_with_snapshot(odoo, stack, file)
    assert [one.key for one in file.document.records] == ["Done"]


def test_only_the_created_record_is_deleted(odoo: SimulatedOdoo, file: FileInMemory) -> None:
    """Neither one that has got its name since, nor itself under another name."""
    run_with_snapshot(odoo, {"servers": [{"name": "Relay", "smtp_host": "relay.example"}]}, file)
    (record,) = file.document.records
    assert record.former.record_id == server(odoo, "Relay")["id"]
    server(odoo, "Relay")["name"] = "New relay"
    odoo.add("ir.mail_server", name="Relay", smtp_host="good.example")
    outcome = roll_back(odoo.session(), file.document)
    assert outcome.plan == ()
    assert "is called 'New relay' now" in outcome.losses[0].reason
    delete(odoo, "ir.mail_server", server(odoo, "New relay")["id"])
    outcome = roll_back(odoo.session(), file.document)
    assert (outcome.plan, outcome.losses) == ((), [])
    assert server(odoo, "Relay")["smtp_host"] == "good.example"


def test_a_created_record_of_unknown_id_is_named_and_stays(odoo: SimulatedOdoo, file: FileInMemory) -> None:
    run_with_snapshot(odoo, {"servers": [{"name": "Relay", "smtp_host": "relay.example"}]}, file)
    outcome = roll_back(odoo.session(), without_ids(file.document))
    assert outcome.plan == ()
    assert "Delete it in Odoo if it is that one" in outcome.losses[0].reason
    delete(odoo, "ir.mail_server", server(odoo, "Relay")["id"])
    assert roll_back(odoo.session(), without_ids(file.document)).losses == []


def test_a_created_record_of_unknown_id_is_known_by_its_external_id(odoo: SimulatedOdoo, file: FileInMemory) -> None:
    stack = {"servers": [{"name": "Relay", "xml_id": "acme.relay", "smtp_host": "relay.example"}]}
    run_with_snapshot(odoo, stack, file)
    assert actions(roll_back(odoo.session(), without_ids(file.document)).plan) == [("delete", "Relay")]


@pytest.mark.parametrize("hosts", [("one.example", "two.example"), ("same.example", "same.example")])
def test_two_deleted_servers_of_one_name_come_back(
    odoo: SimulatedOdoo, file: FileInMemory, hosts: tuple[str, str]
) -> None:
    """Also if the rollback is cut between their creation and their external IDs."""
    xml_ids = ("acme.one", "acme.two")
    twins: list[dict[str, Any]] = [
        {"name": "Twin", "xml_id": xml_id, "smtp_host": host} for xml_id, host in zip(xml_ids, hosts, strict=True)
    ]
    run(odoo, {"servers": twins})
    run_with_snapshot(odoo, {"servers": [{**one, "state": "absent"} for one in twins]}, file)
    for where, _succeeded in every_cut(odoo, lambda session: roll_back(session, file.document)):
        odoo.now += timedelta(minutes=2)
        outcome = roll_back(odoo.session(), file.document)
        assert outcome.losses == [], where
        found = {xml_id: odoo.records.tables["ir.mail_server"][odoo.ref(xml_id)]["smtp_host"] for xml_id in xml_ids}
        assert found == dict(zip(xml_ids, hosts, strict=True)), where
        assert len([one for one in odoo.records.tables["ir.mail_server"].values() if one["name"] == "Twin"]) == 2


@pytest.mark.parametrize("others", [0, 1])
def test_at_another_address_a_name_must_be_the_only_one(odoo: SimulatedOdoo, file: FileInMemory, others: int) -> None:
    stack = {**WRONG, "parameters": {"acme.text": "x"}}
    run(odoo, {"servers": [MAIN]})
    run_with_snapshot(odoo, {"servers": [*stack["servers"], {"name": "Relay", "smtp_host": "relay.example"}]}, file)
    moved = SimulatedOdoo("19.0")
    moved.add("ir.mail_server", name="Foreign")
    for _number in range(1 + others):
        moved.add("ir.mail_server", name="Main", smtp_host="wrong.example", smtp_pass="made-up-wrong")
    moved.add("ir.mail_server", name="Relay", smtp_host="relay.example")
    outcome = roll_back(moved.session(), file.document, elsewhere=True)
    assert actions(outcome.plan) == ([] if others else [("update", "Main")])
    assert [loss.key for loss in outcome.losses] == (["Main", "Relay"] if others else ["Relay"])


def test_a_run_that_is_interrupted_while_it_creates_is_taken_back_or_named(odoo: SimulatedOdoo) -> None:
    """A record stays only if its id never arrived. Then the rollback names it."""
    files: list[FileInMemory] = []
    stack = {"servers": [{"name": "Relay", "smtp_host": "relay.example"}], "crons": [NIGHTLY]}

    def create(session: Session) -> None:
        files.append(FileInMemory())
        run_with_snapshot(odoo, stack, files[-1], session=session)

    named = 0
    for where, _succeeded in every_cut(odoo, create):
        odoo.now += timedelta(minutes=2)
        losses = roll_back(odoo.session(), files[-1].document).losses if files[-1].text else []
        left = {one["name"] for one in odoo.records.tables["ir.mail_server"].values()}
        left |= {one["name"] for one in odoo.records.tables["ir.cron"].values() if one["name"] == "Nightly"}
        assert left == {loss.key for loss in losses}, where
        named += bool(losses)
    # The answer of each creation was lost, once temporarily and once permanently.
    assert 0 < named <= 4


def test_a_tested_copy_that_becomes_the_record_is_known(odoo: SimulatedOdoo, file: FileInMemory) -> None:
    stack = {"servers": [{"name": "Relay", "smtp_host": "relay.example"}]}
    run_with_snapshot(odoo, stack, file, verify="connection")
    assert [one.former.record_id for one in file.document.records] == [server(odoo, "Relay")["id"]]
