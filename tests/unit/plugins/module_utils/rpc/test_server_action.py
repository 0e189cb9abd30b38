# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Server actions for one call: they are deleted, even if the connection breaks while they are created."""

from __future__ import annotations

from functools import partial

from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.server_action import own_actions, run_in_odoo
from ansible_collections.postmaster.odoo.tests.unit.interruptions import every_cut
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

run_it = partial(run_in_odoo, code="action = {}", server_id=7, values={})


def test_an_interruption_leaves_no_action_behind() -> None:
    odoo = SimulatedOdoo("19.0")
    tried = 0
    for where, _succeeded in every_cut(odoo, run_it):
        if "lasting" not in where:
            tried += 1
            assert own_actions(odoo.session()) == [], where
    assert tried
