# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated Odoo runs the code of crons as each version does (docs/development/odoo-behaviour.md, Crons)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import enforce
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.run_options import RunOptions
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy import jobs as queue_jobs
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.attempts import ATTEMPTS_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.queue_policy import QUEUE_POLICY
from ansible_collections.postmaster.odoo.tests.unit.enforcing import QUEUE
from ansible_collections.postmaster.odoo.tests.unit.series import COUNT_RUNS, SERIES
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.mails import HANGS_UP
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

POLICY: dict[str, Any] = {
    "lanes": [{"name": "accounts", "domain": "[('model', '=', 'res.users')]", "batch": 100}],
    "settle": 60,
    "interval": 5,
    "backoff": {"enabled": True, "first_delay": 3, "max_delay": 60, "give_up_after": 4320, "max_attempts": 30},
    "stale_after": 7,
    "purge_after": 90,
    "watchdog": {"enabled": True, "interval": 5, "max_overdue": 30},
}
OWN = [queue_jobs.BACKOFF, queue_jobs.STALE, queue_jobs.PURGE, queue_jobs.WATCHDOG]
DAY = timedelta(days=1)


def add_cron(odoo: SimulatedOdoo, code: str = "log('ran')", **values: Any) -> dict[str, Any]:
    """Add a cron on mails that runs every half hour, with Odoo's own defaults for the other fields."""
    model = next(key for key, one in odoo.records.tables["ir.model"].items() if one["model"] == "mail.mail")
    schedule = {"interval_number": 30, "interval_type": "minutes"}
    cron = odoo.add("ir.cron", name="Job", model_id=model, code=code, user_id=1, **{**schedule, **values})
    return odoo.record("ir.cron", cron)


def runs(odoo: SimulatedOdoo) -> int:
    return odoo.server_log.count(("info", "ran"))


def install(odoo: SimulatedOdoo, **rules: Any) -> None:
    enforce(odoo.session(), [QUEUE_POLICY.declare({**POLICY, **rules})], RunOptions())


def states(odoo: SimulatedOdoo) -> list[str]:
    return [mail["state"] for mail in odoo.records.tables["mail.mail"].values()]


# The scheduler


def test_due_crons_run_and_are_planned_again(odoo: SimulatedOdoo) -> None:
    cron = add_cron(odoo, **({"numbercall": -1} if odoo.series in COUNT_RUNS else {}))
    odoo.let_time_pass(timedelta(minutes=100))
    assert runs(odoo) == 4  # at once, and after 30, 60 and 90 minutes
    assert (cron["lastcall"], cron["nextcall"]) == ("2026-01-15 13:30:00", "2026-01-15 14:00:00")
    assert odoo.now_text == "2026-01-15 13:40:00"


def test_missed_runs_cause_one_run(odoo: SimulatedOdoo) -> None:
    cron = add_cron(odoo, **({"numbercall": -1} if odoo.series in COUNT_RUNS else {}))
    odoo.running_crons.add(cron["id"])
    odoo.let_time_pass(timedelta(minutes=100))
    assert runs(odoo) == 0
    odoo.running_crons.clear()
    odoo.let_time_pass(timedelta())
    assert (runs(odoo), cron["nextcall"]) == (1, "2026-01-15 14:00:00")


def test_due_crons_run_by_priority(odoo: SimulatedOdoo) -> None:
    for name, priority in (("last", 9), ("first", 0), ("middle", 5)):
        add_cron(odoo, f"log({name!r})", priority=priority)
    odoo.let_time_pass(timedelta())
    assert [text for _level, text in odoo.server_log] == ["first", "middle", "last"]


def test_inactive_crons_do_not_run(odoo: SimulatedOdoo) -> None:
    add_cron(odoo, active=False)
    odoo.let_time_pass(DAY)
    assert runs(odoo) == 0


def test_a_trigger_makes_a_cron_due(odoo: SimulatedOdoo) -> None:
    cron = add_cron(odoo, nextcall="2026-01-20 00:00:00")
    odoo.add("ir.cron.trigger", cron_id=cron["id"], call_at="2026-01-15 12:10:00")
    odoo.let_time_pass(DAY)
    assert runs(odoo) == 1
    assert not odoo.records.tables["ir.cron.trigger"]


@pytest.mark.parametrize("series", COUNT_RUNS)
@pytest.mark.parametrize("count", [1, 3])
def test_runs_are_counted_down(odoo: SimulatedOdoo, count: int) -> None:
    """By default a cron has one run. At 0 it becomes inactive and never runs again, even if `active` is true."""
    cron = add_cron(odoo, **({} if count == 1 else {"numbercall": count}))
    odoo.let_time_pass(DAY)
    assert (runs(odoo), cron["numbercall"], cron["active"]) == (count, 0, False)
    odoo.session().write("ir.cron", [cron["id"]], {"active": True})
    odoo.let_time_pass(DAY)
    assert (runs(odoo), cron["active"]) == (count, True)


@pytest.mark.parametrize("series", COUNT_RUNS)
def test_missed_runs_all_run_with_doall(odoo: SimulatedOdoo) -> None:
    cron = add_cron(odoo, doall=True, numbercall=3, nextcall="2026-01-15 09:00:00")
    odoo.let_time_pass(timedelta())
    assert (runs(odoo), cron["numbercall"], cron["active"]) == (3, 0, False)


@pytest.mark.parametrize("series", [series for series in SERIES if series not in COUNT_RUNS])
def test_a_cron_that_fails_for_a_week_becomes_inactive(odoo: SimulatedOdoo) -> None:
    cron = add_cron(odoo, "no_such_name", interval_type="days", interval_number=1)
    odoo.let_time_pass(7 * DAY)
    assert (cron["active"], cron["failure_count"], cron["first_failure_date"]) == (True, 8, "2026-01-15 12:00:00")
    odoo.let_time_pass(DAY)
    assert (cron["active"], cron["failure_count"], cron["first_failure_date"]) == (False, 0, False)


@pytest.mark.parametrize("series", COUNT_RUNS)
def test_failures_are_not_counted_up_to_17(odoo: SimulatedOdoo) -> None:
    cron = add_cron(odoo, "no_such_name", numbercall=-1)
    odoo.let_time_pass(10 * DAY)
    assert (cron["active"], cron["lastcall"]) == (True, "2026-01-25 12:00:00")


def test_a_failed_run_leaves_nothing_behind(odoo: SimulatedOdoo) -> None:
    mail = odoo.add("mail.mail", subject="x")
    add_cron(odoo, f"model.browse({mail}).cancel()\nno_such_name")
    odoo.let_time_pass(timedelta())
    assert odoo.record("mail.mail", mail)["state"] == "outgoing"


def test_only_16_has_no_logger(odoo: SimulatedOdoo) -> None:
    add_cron(odoo, "_logger.info('%s mails', 3)")
    odoo.let_time_pass(timedelta())
    assert odoo.server_log == ([] if odoo.series == "16.0" else [("info", "3 mails")])


def test_an_unsupported_call_is_not_a_failure_of_the_cron(odoo: SimulatedOdoo) -> None:
    add_cron(odoo, "env.cr.execute('SELECT 1', [])")
    with pytest.raises(NotImplementedError, match="SQL is not simulated"):
        odoo.let_time_pass(timedelta())


# The code of a queue policy


def test_one_day_with_a_policy(odoo: SimulatedOdoo) -> None:
    """Its crons are still active after a day; one with Odoo's default of `numbercall` is not."""
    install(odoo)
    before = {xml_id: odoo.record("ir.cron", odoo.ref(xml_id)).get("lastcall") for xml_id in (QUEUE, *OWN)}
    default = add_cron(odoo)
    for _run in range(30):
        odoo.let_time_pass(DAY / 30)
        for xml_id in (QUEUE, *OWN):
            cron = odoo.record("ir.cron", odoo.ref(xml_id))
            assert cron["active"]
            assert cron.get("numbercall", -1) == -1
            assert odoo.now_text < cron["nextcall"]
    assert all(odoo.record("ir.cron", odoo.ref(xml_id))["lastcall"] != before[xml_id] for xml_id in before)
    assert (default["active"], runs(odoo)) == ((False, 1) if odoo.series in COUNT_RUNS else (True, 49))
    assert not [text for level, text in odoo.server_log if level in ("error", "warning")]


def test_lanes_send_settled_mails(odoo: SimulatedOdoo) -> None:
    install(odoo)
    for model in ("res.users", "res.partner"):
        odoo.add("mail.mail", subject="x", model=model)
    odoo.add("mail.mail", subject="x", scheduled_date="2026-01-16 12:00:00")
    odoo.let_time_pass(timedelta(seconds=30))
    assert states(odoo) == ["outgoing"] * 3
    odoo.let_time_pass(timedelta(minutes=10))
    assert states(odoo) == ["sent", "sent", "outgoing"]
    assert ("info", "Mail queue: lane accounts sends 1") in odoo.server_log
    odoo.let_time_pass(DAY)
    assert states(odoo) == ["sent"] * 3


def test_lanes_continue_with_other_servers_after_an_interruption(odoo: SimulatedOdoo) -> None:
    install(odoo, backoff={"enabled": False})
    for sender in ("a@acme.example", "a@acme.example", "b@other.example"):
        odoo.add("mail.mail", subject="x", email_from=sender)
    odoo.delivery = lambda mail: HANGS_UP if mail["email_from"] == "a@acme.example" else None
    odoo.let_time_pass(timedelta(minutes=6))
    assert states(odoo) == ["exception", "outgoing", "sent"]
    assert any("was interrupted" in text for level, text in odoo.server_log if level == "warning")


def test_stale_mails_are_cancelled_and_purged(odoo: SimulatedOdoo) -> None:
    install(odoo, watchdog={"enabled": False}, backoff={"enabled": False}, purge_after=30)
    odoo.record("ir.cron", odoo.ref(QUEUE))["active"] = False
    odoo.add("mail.mail", subject="x")
    odoo.let_time_pass(6 * DAY)
    assert states(odoo) == ["outgoing"]
    odoo.let_time_pass(2 * DAY)
    assert states(odoo) == ["cancel"]
    odoo.let_time_pass(31 * DAY)
    assert states(odoo) == []


def test_the_watchdog_starts_the_queue(odoo: SimulatedOdoo) -> None:
    install(odoo)
    queue = odoo.record("ir.cron", odoo.ref(QUEUE))
    queue["active"] = False
    odoo.let_time_pass(timedelta(hours=1))
    assert queue["active"]
    assert any("was inactive" in text for level, text in odoo.server_log if level == "warning")


def test_the_watchdog_notifies_a_channel_once_an_hour(odoo: SimulatedOdoo) -> None:
    channel = odoo.add(odoo.facts.channel_model, name="Mail")
    install(odoo, watchdog={**POLICY["watchdog"], "max_outgoing": 1, "channel": "Mail"})
    odoo.record("ir.cron", odoo.ref(QUEUE))["nextcall"] = "2026-01-15 12:20:00"
    for _mail in range(2):
        odoo.add("mail.mail", subject="x")
    odoo.let_time_pass(timedelta(minutes=15))
    posted = [(one["model"], one["res_id"], one["subject"]) for one in odoo.records.tables["mail.message"].values()]
    assert posted == [(odoo.facts.channel_model, channel, "Mail queue: more than 1 mails wait")]


def test_backoff_deletes_entries_of_mails_that_no_longer_wait(odoo: SimulatedOdoo) -> None:
    install(odoo)
    mail = odoo.add("mail.mail", subject="x", state="sent")
    odoo.add("ir.config_parameter", key=ATTEMPTS_KEY, value=f"{mail}=2")
    odoo.let_time_pass(timedelta(minutes=5))
    assert odoo.parameter(ATTEMPTS_KEY) == f"{mail}=2"  # without a failed mail there is nothing to record
