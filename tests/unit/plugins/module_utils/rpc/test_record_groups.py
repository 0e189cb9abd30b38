# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Counts of records in groups, on every series."""

from __future__ import annotations

from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.record_groups import RecordGroups
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


def test_no_call_is_refused(odoo: SimulatedOdoo) -> None:
    """Odoo would log each refusal with a traceback."""
    ids = [odoo.add("mail.mail", state=state) for state in ("exception", "exception", "outgoing")]
    session = odoo.session()
    groups = RecordGroups(session, "mail.mail")
    session.calls.clear()
    for _each in range(2):
        counted = groups.count([], ["state"], newest=True)
        assert [(one["state"], one["__count"], one["newest"]) for one in counted] == [
            ("exception", 2, ids[1]),
            ("outgoing", 1, ids[2]),
        ]
    assert len(session.calls) == 2, session.calls
