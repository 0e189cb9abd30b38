# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A signal in the middle of a run: the lock and the copies are removed, and then the process ends as usual."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils import interruption
from ansible_collections.postmaster.odoo.plugins.module_utils.interruption import Interrupted, cleaned_up_after_signals
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import PUT_OFF_KEY
from ansible_collections.postmaster.odoo.tests.unit.clock import Clock
from ansible_collections.postmaster.odoo.tests.unit.enforcing import servers
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.tasks import connect_to, shipped

BOTH = [signal.SIGINT, signal.SIGTERM]
MAIN = {"name": "Main", "smtp_host": "smtp.acme.example", "verify": "connection"}


@pytest.fixture
def series() -> str:
    """Return one series: versions differ only in the module utilities."""
    return "19.0"


@pytest.fixture(autouse=True)
def ends() -> Iterator[list[int]]:
    """Return the signals that would have ended the process."""
    seen: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        seen.append(number)

    former = {number: signal.signal(number, end) for number in BOTH}
    yield seen
    for number, handler in former.items():
        signal.signal(number, handler)


def at(odoo: SimulatedOdoo, wanted: tuple[str, str], number: int) -> list[int]:
    """Send a signal at the first call of a method; return the list of the calls so far."""
    calls: list[int] = []

    def hook(model: str, method: str, *_rest: Any) -> None:
        if (model, method) == wanted:
            calls.append(number)
            if len(calls) == 1:
                os.kill(os.getpid(), number)

    odoo.before.append(hook)
    return calls


def own_parameters(odoo: SimulatedOdoo) -> list[str]:
    parameters = odoo.records.tables["ir.config_parameter"].values()
    return [one["key"] for one in parameters if one["key"].startswith("postmaster_odoo.")]


@pytest.mark.parametrize("number", BOTH)
@pytest.mark.parametrize("call", [("ir.mail_server", "test_smtp_connection"), ("ir.mail_server", "create")])
def test_a_run_with_a_connection_test_leaves_nothing_behind(
    odoo: SimulatedOdoo,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ends: list[int],
    number: int,
    call: tuple[str, str],
) -> None:
    connect_to(odoo, monkeypatch)
    calls = at(odoo, call, number)
    with pytest.raises(Interrupted):
        shipped("mail_server", MAIN, capsys)
    assert (calls, ends) == ([number], [number])
    assert servers(odoo) == []
    assert own_parameters(odoo) == []


def test_mails_are_restored_if_sending_has_not_started(
    odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ends: list[int]
) -> None:
    connect_to(odoo, monkeypatch)
    mail = odoo.add("mail.mail", state="outgoing", scheduled_date=False)
    at(odoo, ("mail.mail", "write"), signal.SIGTERM)
    with pytest.raises(Interrupted):
        shipped("mail_queue", {"action": "process"}, capsys)
    assert ends == [signal.SIGTERM]
    assert odoo.record("mail.mail", mail)["scheduled_date"] is False
    assert own_parameters(odoo) == []


def test_mails_that_odoo_may_be_sending_stay_recorded(
    odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    connect_to(odoo, monkeypatch)
    odoo.add("mail.mail", state="outgoing", scheduled_date=False)
    at(odoo, ("mail.mail", "send"), signal.SIGTERM)
    with pytest.raises(Interrupted):
        shipped("mail_queue", {"action": "process"}, capsys)
    assert PUT_OFF_KEY in own_parameters(odoo)


@pytest.mark.parametrize("first", BOTH)
@pytest.mark.parametrize("last", BOTH)
def test_a_signal_some_seconds_later_is_not_delayed(
    ends: list[int], monkeypatch: pytest.MonkeyPatch, first: int, last: int
) -> None:
    clock = Clock()
    monkeypatch.setattr(interruption, "time", clock)
    with pytest.raises(Interrupted), cleaned_up_after_signals():  # noqa: PT012  # the order is what is tested
        try:
            os.kill(os.getpid(), first)
        finally:
            for _again in range(2):  # Ansible sends up to three for one Ctrl-C
                os.kill(os.getpid(), signal.SIGTERM)
            assert ends == []
            clock.sleep(6)
            os.kill(os.getpid(), last)
            assert ends == [last]
    assert ends == [last, first]


def test_a_signal_that_an_error_hides_still_ends_the_process(ends: list[int]) -> None:
    with pytest.raises(ZeroDivisionError), cleaned_up_after_signals():  # noqa: PT012  # the order is what is tested
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            raise ZeroDivisionError
    assert ends == [signal.SIGTERM]


def test_handlers_are_restored() -> None:
    before = [signal.getsignal(number) for number in BOTH]
    with cleaned_up_after_signals():
        assert [signal.getsignal(number) for number in BOTH] != before
    assert [signal.getsignal(number) for number in BOTH] == before


def test_another_thread_gets_no_signals() -> None:
    done: list[bool] = []

    def work() -> None:
        with cleaned_up_after_signals():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
