# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Removing the collection's own records after a run that was killed while it sent mails."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Conflict
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.put_off import put_off
from ansible_collections.postmaster.odoo.plugins.module_utils.removal.own_records import (
    find_own_records,
    remove_own_records,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import LOCK_KEY, SENDING_KEY
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


def test_mails_that_a_killed_run_has_postponed_are_due_again(odoo: SimulatedOdoo) -> None:
    mail = odoo.add("mail.mail", state="outgoing", scheduled_date=False)
    session = odoo.session()
    put_off(session, [{"id": mail, "scheduled_date": False}])
    remove_own_records(session, find_own_records(session))
    assert odoo.record("mail.mail", mail)["scheduled_date"] is False
    assert find_own_records(session) == []


@pytest.mark.parametrize("key", [LOCK_KEY, SENDING_KEY])
def test_the_lock_of_a_live_run_is_a_conflict(odoo: SimulatedOdoo, key: str) -> None:
    odoo.add("ir.config_parameter", key=key, value="elsewhere pid 1 [0a1b2c3d, 60 s]")
    session = odoo.session()
    with pytest.raises(Conflict, match="Another run"):
        remove_own_records(session, find_own_records(session))
    assert odoo.parameter(key)
    odoo.now += timedelta(seconds=61)
    remove_own_records(session, find_own_records(session))
    assert odoo.parameter(key) is False
