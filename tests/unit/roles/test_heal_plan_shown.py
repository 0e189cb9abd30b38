# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The message of the role `heal` if it repairs nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.postmaster.odoo.plugins.filter.heal_plan import heal_plan
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import Finding, sorted_results
from ansible_collections.postmaster.odoo.tests.unit.rendering import rendered

STALE = Finding("stale_outgoing", "2 mails have been waiting.", {"model": "mail.mail", "id": 1, "name": None})
PENDING = Finding("addons_pending", "digest (to upgrade)", {"model": "ir.module.module", "id": None, "name": "digest"})
LOCALHOST = Finding("base_url_localhost", "Links lead to localhost.")
NO_REPAIR = "No repair exists for the findings below. A person must check them."


@pytest.mark.parametrize(
    ("findings", "lines"),
    [
        ([], ["Nothing to repair."]),
        ([LOCALHOST], [NO_REPAIR]),
        ([STALE], ["heal_allow does not permit the repair of stale_outgoing (stale)."]),
        (
            [STALE, PENDING, LOCALHOST],
            ["heal_allow does not permit the repair of addons_pending (addons), stale_outgoing", "(stale)."],
        ),
    ],
)
def test_a_plan_without_repairs_says_why(findings: list[Finding], lines: list[str], tmp_path: Path) -> None:
    diagnosis = {"findings": sorted_results(findings), "queue": {"due": 0}, "tests": []}
    allow = ["crons", "transient", "interrupted"]
    known = {
        "heal_allow": allow,
        "heal_plan": heal_plan(diagnosis, allow),
        "heal_has_plan": False,
        "doctor_result": diagnosis,
        "ansible_check_mode": False,
    }
    assert rendered("roles/heal/templates/plan.j2", tmp_path, **known) == lines
