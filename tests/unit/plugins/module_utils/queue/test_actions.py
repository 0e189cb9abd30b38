# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The common behavior of all actions on mails of the queue: their states, refused records, progress and results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import AccessRefused
from ansible_collections.postmaster.odoo.plugins.module_utils.queue import actions as queue_action
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.actions import act
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.selection import Selection
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.work import warnings
from ansible_collections.postmaster.odoo.tests.unit.enforcing import written
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.queue.queued_mails import (
    DOCUMENT,
    add,
    do,
    states,
)
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.tasks import connect_to, shipped


@pytest.mark.parametrize(
    ("action", "taken", "left_as"),
    [
        ("process", {"outgoing"}, "sent"),
        ("retry", {"exception"}, "outgoing"),
        ("cancel", {"outgoing"}, "cancel"),
        ("purge", {"exception", "cancel"}, None),
    ],
)
def test_each_action_takes_its_states(odoo: SimulatedOdoo, action: str, taken: set[str], left_as: str | None) -> None:
    before = {add(odoo, state, **DOCUMENT): state for state in ("outgoing", "sent", "exception", "cancel")}
    work = do(odoo, action)
    assert work.count == len(taken)
    expected = {key: left_as if state in taken else state for key, state in before.items()}
    assert states(odoo) == {key: state for key, state in expected.items() if state}


def test_purging_keeps_mails_that_rpc_may_not_delete(odoo: SimulatedOdoo) -> None:
    kept = [add(odoo, "exception"), add(odoo, "cancel", model="res.partner"), add(odoo, "cancel", res_id=3)]
    add(odoo, "exception", **DOCUMENT)
    add(odoo, "cancel", is_notification=True)
    work = do(odoo, "purge")
    assert work.count == 2
    assert list(states(odoo)) == kept
    (refused,) = list(work.refused.values())
    assert (refused["count"], refused["ids"]) == (3, kept)
    assert "purge them with queue_policy" in refused["reason"]
    assert warnings(work) == [f"3 mails were not changed: {refused['reason']}"]


def refuse(odoo: SimulatedOdoo, method: str, ids: set[int]) -> None:
    """Let Odoo refuse a call with any of these mails."""

    def hook(model: str, called: str, given: list[int] | None, _arguments: Mapping[str, Any]) -> None:
        if (model, called) == ("mail.mail", method) and ids & set(given or ()):
            raise AccessRefused("not this one")

    odoo.before.append(hook)


@pytest.mark.parametrize(("action", "method"), [("purge", "unlink"), ("cancel", "cancel"), ("retry", "mark_outgoing")])
@given(refused=st.sets(st.integers(1, 20)))
def test_a_refused_record_does_not_stop_the_others(action: str, method: str, refused: set[int]) -> None:
    odoo = SimulatedOdoo("19.0")
    state = "outgoing" if action == "cancel" else "exception"
    mails = [add(odoo, state, **DOCUMENT) for _number in range(20)]
    refuse(odoo, method, refused)
    work = do(odoo, action)
    assert work.count == 20 - len(refused)
    assert [mail for mail in mails if states(odoo).get(mail) == state] == sorted(refused)
    assert [(one["reason"], one["count"], one["ids"]) for one in work.refused.values()] == (
        [("not this one", len(refused), sorted(refused))] if refused else []
    )


def test_splitting_ends(odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_action, "_SPLITS", 5)
    for _number in range(64):
        add(odoo)
    refuse(odoo, "cancel", set(range(1, 65)))
    work = do(odoo, "cancel")
    (refused,) = list(work.refused.values())
    assert (work.count, refused["count"], len(refused["ids"])) == (0, 64, 20)
    assert len([one for one in odoo.log if one[1] == "cancel"]) == 11


def test_progress_is_reported(odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(queue_action._CHUNKS, "cancel", 2)
    for _number in range(3):
        add(odoo)
    said: list[str] = []
    act(odoo.session(), "cancel", Selection(), batch_size=50, progress=said.append)
    assert said == ["2 mails cancelled", "3 mails cancelled"]


def test_nothing_to_do_is_not_a_change(
    odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    connect_to(odoo, monkeypatch)
    result = shipped("mail_queue", {"action": "cancel"}, capsys)
    assert (result["changed"], result["count"], result["refused"]) == (False, 0, [])
    add(odoo)
    result = shipped("mail_queue", {"action": "cancel"}, capsys, check=True)
    assert (result["changed"], result["count"]) == (True, 1)
    assert written(odoo) == []
