# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The selection of mails: an action applies to exactly the mails that match its filters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Ambiguous, Invalid, Unsupported
from ansible_collections.postmaster.odoo.plugins.module_utils.queue import actions as queue_action
from ansible_collections.postmaster.odoo.tests.unit.enforcing import written
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.queue.queued_mails import (
    REFUSED,
    THROTTLED,
    add,
    do,
    states,
)
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


@pytest.mark.parametrize("action", ["process", "cancel"])
def test_a_scheduled_mail_is_as_old_as_its_date(odoo: SimulatedOdoo, action: str) -> None:
    """A mail that was created long ago and is scheduled for next week is not outdated."""
    dates = {"long ago": -60, "just now": -1, "next week": 10080}
    mails = {
        name: add(
            odoo, minutes=20000, scheduled_date=(odoo.now + timedelta(minutes=delay)).strftime("%Y-%m-%d %H:%M:%S")
        )
        for name, delay in dates.items()
    }
    do(odoo, action, older_than=30)
    assert [name for name, mail in mails.items() if states(odoo)[mail] != "outgoing"] == ["long ago"]


FILTERS: list[tuple[dict[str, Any], str]] = [
    ({"older_than": 30}, "a"),
    ({"server": "Main"}, ""),
    ({"server": "Main", "failure_class": ["recipient_rejected"]}, "b"),
    ({"server": ""}, "acd"),
    ({"from_domain": "acme.example"}, "a"),
    ({"from_domain": "acme"}, ""),
    ({"failure_class": ["throttled"]}, "c"),
    ({"failure_class": ["throttled", "unknown"]}, "acd"),
    ({"ids": [1, 4, 99]}, "ad"),
    ({"ids": []}, ""),
    ({"ids": [2]}, "b"),
    ({"limit": 2}, "ac"),
    ({"limit": 2, "failure_class": ["unknown"]}, "ad"),
    ({"older_than": 30, "from_domain": "b.example"}, ""),
    ({}, "acd"),
]


@pytest.mark.parametrize(("filters", "fitting"), FILTERS)
@pytest.mark.parametrize("size", [1, 3, 10000])
def test_filters(
    odoo: SimulatedOdoo, filters: dict[str, Any], fitting: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(queue_action._CHUNKS, "retry", size)
    server = odoo.add("ir.mail_server", name="Main", smtp_host="smtp.acme.example")
    mails = {
        add(odoo, "exception", minutes=31, email_from='"A" <a@Acme.example>'): "a",
        add(odoo, "exception", mail_server_id=server, email_from="b@acme.example", failure_reason=REFUSED): "b",
        add(odoo, "exception", email_from="c@b.acme.example", failure_reason=THROTTLED): "c",
        add(odoo, "exception", minutes=29, email_from="d@b.example"): "d",
    }
    work = do(odoo, "retry", **filters)
    assert "".join(mails[key] for key, state in states(odoo).items() if state == "outgoing") == fitting
    assert work.count == len(fitting)


def test_failed_mails_are_cancelled_if_their_state_is_given(odoo: SimulatedOdoo) -> None:
    outgoing, failed = add(odoo), add(odoo, "exception", failure_reason=REFUSED)
    do(odoo, "cancel", states=["exception"], failure_class=["recipient_rejected"])
    assert states(odoo) == {outgoing: "outgoing", failed: "cancel"}


@pytest.mark.parametrize(
    ("action", "filters", "message"),
    [
        ("retry", {"states": ["outgoing"]}, "states: outgoing is not valid with retry. Use exception."),
        ("purge", {"states": ["outgoing"]}, "states: outgoing is not valid with purge. Use exception or cancel."),
        ("cancel", {"limit": 0}, "limit must be at least 1, not 0"),
        ("cancel", {"older_than": -1}, "older_than must be at least 0, not -1"),
        ("cancel", {"older_than": 10**14}, "older_than must be at most 52560000"),
        ("process", {"batch_size": 0}, "batch_size must be at least 1, not 0"),
        ("process", {"batch_size": 10**23}, "batch_size must be at most 2147483647"),
        ("cancel", {"from_domain": "a@acme.example"}, "from_domain: 'a@acme.example' is not a domain"),
        ("cancel", {"from_domain": "%"}, "from_domain: '%' is not a domain"),
        ("cancel", {"from_domain": ""}, "from_domain: '' is not a domain"),
    ],
)
def test_contradictory_filters(odoo: SimulatedOdoo, action: str, filters: dict[str, Any], message: str) -> None:
    add(odoo)
    with pytest.raises(Invalid, match=message):
        do(odoo, action, **filters)
    assert written(odoo) == []


def test_the_server_is_not_guessed(odoo: SimulatedOdoo) -> None:
    with pytest.raises(Unsupported, match="the mail server 'Main' does not exist in database simulated"):
        do(odoo, "cancel", server="Main")
    odoo.add("ir.mail_server", name="Main", smtp_host="a.example")
    odoo.add("ir.mail_server", name="Main", smtp_host="b.example", active=False)
    with pytest.raises(Ambiguous, match=r"ids 1, 2"):
        do(odoo, "cancel", server="Main")
