# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole stack at once: check mode predicts it and only reads, the run makes the changes, and the next run has nothing
to do.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import Outcome
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import ReadOnly
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.http import HttpConnection
from instance import TRANSPORTS, LabInstance

MAIL_CRON = "mail.ir_cron_mail_scheduler_action"

STACK: dict[str, Any] = {
    "addons": ["google_gmail", "google_recaptcha"],
    "parameters": {
        "mail.session.batch.size": "500",
        "postmaster.stale": "",
        "google_gmail_client_secret": "made-up",
    },
    "alias_domains": [{"name": "acme.example", "default_from": "notifications", "companies": ["My Company"]}],
    "servers": [
        {"name": "New", "smtp_host": "new.invalid", "smtp_pass": "made-up", "xml_id": "postmaster.new"},
        {"name": "Changed", "smtp_port": 587, "smtp_encryption": "starttls"},
        {"name": "Archived", "active": False},
        {"name": "Taken back", "smtp_host": "back.invalid", "active": True},
        {"name": "Gone", "state": "absent"},
        {"name": "As it should be", "smtp_host": "right.invalid"},
    ],
    "crons": [
        {"xml_id": MAIL_CRON, "interval_number": 5, "interval_type": "minutes"},
        {"name": "Mail: Fetchmail Service", "model": "fetchmail.server", "active": True},
    ],
    "unmanaged": "archive",
}
ACTIONS = [
    ("addon", "install"),
    ("system_parameter", "create"),
    ("system_parameter", "delete"),
    ("system_parameter", "create"),
    ("alias_domain", "create"),
    ("mail_server", "create"),
    ("mail_server", "update"),
    ("mail_server", "archive"),
    ("mail_server", "unarchive"),
    ("mail_server", "delete"),
    ("cron", "update"),
    ("cron", "update"),
    ("mail_server", "archive"),
]
# The calls that are allowed in check mode: version and login, and methods that read.
READING = {"version_info", "login", "check_object_reference", "fields_get", "read", "search_read"}


@pytest.fixture
def drifted(database: LabInstance) -> LabInstance:
    with database.session() as session:
        session.create("ir.config_parameter", [{"key": "postmaster.stale", "value": "1"}])
        session.create(
            "ir.mail_server",
            [
                {"name": "Changed", "smtp_host": "changed.invalid"},
                {"name": "Archived", "smtp_host": "archived.invalid"},
                {"name": "Taken back", "smtp_host": "back.invalid", "active": False},
                {"name": "Gone", "smtp_host": "gone.invalid"},
                {"name": "As it should be", "smtp_host": "right.invalid"},
                {"name": "Nobody declared it", "smtp_host": "else.invalid"},
            ],
        )
    database.sql("DELETE FROM ir_cron_trigger")
    return database


def enforce(database: LabInstance, transport: str, *, check: bool) -> Outcome:
    stack = {name: value for name, value in database.fitted(STACK).items() if name != "unmanaged"}
    return database.enforce(stack, transport=transport, check=check, unmanaged=STACK["unmanaged"])


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_check_predicts_and_only_reads(transport: str, drifted: LabInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: set[str] = set()
    send = HttpConnection.request

    def watch(self: HttpConnection, method: str, path: str, body: bytes | None, headers: Any) -> Any:
        arguments = json.loads(body or b"{}").get("params", {}).get("args") if path == "/jsonrpc" else None
        sent.add((arguments[4] if len(arguments) > 4 else "login") if arguments else path.rpartition("/")[2])
        return send(self, method, path, body, headers)

    before = drifted.fingerprint()
    monkeypatch.setattr(HttpConnection, "request", watch)
    checked = enforce(drifted, transport, check=True)
    monkeypatch.undo()
    assert sent <= READING
    assert drifted.fingerprint() == before

    predicted = [step.as_result() for step in checked.plan]
    done = [step.as_result() for step in enforce(drifted, transport, check=False).plan]
    assert [(step["resource"], step["action"]) for step in predicted] == [
        (resource, action) for resource, action in ACTIONS if resource not in drifted.lacks
    ]
    assert done == predicted

    after = drifted.fingerprint()
    assert enforce(drifted, transport, check=False).plan == ()
    assert drifted.fingerprint() == after


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_writing_calls_are_not_sent(transport: str, database: LabInstance) -> None:
    before = database.fingerprint()
    with database.session(transport, read_only=True) as session:
        for write in (
            lambda: session.create("ir.mail_server", [{"name": "New"}]),
            lambda: session.write("ir.mail_server", [1], {"name": "New"}),
            lambda: session.unlink("ir.mail_server", [1]),
            lambda: session.call("mail.mail", "process_email_queue"),
            lambda: session.call("ir.module.module", "button_immediate_upgrade", [1]),
        ):
            with pytest.raises(ReadOnly):
                write()
    assert database.fingerprint() == before
