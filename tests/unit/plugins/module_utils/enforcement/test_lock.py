# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run at a time: the lock, and two runs at once."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement import heartbeat
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.lock import LOCK_KEY, exclusive_run
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Conflict, Rejected, Timeout, Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.candidates import candidate_name
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import SENDING_KEY
from ansible_collections.postmaster.odoo.tests.unit.clock import Clock
from ansible_collections.postmaster.odoo.tests.unit.enforcing import (
    actions,
    refused,
    renew_at_every_look,
    run,
    servers,
    written,
)
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

STACK = {"servers": [{"name": "Main", "smtp_host": "smtp.acme.example"}]}


OTHER = "elsewhere pid 1 [0a1b2c3d, 60 s]"


def held(odoo: SimulatedOdoo, seconds: int, value: str = OTHER) -> int:
    """Another run has renewed the lock some seconds ago."""
    lock = odoo.add("ir.config_parameter", key=LOCK_KEY, value=value)
    odoo.now += timedelta(seconds=seconds)
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
    renew_at_every_look(odoo, held(odoo, seconds=59))
    text = refused(Conflict, odoo, STACK)
    assert "Another run (elsewhere pid 1) has been changing database simulated since 2026-01-15 12:00:00 UTC" in text
    assert re.search(r"expires at 2026-01-15 12:0\d:\d\d UTC", text)
    assert LOCK_KEY in text
    assert servers(odoo) == []
    assert odoo.parameter(LOCK_KEY) == OTHER
    assert 180 <= clock.monotonic() < 182


@pytest.mark.parametrize("seconds", [0, 30])
def test_how_long_to_wait_is_an_option(odoo: SimulatedOdoo, clock: Clock, seconds: int) -> None:
    renew_at_every_look(odoo, held(odoo, seconds=1))
    session = odoo.session()
    session.lock_timeout = seconds
    with pytest.raises(Conflict), exclusive_run(session):
        pass
    assert seconds <= clock.monotonic() <= seconds + 2


@pytest.mark.parametrize("timeout", [0, 30, 180])
@pytest.mark.parametrize("lease", [60, 300])
def test_a_lock_that_nobody_renews_is_waited_for_whatever_the_timeout(
    odoo: SimulatedOdoo, clock: Clock, timeout: int, lease: int
) -> None:
    """Its owner was killed a second ago."""
    held(odoo, seconds=1, value=f"elsewhere pid 1 [0a1b2c3d, {lease} s]")
    session = odoo.session()
    session.lock_timeout = timeout
    with exclusive_run(session):
        assert "elsewhere" not in str(odoo.parameter(LOCK_KEY))
    assert lease <= clock.monotonic() < lease + 3


def test_a_lock_that_is_given_back_meanwhile(odoo: SimulatedOdoo, clock: Clock) -> None:
    lock = held(odoo, seconds=1)

    def release(_model: str, _method: str, *_rest: Any) -> None:
        if clock.monotonic() > 10:
            odoo.records.tables["ir.config_parameter"].pop(lock, None)

    odoo.before.append(release)
    assert actions(run(odoo, STACK).plan) == [("create", "Main")]


@pytest.mark.parametrize("value", [OTHER, "elsewhere pid 1"])
def test_an_expired_lock_is_taken_over_after_a_second_look(odoo: SimulatedOdoo, clock: Clock, value: str) -> None:
    held(odoo, seconds=61, value=value)
    assert actions(run(odoo, STACK).plan) == [("create", "Main")]
    assert odoo.parameter(LOCK_KEY) is False
    assert 15 < clock.monotonic() < 30


def test_a_lock_that_is_renewed_at_the_second_look_is_no_expired_one(odoo: SimulatedOdoo, clock: Clock) -> None:
    """Odoo was busy with the other run's call for so long that it could not renew its lock."""
    lock = held(odoo, seconds=61)

    def renew(_model: str, _method: str, *_rest: Any) -> None:
        if clock.monotonic() > 15:
            odoo.record("ir.config_parameter", lock)["write_date"] = odoo.now_text

    odoo.before.append(renew)
    session = odoo.session()
    session.lock_timeout = 30
    with pytest.raises(Conflict), exclusive_run(session):
        pass
    assert odoo.parameter(LOCK_KEY) == OTHER


@pytest.mark.parametrize("seconds", [0, 100])
def test_a_live_lock_ends_the_waiting_although_the_clocks_say_that_it_has_expired(
    odoo: SimulatedOdoo, clock: Clock, seconds: int
) -> None:
    """The clock of PostgreSQL is an hour behind that of Odoo."""
    renew_at_every_look(odoo, held(odoo, seconds=3600))
    session = odoo.session()
    session.lock_timeout = seconds
    with pytest.raises(Conflict, match="Another run"), exclusive_run(session):
        pass
    assert seconds <= clock.monotonic() <= seconds + 2
    assert odoo.parameter(LOCK_KEY) == OTHER


def test_a_dead_lock_expires_although_the_clocks_say_that_it_is_fresh(odoo: SimulatedOdoo, clock: Clock) -> None:
    """The clock of PostgreSQL is an hour ahead of that of Odoo."""
    held(odoo, seconds=-3600)
    assert actions(run(odoo, STACK).plan) == [("create", "Main")]
    assert odoo.parameter(LOCK_KEY) is False
    assert 60 <= clock.monotonic() < 63


def test_a_lease_of_any_length(odoo: SimulatedOdoo) -> None:
    """Anybody may write the system parameter."""
    held(odoo, seconds=61, value=f"somebody [0a1b2c3d, {'9' * 40} s]")
    assert actions(run(odoo, STACK).plan) == [("create", "Main")]


def test_a_run_with_nothing_to_change_removes_an_expired_lock(odoo: SimulatedOdoo) -> None:
    run(odoo, STACK)
    held(odoo, seconds=59)
    assert run(odoo, STACK).plan == ()
    assert odoo.parameter(LOCK_KEY) == OTHER
    odoo.now += timedelta(seconds=2)
    assert run(odoo, STACK, check=True).plan == ()
    assert odoo.parameter(LOCK_KEY) == OTHER
    assert run(odoo, STACK).plan == ()
    assert odoo.parameter(LOCK_KEY) is False


@pytest.mark.parametrize(
    "stack",
    [
        {"addons": ["mail"]},
        {"parameters": {"web.base.url": "https://acme.example"}},
        {"queue_policy": {"stale_after": 7}},
    ],
)
def test_whatever_it_declares(odoo: SimulatedOdoo, stack: Mapping[str, Any]) -> None:
    run(odoo, stack)
    held(odoo, seconds=61)
    assert run(odoo, stack).plan == ()
    assert odoo.parameter(LOCK_KEY) is False


def lose(odoo: SimulatedOdoo, method: str, *, times: int = 1, after: bool = False) -> list[str]:
    """Lose requests about the lock, or the answers to them; the list of what was lost."""
    lost: list[str] = []

    def hook(model: str, called: str, ids: list[int] | None, arguments: dict[str, Any]) -> None:
        if (model, called) != ("ir.config_parameter", method) or len(lost) >= times:
            return
        lost.append(called)
        if after:
            odoo.before.remove(hook)
            odoo.execute(model, called, ids, dict(arguments))
        raise Unreachable("the connection was cut")

    odoo.before.append(hook)
    return lost


@pytest.mark.parametrize("after", [True, False])
def test_releasing_is_tried_again(odoo: SimulatedOdoo, after: bool) -> None:
    lost = lose(odoo, "unlink", after=after)
    outcome = run(odoo, STACK)
    assert (lost, outcome.warnings) == (["unlink"], [])
    assert odoo.parameter(LOCK_KEY) is False


def test_a_finished_run_does_not_fail_with_the_release(odoo: SimulatedOdoo) -> None:
    lose(odoo, "unlink", times=99)
    outcome = run(odoo, STACK)
    assert actions(outcome.plan) == [("create", "Main")]
    (warning,) = outcome.warnings
    assert LOCK_KEY in warning
    assert "It expires after 60 seconds" in warning


def test_an_error_says_that_the_lock_is_left(odoo: SimulatedOdoo) -> None:
    lose(odoo, "unlink", times=99)
    odoo.ignored_writes.add(("ir.mail_server", "smtp_port"))
    text = refused(Rejected, odoo, {"servers": [{**STACK["servers"][0], "smtp_port": 2525}]})
    assert "did not take effect" in text
    assert f"the lock (system parameter {LOCK_KEY}) could not be released" in text


def test_a_lock_whose_creation_was_not_answered_is_owned(odoo: SimulatedOdoo) -> None:
    lost = lose(odoo, "create", after=True)
    assert actions(run(odoo, STACK).plan) == [("create", "Main")]
    assert lost == ["create"]
    assert odoo.parameter(LOCK_KEY) is False


def test_a_lock_that_was_not_created_is_an_error(odoo: SimulatedOdoo) -> None:
    lose(odoo, "create")
    assert "the connection was cut" in refused(Unreachable, odoo, STACK)
    assert odoo.parameter(LOCK_KEY) is False


def test_the_lock_is_renewed(odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "INTERVAL_SECONDS", 0.01)
    renewed = threading.Event()
    odoo.before.append(
        lambda model, method, *_rest: renewed.set() if (model, method) == ("ir.config_parameter", "write") else None
    )
    with exclusive_run(odoo.session()) as lock:
        assert renewed.wait(10)
        lock.check()
    assert odoo.parameter(LOCK_KEY) is False


def test_a_run_whose_lock_was_taken_over_ends_before_its_next_step(
    odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "INTERVAL_SECONDS", 0.01)
    seen = threading.Event()
    with exclusive_run(odoo.session()) as lock:
        parameters = odoo.records.tables["ir.config_parameter"]
        del parameters[next(one["id"] for one in parameters.values() if one["key"] == LOCK_KEY)]
        odoo.before.append(lambda _model, method, *_rest: seen.set() if method == "search_read" else None)
        assert seen.wait(10)
        seen.clear()
        assert seen.wait(10)
        with pytest.raises(Conflict, match="has taken over the lock"):
            lock.check()


def test_a_run_whose_renewals_failed_looks_before_its_next_step(odoo: SimulatedOdoo, clock: Clock) -> None:
    """A single call has lasted for minutes, and Odoo answered nothing else meanwhile."""
    with exclusive_run(odoo.session()) as lock:
        odoo.log.clear()
        lock.check()
        assert odoo.log == []
        clock.sleep(31)
        lock.check()
        assert any((model, method) == ("ir.config_parameter", "write") for model, method, *_rest in odoo.log)
        odoo.log.clear()
        lock.check()
        assert odoo.log == []
        clock.sleep(31)
        parameters = odoo.records.tables["ir.config_parameter"]
        del parameters[next(one["id"] for one in parameters.values() if one["key"] == LOCK_KEY)]
        with pytest.raises(Conflict, match="has taken over the lock"):
            lock.check()


def test_work_that_odoo_continues_keeps_its_lock(odoo: SimulatedOdoo) -> None:
    with (
        pytest.raises(Timeout) as caught,
        exclusive_run(odoo.session(), key=SENDING_KEY, is_detached=True),
    ):
        raise Timeout("no answer")
    assert "For 65 minutes" in caught.value.message
    assert str(odoo.parameter(SENDING_KEY)).endswith(", 3900 s]")
    odoo.now += timedelta(minutes=64)
    with pytest.raises(Conflict), exclusive_run(odoo.session(), key=SENDING_KEY):
        pass
    odoo.now += timedelta(minutes=2)
    with exclusive_run(odoo.session(), key=SENDING_KEY):
        pass


def test_giving_back_a_lock_that_somebody_took_over(odoo: SimulatedOdoo) -> None:
    with exclusive_run(odoo.session()):
        parameters = odoo.records.tables["ir.config_parameter"]
        del parameters[next(one["id"] for one in parameters.values() if one["key"] == LOCK_KEY)]
        held(odoo, seconds=0)
    assert odoo.parameter(LOCK_KEY) == OTHER


def test_a_refusal_that_is_no_lock_comes_through(odoo: SimulatedOdoo, clock: Clock) -> None:
    def refuse(model: str, method: str, *_rest: Any) -> None:
        if (model, method) == ("ir.config_parameter", "create"):
            raise Rejected("no parameters today")

    odoo.before.append(refuse)
    assert refused(Rejected, odoo, STACK) == "no parameters today"
    assert clock.monotonic() < 5


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
            parameters = odoo.records.tables["ir.config_parameter"].values()
            renew_at_every_look(odoo, next(one["id"] for one in parameters if one["key"] == LOCK_KEY))
            conflicts.append(
                refused(Conflict, odoo, {"servers": [*STACK["servers"], {**STACK["servers"][0], "name": "Second"}]})
            )
            odoo.before.clear()

    odoo.before.append(the_other_run)
    assert actions(run(odoo, STACK).plan) == [("create", "Main")]
    assert "Another run" in conflicts[0]
    assert [one["name"] for one in servers(odoo)] == ["Main"]


def test_what_another_run_is_trying_is_no_drift(odoo: SimulatedOdoo) -> None:
    run(odoo, STACK)
    odoo.add("ir.mail_server", name=candidate_name("Main"), active=False)
    assert actions(run(odoo, STACK, check=True).plan) == [("delete", candidate_name("Main"))]
    lock = held(odoo, seconds=0)
    assert run(odoo, STACK, check=True).plan == ()
    odoo.now += timedelta(seconds=61)
    assert len(run(odoo, STACK, check=True).plan) == 1, "what holds the lock has died elsewhere"
    odoo.record("ir.config_parameter", lock)["write_date"] = odoo.now_text
    assert run(odoo, STACK, check=True).plan == ()


def test_a_lock_of_detached_work_that_is_left_says_when_it_expires(odoo: SimulatedOdoo) -> None:
    warnings: list[str] = []
    with exclusive_run(odoo.session(), key=SENDING_KEY, is_detached=True, warn=warnings.append):
        lose(odoo, "unlink", times=99)
    (warning,) = warnings
    assert "It expires after 3900 seconds" in warning
