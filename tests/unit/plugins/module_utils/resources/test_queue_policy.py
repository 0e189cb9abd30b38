# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Queue policies on every version: installed, unchanged, removed."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import Outcome, enforce
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.run_options import RunOptions
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    Ambiguous,
    Conflict,
    Invalid,
    NothingDeclared,
    OdooError,
    Unsupported,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy import jobs as queue_jobs
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.queue_policy import QUEUE_POLICY
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.datetimes import DATETIME_FORMAT
from ansible_collections.postmaster.odoo.tests.unit.enforcing import (
    QUEUE,
    actions,
    changes,
    neutralize,
    refused_unwritten,
    written,
)
from ansible_collections.postmaster.odoo.tests.unit.enforcing import run as run_stack
from ansible_collections.postmaster.odoo.tests.unit.series import SERIES
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

WATCHDOG = {"enabled": True, "interval": 5, "max_overdue": 30}
EVERYTHING: dict[str, Any] = {
    "lanes": [{"name": "accounts", "domain": "[('model', '=', 'res.users')]", "batch": 100}],
    "interval": 5,
    "backoff": {"enabled": True, "first_delay": 3, "max_delay": 60, "give_up_after": 4320, "max_attempts": 30},
    "stale_after": 7,
    "purge_after": 90,
    "watchdog": WATCHDOG,
}
OWN_RULES = ["backoff", "stale_after", "purge_after", "watchdog"]
OWN = [queue_jobs.BACKOFF, queue_jobs.STALE, queue_jobs.PURGE, queue_jobs.WATCHDOG]


def run(odoo: SimulatedOdoo, *, check: bool = False, activate_neutralized: bool = False, **options: Any) -> Outcome:
    policy = RunOptions(unmanaged="report", activate_neutralized=activate_neutralized)
    return enforce(odoo.session(read_only=check), [QUEUE_POLICY.declare(options)], policy)


def refused(kind: type[OdooError], odoo: SimulatedOdoo, **options: Any) -> str:
    """Return the message of a run that must fail before anything is written; check mode must return the same message."""
    messages = []
    for check in (True, False):
        with pytest.raises(kind) as caught:
            run(odoo, check=check, **options)
        messages.append(caught.value.message)
    assert messages[0] == messages[1]
    assert written(odoo) == []
    return messages[0]


def cron(odoo: SimulatedOdoo, xml_id: str) -> dict[str, Any]:
    return odoo.record("ir.cron", odoo.ref(xml_id))


def crons(odoo: SimulatedOdoo) -> dict[int, dict[str, Any]]:
    return {key: dict(value) for key, value in odoo.records.tables["ir.cron"].items()}


def test_installation_and_removal(odoo: SimulatedOdoo) -> None:
    before = crons(odoo)
    server_actions = len(odoo.records.tables["ir.actions.server"])
    predicted = actions(run(odoo, check=True, **EVERYTHING).plan)
    assert written(odoo) == []
    outcome = run(odoo, **EVERYTHING)
    assert actions(outcome.plan) == predicted == [("update", "lanes"), *(("create", rule) for rule in OWN_RULES)]
    assert [record["xml_id"] for record in outcome.records if record["resource"] == "queue_policy"] == [QUEUE, *OWN]
    assert run(odoo, **EVERYTHING).plan == ()
    assert cron(odoo, QUEUE)["nextcall"] == odoo.now.strftime(DATETIME_FORMAT)
    assert [cron(odoo, xml_id)["interval_number"] for xml_id in OWN] == [3, 60, 60, 5]
    for xml_id in OWN:
        record = cron(odoo, xml_id)
        assert odoo.record("res.users", record["user_id"])["login"] == "__system__"
        assert (record["state"], record["active"], record["interval_type"]) == ("code", True, "minutes")
    assert actions(run(odoo, state="absent").plan) == [("update", "lanes"), *(("delete", rule) for rule in OWN_RULES)]
    unstamped = [
        {
            # The shorter interval of the policy has moved the former next run, which was an hour later.
            key: {name: value for name, value in one.items() if name != "nextcall" and not name.startswith("write_")}
            for key, one in whole.items()
        }
        for whole in (crons(odoo), before)
    ]
    assert unstamped[0] == unstamped[1]
    assert len(odoo.records.tables["ir.actions.server"]) == server_actions
    assert run(odoo, state="absent").plan == ()


def test_code_edited_by_hand_is_drift(odoo: SimulatedOdoo) -> None:
    run(odoo, **EVERYTHING)
    kept = {xml_id: cron(odoo, xml_id)["code"] for xml_id in (QUEUE, *OWN)}
    for xml_id in kept:
        cron(odoo, xml_id)["code"] += "\nlog('made up')"
    plan = run(odoo, check=True, **EVERYTHING).plan
    assert [[change.field for change in step.changes] for step in plan] == [["code"]] * 5
    run(odoo, **EVERYTHING)
    assert {xml_id: cron(odoo, xml_id)["code"] for xml_id in kept} == kept


def test_the_state_of_the_queue_before_the_first_policy_is_stored(odoo: SimulatedOdoo) -> None:
    queue = cron(odoo, QUEUE)
    queue.update(code="# ours\nmodel.process_email_queue()", active=False, interval_number=2)
    run(odoo, lanes=EVERYTHING["lanes"])
    assert (queue["active"], queue["interval_number"], queue["interval_type"]) == (True, 2, "hours")
    queue["interval_number"] = 3  # without `interval` this value does not belong to the policy
    run(odoo, lanes=EVERYTHING["lanes"], interval=5)
    run(odoo, lanes=[{"name": "all", "batch": 1}], interval=10)
    run(odoo, lanes=[])
    assert queue["code"] == "# ours\nmodel.process_email_queue()"
    assert (queue["active"], queue["interval_number"], queue["interval_type"]) == (False, 3, "hours")
    assert run(odoo, lanes=[]).plan == ()


def test_an_undeclared_part_is_kept_and_reported(odoo: SimulatedOdoo) -> None:
    run(odoo, **EVERYTHING)
    outcome = run(odoo, stale_after=8)
    assert actions(outcome.plan) == [("update", "stale_after")]
    assert sorted(one["key"] for one in outcome.unmanaged) == ["backoff", "lanes", "purge_after", "watchdog"]
    assert run(odoo, **EVERYTHING).unmanaged == []


@pytest.mark.parametrize(
    ("off", "rule"),
    [
        ({"backoff": {**EVERYTHING["backoff"], "enabled": False}}, "backoff"),
        ({"stale_after": 0}, "stale_after"),
        ({"purge_after": 0}, "purge_after"),
        ({"watchdog": {**WATCHDOG, "enabled": False}}, "watchdog"),
    ],
)
def test_a_part_can_be_removed_alone(off: dict[str, Any], rule: str, odoo: SimulatedOdoo) -> None:
    run(odoo, **EVERYTHING)
    assert actions(run(odoo, **off).plan) == [("delete", rule)]
    assert run(odoo, **off).plan == ()


def test_a_field_that_this_odoo_lacks_is_refused(odoo: SimulatedOdoo) -> None:
    lanes = [
        {"name": "first", "domain": "[('priority', '=', 1)]", "batch": 1},
        {"name": "second", "domain": "[('email_bcc', '!=', False)]", "batch": 1},
    ]
    text = refused(Unsupported, odoo, lanes=lanes)
    assert "lane 'first': its domain does not work on this instance" in text
    assert "lane 'second': its domain does not work on this instance" in text


def test_the_listener_of_the_watchdog(odoo: SimulatedOdoo) -> None:
    for option, words in (("channel", "there is no channel 'Mail'"), ("user", "there is no user 'Mail'")):
        assert words in refused(Unsupported, odoo, watchdog={**WATCHDOG, option: "Mail"})
    model = odoo.facts.channel_model
    channel = odoo.add(model, name="Mail")
    run(odoo, watchdog={**WATCHDOG, "channel": "Mail"})
    assert f"env['{model}'].browse({channel})" in cron(odoo, queue_jobs.WATCHDOG)["code"]
    odoo.add("ir.model.data", module="mail", name="channel_admin", model=model, res_id=channel)
    assert run(odoo, watchdog={**WATCHDOG, "channel": "mail.channel_admin"}).plan == ()
    partner = odoo.add("res.partner", name="Clerk")
    odoo.record("res.users", 3)["partner_id"] = partner
    run(odoo, watchdog={**WATCHDOG, "user": "clerk"})
    assert f"env['res.partner'].browse({partner})" in cron(odoo, queue_jobs.WATCHDOG)["code"]


def test_two_channels_of_one_name_are_ambiguous(odoo: SimulatedOdoo) -> None:
    for _number in range(2):
        odoo.add(odoo.facts.channel_model, name="Mail")
    assert "2 records have the name 'Mail'" in refused(Ambiguous, odoo, watchdog={**WATCHDOG, "channel": "Mail"})


def test_nothing_is_activated_on_a_neutralized_copy(odoo: SimulatedOdoo) -> None:
    neutralize(odoo)
    outcome = run(odoo, **EVERYTHING)
    assert len(outcome.warnings) == 5
    assert not any(cron(odoo, xml_id)["active"] for xml_id in (QUEUE, *OWN))
    assert run(odoo, **EVERYTHING).plan == ()
    run(odoo, activate_neutralized=True, **EVERYTHING)
    assert all(cron(odoo, xml_id)["active"] for xml_id in (QUEUE, *OWN))


def test_a_queue_that_is_running_is_a_conflict(odoo: SimulatedOdoo) -> None:
    odoo.running_crons.add(odoo.ref(QUEUE))
    with pytest.raises(Conflict) as caught:
        run(odoo, **EVERYTHING)
    assert caught.value.message.startswith("queue_policy 'lanes' (update): the cron is running")


def test_the_code_is_the_same_on_every_version() -> None:
    """A database that is upgraded then shows no drift."""
    codes = set()
    for series in SERIES:
        odoo = SimulatedOdoo(series)
        run(odoo, **EVERYTHING)
        codes.add(tuple(cron(odoo, xml_id)["code"] for xml_id in OWN))
    assert len(codes) == 1


def test_a_database_without_the_queue(odoo: SimulatedOdoo) -> None:
    for data in odoo.records.tables["ir.model.data"].values():
        if data["name"] == "ir_cron_mail_scheduler_action":
            data["name"] = "elsewhere"
    assert "Odoo's own cron mail.ir_cron_mail_scheduler_action, which was deleted" in refused(
        Unsupported, odoo, lanes=EVERYTHING["lanes"]
    )
    assert run(odoo, state="absent").plan == ()


def test_differences_are_shown(odoo: SimulatedOdoo) -> None:
    run(odoo, **EVERYTHING)
    shown = changes(run(odoo, check=True, **{**EVERYTHING, "stale_after": 9}).plan)
    assert shown == {"stale_after": (7, 9)}
    backoff = {**EVERYTHING["backoff"], "first_delay": 4}
    assert changes(run(odoo, check=True, **{**EVERYTHING, "backoff": backoff}).plan) == {"first_delay": (3, 4)}
    lanes = [{"name": "all", "batch": 1}]
    assert changes(run(odoo, check=True, **{**EVERYTHING, "lanes": lanes, "interval": 7}).plan).keys() == {
        "lanes",
        "interval",
    }


# A cron with the same record


def stack_of(cron: dict[str, Any], **policy: Any) -> dict[str, Any]:
    return {"crons": [cron], "queue_policy": policy}


def test_a_cron_that_contradicts_the_lanes_is_refused(odoo: SimulatedOdoo) -> None:
    lanes = EVERYTHING["lanes"]
    for cron in ({"interval_number": 7, "interval_type": "minutes"}, {"active": False}):
        stack = stack_of({"xml_id": QUEUE, **cron}, lanes=lanes, interval=3)
        assert "of one record to different values" in refused_unwritten(Invalid, odoo, stack)
    assert "belongs to a rule" in refused_unwritten(
        Invalid, odoo, stack_of({"xml_id": queue_jobs.STALE}, stale_after=7)
    )
    agreed = stack_of({"xml_id": QUEUE, "interval_number": 3, "interval_type": "minutes"}, lanes=lanes, interval=3)
    run_stack(odoo, agreed)
    assert run_stack(odoo, agreed, check=True).plan == ()


def test_removed_lanes_leave_the_settings_of_a_declared_cron(odoo: SimulatedOdoo) -> None:
    run(odoo, lanes=EVERYTHING["lanes"], interval=3)
    stack = stack_of({"xml_id": QUEUE, "interval_number": 9, "interval_type": "minutes"}, lanes=[])
    run_stack(odoo, stack)
    assert (cron(odoo, QUEUE)["interval_number"], cron(odoo, QUEUE)["interval_type"]) == (9, "minutes")
    assert run_stack(odoo, stack).plan == ()


def test_an_empty_policy_declares_nothing(odoo: SimulatedOdoo) -> None:
    with pytest.raises(NothingDeclared):
        run_stack(odoo, {"queue_policy": {"state": "present", "settle": None}}, unmanaged="report")


@pytest.mark.parametrize("option", ["interval", "settle"])
def test_an_option_of_the_lanes_without_lanes_is_an_error(odoo: SimulatedOdoo, option: str) -> None:
    """It is an error next to a valid declaration, too, and the error does not hide drift."""
    odoo.add("ir.mail_server", name="Main", smtp_host="smtp.acme.example", smtp_port=25)
    stack = {"servers": [{"name": "Main", "smtp_port": 587}], "queue_policy": {option: 5, "stale_after": 7}}
    assert f"{option} needs lanes" in refused_unwritten(Invalid, odoo, {**stack, "queue_policy": {option: 5}})
    with pytest.raises(Invalid, match=f"{option} needs lanes") as caught:
        run_stack(odoo, stack, check=True)
    assert actions(caught.value.details["predicted"]) == [("update", "Main"), ("create", "stale_after")]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"watchdog": {**WATCHDOG, "interval": 6, "channel": "Nowhere"}}, "watchdog.channel: there is no channel"),
        ({"lanes": [{"name": "first", "domain": "[('x_made_up', '=', 1)]", "batch": 1}]}, "lane 'first': its domain"),
        ({"purge_after": -1}, "purge_after must be at least 0"),
    ],
)
def test_a_faulty_rule_hides_no_drift_of_the_others(odoo: SimulatedOdoo, fault: dict[str, Any], words: str) -> None:
    run(odoo, **EVERYTHING)
    odoo.log.clear()
    stack = {"queue_policy": {**EVERYTHING, "stale_after": 9, **fault}}
    with pytest.raises(OdooError, match="queue policy") as caught:
        run_stack(odoo, stack, check=True, unmanaged="report")
    assert words in caught.value.message
    assert ("stale_after", "update") in [(step.key, step.action) for step in caught.value.details["predicted"]]
    assert "code" not in changes(caught.value.details["predicted"])
    assert caught.value.details["unmanaged"] == []
    assert words in refused_unwritten(OdooError, odoo, stack)


def test_a_watchdog_with_an_unknown_listener_is_compared_without_it(odoo: SimulatedOdoo) -> None:
    run(odoo, **EVERYTHING)
    stack = {"queue_policy": {"watchdog": {**WATCHDOG, "interval": 6, "channel": "Nowhere"}}}
    with pytest.raises(Unsupported) as caught:
        run_stack(odoo, stack, check=True)
    assert changes(caught.value.details["predicted"]) == {"interval": (5, 6)}


def test_a_rule_that_was_moved_is_still_found(odoo: SimulatedOdoo) -> None:
    run(odoo, **EVERYTHING)
    other = next(key for key, row in odoo.records.tables["ir.model"].items() if row["model"] == "res.partner")
    cron(odoo, queue_jobs.PURGE)["model_id"] = other
    (step,) = run(odoo, check=True, **EVERYTHING).plan
    assert (step.key, step.action) == ("purge_after", "update")


def test_code_that_odoo_does_not_run_is_drift(odoo: SimulatedOdoo) -> None:
    run(odoo, **EVERYTHING)
    cron(odoo, QUEUE)["state"] = "object_write"
    (step,) = run(odoo, check=True, **EVERYTHING).plan
    assert [(change.field, change.after) for change in step.changes] == [("state", "code")]
