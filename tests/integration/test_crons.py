# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Crons: found by external ID or name, changed, rescheduled, run; new ones are created and deleted."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Ambiguous, Conflict, Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.cron_run import run_declared
from instance import LabInstance, apply
from queue_action import QUEUE_ACTION

pytestmark = pytest.mark.second_lab

QUEUE = "mail.ir_cron_mail_scheduler_action"


def queue_id(database: LabInstance) -> int:
    """Return the id of the queue's action. Its name in the database is JSON on 16.0."""
    (row,) = database.read("ir.cron", QUEUE_ACTION)
    return int(row["id"])


def apply_cron(database: LabInstance, **options: Any) -> list[dict[str, Any]]:
    return apply(database, {"crons": [options]})


def reschedule(database: LabInstance, moment: str) -> None:
    database.sql(f"UPDATE ir_cron SET nextcall = {moment} WHERE id = {queue_id(database)}")


def test_by_external_id_and_by_name(database: LabInstance) -> None:
    (by_external_id,) = apply_cron(database, xml_id=QUEUE, interval_number=5, interval_type="minutes")
    assert by_external_id == {
        "resource": "cron",
        "key": QUEUE,
        "action": "update",
        "changes": [
            {"field": "interval_number", "before": 1, "after": 5},
            {"field": "interval_type", "before": "hours", "after": "minutes"},
        ],
    }
    (found,) = database.read("ir.cron", QUEUE_ACTION, fields=("priority",))
    (by_name,) = apply_cron(database, name="Mail: Email Queue Manager", model="mail.mail", priority=0)
    assert by_name["changes"] == [{"field": "priority", "before": found["priority"], "after": 0}]


def test_disabled_and_enabled(database: LabInstance) -> None:
    (off,) = apply_cron(database, xml_id=QUEUE, active=False)
    (on,) = apply_cron(database, xml_id=QUEUE, active=True)
    assert off["changes"] == [{"field": "active", "before": True, "after": False}]
    assert on["changes"] == [{"field": "active", "before": False, "after": True}]


def test_the_user_by_login_or_external_id(database: LabInstance) -> None:
    (step,) = apply_cron(database, xml_id=QUEUE, user="admin")
    assert step["changes"] == [{"field": "user_id", "before": "__system__", "after": "admin"}]
    assert apply_cron(database, xml_id=QUEUE, user="base.user_admin") == []


def test_nextcall_is_a_moment_in_any_time_zone(database: LabInstance) -> None:
    (step,) = apply_cron(database, xml_id=QUEUE, nextcall="2090-02-01T06:00:00+01:00")
    assert step["changes"][0]["after"] == "2090-02-01 05:00:00"
    assert apply_cron(database, xml_id=QUEUE, nextcall="2090-02-01 05:00:00") == []
    assert apply_cron(database, xml_id=QUEUE, nextcall="2090-02-01T05:00:00Z") == []


@pytest.mark.parametrize("moment", ["now() - interval '16 minutes'", "now() + interval '3 hours'"])
def test_off_schedule_is_rescheduled_to_now(moment: str, database: LabInstance) -> None:
    apply_cron(database, xml_id=QUEUE, active=False)  # otherwise the lab's own worker would run it, and change its date
    reschedule(database, moment)
    database.sql(f"UPDATE ir_cron SET active = true WHERE id = {queue_id(database)}")
    before = database.check({"crons": [{"xml_id": QUEUE, "max_overdue": 15}]}).plan
    assert [(step.action, [change.field for change in step.changes]) for step in before] == [
        ("reschedule", ["nextcall"])
    ]
    assert before[0].changes[0].after == "now"


@pytest.mark.parametrize("moment", ["now() - interval '14 minutes'", "now() + interval '1 hour'"])
def test_an_action_on_schedule_is_not_changed(moment: str, database: LabInstance) -> None:
    reschedule(database, moment)
    assert database.check({"crons": [{"xml_id": QUEUE, "max_overdue": 15}]}).plan == ()


def test_the_model_distinguishes_two_of_one_name(database: LabInstance) -> None:
    with database.session() as session:
        models = session.search_read("ir.model", [["model", "in", ["res.partner", "res.users"]]], ["model"])
        for model in models:
            values = {"name": "Twin", "model_id": model["id"], "state": "code", "code": "pass", "priority": 5}
            session.create("ir.cron", [values | {"nextcall": "2090-01-01 00:00:00"}])
    (step,) = apply_cron(database, name="Twin", model="res.users", priority=1)
    assert step["changes"] == [{"field": "priority", "before": 5, "after": 1}]
    assert len(database.read("ir.cron", ["name", "=", "Twin"], ["priority", "=", 1])) == 1
    with pytest.raises(Ambiguous):
        database.check({"crons": [{"name": "Twin", "priority": 1}]})


# Creating and running actions

OWN = {
    "xml_id": "postmaster_test.own",
    "name": "One of our own",
    "model": "res.partner",
    "code": "env['ir.config_parameter'].sudo().set_param('postmaster.test', 'it ran')\n",
    "interval_number": 1,
    "interval_type": "days",
    "nextcall": "2090-01-01 00:00:00",
}


def test_an_action_that_the_stack_creates(database: LabInstance) -> None:
    (created,) = apply_cron(database, **OWN)
    assert (created["action"], created["key"]) == ("create", "postmaster_test.own")
    (changed,) = apply_cron(database, **{**OWN, "code": "pass", "name": "Renamed"})
    assert {change["field"] for change in changed["changes"]} == {"name", "code"}
    (deleted,) = apply_cron(database, xml_id=OWN["xml_id"], state="absent")
    assert deleted["action"] == "delete"
    assert database.read("ir.cron", ["name", "=", "Renamed"]) == []


def test_code_that_odoos_safe_eval_refuses_is_not_created(database: LabInstance) -> None:
    with pytest.raises(Rejected):
        database.enforce({"crons": [{**OWN, "code": "import os"}]})
    assert database.read("ir.cron", ["name", "=", OWN["name"]]) == []


def test_an_action_that_an_addon_needs_is_not_deleted(database: LabInstance) -> None:
    before = database.fingerprint()
    for identity in ({"xml_id": QUEUE}, {"name": "Mail: Email Queue Manager", "model": "mail.mail"}):
        with pytest.raises(Rejected) as raised:
            database.enforce({"crons": [{**identity, "state": "absent"}]})
        assert QUEUE in raised.value.message
    assert database.fingerprint() == before


def run_own(database: LabInstance, **changed: Any) -> dict[str, Any]:
    outcome = database.enforce({"crons": [{**OWN, **changed}]})
    with database.session() as session:
        return run_declared(session, outcome.records, outcome.plan)


def test_it_runs_once_although_it_is_not_due(database: LabInstance) -> None:
    assert run_own(database, active=False)["outcome"] == "ok"
    (parameter,) = database.read("ir.config_parameter", ["key", "=", "postmaster.test"], fields=("value",))
    assert parameter["value"] == "it ran"


def test_a_failing_run_is_a_failure(database: LabInstance) -> None:
    with pytest.raises(Rejected) as raised:
        run_own(database, code="raise UserError('made up to fail')")
    assert raised.value.message.startswith("cron 'postmaster_test.own' (run): ")
    assert "made up to fail" in raised.value.message
    assert "Traceback" not in raised.value.message


def test_a_running_one_is_a_conflict_with_its_start(database: LabInstance) -> None:
    outcome = database.enforce({"crons": [{**OWN, "code": "time.sleep(15)"}]})
    (cron,) = outcome.records
    with database.locked("ir_cron", f"id = {cron['id']}"):
        for change in ({"priority": 1}, {"state": "absent"}):
            with pytest.raises(Conflict) as raised:
                database.enforce({"crons": [{**OWN, "code": "time.sleep(15)", **change}]})
            assert "postmaster_test.own" in raised.value.message
            assert re.search(r"is running (since|\(it was due at) \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", raised.value.message)
    (step,) = apply_cron(database, **{**OWN, "code": "time.sleep(15)", "priority": 1})
    assert step["changes"] == [{"field": "priority", "before": 5, "after": 1}]
