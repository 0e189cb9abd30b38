# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook `remove`: the collection's own records in an instance are listed, and deleted on request."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from instance import LabInstance
from inventory import run_on, shown
from queue_action import QUEUE_ACTION

STACK: dict[str, Any] = {
    "odoo_mail_servers": [
        {"name": "Main", "xml_id": "postmaster.main", "smtp_host": "smtp.invalid", "from_filter": "acme.example"},
        {"name": "Other", "smtp_host": "other.invalid"},
    ],
    "odoo_mail_parameters": {"removal.kept": "yes"},
    "odoo_queue_lanes": [{"name": "all", "batch": 5}],
    "odoo_queue_stale_after": 7,
}
NAMES = {"lanes", "stale_after", "postmaster.main"}
# Records that killed runs may leave, and those of the queue policy while it works.
KEYS = {f"postmaster_odoo.{name}" for name in ("attempts", "deletion", "put_off")}


@pytest.mark.in_process
def test_nothing_of_the_collection_remains(fresh: Callable[[str], LabInstance], tmp_path: Path) -> None:
    database = fresh("removal")
    queue = database.read("ir.cron", QUEUE_ACTION, fields=("code", "active"))
    hosts = {"acme": {**STACK, **{f"odoo_{name}": value for name, value in database.quick_options().items()}}}
    assert run_on(tmp_path, "provision", hosts).exit_code == 0
    with database.session() as session:
        session.create("ir.config_parameter", [{"key": key, "value": "{}"} for key in sorted(KEYS)])

    listed = run_on(tmp_path, "remove", hosts)
    (lines,) = shown(listed, "Show the records").values()
    assert {line.split()[1] for line in lines if "(id " in line} == NAMES | KEYS
    assert "skip_reason" in listed.results["Remove the records"]

    predicted = run_on(tmp_path, "remove", hosts, "--check", remove_confirmed=True)
    assert len(predicted.results["Remove the records"]["records"]) == len(NAMES | KEYS)
    removed = run_on(tmp_path, "remove", hosts, remove_confirmed=True)
    assert removed.exit_code == 0, removed.output
    assert removed.results["Remove the records"]["changed"] is True
    again = run_on(tmp_path, "remove", hosts, remove_confirmed=True)
    assert shown(again, "Show the records")["acme"][0] == "The instance contains no records of the collection."

    # The declared records are still there.
    assert [row["name"] for row in database.read("ir.mail_server")] == ["Main", "Other"]
    assert database.read("ir.config_parameter", ["key", "=", "removal.kept"], fields=("value",))[0]["value"] == "yes"
    after = database.read("ir.cron", QUEUE_ACTION, fields=("code", "active"))
    assert after == queue
    assert database.read("ir.config_parameter", ["key", "=like", "postmaster_odoo.%"], fields=("key",)) == []
