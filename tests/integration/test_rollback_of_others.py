# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rollbacks on a real Odoo in which somebody has changed, deleted or created records since: theirs stay, and the rest is restored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.stack import Stack
from ansible_collections.postmaster.odoo.tests.unit.snapshots import FileInMemory, roll_back, run_with_snapshot
from instance import LabInstance
from inventory import run_on, shown
from lab import Lab

PASSWORD = "made-up-user-password"
LICENSE = "QUJDREVGR0hJSktMTU5P"
TASK = "Restore the snapshot"


def changed(instance: LabInstance, stack: dict[str, Any]) -> FileInMemory:
    """Enforce a stack, and return its snapshot."""
    file = FileInMemory()
    with instance.session() as session:
        run_with_snapshot(instance, stack, file, session=session)
    return file


def restored(instance: LabInstance, file: FileInMemory, **options: Any) -> tuple[list[tuple[str, str]], list[str]]:
    """Roll back, and return the steps and the losses. The check before and the run after it agree."""
    with instance.session(read_only=True) as session:
        predicted = roll_back(session, file.document, **options)
    with instance.session() as session:
        done = roll_back(session, file.document, **options)
        again = roll_back(session, file.document, **options)
    steps = [(step.action, step.key) for step in done.plan]
    assert steps == [(step.action, step.key) for step in predicted.plan]
    assert (again.plan, again.losses) == ((), done.losses)
    assert predicted.losses == done.losses
    return steps, [f"{loss.key}: {loss.reason}" for loss in done.losses]


def servers(instance: LabInstance) -> dict[str, str]:
    return {one["name"]: one["smtp_host"] for one in instance.read("ir.mail_server", fields=("name", "smtp_host"))}


def test_servers_of_others_stay(fresh: Callable[[str], LabInstance]) -> None:
    instance = fresh("rollback_others")
    host = "bare.example" if instance.requires("ir.mail_server", "smtp_host") else False
    with instance.session() as session:
        bare, main = session.create(
            "ir.mail_server", [{"name": "Bare", "smtp_host": host}, {"name": "Main", "smtp_host": "smtp.acme.example"}]
        )
    file = changed(
        instance,
        {
            "servers": [
                {"name": "Bare", "smtp_host": "wrong.example"},
                {"name": "Main", "smtp_host": "wrong.example", "smtp_pass": "made-up-wrong"},
                {"name": "Relay", "smtp_host": "relay.example"},
                {"name": "Renamed", "smtp_host": "renamed.example"},
            ]
        },
    )
    ids = {one["name"]: one["id"] for one in instance.read("ir.mail_server")}
    with instance.session() as session:
        session.unlink("ir.mail_server", [main, ids["Relay"]])
        session.write("ir.mail_server", [ids["Renamed"]], {"name": "New name"})
        session.create(
            "ir.mail_server",
            [{"name": "Main", "smtp_host": "new.example"}, {"name": "Relay", "smtp_host": "new.example"}],
        )
    steps, lost = restored(instance, file)
    assert steps == [("update", "Bare")]
    assert [one.partition(",")[0] for one in lost] == [
        "Main: It no longer exists",
        f"Renamed: The record with its id ({ids['Renamed']}) is called 'New name' now",
    ]
    hosts = servers(instance)
    assert hosts.pop("Bare") == host
    assert hosts == {"Main": "new.example", "Relay": "new.example", "New name": "renamed.example"}
    assert bare == ids["Bare"]


def test_crons_that_cannot_be_restored_as_they_were(fresh: Callable[[str], LabInstance]) -> None:
    instance = fresh("rollback_crons")
    users = [instance.add_user(name, password=PASSWORD, system=True) for name in ("first", "second")]
    partner = {"model": "res.partner"}
    with instance.session() as session:
        models = {
            one["model"]: one["id"]
            for one in session.search_read("ir.model", [["model", "in", ["res.partner", "res.company"]]], ["model"])
        }
        common = {"model_id": models["res.partner"], "state": "code", "code": "pass", "interval_type": "days"}
        writer = {**common, "state": "object_write", "name": "Writer"}
        session.create(
            "ir.cron",
            [
                {**common, "name": "Changed", "user_id": users[0]},
                {**common, "name": "Deleted", "user_id": users[0]},
                {**common, "name": "Other", "interval_number": 3},
                writer,
            ],
        )
    file = changed(
        instance,
        {
            "crons": [
                {**partner, "name": "Changed", "user": "second", "interval_number": 9},
                {**partner, "name": "Deleted", "state": "absent"},
                {**partner, "name": "Other", "interval_number": 9},
                {**partner, "name": "Writer", "state": "absent"},
                {**partner, "name": "Twin", "code": "pass"},
            ]
        },
    )
    with instance.session() as session:
        session.create("ir.cron", [{**common, "name": "Twin", "model_id": models["res.company"]}])
        session.unlink("res.users", [users[0]])
    steps, lost = restored(instance, file)
    assert steps == [
        ("update", "Changed"),
        ("update", "Other"),
        ("create", "Deleted"),
        ("create", "Writer"),
        ("delete", "Twin"),
    ]
    assert sum("user_id referred to records that no longer exist" in one for one in lost) == 2
    assert "Deleted: It comes back inactive. Check it, then activate it." in lost
    (loss,) = file.document.losses
    assert "of the type object_write" in loss.reason
    crons = instance.read("ir.cron", ["name", "in", ["Changed", "Other"]], fields=("name", "interval_number"))
    assert {one["name"]: one["interval_number"] for one in crons} == {"Changed": 1, "Other": 3}
    rows = instance.read("ir.cron", ["name", "in", ["Deleted", "Writer", "Twin"]])
    twins = instance.read("ir.cron", ["name", "=", "Twin"], fields=("model_id",))
    assert sorted(one["name"] for one in rows) == ["Deleted", "Twin", "Writer"]
    assert [one["model_id"][0] for one in twins] == [models["res.company"]]
    assert instance.read("ir.cron", ["name", "in", ["Deleted", "Writer"]], ["active", "=", True]) == []


def test_two_deleted_servers_of_one_name(fresh: Callable[[str], LabInstance], monkeypatch: pytest.MonkeyPatch) -> None:
    """A rollback that is cut between their creation and their external IDs converges."""
    instance = fresh("rollback_twins")
    twins = [
        {"name": "Twin", "xml_id": f"acme.{name}", "smtp_host": f"{name}.example"} for name in ("one", "two", "three")
    ]
    instance.enforce({"servers": twins})
    file = changed(instance, {"servers": [{**one, "state": "absent"} for one in twins]})
    assert servers(instance) == {}

    class Killed(BaseException):
        pass

    def die(_stack: Stack) -> None:
        raise Killed

    with monkeypatch.context() as patch, instance.session() as session:
        patch.setattr(Stack, "complete", die)
        with pytest.raises(Killed):
            roll_back(session, file.document)
    steps, lost = restored(instance, file)
    assert (len(steps), {action for action, _key in steps}, lost) == (3, {"update"}, [])
    pins = instance.sql(
        "SELECT d.name, s.smtp_host FROM ir_model_data d JOIN ir_mail_server s ON s.id = d.res_id WHERE d.module = 'acme'"
    )
    assert {one["name"]: one["smtp_host"] for one in pins} == {
        "one": "one.example",
        "two": "two.example",
        "three": "three.example",
    }


def test_the_playbook_reports_the_truth(fresh: Callable[[str], LabInstance], lab: Lab, tmp_path: Path) -> None:
    """A run that was refused is not the latest; a renamed record, missing secrets and a failure are named."""
    instance = fresh("rollback_true")
    folder = tmp_path / "snapshots"
    folder.mkdir()
    common = {f"odoo_{name}": value for name, value in instance.quick_options().items()}
    common["odoo_mail_snapshot_folder"] = str(folder)

    def provision(**stack: Any) -> int:
        return run_on(tmp_path, "provision", {"acme": {**common, **stack}}).exit_code

    parameters = {"acme.license": {"value": LICENSE, "secret": True}}
    assert (
        provision(odoo_mail_servers=[{"name": "Relay", "smtp_host": "r.example"}], odoo_mail_parameters=parameters) == 0
    )
    refused = {"name": "Refused", "smtp_host": "localhost", "smtp_port": 1}
    assert provision(odoo_mail_servers=[refused], odoo_mail_verify="connection") == 2
    (file,) = folder.iterdir()
    with instance.session() as session:
        (relay,) = session.search_read("ir.mail_server", [["name", "=", "Relay"]], ["id"])
        session.write("ir.mail_server", [relay["id"]], {"name": "New relay"})
    run = run_on(tmp_path, "rollback", {"acme": common}, rollback_snapshot="latest")
    assert run.results[TASK]["restored"] == str(file)
    assert [(one["action"], one["key"]) for one in run.results[TASK]["plan"]] == [("delete", "acme.license")]
    assert run.results[TASK]["complete"] is False
    assert LICENSE not in run.output + "".join(one.read_text() for one in folder.iterdir())
    again = run_on(tmp_path, "rollback", {"acme": common}, rollback_snapshot="latest")
    lines = shown(again, "Show the results")["acme"]
    assert "Nothing was changed." in lines
    assert any("mail_server Relay" in line for line in lines)
    with instance.session() as session:
        session.write("ir.mail_server", [relay["id"]], {"name": "Relay"})
    assert run_on(tmp_path, "rollback", {"acme": common}, rollback_snapshot="latest").exit_code == 0
    done = run_on(tmp_path, "rollback", {"acme": common}, rollback_snapshot="latest")
    assert done.results[TASK]["complete"] is True
    lines = shown(done, "Show the results")["acme"]
    assert "Nothing was changed: everything that the run had changed is as it was before." in lines
