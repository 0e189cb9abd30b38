# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scheduled actions on every series."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    Ambiguous,
    Conflict,
    Invalid,
    Rejected,
    Unsupported,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.cron_run import run_declared
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron_deletion import delete_cron
from ansible_collections.postmaster.odoo.tests.unit.clock import Clock
from ansible_collections.postmaster.odoo.tests.unit.enforcing import (
    QUEUE,
    actions,
    changes,
    neutralize,
    refused,
    refused_unwritten,
    run,
    written,
)
from ansible_collections.postmaster.odoo.tests.unit.series import COUNT_RUNS, SERIES, since
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

GATEWAY = "mail.ir_cron_mail_gateway_action"  # inactive in a new database
NAME = "Mail: Email Queue Manager"


def declared(**options: Any) -> dict[str, Any]:
    identity = {} if "name" in options else {"xml_id": QUEUE}
    return {"crons": [{**identity, **options}]}


@pytest.fixture
def odoo(series: str) -> SimulatedOdoo:
    """Return a database whose mail queue is on, in contrast to some of the recorded facts."""
    odoo = SimulatedOdoo(series)
    queue(odoo)["active"] = True
    return odoo


def queue(odoo: SimulatedOdoo) -> dict[str, Any]:
    return odoo.record("ir.cron", odoo.ref(QUEUE))


@pytest.mark.parametrize("identity", [{"xml_id": QUEUE}, {"name": NAME}, {"name": NAME, "model": "mail.mail"}])
def test_a_schedule(odoo: SimulatedOdoo, identity: dict[str, str]) -> None:
    stack = {"crons": [{**identity, "interval_number": 5, "interval_type": "minutes", "priority": 1}]}
    plan = run(odoo, stack).plan
    assert actions(plan) == [("update", identity.get("xml_id", NAME))]
    assert changes(plan)["interval_type"] == ("hours", "minutes")
    assert {name: queue(odoo)[name] for name in ("interval_number", "interval_type", "priority")} == {
        "interval_number": 5,
        "interval_type": "minutes",
        "priority": 1,
    }
    assert queue(odoo)["name"] == NAME
    assert run(odoo, stack).plan == ()


def test_disabling_and_enabling_is_an_update(odoo: SimulatedOdoo) -> None:
    for active in (False, True):
        assert actions(run(odoo, declared(active=active)).plan) == [("update", QUEUE)]
        assert queue(odoo)["active"] is active


@pytest.mark.parametrize("login", ["admin", "base.user_admin"])
def test_the_user_by_login_or_external_id(odoo: SimulatedOdoo, login: str) -> None:
    plan = run(odoo, declared(user=login)).plan
    assert changes(plan) == {"user_id": ("__system__", "admin")}
    outcome = run(odoo, declared(user=login))
    assert outcome.plan == ()
    assert outcome.records[0]["user_id"] == "admin"


def test_a_user_that_does_not_exist(odoo: SimulatedOdoo) -> None:
    text = refused_unwritten(Unsupported, odoo, declared(user="nobody"))
    assert f"cron '{QUEUE}': there is no record of res.users with the name 'nobody'" in text


@pytest.mark.parametrize("text", ["2026-02-01 06:00:00", "2026-02-01T06:00:00Z", "2026-02-01T07:00:00+01:00"])
def test_the_next_call(odoo: SimulatedOdoo, text: str) -> None:
    run(odoo, declared(nextcall=text))
    assert queue(odoo)["nextcall"] == "2026-02-01 06:00:00"
    assert run(odoo, declared(nextcall=text)).plan == ()


def test_an_interval_type_that_odoo_does_not_have(odoo: SimulatedOdoo) -> None:
    text = refused_unwritten(Unsupported, odoo, declared(interval_type="seconds"))
    assert "interval_type 'seconds' is not a valid value" in text
    assert "minutes, hours, days, weeks, months" in text


# numbercall and doall exist up to 17.0


@pytest.mark.parametrize("series", COUNT_RUNS)
def test_numbercall_and_doall_in_17(odoo: SimulatedOdoo) -> None:
    stack = declared(numbercall=10, doall=True)
    assert set(changes(run(odoo, stack).plan)) == {"numbercall", "doall"}
    assert (queue(odoo)["numbercall"], queue(odoo)["doall"]) == (10, True)
    assert run(odoo, stack).plan == ()
    assert run(odoo, declared(numbercall=10, doall=True, active=True)).plan == ()


@pytest.mark.parametrize("option", [{"numbercall": -1}, {"doall": False}])
@pytest.mark.parametrize("series", [series for series in SERIES if series not in COUNT_RUNS])
def test_numbercall_and_doall_do_not_exist_since_18(odoo: SimulatedOdoo, series: str, option: dict[str, Any]) -> None:
    text = refused_unwritten(Unsupported, odoo, declared(interval_number=7, **option))
    assert f"{next(iter(option))} does not exist on this instance (Odoo {series}" in text


# max_overdue: the queue runs each hour


@pytest.mark.parametrize(
    ("nextcall", "is_off"),
    [
        (timedelta(minutes=-14), False),
        (timedelta(minutes=-16), True),
        (timedelta(days=-3), True),
        (timedelta(0), False),
        (timedelta(minutes=59), False),
        (timedelta(hours=2), False),  # a change to or from daylight saving time
        (timedelta(hours=2, minutes=1), True),
        (timedelta(days=30), True),
    ],
)
def test_an_action_off_schedule_is_rescheduled(odoo: SimulatedOdoo, nextcall: timedelta, is_off: bool) -> None:
    before = (odoo.now + nextcall).strftime("%Y-%m-%d %H:%M:%S")
    queue(odoo)["nextcall"] = before
    predicted = run(odoo, declared(max_overdue=15), check=True).plan
    odoo.now += timedelta(seconds=30)
    done = run(odoo, declared(max_overdue=15)).plan
    assert [step.as_result() for step in done] == [step.as_result() for step in predicted]
    assert actions(done) == ([("reschedule", QUEUE)] if is_off else [])
    if is_off:
        assert changes(done) == {"nextcall": (before, "now")}
        assert queue(odoo)["nextcall"] == "2026-01-15 12:00:30"
    assert run(odoo, declared(max_overdue=15)).plan == ()


def test_the_declared_interval_counts(odoo: SimulatedOdoo) -> None:
    queue(odoo)["nextcall"] = "2026-01-16 11:00:00"  # in 23 hours
    assert run(odoo, declared(max_overdue=15, interval_number=1, interval_type="days")).plan[0].action == "update"
    assert queue(odoo)["nextcall"] == "2026-01-16 11:00:00"
    plan = run(odoo, declared(max_overdue=15, interval_number=5, interval_type="minutes")).plan
    assert actions(plan) == [("update", QUEUE)]
    assert changes(plan)["nextcall"] == ("2026-01-16 11:00:00", "now")
    queue(odoo)["nextcall"] = (
        "2026-01-15 12:50:00"  # in 50 minutes: possible for an hourly action, impossible for one that runs every minute
    )
    plan = run(odoo, declared(max_overdue=15, interval_number=1, interval_type="minutes")).plan
    assert changes(plan)["nextcall"] == ("2026-01-15 12:50:00", "now")


def test_an_interval_beyond_all_calendars_is_never_exceeded(odoo: SimulatedOdoo) -> None:
    queue(odoo).update(interval_number=2**31 - 1, interval_type="months")
    assert run(odoo, declared(max_overdue=15)).plan == ()


def test_an_inactive_cron_is_not_overdue(odoo: SimulatedOdoo) -> None:
    cron = odoo.record("ir.cron", odoo.ref(GATEWAY))
    cron["nextcall"] = "2020-01-01 00:00:00"
    stack: dict[str, Any] = {"crons": [{"xml_id": GATEWAY, "max_overdue": 15, "active": False}]}
    assert run(odoo, stack).plan == ()
    del stack["crons"][0]["active"]  # a declared cron is active
    assert set(changes(run(odoo, stack).plan)) == {"active", "nextcall"}


def test_disabling_an_overdue_action_does_not_reschedule_it(odoo: SimulatedOdoo) -> None:
    queue(odoo)["nextcall"] = "2020-01-01 00:00:00"
    assert set(changes(run(odoo, declared(max_overdue=15, active=False)).plan)) == {"active"}


# Neutralized copies


def test_on_a_neutralized_copy_no_cron_is_activated(odoo: SimulatedOdoo) -> None:
    neutralize(odoo)
    stack = declared(active=True, interval_number=2)
    outcome = run(odoo, stack)
    assert changes(outcome.plan) == {"interval_number": (1, 2)}
    assert queue(odoo)["active"] is False
    assert "neutralized copy" in outcome.warnings[0]
    assert run(odoo, stack).plan == ()
    assert set(changes(run(odoo, stack, activate_neutralized=True).plan)) == {"active"}


# Errors


def test_a_running_cron_is_a_conflict_after_some_retries(odoo: SimulatedOdoo, clock: Clock) -> None:
    odoo.running_crons.add(odoo.ref(QUEUE))
    text = refused(Conflict, odoo, declared(interval_number=2))
    assert "This cron task is currently being executed" in text
    tries = [method for model, method, _ids, _arguments in odoo.log if (model, method) == ("ir.cron", "write")]
    assert 2 <= len(tries) <= 5
    assert len(clock.slept) == len(tries) - 1
    assert sum(clock.slept) < 10
    odoo.running_crons.clear()
    assert actions(run(odoo, declared(interval_number=2)).plan) == [("update", QUEUE)]


def test_a_cron_that_ends_meanwhile_is_written(odoo: SimulatedOdoo) -> None:
    odoo.running_crons.add(odoo.ref(QUEUE))

    def end_at_the_second_try(_model: str, _method: str, *_rest: Any) -> None:
        if [call[:2] for call in odoo.log].count(("ir.cron", "write")) == 2:
            odoo.running_crons.clear()

    odoo.before.append(end_at_the_second_try)
    assert actions(run(odoo, declared(interval_number=2)).plan) == [("update", QUEUE)]


@pytest.mark.parametrize(
    ("identity", "words"),
    [
        ({"xml_id": "mail.no_such_cron"}, "cron 'mail.no_such_cron': no such cron exists"),
        ({"name": "No such cron"}, "cron 'No such cron': no such cron exists"),
        ({"name": NAME, "model": "mail.thread"}, "no such cron exists on model mail.thread"),
    ],
)
def test_crons_are_not_created(odoo: SimulatedOdoo, identity: dict[str, str], words: str) -> None:
    text = refused_unwritten(Unsupported, odoo, {"crons": [{**identity, "active": True}]})
    assert words in text
    assert "database simulated at http://odoo.example" in text


def test_an_external_id_of_something_else(odoo: SimulatedOdoo) -> None:
    text = refused_unwritten(Invalid, odoo, {"crons": [{"xml_id": "base.user_admin", "active": True}]})
    assert "belongs to a record of res.users, not of ir.cron" in text


def test_one_name_on_two_models(odoo: SimulatedOdoo) -> None:
    (other,) = odoo.records.search("ir.model", [("model", "=", "ir.cron")])
    twin = odoo.add("ir.cron", name=NAME, model_id=other)
    text = refused_unwritten(Ambiguous, odoo, declared(name=NAME, priority=1))
    assert f"(ids {odoo.ref(QUEUE)}, {twin})" in text
    stack = {"crons": [{"name": NAME, "model": model, "priority": 1} for model in ("mail.mail", "ir.cron")]}
    assert actions(run(odoo, stack).plan) == [("update", NAME), ("update", NAME)]
    assert odoo.record("ir.cron", twin)["priority"] == queue(odoo)["priority"] == 1


def test_a_value_that_odoo_does_not_keep_is_rejected(odoo: SimulatedOdoo) -> None:
    odoo.ignored_writes.add(("ir.cron", "interval_number"))
    text = refused(Rejected, odoo, declared(interval_number=2))
    assert f"cron '{QUEUE}': interval_number did not take effect" in text


# Actions that the stack creates


OWN = {
    "name": "Sweep",
    "model": "mail.mail",
    "code": "model.search([], limit=1)\n",
    "interval_number": 1,
    "interval_type": "days",
}


@pytest.mark.parametrize("xml_id", [None, "postmaster.sweep"])
def test_an_action_that_the_stack_creates(odoo: SimulatedOdoo, xml_id: str | None) -> None:
    own = {**OWN, **({"xml_id": xml_id} if xml_id else {})}
    assert actions(run(odoo, {"crons": [own]}).plan) == [("create", xml_id or "Sweep")]
    (record,) = [one for one in odoo.records.tables["ir.cron"].values() if one["name"] == "Sweep"]
    assert (record["state"], record["code"], record["active"]) == ("code", OWN["code"], True)
    assert run(odoo, {"crons": [own]}).plan == ()
    plan = run(odoo, {"crons": [{**own, "code": "pass"}]}).plan
    assert changes(plan) == {"code": (OWN["code"], "pass")}
    assert actions(run(odoo, {"crons": [{**own, "state": "absent"}]}).plan) == [("delete", xml_id or "Sweep")]
    assert run(odoo, {"crons": [{**own, "state": "absent"}]}).plan == ()


def test_a_pinned_action_of_the_stack_may_be_renamed(odoo: SimulatedOdoo) -> None:
    own = {**OWN, "xml_id": "postmaster.sweep"}
    run(odoo, {"crons": [own]})
    assert changes(run(odoo, {"crons": [{**own, "name": "Tidy"}]}).plan) == {"name": ("Sweep", "Tidy")}


def test_a_cron_that_was_deleted_meanwhile_is_not_an_error(odoo: SimulatedOdoo) -> None:
    delete_cron(odoo.session(), 12345)
    assert written(odoo) == []


@pytest.mark.parametrize("identity", [{"xml_id": QUEUE}, {"name": NAME}])
def test_an_action_that_an_addon_needs_is_not_deleted(odoo: SimulatedOdoo, identity: dict[str, str]) -> None:
    text = refused_unwritten(Rejected, odoo, {"crons": [{**identity, "state": "absent"}]})
    assert f"it belongs to an addon ({QUEUE})" in text
    assert "active: false" in text


def test_a_model_that_does_not_exist(odoo: SimulatedOdoo) -> None:
    text = refused_unwritten(Unsupported, odoo, {"crons": [{**OWN, "model": "no.such.model"}]})
    assert "there is no record of ir.model with the name 'no.such.model'" in text


def test_code_that_contains_a_secret_is_masked(odoo: SimulatedOdoo) -> None:
    with_secret = {**OWN, "code": "password = 'made-up'\n"}
    (record,) = run(odoo, {"crons": [with_secret]}).records
    assert record["code"] == "********"
    assert changes(run(odoo, {"crons": [OWN]}, check=True).plan) == {"code": ("********", "********")}
    assert run(odoo, {"crons": [with_secret]}).plan == ()


def test_an_empty_code_is_not_code(odoo: SimulatedOdoo) -> None:
    assert "code must not be empty" in refused_unwritten(Invalid, odoo, {"crons": [{**OWN, "code": " \n"}]})


def test_an_action_of_the_stack_stays_inactive_in_a_copy(odoo: SimulatedOdoo) -> None:
    neutralize(odoo)
    outcome = run(odoo, {"crons": [OWN]})
    (record,) = [one for one in odoo.records.tables["ir.cron"].values() if one["name"] == "Sweep"]
    assert record["active"] is False
    assert "stays inactive" in outcome.warnings[0]
    assert run(odoo, {"crons": [OWN]}).plan == ()


# Running


def ran(odoo: SimulatedOdoo, *, check: bool = False) -> dict[str, Any]:
    outcome = run(odoo, declared(active=True), check=check)
    return run_declared(odoo.session(read_only=check), outcome.records, outcome.plan)


def test_running_it_once(odoo: SimulatedOdoo) -> None:
    assert ran(odoo, check=True) == {"outcome": "not_run", "seconds": None}
    assert queue(odoo)["lastcall"] != odoo.now_text
    assert ran(odoo)["outcome"] == "ok"
    assert queue(odoo)["lastcall"] == odoo.now_text


def test_a_failure_is_a_failure(odoo: SimulatedOdoo) -> None:
    odoo.cron_failures[odoo.ref(QUEUE)] = "no mail today"
    with pytest.raises((Rejected, Unsupported)) as caught:
        ran(odoo)
    assert f"cron '{QUEUE}' (run): " in caught.value.message
    assert "no mail today" in caught.value.message


@pytest.mark.parametrize("series", since(19))
def test_a_failure_that_odoo_only_counts(odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch) -> None:
    """As 19.0 did until the end of 2025."""
    odoo.cron_failures[odoo.ref(QUEUE)] = "no mail today"
    session = odoo.session()
    call = session.call

    def forgetful(model: str, method: str, *arguments: Any, **named: Any) -> Any:
        answer = call(model, method, *arguments, **named)
        return True if method == "method_direct_trigger" else answer

    monkeypatch.setattr(session, "call", forgetful)
    outcome = run(odoo, declared(active=True))
    with pytest.raises(Rejected, match="the run failed, and this version of Odoo does not report the reason"):
        run_declared(session, outcome.records, outcome.plan)


def test_running_an_action_that_is_already_running_is_a_conflict(odoo: SimulatedOdoo, clock: Clock) -> None:
    odoo.running_crons.add(odoo.ref(QUEUE))
    with pytest.raises(Conflict) as caught:
        ran(odoo)
    assert caught.value.message.startswith(f"cron '{QUEUE}' (run): the cron is running")


def test_the_error_about_a_running_action_contains_its_start(odoo: SimulatedOdoo, clock: Clock) -> None:
    odoo.running_crons.add(odoo.ref(QUEUE))
    text = refused(Conflict, odoo, declared(interval_number=2))
    assert QUEUE in text
    assert "the cron is running" in text
    assert queue(odoo)["nextcall"] in text


# Runs that Odoo counts


@pytest.mark.parametrize("series", COUNT_RUNS)
def test_an_action_of_the_stack_has_no_limit_of_runs(odoo: SimulatedOdoo) -> None:
    """Up to 17.0 a new action has one run, after which Odoo deactivates it."""
    run(odoo, {"crons": [OWN]})
    (record,) = [one for one in odoo.records.tables["ir.cron"].values() if one["name"] == "Sweep"]
    assert record["numbercall"] == -1
    limited = {**OWN, "numbercall": 3}
    run(odoo, {"crons": [limited]})
    assert record["numbercall"] == 3  # the declared value counts


@pytest.mark.parametrize("series", COUNT_RUNS)
def test_an_active_action_without_runs_left_is_drift(odoo: SimulatedOdoo) -> None:
    queue(odoo)["numbercall"] = 0
    assert changes(run(odoo, declared(active=True), check=True).plan) == {"numbercall": (0, -1)}
    run(odoo, declared(active=True))
    assert queue(odoo)["numbercall"] == -1
    queue(odoo).update(active=False, numbercall=0)
    assert run(odoo, declared(active=False)).plan == ()


@pytest.mark.parametrize("series", [series for series in SERIES if series not in COUNT_RUNS])
def test_numbercall_is_written_only_if_the_version_has_it(odoo: SimulatedOdoo) -> None:
    run(odoo, {"crons": [OWN]})
    (record,) = [one for one in odoo.records.tables["ir.cron"].values() if one["name"] == "Sweep"]
    assert "numbercall" not in record
