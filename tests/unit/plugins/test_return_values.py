# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documented return values of every module are the fields of its results."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.postmaster.odoo.plugins.modules import mail_stack
from ansible_collections.postmaster.odoo.tests.unit.enforcing import QUEUE, neutralize
from ansible_collections.postmaster.odoo.tests.unit.hostile.tasks import APPLIED, CHECKS, Task, instance
from ansible_collections.postmaster.odoo.tests.unit.returned import differences
from ansible_collections.postmaster.odoo.tests.unit.tasks import connect_to, shipped

MODULES = sorted(path.stem for path in Path(mail_stack.__file__).parent.glob("*.py") if path.stem != "__init__")
MAIN = {"name": "Main", "smtp_host": "smtp.acme.example", "smtp_pass": "made-up-password"}
ROUTE = {"from": "odoo@acme.example", "server": "Old"}
MORE = (
    # A route that does not apply, an unmanaged server, and an error in check mode.
    Task("mail_stack", {"servers": [MAIN], "routes": [ROUTE]}),
    Task("mail_stack", {"servers": [MAIN, {**MAIN, "name": "Old"}], "routes": [ROUTE], "replay": {}}),
    Task("mail_stack", {"servers": [MAIN], "crons": [{"name": "No such cron", "active": True}], "routes": [ROUTE]}),
    Task("mail_stack", {"servers": [MAIN]}, applies=True),
    Task("mail_stack", {"servers": [{**MAIN, "smtp_port": 0}]}, applies=True),
    Task("mail_server", {**MAIN, "verify": "none"}, applies=True),
    Task("mail_server", {"name": "Other"}),
    Task("cron", {"xml_id": QUEUE, "interval_number": 5, "run": True}, applies=True),
    Task("cron", {"name": "No such cron"}),
    Task("cron_info", {"query": "[].name"}),
    Task("alias_domain", {"name": "acme.example"}, applies=True),
    Task("system_parameter", {"key": "acme.number", "value": "5"}, applies=True),
    Task("addon", {"name": "crm"}, applies=True),
    Task("queue_policy", {"state": "absent"}, applies=True),
    Task("own_records"),
)
# The tests of these modules compare their results, because they need other servers. No unit test runs mail_rollback, which reads
# a snapshot on the controller.
ELSEWHERE = ("api_key", "mail_dns_info", "mail_rollback", "smtp_probe")
TASKS = [task for task in (*CHECKS, *APPLIED, *MORE) if task.module not in ELSEWHERE]
# On a neutralized database, records that are declared active stay inactive.
CASES = [(task, False) for task in TASKS]
CASES += [(task, True) for task in TASKS if task.module in ("mail_stack", "mail_server", "cron")]


def test_every_module_is_compared() -> None:
    assert sorted({task.module for task in TASKS} | set(ELSEWHERE)) == MODULES


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: f"{CASES[number][0].module}-{number}")
def test_the_results_have_the_documented_fields(
    series: str, number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    task, is_neutralized = CASES[number]
    odoo = instance(series)
    if is_neutralized:
        neutralize(odoo)
    connect_to(odoo, monkeypatch)
    result = shipped(task.module, dict(task.options), capsys, check=not task.applies, diff=True)
    assert differences(task.module, result) == []
