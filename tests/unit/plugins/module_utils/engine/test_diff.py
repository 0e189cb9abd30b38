# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The diff shows differences, and masks secrets."""

from __future__ import annotations

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.diff import plan_diff
from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Change, Step
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.mask import MASK

PORT = Change("smtp_port", 25, 587)
PASSWORD = Change("smtp_pass", MASK, MASK, secret=True)


@pytest.mark.parametrize(
    ("action", "changes", "before", "after"),
    [
        ("update", (PORT,), "smtp_port: 25\n", "smtp_port: 587\n"),
        ("update", (PASSWORD,), f'smtp_pass: "{MASK}"\n', f'smtp_pass: "{MASK}"  # differs\n'),
        ("update", (Change("smtp_pass", None, MASK, secret=True),), "smtp_pass: null\n", f'smtp_pass: "{MASK}"\n'),
        ("update", (Change("smtp_pass", MASK, None, secret=True),), f'smtp_pass: "{MASK}"\n', "smtp_pass: null\n"),
        ("archive", (Change("active", True, False),), "active: true\n", "active: false\n"),
        ("create", (Change("name", None, "Büro"),), "", 'name: "Büro"\n'),
        ("create", (Change("name", None, "Main"), PORT), "", 'name: "Main"\nsmtp_port: 587\n'),
        ("install", (Change("state", "uninstalled", "installed"),), 'state: "uninstalled"\n', 'state: "installed"\n'),
        ("update", (Change("code", "a\nb", "a\nc"),), "code: |\n  a\n  b\n", "code: |\n  a\n  c\n"),
        ("delete", (), "present\n", ""),
    ],
)
def test_a_step(action: str, changes: tuple[Change, ...], before: str, after: str) -> None:
    assert plan_diff((Step("mail_server", "Main", action, changes),)) == [
        {
            "before": before,
            "after": after,
            "before_header": "mail_server: Main",
            "after_header": f"mail_server: Main ({action})",
        }
    ]


def test_an_action_that_removes_the_resource() -> None:
    step = Step("addon", "crm", "uninstall", (Change("state", "installed", "uninstalled"),), is_removal=True)
    (diff,) = plan_diff((step,))
    assert (diff["before"], diff["after"]) == ("present\n", "")


def test_steps_stay_in_order() -> None:
    steps = tuple(Step("cron", key, "update", (PORT,)) for key in "cab")
    assert [one["before_header"] for one in plan_diff(steps)] == ["cron: c", "cron: a", "cron: b"]
    assert plan_diff(()) == []
