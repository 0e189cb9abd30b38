# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run at a time: the lock, and two runs at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.lock import LOCK_KEY, exclusive_run
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.lock_owner import this_process
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Conflict, Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER
from ansible_collections.postmaster.odoo.tests.unit.clock import Clock
from ansible_collections.postmaster.odoo.tests.unit.enforcing import actions, refused, run, servers, written
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

STACK = {"servers": [{"name": "Main", "smtp_host": "smtp.acme.example"}]}


def held(odoo: SimulatedOdoo, minutes: int) -> int:
    """Another run took the lock some minutes ago."""
    lock = odoo.add("ir.config_parameter", key=LOCK_KEY, value="elsewhere pid 1")
    odoo.now += timedelta(minutes=minutes)
    return lock


def test_the_lock_is_held_while_something_is_done(odoo: SimulatedOdoo) -> None:
    locks: list[Any] = []
    odoo.before.append(
        lambda model, method, *_rest: locks.append(odoo.parameter(LOCK_KEY)) if model == "ir.mail_server" else None
    )
    run(odoo, STACK)
    creation = [method for model, method, *_rest in odoo.log if model == "ir.mail_server"].index("create")
    assert "pid" in locks[creation]
    assert odoo.parameter(LOCK_KEY) is False


def test_the_lock_is_given_back_after_an_error(odoo: SimulatedOdoo) -> None:
    odoo.ignored_writes.add(("ir.mail_server", "smtp_host"))
    refused(Rejected, odoo, STACK)
    assert odoo.parameter(LOCK_KEY) is False


def test_no_lock_where_nothing_differs(odoo: SimulatedOdoo) -> None:
    run(odoo, STACK)
    odoo.log.clear()
    run(odoo, STACK)
    assert written(odoo) == []


def test_a_fresh_lock_is_waited_for_and_then_a_conflict(odoo: SimulatedOdoo, clock: Clock) -> None:
    held(odoo, minutes=29)
    text = refused(Conflict, odoo, STACK)
    assert "Another run (elsewhere pid 1) has been changing database simulated since 2026-01-15 12:00:00 UTC" in text
    assert LOCK_KEY in text
    assert servers(odoo) == []
    assert odoo.parameter(LOCK_KEY) == "elsewhere pid 1"
    assert 120 < clock.monotonic() < 240


def test_a_lock_that_is_given_back_meanwhile(odoo: SimulatedOdoo, clock: Clock) -> None:
    lock = held(odoo, minutes=1)

    def release(_model: str, _method: str, *_rest: Any) -> None:
        if clock.monotonic() > 10:
            odoo.records.tables["ir.config_parameter"].pop(lock, None)

    odoo.before.append(release)
    assert actions(run(odoo, STACK).plan) == [("create", "Main")]


def test_a_stale_lock_is_taken_over(odoo: SimulatedOdoo, clock: Clock) -> None:
    held(odoo, minutes=31)
    assert actions(run(odoo, STACK).plan) == [("create", "Main")]
    assert odoo.parameter(LOCK_KEY) is False
    assert clock.slept == []


def test_the_lock_of_a_process_that_has_died_here_is_taken_over(odoo: SimulatedOdoo, clock: Clock) -> None:
    dead = this_process()[:-1].rpartition(".")[0] + ".1]"  # this process number, but begun at another time
    odoo.add("ir.config_parameter", key=LOCK_KEY, value=dead)
    assert actions(run(odoo, STACK).plan) == [("create", "Main")]
    assert odoo.parameter(LOCK_KEY) is False
    assert clock.slept == []


def test_giving_back_a_lock_that_somebody_took_over(odoo: SimulatedOdoo) -> None:
    with exclusive_run(odoo.session()):
        parameters = odoo.records.tables["ir.config_parameter"]
        del parameters[next(one["id"] for one in parameters.values() if one["key"] == LOCK_KEY)]
        held(odoo, minutes=0)
    assert odoo.parameter(LOCK_KEY) == "elsewhere pid 1"


def test_a_refusal_that_is_no_lock_comes_through(odoo: SimulatedOdoo) -> None:
    def refuse(model: str, method: str, *_rest: Any) -> None:
        if (model, method) == ("ir.config_parameter", "create"):
            raise Rejected("no parameters today")

    odoo.before.append(refuse)
    assert refused(Rejected, odoo, STACK) == "no parameters today"


def test_two_runs_that_both_saw_nothing_make_one_server(odoo: SimulatedOdoo) -> None:
    """The other run comes between this one's first look and its lock."""

    def the_other_run(model: str, method: str, *_rest: Any) -> None:
        if (model, method) == ("ir.config_parameter", "create"):
            odoo.before.clear()
            assert actions(run(odoo, STACK).plan) == [("create", "Main")]

    odoo.before.append(the_other_run)
    outcome = run(odoo, STACK)
    assert outcome.plan == ()
    assert len(servers(odoo)) == 1


@pytest.mark.parametrize("when", ["create", "unlink"])
def test_a_run_in_the_middle_of_another_is_a_conflict(odoo: SimulatedOdoo, when: str) -> None:
    """Whether this one is about to write or has just written."""
    conflicts: list[str] = []

    def the_other_run(model: str, method: str, *_rest: Any) -> None:
        if method == when and (model == "ir.mail_server" or when == "unlink"):
            odoo.before.clear()
            conflicts.append(
                refused(Conflict, odoo, {"servers": [*STACK["servers"], {**STACK["servers"][0], "name": "Second"}]})
            )

    odoo.before.append(the_other_run)
    assert actions(run(odoo, STACK).plan) == [("create", "Main")]
    assert "Another run" in conflicts[0]
    assert [one["name"] for one in servers(odoo)] == ["Main"]


def test_a_lock_that_is_still_touched_is_no_stale_one(odoo: SimulatedOdoo, clock: Clock) -> None:
    lock = held(odoo, minutes=40)
    odoo.record("ir.config_parameter", lock)["write_date"] = odoo.now_text
    refused(Conflict, odoo, STACK)


def test_the_lock_is_touched_before_each_trial(odoo: SimulatedOdoo) -> None:
    run(odoo, {"servers": [{**STACK["servers"][0], "name": name} for name in ("Main", "Other")]}, verify="connection")
    calls = [call[:2] for call in odoo.log]
    assert calls.count(("ir.config_parameter", "write")) == 2
    assert calls.index(("ir.config_parameter", "write")) < calls.index(("ir.mail_server", "test_smtp_connection"))


def test_what_another_run_is_trying_is_no_drift(odoo: SimulatedOdoo) -> None:
    run(odoo, STACK)
    odoo.add("ir.mail_server", name=MAIL_SERVER.candidate_name("Main"), active=False)
    assert actions(run(odoo, STACK, check=True).plan) == [("delete", MAIL_SERVER.candidate_name("Main"))]
    lock = held(odoo, minutes=0)
    assert run(odoo, STACK, check=True).plan == ()
    odoo.now += timedelta(minutes=31)
    assert len(run(odoo, STACK, check=True).plan) == 1, "what holds the lock has died elsewhere"
    odoo.record("ir.config_parameter", lock)["write_date"] = odoo.now_text
    assert run(odoo, STACK, check=True).plan == ()
