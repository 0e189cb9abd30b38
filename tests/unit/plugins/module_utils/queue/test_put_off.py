# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mails that a killed run has postponed: they are restored when Odoo has stopped sending them, and each is sent once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Conflict
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.actions import act
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.put_off import put_off
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.selection import Selection
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.work import Work, warnings
from ansible_collections.postmaster.odoo.plugins.module_utils.removal.own_records import (
    find_own_records,
    remove_own_records,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import (
    LOCK_KEY,
    PUT_OFF_KEY,
    SENDING_KEY,
)
from ansible_collections.postmaster.odoo.tests.unit.clock import Clock
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

Mails = list[int]


@pytest.fixture
def arrived(odoo: SimulatedOdoo) -> Counter[int]:
    """Count the arrivals of each mail."""
    arrived: Counter[int] = Counter()
    odoo.delivery = lambda mail: arrived.update([mail["id"]])
    return arrived


@pytest.fixture
def mails(odoo: SimulatedOdoo) -> Mails:
    """Add mails that a run postponed before it was killed."""
    mails = [odoo.add("mail.mail", state="outgoing", scheduled_date=False) for _number in range(8)]
    put_off(odoo.session(), [{"id": mail, "scheduled_date": False} for mail in mails])
    odoo.add("ir.config_parameter", key=SENDING_KEY, value="elsewhere pid 1 [0a1b2c3d, 60 s]")
    return mails


def go_on(odoo: SimulatedOdoo, clock: Clock, mails: Mails, arrived: Counter[int], *, seconds: float) -> None:
    """Let Odoo send the list of the killed run: a mail every `seconds`, with any dates of the mails."""
    left = list(mails)

    def send(*_call: Any) -> None:
        while left and clock.monotonic() >= seconds * (len(mails) - len(left) + 1):
            mail = odoo.records.tables["mail.mail"][left.pop(0)]
            arrived.update([mail["id"]])
            mail["state"] = "sent"

    odoo.before.append(send)


def process(odoo: SimulatedOdoo, *, lock_timeout: float = 180) -> Work:
    session = odoo.session()
    session.lock_timeout = lock_timeout
    return act(session, "process", Selection(), batch_size=50)


@pytest.mark.parametrize("seconds", [8, 60, 299])
def test_no_mail_arrives_twice_while_odoo_continues(
    odoo: SimulatedOdoo, clock: Clock, mails: Mails, arrived: Counter[int], seconds: float
) -> None:
    go_on(odoo, clock, mails, arrived, seconds=seconds)
    work = process(odoo, lock_timeout=3000)
    assert (work.error, set(arrived.values())) == (None, {1})
    assert set(arrived) == set(mails)
    assert odoo.parameter(PUT_OFF_KEY) is odoo.parameter(SENDING_KEY) is False


@pytest.mark.parametrize("due", [True, False])
def test_the_lock_of_an_interrupted_heal_is_removed(odoo: SimulatedOdoo, mails: Mails, due: bool) -> None:
    """The interrupted run has repaired the cron, so that no other task of the next heal takes over its lock."""
    if not due:
        process(odoo)
    odoo.add("ir.config_parameter", key=LOCK_KEY, value="elsewhere pid 1 [0a1b2c3d, 60 s]")
    odoo.now += timedelta(seconds=61)
    assert process(odoo).error is None
    assert odoo.parameter(LOCK_KEY) is False


def test_a_removal_sends_no_mail_twice(odoo: SimulatedOdoo, clock: Clock, mails: Mails, arrived: Counter[int]) -> None:
    odoo.now += timedelta(seconds=61)
    go_on(odoo, clock, mails, arrived, seconds=60)
    session = odoo.session()
    session.lock_timeout = 3000
    remove_own_records(session, find_own_records(session))
    assert process(odoo).error is None
    assert set(arrived.values()) == {1}
    assert find_own_records(odoo.session()) == []


def test_a_run_does_not_wait_without_limit_while_odoo_continues(
    odoo: SimulatedOdoo, clock: Clock, mails: Mails, arrived: Counter[int]
) -> None:
    go_on(odoo, clock, mails, arrived, seconds=100)
    work = process(odoo, lock_timeout=100)
    assert isinstance(work.error, Conflict)
    assert "Odoo is still sending the mails of an interrupted run of mail_queue: 6 of 8 remain." in work.error.message
    assert 200 <= clock.monotonic() < 205
    assert odoo.parameter(SENDING_KEY) is False
    odoo.before.clear()
    assert (process(odoo).put_back, set(arrived.values())) == (6, {1})


@pytest.mark.parametrize("lock_timeout", [0, 180])
def test_mails_that_odoo_never_started_to_send(
    odoo: SimulatedOdoo, clock: Clock, mails: Mails, arrived: Counter[int], lock_timeout: float
) -> None:
    work = process(odoo, lock_timeout=lock_timeout)
    assert (work.error, work.put_back, set(arrived.values())) == (None, len(mails), {1})
    assert warnings(work) == ["8 mails that an interrupted run had postponed are due again."]
    assert 360 <= clock.monotonic() < 365


@pytest.mark.parametrize("why", ["all have left", "they are due anyway"])
def test_no_wait_without_a_reason(odoo: SimulatedOdoo, clock: Clock, mails: Mails, why: str) -> None:
    for mail in mails if why == "all have left" else []:
        odoo.record("mail.mail", mail)["state"] = "sent"
    odoo.now += timedelta(seconds=62 if why == "all have left" else 3601)
    work = process(odoo)
    assert (work.error, work.put_back) == (None, 0 if why == "all have left" else len(mails))
    assert clock.monotonic() < 25


def test_a_mail_that_fails_meanwhile_is_a_sign_of_activity(
    odoo: SimulatedOdoo, clock: Clock, mails: Mails, arrived: Counter[int]
) -> None:
    def fail(*_call: Any) -> None:
        if clock.monotonic() >= 200:
            odoo.record("mail.mail", mails[0]).update({"state": "exception", "failure_reason": "550 No such user"})

    odoo.before.append(fail)
    work = process(odoo)
    found: Mapping[int, int] = dict(arrived)
    assert (work.error, found) == (None, dict.fromkeys(mails[1:], 1))
    assert 500 <= clock.monotonic() < 505
